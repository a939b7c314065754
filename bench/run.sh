#!/bin/bash
# run.sh: measures envscope beside the floor and tshark and prints a Markdown table. What it measures and
# how to read it: README.md beside it. Exit status: 0 all goals met, 1 one is missed or a program failed, 2
# the inputs could not be made.
#
#	BENCH_DIR	where the inputs are kept (build/bench)
#	BENCH_COUNT	Envelopes of the small input (2500000)
#	BENCH_MB	million bytes of the big input (1000)
#	BENCH_ROUNDS	how often each program runs (5)
#	BENCH_TSHARK	yes; no: without tshark; N: of the small kind tshark reads N Envelopes, its time is scaled
#	BENCH_TOOLS	where make_input, floor and measure are (build/bench)
#	ENVSCOPE	the program to measure (./envscope)

set -u
cd "$(dirname "$0")/.." || exit 2

dir=${BENCH_DIR:-build/bench}
tools=${BENCH_TOOLS:-build/bench}
envscope=${ENVSCOPE:-./envscope}
count=${BENCH_COUNT:-2500000}
mb=${BENCH_MB:-1000}
rounds=${BENCH_ROUNDS:-5}
tshark=${BENCH_TSHARK:-yes}
results=$dir/results.$$
fields=$dir/fields.$$
trap 'rm -f "$results" "$fields"' EXIT

say() { echo "bench: $*" >&2; }

# make_input KIND SIZE: the path of that input, made unless it is there and newer than its maker.
make_input() {
	local file=$dir/$1-$2.pcap
	if [ ! -e "$file" ] || [ ! -e "$file.counts" ] || [ "$tools/make_input" -nt "$file" ]; then
		say "writing $file"
		"$tools/make_input" "$1" "$file.new" "$2" > "$file.counts" && mv "$file.new" "$file" || exit 2
	fi
	echo "$file"
}

# messages_in FILE: how many Envelopes make_input wrote.
messages_in() { sed -n 's/.* messages \([0-9]*\) .*/\1/p' "$1.counts"; }

# sample INPUT ROW OUTPUT COMMAND...: one run, noted as "INPUT ROW seconds kilobytes status".
sample() {
	local input=$1 row=$2
	shift 2
	echo "$input $row $("$tools/measure" "$@")" >> "$results"
}

# measure_all INPUT FILE: every program in turn, and that as often as there are rounds.
measure_all() {
	local round row
	cat "$2" > /dev/null
	for ((round = 1; round <= rounds; round++)); do
		say "$1, round $round of $rounds"
		sample "$1" floor /dev/null "$tools/floor" "$2"
		sample "$1" one /dev/null "$envscope" -r "$2" -z summary -o threads=1
		sample "$1" summary /dev/null "$envscope" -r "$2" -z summary
		sample "$1" filter /dev/null "$envscope" -r "$2" -z summary -Y 'command == "query" && seq > 10'
		sample "$1" payload /dev/null "$envscope" -r "$2" -z summary -Y 'data.collectionname == "entities"'
		for row in commands connections streams workitems threads; do
			sample "$1" "$row" /dev/null "$envscope" -r "$2" -z "$row"
		done
		sample "$1" check /dev/null "$envscope" -r "$2" --check
		sample "$1" text /dev/null "$envscope" -r "$2" -T text
		for row in ndjson csv pdml; do
			sample "$1" "$row" /dev/null "$envscope" -r "$2" -T "$row"
		done
		sample "$1" pdu /dev/null "$envscope" -r "$2" -q -w /dev/null --pdu
	done
}

# measure_tshark INPUT FILE: once. For the small input perhaps on a shorter file, together with a run on
# nearly nothing, so that only what grows with the file is scaled.
measure_tshark() {
	local file=$2
	[ "$tshark" = no ] && return
	if [ "$1" = small ] && [ "$tshark" != yes ]; then
		sample "$1" tshark-start /dev/null bench/tshark_fields.sh "$(make_input small 2)" 2> /dev/null
		file=$(make_input small "$tshark") || exit 2
	fi
	say "$1, tshark"
	cat "$file" > /dev/null
	sample "$1" tshark "$fields" bench/tshark_fields.sh "$file" 2> /dev/null
	echo "$1 tshark-messages $(messages_in "$file") $(cut -f 1 "$fields" | tr ',' '\n' | grep -c .)" >> "$results"
}

# count_messages INPUT FILE: how many Envelopes were written, and how many envscope shows.
count_messages() {
	echo "$1 messages $(messages_in "$2") $("$envscope" -r "$2" -T ndjson | grep -c '^{ *"n" *:')" >> "$results"
}

programs() {
	local other="without tshark."
	[ "$tshark" = no ] || other=$(tshark --version 2> /dev/null | sed -n '1s/ (Git.*/./p')
	echo "Programs: envscope $(git describe --always --dirty 2> /dev/null), $other"
}

machine() {
	echo "Machine: $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1), $(nproc) cores," \
		"$(awk '/^MemTotal/ { printf "%.0f", $2 / 1024 }' /proc/meminfo) MiB, $(uname -sr)."
	programs
	echo "Median of $rounds runs, interleaved (in brackets the fastest and the slowest); tshark once."
}

case $tshark in
yes | no) ;;
*[!0-9]* | 0* | '') say "BENCH_TSHARK is yes, no or a number of Envelopes, not \"$tshark\""; exit 2 ;;
*) [ "$tshark" -ge "$count" ] && tshark=yes ;;
esac
if [ "$tshark" != no ] && ! command -v tshark > /dev/null; then
	say "tshark is not installed; BENCH_TSHARK=no measures without it"
	exit 2
fi

mkdir -p "$dir" || exit 2
declare -A file
file[small]=$(make_input small "$count") || exit 2
file[big]=$(make_input big "$mb") || exit 2
for input in small big; do
	measure_all "$input" "${file[$input]}"
	measure_tshark "$input" "${file[$input]}"
	count_messages "$input" "${file[$input]}"
done

machine
LC_ALL=C awk -f bench/table.awk "$results"
