#!/usr/bin/env bash
# The documents must say what is so. In README.md, CONTRIBUTING.md and docs/:
#
#	a block marked console       each `$ ` line is run, and must print what stands below it
#	<!-- screen: CASE, PART -->  the block behind it is that part of tests/tui/cases/CASE.txt
#	`folder/file`, [..](file)    is there
#
# and besides: the numbers of docs/limits.md stand in the source, its counters are all there are, the functions of the anatomy stand where it says,
# the rules and transports of README.md are those of the program, docs/ndjson.md has every key, and the man page is without a fault.
set -u
cd "$(dirname "$0")/.."
export TZ=UTC LC_ALL=C.UTF-8
documents="README.md CONTRIBUTING.md $(echo docs/*.md)"
wrong=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	wrong=$((wrong + 1))
	echo "docs: $1"
}

run_console() {
	local document=$1 line
	awk '/^```/ { on = $0 == "```console" ? 1 : 0; next } on' "$document" | sed 's/ *$//' >"$tmp/said"
	grep '^\$ ' "$tmp/said" | while IFS= read -r line; do
		printf '%s\n' "$line"
		bash -c "${line#\$ }" 2>&1
	done | sed 's/ *$//' >"$tmp/printed"
	diff -u "$tmp/said" "$tmp/printed" >"$tmp/diff" || fail "$document: what a command prints has changed: $(cat "$tmp/diff")"
}

# As in tests/tui/run.sh: how much memory is in use is nothing to be held to.
tidy() { sed -E 's/⟦|⟧//g; s/(threads|thr)  [0-9.#]+[KMG]?B/\1  #B/; s/ *$//'; }

compare_screens() {
	local document=$1 name part
	sed -n 's/^<!-- screen: \([a-z_]*\), \(.*\) -->$/\1 \2/p' "$document" | while read -r name part; do
		awk -v at="<!-- screen: $name, $part -->" '$0 == at { on = 1; next } on && /^```$/ { exit } on > 1; on && /^```text$/ { on = 2 }' \
			"$document" | tidy >"$tmp/said"
		awk -v at="=== $part" '/^=== / { on = $0 == at; next } on' "tests/tui/cases/$name.txt" | tidy >"$tmp/shown"
		diff -u "$tmp/said" "$tmp/shown" || echo "$document: the screen has changed"
	done >"$tmp/diff"
	[ ! -s "$tmp/diff" ] || fail "$(cat "$tmp/diff")"
}

find_files() {
	local document=$1 name
	for name in $(grep -oE '`[a-z]+/[A-Za-z0-9_/.-]*`' "$document" | tr -d '`' | sort -u) \
		$(grep -oE '\]\([A-Za-z0-9_/.-]+\)' "$document" | sed "s|](\(.*\))|$(dirname "$document")/\1|" | sort -u); do
		[ -e "$name" ] || fail "$document: there is no $name"
	done
}

# The last column of a table: `file`: `text`, `text` …
check_numbers() {
	local file text
	awk -F' [|] ' '/^[|].*`: `/ { sub(/ [|]$/, "", $NF); print $NF }' docs/limits.md | while IFS= read -r line; do
		file=${line%%\`: *}
		file=${file#\`}
		grep -oE '`[^`]+`' <<<"${line#*: }" | tr -d '`' | while IFS= read -r text; do
			grep -qF -e "$text" -e "${text/= /= BOUND(}," "$file" || echo "docs/limits.md: \"$text\" does not stand in $file"
		done
	done >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || fail "$(cat "$tmp/missing")"
}

check_counters() {
	sed -n '/counters\[\]/,/^};/s/^\t{ "\([^"]*\)".*/\1/p' export/summary.c | sed 's/\[[^]|]*|/[/g; s/[][]//g' | while IFS= read -r words; do
		tr '\n' ' ' <docs/limits.md | grep -qF -- "\"$words\"" || echo "docs/limits.md lacks the counter \"$words\""
	done >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || fail "$(cat "$tmp/missing")"
}

# Each file of the program is named, or what the folder holds besides.
check_map() {
	local file
	sed -n '/^## Source map/,/^## Anatomy/p' README.md | grep -oE '`[a-z]+/[^`]*`' | tr -d '`' >"$tmp/map"
	for file in {base,capture,capture/net,capture/proxy,capture/stream,decode,export,tui,cli}/*.c; do
		grep -qxF -e "$file" -e "${file%.c}.h" -e "${file%/*}/" "$tmp/map" || fail "README.md: the source map lacks $file"
	done
}

check_anatomy() {
	sed -n '/^## Anatomy/,/^## Tests/p' README.md | awk -F' [|] ' '/^[|] [0-9]+ [|]/ { gsub(/[`,]/, ""); print $2, $3 }' | while read -r file functions; do
		for function in $functions; do
			grep -qE "\b$function\(" "$file" || echo "README.md: there is no $function in $file"
		done
	done >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || fail "$(cat "$tmp/missing")"
}

check_rules() {
	sed -n '/^\.SH RULES/,/^\.SH KEYS/s/^\.B \(.*\) (\(.*\))$/\1 \2/p' "$tmp/man.1" | tr -d '\\' | sort -u >"$tmp/rules"
	sed -n '/^## Rules/,/^## Transports/p' README.md | awk '/^- / { severity = $2 } { print severity, $0 }' >"$tmp/said"
	while read -r rule severity; do
		grep "^${severity}s:" "$tmp/said" | grep -qE "(^| )$rule(,| |$)" || fail "README.md: $rule is missing among the ${severity}s"
	done <"$tmp/rules"
}

check_transports() {
	sed -n '/^## Transports/,/^## Secrets/s/^|.*| `\(.*\)` |$/\1/p' README.md | while IFS= read -r words; do
		grep -qrF -- "\"$words\"" capture || echo "README.md: the listing never says \"$words\""
	done >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || fail "$(cat "$tmp/missing")"
}

check_keys() {
	local key
	for capture in samples/*.pcap build/samples/*.pcap; do
		./envscope -r "$capture" -T ndjson 2>/dev/null
	done | python3 -c '
import json, sys
seen = set()
for line in sys.stdin:
    object = json.loads(line)
    seen.update(object)
    seen.add(object.get("event", "n"))
print("\n".join(sorted(seen)))' >"$tmp/keys"
	while read -r key; do
		grep -qF -- "\`$key\`" docs/ndjson.md || fail "docs/ndjson.md does not tell of $key"
	done <"$tmp/keys"
}

# Every variable that the program asks for is in the manual.
check_environment() {
	sed -n '/^\.SH ENVIRONMENT/,/^\.SH SIGNALS/p' "$tmp/man.1" >"$tmp/said"
	for name in $(grep -rhoE 'getenv\("[A-Z_]+"' base capture cli export tui | cut -d'"' -f2 | sort -u); do
		grep -qw "$name" "$tmp/said" || fail "the man page: ENVIRONMENT lacks $name"
	done
}

check_man() {
	if command -v groff >/dev/null; then
		for device in utf8 ascii; do
			groff -man -ww -z -T$device "$tmp/man.1" >"$tmp/said" 2>&1
			[ ! -s "$tmp/said" ] || fail "the man page, as $device: $(head -3 "$tmp/said")"
		done
	fi
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$tmp/man.1" >"$tmp/said" 2>&1 || fail "the man page: $(head -3 "$tmp/said")"
	fi
}

[ -x ./envscope ] || { echo "docs: there is no ./envscope; run make first" >&2; exit 2; }
./envscope --man >"$tmp/man.1"
for document in $documents; do
	run_console "$document"
	compare_screens "$document"
	find_files "$document"
done
check_numbers
check_counters
check_map
check_anatomy
check_rules
check_transports
check_keys
check_environment
check_man
echo "docs: $(cat $documents | grep -c '^\$ ') commands, $wrong faults"
[ "$wrong" = 0 ]
