#!/usr/bin/env bash
# What -w writes: the same listing when it is read again, all that a display filter asks for, a ring, a full disk, a sudden end, messages as
# exported PDUs. With tshark and capinfos (skipped without) what they make of it; with the shared captures (ENVSCOPE_SHARED, else ../shared)
# every link type and every kind of damage.
set -u
cd "$(dirname "$0")/.."
shared=${ENVSCOPE_SHARED:-../shared}
envscope=${ENVSCOPE:-./envscope}
case $envscope in /*) ;; *) envscope=$PWD/$envscope ;; esac
export TZ=UTC LC_ALL=C.UTF-8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

ok() {
	passed=$((passed + 1))
}
wrong() {
	failed=$((failed + 1))
	echo "written: $*"
}
same() { # NAME FILE FILE
	if diff "$2" "$3" >"$tmp/diff"; then ok; else wrong "$1"; head -5 "$tmp/diff"; fi
}
equal() { # NAME WORD WORD
	if [ "$2" = "$3" ]; then ok; else wrong "$1: $2, not $3"; fi
}
quietly() {
	"$envscope" "$@" 2>"$tmp/err"
}
packets() {
	python3 tests/pcapng.py "$1" count
}

# again NAME CAPTURE FILTER: the listing of what is written is that of the capture; with the filter too, as all its connections have a match
again() {
	quietly -r "$2" -T text >"$tmp/whole"
	quietly -r "$2" -q -w "$tmp/all.pcapng"
	quietly -r "$tmp/all.pcapng" -T text >"$tmp/again"
	same "$1: read again" "$tmp/whole" "$tmp/again"
	quietly -r "$2" -q -w "$tmp/some.pcapng" -Y "$3"
	quietly -r "$tmp/some.pcapng" -T text >"$tmp/again"
	same "$1: read again, with a filter" "$tmp/whole" "$tmp/again"
	cat "$2" | quietly -r - -q -w "$tmp/some.pcapng" -Y "$3"
	quietly -r "$tmp/some.pcapng" -T text >"$tmp/again"
	same "$1: read again, with a filter and from a pipe" "$tmp/whole" "$tmp/again"
	quietly -r "$2" -q -w "$tmp/pdus.pcapng" --pdu
	equal "$1: exported PDUs" "$(packets "$tmp/pdus.pcapng")" "$(quietly -r "$2" -T ndjson | grep -vc '^{"event"')"
	if command -v capinfos >/dev/null; then
		capinfos "$tmp/all.pcapng" "$tmp/some.pcapng" "$tmp/pdus.pcapng" >/dev/null 2>"$tmp/err" || wrong "$1: capinfos: $(cat "$tmp/err")"
	fi
}

for capture in tcp ws wsdeflate; do
	again "$capture" "samples/$capture.pcap" 'command == "endstream"'
done
for capture in ipv6 port_reuse reset gap_inside; do
	again "$capture" "build/samples/$capture.pcap" n
done

# Endpoints in use again while the connection is open: the first packet of the second one, too, though only the next one shows whose it is
for way in syn joined; do
	python3 - $way >"$tmp/reused.pcap" <<-'END'
		import sys
		sys.path.insert(0, "tests")
		import attacks
		capture = attacks.Capture()
		attacks.signin(attacks.Talk(capture, size=1400))
		again = attacks.Talk(capture, start=False, size=1400)
		again.seq = {True: 1 << 30, False: 1 << 29}
		if sys.argv[1] == "syn":
		    capture.tcp(seq=again.seq[True] - 1, flags=attacks.SYN, src=again.client, dst=again.server)
		    capture.tcp(seq=again.seq[False] - 1, ack=again.seq[True], flags=attacks.SYN | attacks.ACK, src=again.server, dst=again.client)
		for seq, id in enumerate((b"a", b"b")):
		    again.send(attacks.framed(attacks.envelope(b"noop", seq, id)))
		sys.stdout.buffer.write(capture.bytes())
	END
	quietly -r "$tmp/reused.pcap" -q -w "$tmp/some.pcapng" -Y 'conn == 2'
	equal "reused, $way: packets" "$(packets "$tmp/some.pcapng")" $([ $way = syn ] && echo 4 || echo 2)
	equal "reused, $way: messages" "$(quietly -r "$tmp/some.pcapng" -T text | grep -c id=)" 2
done

# Two connections, of which one has a match: its packets, and no others, in their order.
python3 tests/pcapng.py samples/tcp.pcap merge samples/ws.pcap >"$tmp/both.pcap"
quietly -r "$tmp/both.pcap" -q -w "$tmp/one.pcapng" -Y 'transport == ws && command == "popworkitem"'
quietly -r samples/ws.pcap -q -w "$tmp/ws.pcapng"
equal "one of two connections" "$(packets "$tmp/one.pcapng")" "$(packets "$tmp/ws.pcapng")"
quietly -r "$tmp/both.pcap" -q -w "$tmp/both.pcapng" -Y 'command == "popworkitem"'
equal "both connections, in order" "$(python3 tests/pcapng.py "$tmp/both.pcapng" sorted)" True
quietly -r samples/tcp.pcap -q -w "$tmp/packets.pcapng" -o write=packets -Y 'command == "popworkitem"'
equal "packets of one message" "$(packets "$tmp/packets.pcapng")" 8
quietly -r "$tmp/packets.pcapng" -T text -Y 'command == "popworkitem"' | cut -c45-80 >"$tmp/again"
quietly -r samples/tcp.pcap -T text -Y 'command == "popworkitem"' | cut -c45-80 >"$tmp/whole"
same "the message in them" "$tmp/whole" "$tmp/again"
quietly -r samples/wsdeflate.pcap -q -w "$tmp/deflated.pcapng" -o write=packets -Y 'command == "queryreply"'
quietly -r "$tmp/deflated.pcapng" -T text -Y 'command == "queryreply"' >"$tmp/again"
quietly -r samples/wsdeflate.pcap -T text -Y 'command == "queryreply"' >"$tmp/whole"
same "messages that need those before them" "$tmp/whole" "$tmp/again"
# A hold too small for the connection: what was given up is counted.
cat samples/tcp.pcap | quietly -r - -q -w "$tmp/held.pcapng" -o hold=64K -Y 'command == "ping"'
if grep -q 'packets to be written that were no longer held' "$tmp/err"; then ok; else wrong "what is no longer held is not counted"; fi

# Comments, precision, permissions, formats.
quietly -r samples/tcp.pcap -q -w "$tmp/x.pcapng"
equal "comments" "$(python3 tests/pcapng.py "$tmp/x.pcapng" comments | grep -c 'type-missing (warning)')" 5
# What becomes known at the end, as the hole in gap_inside, is no packet's comment, which is counted: of what is wanted, and where there are comments.
left() { quietly -r build/samples/gap_inside.pcap -q -w "$tmp/left" "$@"; grep -c '1 comment on broken rules left out, with no packet behind it' "$tmp/err"; }
equal "comments left out" "$(left) $(left -Y 'command == "x"') $(left -F pcap)" "1 0 0"
lines() { python3 tests/pcapng.py "$1" comments | sed 's/ | /\n/g' | LC_ALL=C sort; }
quietly -r samples/tcp.pcap -q -w "$tmp/x_pdus.pcapng" --pdu
# A rule that becomes known later finds its message written.
equal "comments of exported PDUs" "$(lines "$tmp/x_pdus.pcapng")" "$(lines "$tmp/x.pcapng" | grep -v ' no-reply ')"
quietly -r samples/tcp.pcap -q -w "$tmp/x_some.pcapng" --pdu -Y 'command == "error"'
equal "comments of those that match" "$(lines "$tmp/x_some.pcapng")" "$(lines "$tmp/x.pcapng" | grep ' error: ')"
# Secrets that come behind the packets of their connection: what its messages break stands with a packet of another one, and says so.
python3 tests/pcapng.py samples/wss13_aes256.pcap.gz late samples/wss13_aes256.keys samples/tcp.pcap >"$tmp/late.pcapng"
quietly -r "$tmp/late.pcapng" -q -w "$tmp/x_late.pcapng"
equal "comments with a packet of another connection" "$(lines "$tmp/x_late.pcapng" | grep -v " no-reply " | sed -n 's/^message [0-9]* (connection 1) \([a-z]*: [a-z-]*\) .*/\1/p' | sort | uniq -c)" \
	"$(quietly -r "$tmp/late.pcapng" -T ndjson -Y 'conn == 1' | sed -n 's/.*"command":"\([a-z]*\)".*"rules":\["\([a-z-]*\)"\].*/\1: \2/p' | sort | uniq -c)"
equal "comments with packets of their own" "$(lines "$tmp/x_late.pcapng" | grep -vc '(connection 1)')" "$(lines "$tmp/x.pcapng" | grep -c .)"
if command -v editcap >/dev/null; then
	editcap -a "5:a note" samples/tcp.pcap "$tmp/noted.pcapng"
	quietly -r "$tmp/noted.pcapng" -q -w "$tmp/once.pcapng"
	quietly -r "$tmp/once.pcapng" -q -w "$tmp/twice.pcapng" -Y 'command == "popworkitem"'
	equal "comments of the source, and the rules once" "$(python3 tests/pcapng.py "$tmp/twice.pcapng" comments | sort)" \
		"$({ echo "a note"; python3 tests/pcapng.py "$tmp/x.pcapng" comments; } | sort)"
fi
equal "permissions" "$(stat -c %a "$tmp/x.pcapng")" 600
quietly -r samples/tcp.pcap -q -F pcap -w "$tmp/x.pcap"
cmp -s samples/tcp.pcap "$tmp/x.pcap" && ok || wrong "-F pcap does not give back the capture"
quietly -r samples/tcp.pcap -w - >"$tmp/out.pcapng"
cmp -s "$tmp/x.pcapng" "$tmp/out.pcapng" && ok || wrong "-w - is another file than -w FILE"
quietly -r samples/tcp.pcap -w - --extract "$tmp/extracted" >"$tmp/out.pcapng"
cmp -s "$tmp/x.pcapng" "$tmp/out.pcapng" && grep -q "src.bin: 180,000 bytes" "$tmp/err" && ok || wrong "-w - with --extract is another file"
quietly -r samples/tcp.pcap -w /dev/stdout | cat >"$tmp/stdout.pcapng"
cmp -s "$tmp/out.pcapng" "$tmp/stdout.pcapng" && ok || wrong "-w /dev/stdout is another file than -w -"
equal "text beside -w /dev/null" "$(quietly -r samples/tcp.pcap -w /dev/null -T text -c 1 | wc -l)" 1
equal "a reader that has gone" "$({ quietly -r samples/tcp.pcap -w -; echo "$?" >"$tmp/status"; } | head -c 100 | wc -c; cat "$tmp/status")" "100
0"
equal "a reader that has gone is no loss" "$(grep -vc "passwords and tokens" "$tmp/err")" 0
quietly -r samples/tcp.pcap -T text -c 5 -w "$tmp/five.pcapng" >/dev/null
equal "-c" "$(quietly -r "$tmp/five.pcapng" -T text | grep -c tcp)" 5

# A ring: the newest files, which together are the end of the capture.
mkdir "$tmp/ring"
quietly -r samples/tcp.pcap -q -w "$tmp/ring/x.pcapng" -b filesize:100 -b files:3
equal "files of a ring" "$(cd "$tmp/ring" && printf '%s\n' * | sed 's/_[0-9]*\.pcapng$//' | tr '\n' ' ')" "x_00003 x_00004 x_00005 "
mkdir "$tmp/series"
quietly -r samples/tcp.pcap -q -w "$tmp/series/x.pcapng" -b duration:1
equal "files of a second each" "$(for f in "$tmp"/series/*; do packets "$f"; done | awk '{ n += $1 } END { print n }')" "$(packets "$tmp/x.pcapng")"

# Several files as one, with the connection that crosses them whole, in whatever order they are named.
mkdir "$tmp/many"
quietly -r samples/tcp.pcap -q -w "$tmp/many/x.pcapng" -b filesize:100
quietly -r samples/tcp.pcap -T ndjson --full-bytes >"$tmp/whole"
quietly "$tmp"/many/* -T ndjson --full-bytes >"$tmp/again"
same "several files as one" "$tmp/whole" "$tmp/again"
gzip "$(echo "$tmp"/many/x_00002*)"
# shellcheck disable=SC2046
quietly $(printf '%s\n' "$tmp"/many/* | sort -r) -T ndjson --full-bytes >"$tmp/again"
same "several files backwards, one of them gzipped" "$tmp/whole" "$tmp/again"
quietly "$tmp"/many/* -q -w "$tmp/one.pcapng" -Y 'command == "endstream"'
quietly -r "$tmp/one.pcapng" -T ndjson --full-bytes >"$tmp/again"
same "several files written as one" "$tmp/whole" "$tmp/again"
quietly -r samples/tcp.pcap -z streams >"$tmp/whole"
quietly "$tmp"/many/* -z streams >"$tmp/again"
same "a report of several files" "$tmp/whole" "$tmp/again"
head -c 60000 "$(echo "$tmp"/many/x_00003*)" >"$tmp/cut.pcapng"
quietly -r samples/ws.pcap -r "$tmp/cut.pcapng" -T text >"$tmp/again"
equal "status with a damaged one among them" "$?" 3
equal "the others are read to their end" "$(grep -c ' ws ' "$tmp/again")" 81

# A full disk: the listing goes on, the status is 3, and it is said.
quietly -r samples/tcp.pcap -T text >"$tmp/whole"
quietly -r samples/tcp.pcap -T text -w /dev/full >"$tmp/again"
equal "status of a full disk" "$?" 3
same "the listing beside a full disk" "$tmp/whole" "$tmp/again"
if grep -q 'stopped: No space left on device' "$tmp/err"; then ok; else wrong "a full disk is not told of"; fi
( ulimit -f 100; quietly -r samples/tcp.pcap -q -w "$tmp/short.pcapng" ) 2>/dev/null
quietly -r "$tmp/short.pcapng" -T text >"$tmp/again" && ok || wrong "a file that could not be written whole is damaged"
head -n 5 "$tmp/whole" | diff - <(head -n 5 "$tmp/again") >/dev/null && ok || wrong "it begins otherwise"

# What standard output had before stays there; what is read is not what is written.
cp samples/tcp.pcap "$tmp/all.pcap"
( ulimit -f 600; quietly -r samples/ws.pcap -w - >>"$tmp/all.pcap" ) 2>/dev/null
cmp -s -n "$(stat -c %s samples/tcp.pcap)" samples/tcp.pcap "$tmp/all.pcap" && ok || wrong "a full disk takes what was in the file before"
quietly -r "$tmp/all.pcap" -q && ok || wrong "what was added to a file is damaged by a full disk"
( ulimit -f 2000; quietly -r "$tmp/all.pcap" -w - >>"$tmp/all.pcap" ) 2>/dev/null
equal "adding to what is read" "$?" 2

# A sudden end while a pipe is read: what was read is in the file.
mkfifo "$tmp/pipe"
"$envscope" -r "$tmp/pipe" -q -w "$tmp/killed.pcapng" 2>/dev/null &
pid=$!
exec 3>"$tmp/pipe"
head -c 200000 samples/tcp.pcap >&3
for _ in $(seq 100); do [ "$(stat -c %s "$tmp/killed.pcapng" 2>/dev/null || echo 0)" -gt 150000 ] && break; sleep 0.05; done
kill -9 $pid
wait $pid 2>/dev/null
exec 3>&-
quietly -r "$tmp/killed.pcapng" -q && ok || wrong "after a sudden end the file is damaged"

if command -v tshark >/dev/null; then
	tshark -r "$tmp/x.pcapng" -T fields -e frame.comment 2>"$tmp/err" | grep -c . >"$tmp/count"
	equal "tshark: packets with comments" "$(cat "$tmp/count")" "$(python3 tests/pcapng.py "$tmp/x.pcapng" comments | wc -l)"
	quietly -r samples/tcp.pcap -q -w "$tmp/pdus.pcapng" --pdu
	tshark -r "$tmp/pdus.pcapng" -T fields -e exported_pdu.prot_name -e exported_pdu.ipv4_src -e exported_pdu.src_port 2>"$tmp/err" | sort | uniq -c |
		sed 's/^ *//' | tr '\t' ' ' >"$tmp/again"
	printf '35 openiap 127.0.0.1 43466\n44 openiap 127.0.0.1 28080\n' | sort -k4 >"$tmp/whole"
	sort -k4 "$tmp/again" >"$tmp/sorted"
	same "tshark: exported PDUs" "$tmp/whole" "$tmp/sorted"
	"$envscope" --wireshark-plugin >"$tmp/openiap.lua"
	for capture in tcp wsdeflate; do
		quietly -r "samples/$capture.pcap" -q -w "$tmp/pdus.pcapng" --pdu
		tshark -X "lua_script:$tmp/openiap.lua" -r "$tmp/pdus.pcapng" -T fields -e openiap.command -e openiap.seq -e openiap.id \
			-e openiap.rid -e openiap.type 2>/dev/null >"$tmp/again"
		quietly -r "samples/$capture.pcap" -T fields -e openiap.command -e openiap.seq -e openiap.id -e openiap.rid -e openiap.type >"$tmp/whole"
		same "$capture: tshark with the dissector: exported PDUs" "$tmp/whole" "$tmp/again"
	done
else
	echo "written: no tshark, what it reads is not tested"
fi

if [ ! -f "$shared/tools/impair.py" ]; then
	echo "written: there are no shared captures, link types and damage are not tested"
else
	while read -r options; do
		# shellcheck disable=SC2086
		python3 "$shared/tools/impair.py" "$shared/captures/tcp.pcap" "$tmp/in" $options >/dev/null
		again "impaired $options" "$tmp/in" 'command == "downloadreply"'
	done <<-'END'
		--frag 600
		--ipv6 --frag 1280 --reorder .2
		--vlan
		--sll
		--sll2 --ns
		--raw --be
		--null --pcapng --ns
		--mss 1000 --reorder .3 --past-acks
		--drop .05
		--skip-start 40 --dup .2
	END
	for capture in wss13_aes256 wss12_aes128 grpctls; do
		keys=$shared/captures/$capture.keys
		quietly -r "$shared/captures/$capture.pcap" --keylog "$keys" -T text >"$tmp/whole"
		quietly -r "$shared/captures/$capture.pcap" --keylog "$keys" -q -w "$tmp/tls.pcapng" -Y 'command == "endstream"'
		quietly -r "$tmp/tls.pcapng" -T text >"$tmp/again"
		same "$capture: read again, with the secrets in it" "$tmp/whole" "$tmp/again"
		if command -v tshark >/dev/null; then
			equal "$capture: tshark opens it" "$(tshark -r "$tmp/tls.pcapng" -Y 'websocket or http2.data.data' 2>/dev/null | wc -l)" \
				"$(tshark -r "$shared/captures/$capture.pcap" -o "tls.keylog_file:$keys" -Y 'websocket or http2.data.data' 2>/dev/null | wc -l)"
		fi
	done
	again "rest" "$shared/captures/rest.pcap" 'command == "query"'
	again "grpc" "$shared/captures/grpc.pcap" 'command == "query"'
fi

echo "written: $passed passed, $failed failed"
[ $failed -eq 0 ]
