#!/bin/sh
# tshark_fields.sh FILE [PORT]: the four fields command, seq, id and rid of every Envelope on that TCP port
# (8080 unless given), by tshark with openiap_fields.lua and the repository's .proto files. One row a
# packet: where several Envelopes end in one packet, their values stand in one row, joined by commas, and a
# rid that is absent leaves no place in its list.

bench=$(cd "$(dirname "$0")" && pwd) || exit 1
google=$(pkg-config --variable=includedir protobuf 2>/dev/null)

exec tshark -n -r "$1" \
	-X "lua_script:$bench/openiap_fields.lua" \
	-d "tcp.port==${2:-8080},openiap_bench" \
	-o "uat:protobuf_search_paths:\"${bench%/*}/proto\",\"TRUE\"" \
	-o "uat:protobuf_search_paths:\"${google:-/usr/include}\",\"FALSE\"" \
	-o protobuf.preload_protos:TRUE \
	-o protobuf.pbf_as_hf:TRUE \
	-o protobuf.add_default_value:All \
	-T fields \
	-e pbf.openiap.Envelope.command \
	-e pbf.openiap.Envelope.seq \
	-e pbf.openiap.Envelope.id \
	-e pbf.openiap.Envelope.rid
