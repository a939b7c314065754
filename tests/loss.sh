#!/usr/bin/env bash
# Captures that lost packets, or were joined late: every message whose bytes are all there must be shown, nobody blamed (loss.py). Where messages
# are deflated or encrypted, loss_rules.py holds what is shown, and the rules, against the whole capture.
# Needs impair.py from the shared tools (ENVSCOPE_SHARED, else ../shared); is skipped without it.
set -u
cd "$(dirname "$0")/.."
shared=${ENVSCOPE_SHARED:-../shared}
envscope=${ENVSCOPE:-./envscope}
if [ ! -f "$shared/tools/impair.py" ]; then
	echo "loss: skipped, there is no impair.py"
	exit 0
fi
if [ -z "${CAPTURES:-}" ]; then # each by itself, as many at a time as there are cores; the longest first
	printf '%s\n' ws tcp grpc grpctls rest legacy wss13_aes256 wss12_aes128 wsdeflate | xargs -P "$(nproc)" -I{} env CAPTURES={} bash "$0"
	exit
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
. tests/many.sh

# case CAPTURE JOINED OPTIONS…
case_() {
	local capture=samples/$1.pcap joined=$2
	[ -f "$capture" ] || capture=$shared/captures/$1.pcap
	[ -f "$capture" ] || capture=$capture.gz
	[ "$name" = "$1" ] || "$envscope" -r "$capture" -T ndjson >"$tmp/whole"
	name=$1
	shift 2
	tool /dev/null "$shared/tools/impair.py" "$capture" "$tmp/in" "$@" || { failed=$((failed + 1)); return; }
	"$envscope" -r "$tmp/in" -T ndjson >"$tmp/out" 2>/dev/null
	if tool "$tmp/verdict" tests/loss.py "$capture" "$tmp/whole" "$tmp/in" "$tmp/out" $joined; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "loss: $capture $*"
		head -5 "$tmp/verdict"
	fi
}

# rules_ CAPTURE OPTIONS…: of a shared capture, with its key log where it has one
rules_() {
	local file=$shared/captures/$1.pcap keys=""
	[ -f "$file" ] || file=$file.gz
	[ -f "$shared/captures/$1.keys" ] && keys="--keylog $shared/captures/$1.keys"
	[ "$name" = "$1" ] || "$envscope" -r "$file" $keys -T ndjson >"$tmp/whole"
	name=$1
	shift
	tool /dev/null "$shared/tools/impair.py" "$file" "$tmp/in" "$@" || { failed=$((failed + 1)); return; }
	"$envscope" -r "$tmp/in" $keys -T ndjson >"$tmp/out" 2>/dev/null
	if tool "$tmp/verdict" tests/loss_rules.py "$tmp/whole" "$tmp/out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "loss: $name $*"
		head -5 "$tmp/verdict"
	fi
}

# Deflated, or encrypted.
closed() {
	for seed in ${SEEDS:-1 2 3 4}; do
		rules_ "$1" --seed $((seed + 2)) --drop 0.05 --mss 1448
		rules_ "$1" --seed $((seed + 2)) --drop 0.1 --mss 400 --reorder .2 --past-acks --dup .1
	done
}

open_() {
	local seeds=${SEEDS:-1 2 3 4} skips=${SKIPS:-1 3 4 5 6 10 15 30 50 80 120}
	[ "$1" = legacy ] && seeds=${SEEDS:-1} skips=${SKIPS:-4 50} # 4.6 MB
	for seed in $seeds; do
		case_ "$1" "" --seed $seed --drop 0.05
		case_ "$1" "" --seed $seed --drop 0.05 --mss 1448 --reorder .3 --past-acks --dup .2 --retransmit-overlap .2
		[ "$1" = legacy ] || case_ "$1" "" --seed $seed --drop 0.1 --mss 400
	done
	for skip in $skips; do
		case_ "$1" --joined --skip-start $skip --mss 1448
	done
}

prefixed() {
	for seed in ${SEEDS:-1 2 3 4}; do
		for drop in 0.02 0.05 0.1; do
			case_ "$1" "" --seed $seed --drop $drop
			case_ "$1" "" --seed $seed --drop $drop --mss 1448
			case_ "$1" "" --seed $seed --drop $drop --mss 100
			case_ "$1" "" --seed $seed --drop $drop --mss 1448 --reorder .3 --past-acks --dup .2 --retransmit-overlap .2
		done
	done
	for skip in ${SKIPS:-1 3 4 6 10 15 20 30 39 40 41 42 50 51 52 80 120}; do
		case_ "$1" --joined --skip-start $skip
		case_ "$1" --joined --skip-start $skip --mss 1448
		case_ "$1" --joined --skip-start $skip --mss 77
	done
}

name=""
for capture in $CAPTURES; do
	case $capture in
	tcp | ws) prefixed $capture ;;
	grpc | rest | legacy) open_ $capture ;;
	*) closed $capture ;;
	esac
done
echo "loss of $CAPTURES: $passed passed, $failed failed"
[ "$failed" = 0 ]
