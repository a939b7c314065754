#!/usr/bin/env bash
# Live on loopback: -w beside the listing, and what Wireshark asks of an external capture program (extcap), by hand and through tshark.
# Skipped where capturing is not permitted; the part with tshark also where there is none, or this is not root (who may lend its permission
# to another user, since tshark looks for such programs in a folder of one's choice only for users who are not root).
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
case $envscope in /*) ;; *) envscope=$PWD/$envscope ;; esac
export TZ=UTC LC_ALL=C.UTF-8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
wrong() {
	failed=$((failed + 1))
	echo "live: $*"
}
equal() { # NAME WORD WORD
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); else wrong "$1: $2, not $3"; fi
}
until_there() { # FILE
	for _ in $(seq 200); do [ -s "$1" ] && return; sleep 0.05; done
	wrong "$1 never came"
}

equal "extcap: interfaces" "$("$envscope" --extcap-interfaces --extcap-version=4.0 | grep -c '{value=envscope}')" 1
equal "extcap: link type" "$("$envscope" --extcap-interface=envscope --extcap-dlts | grep -c '^dlt {number=252}')" 1
equal "extcap: settings" "$("$envscope" --extcap-interface=envscope --extcap-config | grep -c '^arg {number=[0-9]}{call=--')" 4
equal "extcap: a good filter" "$("$envscope" --extcap-interface=envscope --extcap-capture-filter='tcp port 5')" ""
equal "extcap: a bad filter" "$("$envscope" --extcap-interface=envscope --extcap-capture-filter='tcp portt 5' | grep -c 'portt')" 1
"$envscope" --extcap-interface=other --extcap-dlts >/dev/null 2>&1
equal "extcap: another interface" "$?" 2

if ! "$envscope" -i lo -L >/dev/null 2>&1; then
	echo "live: no permission to capture, the rest is skipped"
	echo "live: $passed passed, $failed failed"
	exit $((failed > 0))
fi

if "$envscope" -i nflog -L 2>/dev/null | grep -q '^NFLOG'; then # of the firewall, which says nothing here: that is no error
	"$envscope" -i nflog:$(($$ % 60000 + 1)) -T text -a duration:1 >"$tmp/out" 2>"$tmp/err"
	status=$?
	equal "a firewall's log without packets: $(head -1 "$tmp/err")" $status 0
fi

"$envscope" -i lo -T text -w "$tmp/live.pcapng" -l >"$tmp/out" 2>"$tmp/err" &
pid=$!
until_there "$tmp/live.pcapng"
python3 tests/talk.py 5
for _ in $(seq 200); do [ "$(grep -c ' pong ' "$tmp/out")" -ge 5 ] && break; sleep 0.05; done
kill -INT $pid
wait $pid
equal "status of a live capture" "$?" 0
equal "nothing dropped is said, too" "$(grep -c '^ *0 packets dropped by the \(kernel\|interface\)$' "$tmp/err")" 2
equal "messages in the file" "$("$envscope" -r "$tmp/live.pcapng" -T text 2>/dev/null | grep -c ' pong ')" 5
equal "the interface's name" "$(grep -ac 'lo' "$tmp/live.pcapng")" 1
equal "times have nine decimals" "$("$envscope" -r "$tmp/live.pcapng" -T ndjson 2>/dev/null | head -1 | grep -c '000Z"')" 0

# gRPC over TLS between node's own ends, whose key log is followed as it grows.
if command -v node openssl >/dev/null; then
	port=$((28000 + $$ % 1000))
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/key" -out "$tmp/cert" -days 1 -subj /CN=localhost 2>/dev/null
	: >"$tmp/keys"
	"$envscope" -i lo --keylog "$tmp/keys" -T text -w "$tmp/grpc.pcapng" -l "tcp port $port" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until_there "$tmp/grpc.pcapng"
	timeout 30 node --tls-keylog="$tmp/keys" tests/grpc_tls.js $port "$tmp/key" "$tmp/cert" 5 2>/dev/null
	for _ in $(seq 200); do [ "$(grep -c ' pong \| queryreply ' "$tmp/out")" -ge 6 ] && break; sleep 0.05; done
	kill -INT $pid
	wait $pid
	equal "grpc over TLS: messages" "$(grep -c ' grpc .* \(ping\|pong\|query\|queryreply\) ' "$tmp/out")" 12
	equal "grpc over TLS: the file has its keys" "$("$envscope" -r "$tmp/grpc.pcapng" -T text 2>/dev/null | grep -c ' grpc ')" 12
	equal "grpc over TLS: the file tells the same in the same order" "$("$envscope" -r "$tmp/grpc.pcapng" -T text 2>/dev/null | md5sum)" "$(md5sum <"$tmp/out")"
else
	echo "live: there is no node or no openssl, grpc over TLS is skipped"
fi

# Without tshark the pipe is read by us.
mkfifo "$tmp/fifo"
cat "$tmp/fifo" >"$tmp/pdus.pcapng" &
reader=$!
"$envscope" --capture --extcap-interface envscope --fifo "$tmp/fifo" --interface lo --display-filter 'command == "pong"' 2>"$tmp/err" &
pid=$!
until_there "$tmp/pdus.pcapng"
python3 tests/talk.py 5
for _ in $(seq 200); do [ "$(stat -c %s "$tmp/pdus.pcapng")" -ge 800 ] && break; sleep 0.05; done
kill -TERM $pid
wait $pid $reader
equal "extcap: messages" "$(python3 tests/pcapng.py "$tmp/pdus.pcapng" count)" 5
equal "extcap: nothing is said" "$(cat "$tmp/err")" ""

lend() {
	setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps +net_raw,+net_admin --ambient-caps +net_raw,+net_admin \
		env HOME="$tmp/home" WIRESHARK_EXTCAP_DIR="$tmp/extcap" ENVSCOPE="$tmp/envscope" "$@"
}
if [ "$(id -u)" = 0 ] && command -v setpriv tshark >/dev/null && cp "$envscope" "$tmp/envscope" &&
	mkdir -m 777 "$tmp/extcap" "$tmp/home" && chmod 755 "$tmp" && cp cli/extcap.sh "$tmp/extcap/envscope" && chmod 755 "$tmp/extcap/envscope" &&
	lend true 2>/dev/null; then
	equal "tshark: the interface" "$(lend tshark -D 2>/dev/null | grep -c 'envscope (OpenIAP Flow messages)')" 1
	lend timeout 30 tshark -q -i envscope -o extcap.envscope.interface:lo -a duration:20 -c 10 -w "$tmp/home/wireshark.pcapng" >/dev/null 2>&1 &
	pid=$!
	until_there "$tmp/home/wireshark.pcapng"
	for _ in $(seq 20); do
		kill -0 $pid 2>/dev/null || break
		python3 tests/talk.py 5 .05
	done
	wait $pid
	equal "tshark: messages" "$(tshark -r "$tmp/home/wireshark.pcapng" -T fields -e exported_pdu.prot_name 2>/dev/null | sort | uniq -c | tr -s ' ')" " 10 openiap"
else
	echo "live: no tshark, or not root: through tshark it is not tested"
fi

echo "live: $passed passed, $failed failed"
[ $failed -eq 0 ]
