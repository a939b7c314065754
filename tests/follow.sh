#!/usr/bin/env bash
# An independent check of TLS and HTTP/2: the bytes that tshark finds in them are those that envscope finds (tests/follow.c). Takes the captures of
# samples/, and the shared ones where they are. Is skipped without tshark.
set -u
cd "$(dirname "$0")/.."
follow=${FOLLOW:-build/tests/follow}
if ! command -v tshark >/dev/null; then
	echo "follow: skipped, there is no tshark"
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
to_bytes() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex("".join(c for c in sys.stdin.read() if c in "0123456789abcdef")))'; }

same() {
	if [ -s "$2" ] && cmp -s "$2" "$3"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "follow: $1: tshark has $(stat -c %s "$2") bytes, envscope $(stat -c %s "$3"), and they differ"
	fi
}

# The ports of client and server: those of the first packet.
ports() { tshark -r "$1" -c 1 -T fields -e tcp.srcport -e tcp.dstport 2>/dev/null; }

# Lines at the margin are node 0's, who sent data first; the other's begin with a tab.
check_tls() {
	local client server margin=c2s tab=s2c
	read -r client server < <(ports "$1")
	tshark -r "$1" -o "tls.keylog_file:$2" -q -z follow,tls,raw,0 2>/dev/null >"$tmp/lines"
	if grep -q "^Node 0: .*:$server\$" "$tmp/lines"; then
		margin=s2c tab=c2s
	fi
	sed '1,/^Node 1/d' "$tmp/lines" >"$tmp/data"
	grep '^[0-9a-f]' "$tmp/data" | to_bytes >"$tmp/want.$margin"
	grep -P '^\t' "$tmp/data" | to_bytes >"$tmp/want.$tab"
	for dir in c2s s2c; do
		same "$1, TLS $dir" "$tmp/want.$dir" "$tmp/tls.$dir"
	done
}

# The data of HTTP/2 by the port they come from.
check_http2() {
	local client server
	read -r client server < <(ports "$1")
	local as=http2
	[ "$2" = /dev/null ] || as=tls
	for dir in c2s s2c; do
		port=$client
		[ $dir = c2s ] || port=$server
		tshark -r "$1" -o "tls.keylog_file:$2" -d "tcp.port==$server,$as" -Y "tcp.srcport == $port" -T fields -e http2.data.data 2>/dev/null |
			to_bytes >"$tmp/want.$dir"
		same "$1, HTTP/2 $dir" "$tmp/want.$dir" "$tmp/grpc.$dir"
	done
}

for capture in samples/*.pcap.gz "${ENVSCOPE_SHARED:-../shared}"/captures/*.pcap; do
	keys=${capture%.pcap*}.keys
	[ -f "$keys" ] || keys=/dev/null
	name=$(basename "$capture")
	case $name in
	grpc* | wss*) ;;
	*) continue ;;
	esac
	"$follow" "$keys" "$capture" "$tmp" || { failed=$((failed + 1)); continue; }
	[ "$keys" = /dev/null ] || check_tls "$capture" "$keys"
	case $name in grpc*) check_http2 "$capture" "$keys" ;; esac
done
echo "follow: $passed directions equal, $failed failed"
[ "$failed" = 0 ]
