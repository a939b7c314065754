# table.awk: the Markdown tables of run.sh from its samples, and exit status 1 when a goal is missed. Lines
# that it reads:
#
#	INPUT ROW seconds kilobytes status		one run of a program
#	INPUT messages written shown			what make_input wrote, and what envscope showed
#	INPUT tshark-messages read shown		how many were in what tshark read, and how many it showed

BEGIN {
	inputs = split("small big", input)
	rows = split("floor one summary filter payload commands connections streams workitems check threads text ndjson csv pdml pdu tshark", row)
	name["floor"] = "floor: bare libpcap loop"
	name["one"] = "`envscope -r FILE -z summary -o threads=1`"
	name["summary"] = "`envscope -r FILE -z summary`, as it does by itself"
	name["filter"] = "the same with `-Y 'command == \"query\" && seq > 10'`"
	name["payload"] = "the same with `-Y 'data.collectionname == \"entities\"'`"
	name["commands"] = "`envscope -r FILE -z commands`"
	name["connections"] = "`envscope -r FILE -z connections`"
	name["streams"] = "`envscope -r FILE -z streams`"
	name["workitems"] = "`envscope -r FILE -z workitems`"
	name["threads"] = "`envscope -r FILE -z threads`"
	name["check"] = "`envscope -r FILE --check`"
	name["text"] = "`envscope -r FILE -T text`"
	name["ndjson"] = "`envscope -r FILE -T ndjson`"
	name["csv"] = "`envscope -r FILE -T csv`"
	name["pdml"] = "`envscope -r FILE -T pdml`"
	name["pdu"] = "`envscope -r FILE -q -w /dev/null --pdu`"
	name["tshark"] = "tshark, Lua and protobuf, four fields"
	floor_goal["small", "one"] = 3.5
	floor_goal["small", "summary"] = 2.5
	floor_goal["big", "one"] = floor_goal["big", "summary"] = 1.5
	tshark_goal["small"] = 120
	tshark_goal["big"] = 45
	message_goal["small"] = 80
	base_goal["small"] = 16
	base_goal["big"] = 32
	filter_goal = 0.5 # seconds for ten million messages, beyond what loading takes
	payload_goal = 2  # these are times plain loading
	ndjson_goal = 8
	report_goal = 1.3
}

$2 == "messages" { messages[$1] = $3; shown[$1] = $4; next }
$2 == "tshark-messages" { tshark_messages[$1] = $3; tshark_shown[$1] = $4; next }
{
	key = $1 SUBSEP $2
	i = ++runs[key]
	for (; i > 1 && times[key, i - 1] > $3; i--)
		times[key, i] = times[key, i - 1]
	times[key, i] = $3
	if ($4 > peak[key])
		peak[key] = $4
	if ($5 != 0)
		failed[key] = $5
}

function measured(in_, r) { return (in_ SUBSEP r) in runs && !((in_ SUBSEP r) in failed) }

function median(key, n) {
	n = runs[key]
	return n % 2 ? times[key, (n + 1) / 2] : (times[key, n / 2] + times[key, n / 2 + 1]) / 2
}

# Seconds of a row; tshark's for the whole input when it read a part.
function seconds(in_, r, start) {
	if (r != "tshark" || tshark_messages[in_] == messages[in_])
		return median(in_ SUBSEP r)
	start = median(in_ SUBSEP "tshark-start")
	return start + (median(in_ SUBSEP r) - start) * messages[in_] / tshark_messages[in_]
}

function fixed(x) { return sprintf(x < 9.95 ? "%.1f" : "%.0f", x) }

function verdict(fine, text) {
	if (!fine)
		missed = 1
	return text (fine ? ": met" : ": **MISSED**")
}

function also(text, more) { return text == "" ? more : text "; " more }

function times_loading(in_, r, goal) {
	return verdict(seconds(in_, r) <= goal * seconds(in_, "summary"), "≤ " goal " × loading")
}

function goals(in_, r, key, text) {
	key = in_ SUBSEP r
	if (r == "filter" && in_ == "small")
		return verdict((seconds(in_, r) - seconds(in_, "summary")) * 1e7 / messages[in_] <= filter_goal,
			"ten million messages in ≤ " filter_goal " s beyond loading")
	if (r == "payload" && in_ == "small")
		return times_loading(in_, r, payload_goal)
	if (r == "ndjson" && in_ == "small")
		return times_loading(in_, r, ndjson_goal)
	if (r ~ /^(commands|connections|streams|workitems|check)$/)
		return times_loading(in_, r, report_goal)
	if (!((in_, r) in floor_goal))
		return ""
	text = verdict(seconds(in_, r) <= floor_goal[in_, r] * seconds(in_, "floor"), "≤ " floor_goal[in_, r] " × floor")
	if (measured(in_, "tshark"))
		text = also(text, verdict(seconds(in_, "tshark") >= tshark_goal[in_] * seconds(in_, r),
			"≥ " tshark_goal[in_] " × faster than tshark"))
	else
		text = also(text, "≥ " tshark_goal[in_] " × faster than tshark: not measured")
	return also(text, verdict(peak[key] * 1024 <= message_goal[in_] * messages[in_] + base_goal[in_] * 1048576,
		"≤ " (message_goal[in_] ? message_goal[in_] " bytes a message + " : "") base_goal[in_] " MiB"))
}

function print_row(in_, r, key, s, ratio, spread, memory) {
	key = in_ SUBSEP r
	if (key in failed) {
		missed = 1
		printf "| %s | failed, status %d | | | | | |\n", name[r], failed[key]
		return
	}
	s = seconds(in_, r)
	spread = runs[key] > 1 ? sprintf(" (%.3f to %.3f)", times[key, 1], times[key, runs[key]]) : ""
	ratio = measured(in_, "tshark") ? fixed(seconds(in_, "tshark") / s) : "-"
	memory = r == "floor" ? "-" : sprintf("%.0f", peak[key] * 1024 / read_by(in_, r))
	printf "| %s | %.3f%s | %s | %s | %.1f | %s | %s |\n", name[r], s, spread, fixed(s / seconds(in_, "floor")),
		ratio, peak[key] / 1024, memory, goals(in_, r)
}

function read_by(in_, r) { return r == "tshark" ? tshark_messages[in_] : messages[in_] }

function print_notes(in_) {
	if (shown[in_] != messages[in_]) {
		missed = 1
		printf "\n**%d Envelopes were written, envscope shows %d.**\n", messages[in_], shown[in_]
	}
	if (measured(in_, "tshark") && tshark_shown[in_] != tshark_messages[in_]) {
		missed = 1
		printf "\n**tshark read %d Envelopes and shows %d.**\n", tshark_messages[in_], tshark_shown[in_]
	}
	if (measured(in_, "tshark") && tshark_messages[in_] != messages[in_])
		printf "\ntshark read %d Envelopes: its time is scaled, its memory is that of the shorter run.\n",
			tshark_messages[in_]
}

END {
	for (i = 1; i <= inputs; i++) {
		printf "\n| %s input, %d Envelopes | seconds | × floor | times faster than tshark |", input[i],
			messages[input[i]]
		print " peak RSS, MiB | bytes of it a message | goal |"
		print "| --- | --- | ---: | ---: | ---: | ---: | --- |"
		for (k = 1; k <= rows; k++)
			if ((input[i] SUBSEP row[k]) in runs)
				print_row(input[i], row[k])
		print_notes(input[i])
	}
	exit missed
}
