#!/usr/bin/env bash
# Spans: every line of -T otlp of every sample against the published OTLP schema, which an npm package carries (skipped where npm can't reach a
# registry), and what must be in them. Then --otlp: a collector that is slow, refuses, and comes back.
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
export TZ=UTC LC_ALL=C.UTF-8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

result() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "otlp: $2"
		head -5 "$tmp/said"
	fi
}

schema() {
	command -v npm >/dev/null && command -v node >/dev/null || { echo "otlp: the schema is skipped, there is no npm"; return; }
	mkdir -p build/otlp
	cp tests/otlp/package.json build/otlp/
	[ -d build/otlp/node_modules/@opentelemetry ] ||
		(cd build/otlp && timeout 120 npm install --no-audit --no-fund --ignore-scripts --no-package-lock) >/dev/null 2>&1 ||
		{ echo "otlp: the schema is skipped, npm reaches no registry"; return; }
	for capture in samples/*.pcap build/samples/*.pcap; do
		"$envscope" -r "$capture" -T otlp 2>/dev/null | node tests/otlp/validate.js "$PWD/build/otlp/node_modules" >"$tmp/said" 2>&1
		result $? "$capture: a line is not what the schema says"
	done
}

[ -n "${NO_SCHEMA-}" ] || schema
"$envscope" -r build/samples/workitem.pcap -T otlp >"$tmp/workitem"
"$envscope" -r build/samples/workitem.pcap -T ndjson >"$tmp/messages"
python3 tests/otlp/trace.py "$tmp/messages" "$tmp/workitem" >"$tmp/said" 2>&1
result $? "a trace of two connections"
"$envscope" -r build/samples/workitem.pcap -T otlp | cmp - "$tmp/workitem" >"$tmp/said" 2>&1
result $? "ids differ when a capture is read again"

# ended NAME OPTION…: what has no reply in that sample is written when its connection ends, not when the capture does: another one follows
ended() {
	local capture=build/samples/$1.pcap
	shift
	python3 tests/otlp/later.py samples/tcp.pcap "$tmp/later.pcap"
	"$envscope" -r "$capture" -r "$tmp/later.pcap" -T otlp "$@" >"$tmp/spans" 2>"$tmp/said"
	grep -oE '"startTimeUnixNano":"[0-9]{7}' "$tmp/spans" >"$tmp/days"
	[ "$(wc -l <"$tmp/days")" -gt 3 ] && sort -c "$tmp/days" 2>>"$tmp/said"
	result $? "$capture, $*: a request without a reply is written late"
}
ended ping_unanswered
ended no_reply
ended no_reply -o no-reply=1ms
ended reset

# collector SCRIPT: starts one that answers by the script, and sets $url; it writes the spans that it took to $tmp/taken
collector() {
	rm -f "$tmp/port" "$tmp/taken"
	python3 tests/otlp/collector.py "$tmp/port" "$tmp/taken" "$@" &
	server=$!
	while [ ! -s "$tmp/port" ]; do kill -0 $server || return; read -r -t 0.05 <> <(:); done
	url=http://127.0.0.1:$(cat "$tmp/port")
}

# post STATUS PATTERN SPANS: envscope must end with that status, say that, and the collector must have taken so many spans
post() {
	"$envscope" -r samples/tcp.pcap -q --otlp "$url" >"$tmp/said" 2>&1
	local status=$?
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	grep -qE -- "$2" "$tmp/said" && [ $status = "$1" ] && [ "$(sort -u "$tmp/taken" 2>/dev/null | wc -l)" = "$3" ] &&
		[ "$(cat "$tmp/taken" 2>/dev/null | wc -l)" = "$3" ]
	result $? "--otlp, a collector that answers $4 (status $status, $(cat "$tmp/taken" 2>/dev/null | wc -l) spans taken)"
}

# Screens, to no collector: half a minute of waiting, which goes on beside all that follows.
python3 tests/otlp/behind.py "$envscope" http://127.0.0.1:1 gone >"$tmp/gone" 2>&1 &
behind=$!

spans=$("$envscope" -r samples/tcp.pcap -T otlp | wc -l)
collector 200
post 0 "$spans spans sent$" "$spans" "at once"
url=$url/v1/traces
collector 503 drop slow 200
post 0 "$spans spans sent, 2 times tried again" "$spans" "503, nothing, slowly"
collector 429 200
post 0 "$spans spans sent, 1 time tried again; last fault: the collector answers 429" "$spans" "429 with Retry-After"
collector 400
post 3 "0 spans sent, $spans refused by the collector; last fault: the collector answers 400: no such tenant" 0 "400"
collector partial
post 3 "$((spans - 3)) spans sent, 3 refused by the collector; last fault: the collector refused spans: too long" "$spans" "a partial success"
collector auth
OTEL_EXPORTER_OTLP_HEADERS="x-empty=,authorization=Bearer%20a%2C%20b, x-tenant=7" post 0 "$spans spans sent$" "$spans" "only who has the headers"
collector auth
OTEL_EXPORTER_OTLP_HEADERS="authorization=other" post 3 "$spans refused by the collector; last fault: the collector answers 401" 0 "401"
OTEL_EXPORTER_OTLP_HEADERS="a=%0a" "$envscope" -r samples/tcp.pcap -q --otlp "$url" >"$tmp/said" 2>&1
[ $? = 2 ]
result $? "headers that are none"
collector 200
kill $server
wait $server 2>/dev/null
timeout -s INT 3 "$envscope" -r samples/tcp.pcap -q --otlp "$url" >"$tmp/said" 2>&1
grep -qE "0 spans sent, $spans given up in the end, [1-9] times? tried again; last fault: the collector can't be reached" "$tmp/said"
result $? "--otlp, no collector"
collector http2
timeout -s INT 3 "$envscope" -r samples/tcp.pcap -q --otlp "$url" >"$tmp/said" 2>&1
grep -q "last fault: what answers is no collector of OTLP over HTTP (whose port is mostly 4318, that of gRPC 4317)" "$tmp/said"
result $? "--otlp, a port for gRPC"
kill $server
wait $server 2>/dev/null
# The collector of the environment: that for traces before that for all, to which the path is added.
collector 200
for variable in "OTEL_EXPORTER_OTLP_ENDPOINT=$url" "OTEL_EXPORTER_OTLP_ENDPOINT=$url/" "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=$url/v1/traces"; do
	env OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 "$variable" "$envscope" -r samples/tcp.pcap -q --otlp >"$tmp/said" 2>&1
	grep -q "$spans spans sent$" "$tmp/said"
	result $? "--otlp with $variable"
done
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 "$envscope" -r samples/tcp.pcap -q --otlp="$url" >"$tmp/said" 2>&1
grep -q "$spans spans sent$" "$tmp/said"
result $? "--otlp=URL goes before the environment"
kill $server
wait $server 2>/dev/null

collector 200
python3 tests/otlp/behind.py "$envscope" "$url" there >"$tmp/said" 2>&1
result $? "--otlp beside screens over a file"
kill $server
wait $server 2>/dev/null

# Live: the collector has the spans while the capture goes on and nothing more comes, beside a listing and beside the screens.
if "$envscope" -i lo -L >/dev/null 2>&1; then
	for beside in printing screens; do
		collector 503 200
		python3 tests/otlp/beside.py "$envscope" "$url" "$tmp/taken" $beside >"$tmp/said" 2>&1
		result $? "--otlp beside $beside of a live capture"
		kill $server
		wait $server 2>/dev/null
	done
else
	echo "otlp: no permission to capture, live it is not tested"
fi
"$envscope" -r samples/tcp.pcap -q --otlp ftp://127.0.0.1/ >"$tmp/said" 2>&1
[ $? = 2 ]
result $? "--otlp with another URL"
wait $behind
status=$?
cp "$tmp/gone" "$tmp/said"
result $status "--otlp beside screens over a file, no collector"
echo "otlp: $passed passed, $failed failed"
[ "$failed" = 0 ]
