#!/usr/bin/env bash
# Holds envscope's ndjson against what both ends of a conversation logged, whole and after every kind of damage that loses no bytes.
# Needs the shared captures and tools (ENVSCOPE_SHARED, else ../shared); is skipped without them.
set -u
cd "$(dirname "$0")/.."
shared=${ENVSCOPE_SHARED:-../shared}
envscope=${ENVSCOPE:-./envscope}
if [ ! -f "$shared/tools/truth.py" ] || [ ! -f "$shared/tools/impair.py" ]; then
	echo "truth: skipped, there are no shared captures"
	exit 0
fi
if [ -z "${CAPTURES:-}" ]; then # each by itself, as many at a time as there are cores; the longest first
	printf '%s\n' legacy grpc grpctls wss13_aes256 wss12_aes128 ws wsdeflate tcp rest | xargs -P "$(nproc)" -I{} env CAPTURES={} bash "$0"
	exit
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
. tests/many.sh

file_of() {
	local file=$shared/captures/$1.pcap
	[ -f "$file" ] || file=$file.gz
	echo "$file"
}

# impair CAPTURE OPTIONS…: makes $tmp/in of it. Segments of a few bytes are cut by cut.py, which must write what impair.py writes.
impair() {
	local capture=$1
	shift
	case "$*" in
	"--mss "[1-7])
		tool /dev/null tests/cut.py "$shared/tools/impair.py" "$(file_of "$capture")" "$tmp/in" "$2" || return
		[ "$2" = 7 ] || return 0
		tool /dev/null "$shared/tools/impair.py" "$(file_of "$capture")" "$tmp/impaired" "$@" && cmp "$tmp/in" "$tmp/impaired"
		;;
	*) tool /dev/null "$shared/tools/impair.py" "$(file_of "$capture")" "$tmp/in" "$@" ;;
	esac
}

# case CAPTURE OPTIONS…: the capture after impair.py with these options must print what was logged. The secrets of TLS come from the key log,
# of a pcapng from the file itself.
case_() {
	local capture=$1 keys=$shared/captures/$1.keys embed=() keylog=()
	shift
	if [ -f "$keys" ]; then
		case " $* " in
		*" --pcapng "*) embed=(--dsb "$keys") ;;
		*) keylog=(--keylog "$keys") ;;
		esac
	fi
	impair "$capture" "$@" "${embed[@]}" || { failed=$((failed + 1)); echo "truth: $capture $*: not made"; return; }
	if "$envscope" -r "$tmp/in" "${keylog[@]}" -T ndjson >"$tmp/out" 2>"$tmp/err" &&
		tool "$tmp/verdict" "$shared/tools/truth.py" "$shared/captures/$capture" "$tmp/out" &&
		tool "$tmp/verdict" tests/same_rules.py "$tmp/whole" "$tmp/out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "truth: $capture $*"
		head -5 "$tmp/verdict"
	fi
}

# What lies below TCP, the file's format too: for the captures whose streams are plain; it is the same for the others. ALL=1: for all.
below() {
	for link in vlan sll sll2 raw null; do
		case_ "$1" --$link
		case_ "$1" --$link --be --mss 900 --ipv6
	done
	case_ "$1" --wrap
	case_ "$1" --ipv6
	case_ "$1" --ns
	case_ "$1" --be
	case_ "$1" --pcapng --ns --be
	case_ "$1" --frag 576
	case_ "$1" --frag 1280 --ipv6
}

for capture in $CAPTURES; do
	keys=$shared/captures/$capture.keys
	[ -f "$keys" ] || keys=/dev/null
	"$envscope" -r "$(file_of "$capture")" --keylog "$keys" -T ndjson >"$tmp/whole"
	case_ "$capture"
	for mss in 1 2 3 5 7 64 100 536 1000 1448; do
		[ "$capture" = legacy ] && [ $mss -lt 100 ] && continue # 4.6 MB: too many packets
		case_ "$capture" --mss $mss
	done
	case $capture in
	tcp | ws | grpc | rest) below $capture ;;
	*) [ "${ALL:-}" != 1 ] || below $capture ;;
	esac
	case_ "$capture" --pcapng
	for seed in ${SEEDS:-1 2 3 4}; do
		case_ "$capture" --seed $seed --mss 1448 --reorder .3
		case_ "$capture" --seed $seed --mss 1448 --reorder .3 --past-acks
		case_ "$capture" --seed $seed --mss 700 --dup .3
		case_ "$capture" --seed $seed --mss 1000 --retransmit-overlap .4
		case_ "$capture" --seed $seed --mss 333 --retransmit-overlap .3 --dup .2 --reorder .3 --past-acks --wrap
		case_ "$capture" --seed $seed --mss 1448 --retransmit-overlap .2 --dup .1 --reorder .2 --wrap --ipv6 --frag 600 --vlan
		case_ "$capture" --seed $seed --reorder .5 --past-acks --dup .3 --retransmit-overlap .3 --pcapng --ns --sll2
		case_ "$capture" --seed $seed --mss 50 --reorder .4 --past-acks --dup .3
	done
done
echo "truth of $CAPTURES: $passed passed, $failed failed"
[ "$failed" = 0 ]
