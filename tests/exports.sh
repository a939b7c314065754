#!/usr/bin/env bash
# Documents of -T are whole whatever ends the reading: PDML by its DTD and the check's JUnit by its schema (xmllint), JSON by jq, CSV, SVG and the others by Python's parsers, for
# every sample, and when Ctrl-C comes in the middle. What is not installed is skipped, and said.
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
export TZ=UTC LC_ALL=C.UTF-8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

result() {
	if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "exports: $2"; head -3 "$tmp/said"; fi
}

has() {
	command -v "$1" >/dev/null || { echo "exports: skipped, there is no $1"; return 1; }
}

for capture in samples/*.pcap build/samples/*.pcap; do
	for format in pdml json; do
		"$envscope" -r "$capture" -T $format >"$tmp/$(basename "$capture").$format" 2>/dev/null
	done
	"$envscope" -r "$capture" --check=junit --fail-on warning >"$tmp/$(basename "$capture").junit" 2>/dev/null
done
head -c 1000 samples/tcp.pcap >"$tmp/damaged"
"$envscope" -r "$tmp/damaged" --check=junit >"$tmp/damaged.junit" 2>/dev/null
if has xmllint; then
	xmllint --noout --dtdvalid tests/pdml.dtd "$tmp"/*.pdml >"$tmp/said" 2>&1
	result $? "PDML that its DTD does not allow"
	xmllint --noout --schema tests/junit.xsd "$tmp"/*.junit 2>&1 | grep -v ' validates$' >"$tmp/said"
	[ ! -s "$tmp/said" ]
	result $? "JUnit that its schema does not allow"
	if command -v tshark >/dev/null; then
		"$envscope" --wireshark-plugin >"$tmp/openiap.lua"
		tshark -n -X "lua_script:$tmp/openiap.lua" -r samples/ws.pcap -T pdml 2>/dev/null >"$tmp/theirs.xml"
		xmllint --noout --dtdvalid tests/pdml.dtd "$tmp/theirs.xml" >"$tmp/said" 2>&1
		result $? "the DTD does not allow what tshark writes"
	fi
fi
if has jq; then
	for document in "$tmp"/*.json; do
		messages=$("$envscope" -r "$(ls {build/,}samples/"$(basename "$document" .json)" 2>/dev/null)" -T fields -e n 2>/dev/null | wc -l)
		[ "$(jq '[.[] | select(._source.layers.openiap["openiap.n"] and ._source.layers.frame)] | length' "$document" 2>"$tmp/said")" = "$messages" ]
		result $? "$document: jq does not find $messages messages"
	done
fi
python3 tests/report_counts.py "$envscope" "$tmp/many.pcap" >"$tmp/said" 2>&1
result $? "counts of a report that does not show all"
python3 tests/legacy_rows.py "$envscope" "$tmp/legacy.pcap" >"$tmp/said" 2>&1
result $? "the protocol before Flow 1.5 is not told alike in all formats"
python3 tests/exports.py "$envscope" samples/tcp.pcap >"$tmp/said" 2>&1
result $? "what Ctrl-C leaves"
echo "exports: $passed passed, $failed failed"
[ "$failed" = 0 ]
