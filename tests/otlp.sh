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

schema
"$envscope" -r build/samples/workitem.pcap -T otlp >"$tmp/workitem"
"$envscope" -r build/samples/workitem.pcap -T ndjson >"$tmp/messages"
python3 tests/otlp/trace.py "$tmp/messages" "$tmp/workitem" >"$tmp/said" 2>&1
result $? "a trace of two connections"
"$envscope" -r build/samples/workitem.pcap -T otlp | cmp - "$tmp/workitem" >"$tmp/said" 2>&1
result $? "ids differ when a capture is read again"
echo "otlp: $passed passed, $failed failed"
[ "$failed" = 0 ]
