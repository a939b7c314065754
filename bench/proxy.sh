#!/usr/bin/env bash
# make bench-proxy: the proxy beside a direct connection, socat and nginx (stream), each in its turn and several times over. What is there is
# measured: socat and nginx only if they are installed. Prints medians as a table for docs/performance.md, and what envscope is to each of the others.
# It takes minutes, on a machine that does nothing else; ROUNDS, MIB and SAME_ROUNDS make it shorter.
set -eu
cd "$(dirname "$0")/.."
load=$BENCH_TOOLS/proxy_load
rounds=${ROUNDS:-5} mib=${MIB:-1024}
tmp=$(mktemp -d)
started=""
trap 'kill $started 2>/dev/null || true; rm -rf "$tmp"' EXIT
base=${PORT:-28600}
echo_port=$base sink_port=$((base + 1))
until_open() { until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do sleep .05; done; }

"$load" serve $echo_port $sink_port >/dev/null &
started=$!
until_open $sink_port
ways=direct
if command -v socat >/dev/null; then
	ways="$ways socat"
	for i in 0 1; do
		socat -b 65536 TCP-LISTEN:$((base + 10 + i)),bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=2048 TCP:127.0.0.1:$((base + i)),nodelay 2>/dev/null &
		started="$started $!"
	done
fi
module=$(find /usr/lib/nginx/modules -name ngx_stream_module.so 2>/dev/null || true)
if command -v nginx >/dev/null && { [ -n "$module" ] || nginx -V 2>&1 | grep -q 'with-stream '; }; then
	ways="$ways nginx"
	{
		[ -z "$module" ] || echo "load_module $module;"
		echo "daemon off; pid $tmp/pid; error_log stderr; worker_rlimit_nofile 16384; $([ "$(id -u)" != 0 ] || echo "user root;") events { worker_connections 8192; } stream {"
		for i in 0 1; do echo "server { listen 127.0.0.1:$((base + 20 + i)) backlog=2048; proxy_pass 127.0.0.1:$((base + i)); proxy_buffer_size 64k; proxy_half_close on; }"; done
		echo "}"
	} >"$tmp/nginx.conf"
	nginx -p "$tmp" -c "$tmp/nginx.conf" 2>"$tmp/nginx.err" &
	started="$started $!"
fi
ways="$ways envscope"
./envscope --proxy socket://:$((base + 30))=socket://127.0.0.1:$echo_port --proxy socket://:$((base + 31))=socket://127.0.0.1:$sink_port \
	-z summary >"$tmp/summary" 2>/dev/null &
proxy=$!
started="$started $proxy"
offset() { case $1 in direct) echo 0 ;; socat) echo 10 ;; nginx) echo 20 ;; envscope) echo 30 ;; esac; }
for way in $ways; do until_open $((base + $(offset "$way"))); done

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for _ in $(seq "$rounds"); do
	for way in $ways; do
		at=$((base + $(offset "$way")))
		"$load" latency $at 10000 >"$tmp/one"
		read -r half most <"$tmp/one"
		echo "$half" >>"$tmp/$way.half"
		echo "$most" >>"$tmp/$way.most"
		"$load" messages $((at + 1)) 1000000 >>"$tmp/$way.messages"
		"$load" bulk $((at + 1)) "$mib" >>"$tmp/$way.bulk"
		"$load" idle $at 1000 >>"$tmp/$way.idle"
	done
done
kill -INT $proxy
wait $proxy || true
showed() { grep -E ' (messages?|gaps? in the capture|bytes? missing there)$' "$tmp/summary" | tr -s ' ' | paste -sd,; }
flat_out=$(showed)
./envscope --proxy socket://:$((base + 41))=socket://127.0.0.1:$sink_port -z summary >"$tmp/summary" 2>/dev/null &
proxy=$!
until_open $((base + 41))
paced=$("$load" paced $((base + 41)) 1000000)
kill -INT $proxy
wait $proxy || true
load_now=$(cut -d' ' -f1-3 /proc/loadavg)
echo "| way | there and back, median | 99th percentile | messages of 130 bytes | $mib MiB in messages of 64 KiB | 1,000 connections |"
echo "| --- | --- | --- | --- | --- | --- |"
ratio() { # METRIC WAY: envscope's median by that way's
	awk -v a="$(median <"$tmp/envscope.$1")" -v b="$(median <"$tmp/$2.$1")" 'BEGIN { printf b ? "%.2f" : "-", b ? a / b : 0 }'
}
for way in $ways; do
	echo "| $way | $(median <"$tmp/$way.half") µs | $(median <"$tmp/$way.most") µs | $(median <"$tmp/$way.messages") a second |" \
		"$(median <"$tmp/$way.bulk") MiB/s | $(median <"$tmp/$way.idle") ms |"
done
for way in $ways; do
	[ "$way" != envscope ] || continue
	echo "| envscope : $way | $(ratio half "$way") | $(ratio most "$way") | $(ratio messages "$way") | $(ratio bulk "$way") | $(ratio idle "$way") |"
done
echo
echo "Load of the machine at the end of that: $load_now (of which the measuring itself is about two); $((SECONDS / 60)) min $((SECONDS % 60)) s so far."
echo "What envscope showed of that, flat out: $flat_out"
echo "1,000,000 messages, $paced a second passed; shown of them: $(showed)"
echo
echo "Random bytes both ways over every pair of schemes, ${SAME_ROUNDS:-40} times each, held against what was sent:"
PROXY_ROUNDS=${SAME_ROUNDS:-40} PROXY_SEED=$RANDOM python3 tests/proxy.py ./envscope transparent
echo "$((SECONDS / 60)) min $((SECONDS % 60)) s in all."
