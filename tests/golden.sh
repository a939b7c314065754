#!/usr/bin/env bash
# Golden listings: what envscope prints for each sample must be what stands in tests/golden. --update CASE (or all) writes it anew.
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
export TZ=UTC LC_ALL=C.UTF-8
update=""
[ "${1-}" = --update ] && update=$2
passed=0 failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# case NAME OPTIONS…: prints with these options, with what goes to standard error and the exit status behind it
case_() {
	local name=$1 expected=tests/golden/$1.txt
	shift
	[ -z "$update" ] || [ "$update" = all ] || [ "$update" = "$name" ] || return
	{
		"$envscope" "$@" 2>"$tmp/err"
		echo "exit status $?"
		sed 's/^/stderr: /' "$tmp/err"
	} >"$tmp/out"
	if [ -n "$update" ]; then
		cp "$tmp/out" "$expected"
		echo "golden: wrote $expected"
	elif diff -u "$expected" "$tmp/out" >"$tmp/diff" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "golden: $name differs (make update CASE=$name rewrites it)"
		head -20 "$tmp/diff"
	fi
}

for capture in samples/*.pcap build/samples/*.pcap; do
	case_ "$(basename "$capture" .pcap)" -r "$capture" -T text
done
for capture in samples/*.pcap.gz; do
	name=$(basename "$capture" .pcap.gz)
	keys=samples/$name.keys
	if [ -f "$keys" ]; then
		case_ "$name" -r "$capture" --keylog "$keys" -T text
		case_ "$name.no_keys" -r "$capture" -T text
	else
		case_ "$name" -r "$capture" -T text
	fi
done
for name in seq_gap seq_reordered error_reply type_missing unknown_command unknown_type bad_utf8 gap_inside workitem payload_error over_long; do
	case_ "$name.ndjson" -r "build/samples/$name.pcap" -T ndjson
	case_ "$name.tree" -r "build/samples/$name.pcap" -T tree
done
{ head -c 20 samples/tcp.pcap; printf '\334\0\0\0'; tail -c +25 samples/tcp.pcap; } >"$tmp/usb.pcap" # its link type is another one
{ cat samples/tcp.pcap; tail -c +25 samples/tcp.pcap; } >"$tmp/again.pcap" # its times go back by two seconds
case_ tcp.again -r "$tmp/again.pcap" -T text -Y 'n < 2'
case_ tcp.usb -r "$tmp/usb.pcap" -T text
sed 's/"amount":12/"amount":99/' build/samples/workitem.pcap >"$tmp/damaged.pcap" # without its checksum
case_ checksums.ignore -r "$tmp/damaged.pcap" -T text
case_ checksums.check -r "$tmp/damaged.pcap" -T text -o checksums=check
case_ token_expired.secrets -r build/samples/token_expired.pcap -T ndjson --show-secrets
case_ token_expired.tree -r build/samples/token_expired.pcap -V
case_ formats.help -T help
case_ tcp.fields -r samples/tcp.pcap -T fields -e n -e openiap.command -e seq -e query.collectionname -e data.query._type -e workitem.name -e data.password -e rules -e port
case_ tcp.fields_set -r samples/tcp.pcap -c 12 -T fields -e src -e port -e data.results -E header=y -E separator=/s -E quote=d -E occurrence=l
case_ tcp.csv -r samples/tcp.pcap -T csv
case_ tcp.csv_chosen -r samples/tcp.pcap -c 12 -T csv -e command -e data -e data.query -e data.stack -E header=n -E 'separator=;'
case_ tcp.json -r samples/tcp.pcap -T json -c 5
case_ tcp.pdml -r samples/tcp.pcap -T pdml -c 4
case_ workitem.pdml -r build/samples/workitem.pcap -T pdml -Y 'data.workitem'
case_ bad_utf8.json -r build/samples/bad_utf8.pcap -T json
case_ payload_error.pdml -r build/samples/payload_error.pcap -T pdml -Y 'rules contains "decode"'
case_ bad_utf8.fields -r build/samples/bad_utf8.pcap -T fields -e command -e data
{ cat build/samples/grpc_setups.pcap; tail -c +25 build/samples/grpc_setups.pcap | LC_ALL=C sed 's/\xa0\x29/\xa0\x2a/g'; } >"$tmp/twice.pcap" # again from another port
case_ grpc_setups.streams -r "$tmp/twice.pcap" -T fields -e conn -e tcp.stream -e src.port -e dst.port -e command
case_ error.fields_none -r samples/tcp.pcap -T fields
case_ error.fields_name -r samples/tcp.pcap -T csv -e seq -e query.collectoinname
case_ error.fields_text -r samples/tcp.pcap -T text -e seq
case_ error.fields_setting -r samples/tcp.pcap -T csv -E header=maybe
case_ tcp.filter_within -r samples/tcp.pcap -T text -Y 'openiap.workitem.name == "wi" || queryreply.results contains "big" || signin.agent'
case_ rust_ws.ndjson -r build/samples/rust_ws.pcap -T ndjson
case_ tcp.summary -r samples/tcp.pcap -z summary
case_ tcp.summary.ndjson -r samples/tcp.pcap -z summary -T ndjson
case_ tcp.first5 -r samples/tcp.pcap -T text -c 5 -t ud
case_ tcp.filtered -r samples/tcp.pcap -T text 'tcp port 1'
case_ ws.forced_tcp -r build/samples/error_reply.pcap -d tcp.port==8080,ws -T text
case_ explain.all --explain all
case_ no_reply.overdue -r build/samples/no_reply.pcap -T text -o no-reply=1ms
# Reports, the check, extraction.
for name in tcp ws; do
	for report in commands connections threads rules streams; do
		case_ "$name.$report" -r "samples/$name.pcap" -z "$report"
	done
	for format in text json junit; do
		case_ "$name.check_$format" -r "samples/$name.pcap" "--check=$format"
	done
done
case_ tcp.reports -r samples/tcp.pcap -z rules,streams -z connections
case_ tcp.reports.ndjson -r samples/tcp.pcap -z commands,connections,threads,rules,streams -T ndjson
for name in tcp queue_events workitem; do
	capture=samples/$name.pcap
	[ -f "$capture" ] || capture=build/samples/$name.pcap
	case_ "$name.relations" -r "$capture" -z traces,correlations,workitems
	case_ "$name.relations.ndjson" -r "$capture" -z traces,correlations,workitems -T ndjson
done
case_ open_end.threads -r build/samples/open_end.pcap -z threads
case_ rust_ws.connections -r build/samples/rust_ws.pcap -z connections -T ndjson
case_ id_reused.threads -r build/samples/id_reused.pcap -z threads
case_ reply_first.threads -r build/samples/reply_first.pcap -z threads
case_ near_stream.streams -r build/samples/near_stream.pcap -z streams
case_ no_reply.threads -r build/samples/no_reply.pcap -z threads -t ud
case_ open_end.commands -r build/samples/open_end.pcap -z commands
case_ collide.commands -r build/samples/collide.pcap -z commands
case_ queue_events.connections -r build/samples/queue_events.pcap -z connections
case_ gap.connections -r build/samples/gap.pcap -z connections
case_ seq_overflow.rules -r build/samples/seq_overflow.pcap -z rules
case_ noise.rules -r build/samples/noise.pcap -z rules,streams
for name in two_uploads_interleaved stream_cut stream_order stream_incomplete stream_checksum_wrong stream_size_wrong stream_error_midway; do
	case_ "$name.streams" -r "build/samples/$name.pcap" -z streams
	mkdir "$tmp/$name"
	case_ "$name.extract" -r "build/samples/$name.pcap" --extract "$tmp/$name"
done
case_ bad_utf8.check_junit -r build/samples/bad_utf8.pcap --check=junit --fail-on note
for format in text json junit; do
	case_ "seq_gap.check_$format" -r build/samples/seq_gap.pcap "--check=$format"
done
case_ tcp.check_warning -r samples/tcp.pcap --check --fail-on warning
case_ tcp.check_rule -r samples/tcp.pcap --check --fail-on error,no-reply
case_ upload.check -r build/samples/upload.pcap --check --fail-on note
case_ error.report -r samples/tcp.pcap -z rules,nonsense
case_ error.check_format -r samples/tcp.pcap --check -T ndjson
case_ error.check_reports -r samples/tcp.pcap --check -z rules -T ndjson
case_ error.count -r samples/tcp.pcap -c ' -5'
case_ error.file_none -r ''
case_ error.word missing
case_ error.word_display -r samples/tcp.pcap 'command == "query"'
case_ error.display_capture -r samples/tcp.pcap -Y 'tcp port 8080'
case_ error.value_behind_space -r samples/tcp.pcap -q --otlp localhost:4318
case_ error.check_behind_space -r samples/tcp.pcap --check junit
case_ error.setting_keylog -r samples/tcp.pcap -o tls.keylog_file:keys
case_ error.stdin_twice -r - -r -
case_ check.display -r build/samples/error_reply.pcap --check -Y 'command == "query"'
case_ error.report_near -r samples/tcp.pcap -z sumary
case_ error.format_near -r samples/tcp.pcap -T ndjsn
case_ error.setting_near -r samples/tcp.pcap -o no-repl=1s
case_ error.proxy_checksums --proxy ws://:0=ws://127.0.0.1:1 -o checksums=check
case_ error.drop_near --proxy ws://:0=ws://127.0.0.1:1 --drop-command qery -o checksums=check
case_ error.decode_as_near -r samples/tcp.pcap -d tcp.port==80,grcp
case_ error.fields_setting_near -r samples/tcp.pcap -T fields -e seq -E heder=y
case_ error.fields_setting_alone -r samples/tcp.pcap -T text -E header=y
case_ error.fail_on_near -r samples/tcp.pcap --check --fail-on eror,no-repli
case_ error.explain_near --explain no-repli
case_ error.time -r samples/tcp.pcap -t abs
case_ error.links -r samples/tcp.pcap -L
case_ live_only -r build/samples/error_reply.pcap -s 100 -B 4 -p -y EN10MB -z summary
case_ own_times -r build/samples/error_reply.pcap -T csv -t ad -c 1
case_ error.report_format -r samples/tcp.pcap -z rules -T tree
case_ error.check -r samples/tcp.pcap --check=xml
case_ error.fail_on -r samples/tcp.pcap --check --fail-on error,nonsense
case_ error.fail_on_alone -r samples/tcp.pcap --fail-on error
case_ error.extract -r samples/tcp.pcap --extract /dev/null
case_ tcp.filter_record -r samples/tcp.pcap -T text -Y 'command in {query aggregate} && seq > 4 || severity >= warning'
case_ tcp.filter_payload -r samples/tcp.pcap -T ndjson -Y 'data.query._type == "test" || data.workitem.name matches "^WI$"'
case_ tcp.filter_request -r samples/tcp.pcap -T fields -e n -e command -e request -Y 'request == query && command == error || request == watch'
case_ tcp.filter_count -r samples/tcp.pcap -T text -c 3 -Y 'role == reply && size > 200'
case_ tcp.filter_doubt -r samples/tcp.pcap -T text -Y 'command == qury || n == 1'
case_ seq_gap.filter -r build/samples/seq_gap.pcap -T text -Y 'rules contains "seq"'
# What becomes known later: of a file these formats are printed when all is read, and not at once.
for format in csv json mermaid html; do
	case_ "no_reply.filter.$format" -r build/samples/no_reply.pcap -T $format -Y 'rules == "no-reply"'
done
case_ no_reply.filter_first -r build/samples/no_reply.pcap -T fields -e n -e state -c 1 -Y 'state'
case_ filter.help -Y help
case_ filter.name -r samples/tcp.pcap -T text -Y 'n > 1 && data.workitem.nmae == "x"'
case_ filter.type -r nowhere.pcap -T text -Y 'command > 5'
case_ filter.secret -r samples/tcp.pcap -T text -Y 'data.password == "x"'
case_ error.completions --completions csh
# Diagrams.
for name in workitem download bad_utf8 gap_inside no_reply watch_events; do
	case_ "$name.mermaid" -r "build/samples/$name.pcap" -T mermaid
	case_ "$name.plantuml" -r "build/samples/$name.pcap" -T plantuml
done
for name in workitem download bad_utf8 gap_inside; do
	case_ "$name.svg" -r "build/samples/$name.pcap" -T svg
done
for name in bad_utf8 gap_inside no_reply; do
	case_ "$name.html" -r "build/samples/$name.pcap" -T html
done
case_ tcp.filtered.html -r samples/tcp.pcap -T html -Y 'thread == 54 || thread == 9'
for name in workitem watch_events no_reply error_reply near_refused; do
	case_ "$name.otlp" -r "build/samples/$name.pcap" -T otlp
done
case_ tcp.trace.mermaid -r build/samples/workitem.pcap -T mermaid -Y 'traceid == "4bf92f3577b34da6a3ce929d0e0e4736"'
# What can't be used or read: one clear line and the right status.
printf '' >"$tmp/empty"
head -c 100000 samples/tcp.pcap >"$tmp/truncated.pcap"
printf 'this is no capture, only text' >"$tmp/text"
mkdir "$tmp/folder"
(
	cd "$tmp" || exit
	ln -s "$OLDPWD" repo
	ln -s repo/samples/tcp.pcap link.pcap
)
in_tmp() {
	local name=$1
	shift
	[ -z "$update" ] || [ "$update" = all ] || [ "$update" = "$name" ] || return
	local here=$PWD
	cd "$tmp" || exit 1
	local program=$envscope
	case $program in /*) ;; *) program=$here/$program ;; esac
	{ "$program" "$@" >out.txt 2>err.txt; echo "exit status $?"; sed 's/^/stderr: /' err.txt; } >result.txt
	tail -3 out.txt | cut -c1-120 >>result.txt
	cd "$here" || exit 1
	if [ -n "$update" ]; then
		cp "$tmp/result.txt" "tests/golden/$name.txt"
		echo "golden: wrote tests/golden/$name.txt"
	elif diff -u "tests/golden/$name.txt" "$tmp/result.txt" >"$tmp/diff" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "golden: $name differs"
		head -20 "$tmp/diff"
	fi
}
in_tmp error.missing -r nowhere.pcap -T text
in_tmp error.empty -r empty -T text
in_tmp error.text -r text -T text
in_tmp error.folder -r folder -T text
in_tmp error.truncated -r truncated.pcap -T text
in_tmp error.truncated_check -r truncated.pcap --check
in_tmp error.truncated_junit -r truncated.pcap --check=junit
in_tmp error.filter -r repo/samples/tcp.pcap -T text -f 'tcp prot 1'
in_tmp error.option --nonsense
in_tmp error.option_near --colour never
in_tmp error.option_short -r repo/samples/tcp.pcap --ex
in_tmp error.option_argument -r repo/samples/tcp.pcap --utc=no
in_tmp error.option_letters -xV -r repo/samples/tcp.pcap
in_tmp error.no_file nowhere.pcap -T text
in_tmp error.no_second_file -r repo/samples/tcp.pcap nowhere.pcap -T text
in_tmp error.write_read -r repo/samples/tcp.pcap -q -w link.pcap
in_tmp error.write_keylog -r repo/samples/tcp.pcap --keylog text -q -w text
in_tmp error.format -r repo/samples/tcp.pcap -T xml
in_tmp error.decode_as_name -r repo/samples/tcp.pcap -d tcp.port==8080,pipe
in_tmp error.decode_as -r repo/samples/tcp.pcap -d tcp.port==80000,tcp
in_tmp error.interface -i no-such-interface -T text
echo "golden: $passed passed, $failed failed"
[ "$failed" = 0 ]
