#!/usr/bin/env bash
# Holds the generated dissector, in tshark, and envscope's Wireshark formats against each other: samples, the shared captures where they
# are, the samples' messages counted, and captures in which tshark itself loses messages as exported PDUs. Skipped without tshark.
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
shared=${ENVSCOPE_SHARED:-../shared}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export HOME=$tmp TZ=UTC LC_ALL=C.UTF-8
plugin=$tmp/openiap.lua
wrong=0

fail() {
	wrong=$((wrong + 1))
	echo "wireshark: $1"
}

"$envscope" --wireshark-plugin >"$plugin" || fail "the dissector can't be written"

# Under each Lua that some Wireshark of 3.6 to 4.6 has, without Wireshark.
for lua in lua5.2 lua5.3 lua5.4; do
	command -v $lua >/dev/null || { echo "wireshark: skipped, there is no $lua"; continue; }
	for name in tcp ws; do
		"$envscope" -r samples/$name.pcap -q -w "$tmp/pdus.pcap" --pdu -F pcap 2>/dev/null
		"$envscope" -r samples/$name.pcap -T fields -e command -e seq -e id -e rid -e type -e query.collectionname -e signin.username >"$tmp/ours"
		for way in pdu tcp ws; do
			$lua tests/plugin.lua "$plugin" "$tmp/pdus.pcap" $way >"$tmp/theirs" || fail "$lua, $name as $way"
			cut -f1-7 "$tmp/theirs" | diff - "$tmp/ours" >"$tmp/diff" || { fail "$lua says something else of $name as $way"; head -4 "$tmp/diff"; }
		done
	done
done
command -v tshark >/dev/null || { echo "wireshark: the rest is skipped, there is no tshark"; exit $wrong; }
captures=()
for capture in samples/tcp.pcap samples/ws.pcap samples/wsdeflate.pcap build/samples/grpc_unary.pcap "$shared/captures/grpc.pcap"; do
	[ -f "$capture" ] || { echo "wireshark: skipped, there is no $capture"; continue; }
	captures+=("$capture")
done
python3 tests/merge.py "$tmp/merged.pcap" "${captures[@]}" && python3 tests/wireshark.py "$envscope" "$plugin" "$tmp/merged.pcap" || wrong=$((wrong + 1))

# A second copy, such as that of a package beside one of -X, does no harm.
cp "$plugin" "$tmp/second.lua"
tshark -n -X "lua_script:$plugin" -X "lua_script:$tmp/second.lua" -r samples/tcp.pcap -Y openiap >"$tmp/out" 2>"$tmp/said"
[ "$(wc -l <"$tmp/out")" = 52 ] && ! grep -q Lua "$tmp/said" || fail "the dissector loaded twice: $(grep Lua "$tmp/said")"

python3 tests/wireshark_samples.py "$envscope" "$plugin" build/samples/*.pcap || wrong=$((wrong + 1))

python3 tests/wireshark_faults.py "$envscope" "$plugin" "$tmp/faults.pcap" || wrong=$((wrong + 1))

# Request and response of a method share an HTTP/2 stream; a message may have no byte.
calls=$(tshark -2 -n -X "lua_script:$plugin" -r build/samples/grpc_unary.pcap -Y openiap -T fields -E separator=, -e openiap.request_in \
	-e openiap.response_in -e openiap.latency 2>/dev/null | awk -F, '{ for (i = 1; i <= 3; i++) n[i] += $i != "" } END { print n[1], n[2], n[3] }')
[ "$calls" = "45 45 45" ] || fail "request_in, response_in, latency: of $calls of the 45 calls"

# Each message of the protocol's table with all its fields: named everywhere, with the values that were sent; and what both name, field by field.
if [ -f "$shared/protocol/messages.tsv" ]; then
	python3 tests/messages.py "$envscope" "$shared/protocol/messages.tsv" "$tmp/messages.pcap" "$plugin" || wrong=$((wrong + 1))
	python3 tests/wireshark.py "$envscope" "$plugin" "$tmp/messages.pcap" || wrong=$((wrong + 1))
else
	echo "wireshark: skipped, there is no table of the protocol's messages"
fi

# Secrets: hidden by default, also in what is made of the tree.
secret=SuperSecret
for format in pdml json fields; do
	columns=""
	[ $format = fields ] && columns="-e openiap.signin.password"
	hex=$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')
	for program in "$envscope" "tshark -n -X lua_script:$plugin -Y openiap"; do
		# shellcheck disable=SC2086
		$program -r samples/tcp.pcap -T $format $columns 2>/dev/null | grep -v '"tcp[.]' >"$tmp/out"
		[ -s "$tmp/out" ] || fail "$program prints nothing as $format"
		grep -q "$secret\|$hex" "$tmp/out" && fail "$program shows a secret in $format"
	done
done
tshark -n -X "lua_script:$plugin" -o openiap.show_secrets:TRUE -r samples/tcp.pcap -T fields -e openiap.signin.password 2>/dev/null |
	grep -q "$secret" || fail "openiap.show_secrets shows nothing"

# Documents of a reading that ends early are whole.
for end in "-c 3" "-c 1" "-Y n==0"; do
	# shellcheck disable=SC2086
	"$envscope" -r samples/tcp.pcap -T json $end | python3 -c 'import json, sys; json.load(sys.stdin)' || fail "json $end is no JSON"
	# shellcheck disable=SC2086
	"$envscope" -r samples/tcp.pcap -T pdml $end >"$tmp/pdml"
	if command -v xmllint >/dev/null; then
		xmllint --noout "$tmp/pdml" || fail "pdml $end is no XML"
	fi
done

# A message of which the capture has a part is not blamed for what is missing.
"$envscope" -r build/samples/gap_inside.pcap -q -w "$tmp/cut.pcapng" --pdu 2>/dev/null
cut=$(tshark -n -X "lua_script:$plugin" -r "$tmp/cut.pcapng" -Y 'openiap.size == 8130 || openiap.rule.decode' -T fields -E separator=, -e openiap.command \
	-e openiap.size -e openiap.rule.decode 2>/dev/null)
[ "$cut" = queryreply,8130, ] || fail "a message that is cut: $cut"

# Where tshark loses messages, the exported PDUs have them all.
if [ -f "$shared/tools/impair.py" ]; then
	for options in "--reorder 0.2 --past-acks --seed 3" "--drop 0.02 --seed 5" "--skip-start 40"; do
		# shellcheck disable=SC2086
		python3 "$shared/tools/impair.py" samples/tcp.pcap "$tmp/impaired.pcap" $options >/dev/null || { fail "impair.py $options"; continue; }
		"$envscope" -r "$tmp/impaired.pcap" -q -w "$tmp/pdu.pcapng" --pdu 2>/dev/null || { fail "no PDUs of $options"; continue; }
		messages=$("$envscope" -r "$tmp/impaired.pcap" -T fields -e n 2>/dev/null | wc -l)
		without=$(tshark -n -X "lua_script:$plugin" -r "$tmp/impaired.pcap" -Y openiap -T fields -E aggregator=/s -e openiap.size 2>/dev/null | wc -w)
		echo "wireshark: $options: $messages messages, $without of them found by tshark itself"
		python3 tests/wireshark.py "$envscope" "$plugin" "$tmp/pdu.pcapng" --messages "$messages" || wrong=$((wrong + 1))
	done
fi
echo "wireshark: $wrong faults"
[ "$wrong" = 0 ]
