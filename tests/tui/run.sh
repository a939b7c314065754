#!/bin/bash
# The screens, played: each cases/NAME.keys is a script of keys for envscope in a terminal of a fixed size (tmux), and cases/NAME.txt
# what the screen must show. A step waits until the screen is as expected, or fails when that takes too long.
#
#	tests/tui/run.sh [CASE…]            plays the cases (all)
#	tests/tui/run.sh --update CASE…     writes what the screen shows into cases/CASE.txt; look at it with git diff
#
# A script has a step a line:
#	size 80x24        of the terminal; before run
#	env NAME=VALUE    for the program; before run
#	config LINE       a line of the config file; before run
#	run ARGS          starts envscope
#	front N FILE      the first N bytes of FILE go to build/tui/front.pcap
#	swap A B FILE     FILE with B for each A, of as many bytes, goes to build/tui/front.pcap
#	again N FILE      the packets of FILE, a pcap, N times over go to build/tui/again.pcap
#	alone ARGS        the same in a session of its own, to which the terminal tells nothing when it goes
#	hangup            the terminal goes; the program must end
#	pipe FILE [ARGS]  starts envscope -r - on a pipe, through which `feed` sends FILE
#	feed N            the next N bytes of it; `feed` alone: the rest, and the pipe is closed
#	key NAME…         presses keys, named as in tmux; `type TEXT` types text
#	click COL ROW     of the mouse (from 1; the terminal must be an xterm); `clicks COL ROW`: twice, in one write; `wheel 0 COL ROW` turns it up, `wheel 1 …` down
#	resize 100x30
#	signal NAME       to the program; `continue`: it goes on after it was stopped
#	wait TEXT         until the screen shows TEXT; `gone TEXT`: until it does not
#	screen [WORDS]    the screen is part of what is expected; `marks [WORDS]`: the same, what is reversed in ⟦⟧; `dims [WORDS]`: what is dimmed
#	inks [WORDS]      the numbers of the colours on it are part of it
#	title             the terminal's title is part of it
#	file NAME         what is in that file of build/tui is part of it; config is the config file
#	reads NAME        what envscope -r -T text prints of that file is part of it
#	absent NAME       there is no such file in build/tui
set -u
cd "$(dirname "$0")/../.." || exit 2
program=$PWD/${ENVSCOPE:-envscope}
[ -x "$program" ] || program=${ENVSCOPE:-}
here=tests/tui/cases
work=$(mktemp -d "${TMPDIR:-/tmp}/envscope-tui.XXXXXX")
patience=${PATIENCE:-10} # seconds
update=false failed=0 played=0

tm() { tmux -S "$work/socket" "$@"; }
finish() {
	tm kill-server 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

# Now, in milliseconds.
now() { echo "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# Runs a check until it holds; false when patience is at its end.
until_true() {
	local end=$(($(now) + patience * 1000))
	until "$@"; do
		[ "$(now)" -lt "$end" ] || return 1
		sleep 0.03
	done
}

shows() { tm capture-pane -p | grep -qF -- "$1"; }
hides() { ! shows "$1"; }

# How much memory is in use is nothing to be held to, nor how many lines the tables give the help.
tidy() { sed -E 's/(threads?|thr)  [0-9.]+[KMG]?B/\1  #B/; s/(> Help .*)\/[0-9]+/\1\/#/; s/ *$//'; }
capture_screen() { tm capture-pane -p | tidy; }
# The screen with text of one look between ⟦ and ⟧: what is reversed, or what has the dim colour.
capture_look() { # reversed, dim
	tm capture-pane -e -p | awk -v look="$1" '
	function set(code, i) {
		if (look == "dim" && code[i] == 38 && code[i + 1] == 5) on = code[i + 2] == 244
		if (look == "dim" && (code[i] ~ /^3[0-79]$/ || code[i] ~ /^0?$/)) on = 0
		if (look == "reversed" && code[i] == 7) on = 1
		if (look == "reversed" && (code[i] == 27 || code[i] ~ /^0?$/)) on = 0
	}
	BEGIN { on = 0 }
	{
		out = ""; open = 0
		while (length($0)) {
			if (match($0, /^\033\[[0-9;]*m/)) {
				n = split(substr($0, 3, RLENGTH - 3), code, ";")
				if (n == 0) on = 0
				for (i = 1; i <= n; i++) {
					set(code, i)
					if (code[i] == 38 || code[i] == 48) i += code[i + 1] == 5 ? 2 : 4
				}
				$0 = substr($0, RLENGTH + 1)
				continue
			}
			if (on != open) { out = out (on ? "⟦" : "⟧"); open = on }
			match($0, /^[^\033]+/)
			out = out substr($0, 1, RLENGTH)
			$0 = substr($0, RLENGTH + 1)
		}
		if (open) out = out "⟧"
		print out
	}' | tidy
}
capture_marks() { capture_look reversed; }
capture_dims() { capture_look dim; }

# Has the program ended, be it that nobody has asked how?
ended() {
	local state=
	read -r _ _ state _ 2>/dev/null <"/proc/$(cat "$work/pid")/stat"
	[ -z "$state" ] || [ "$state" = Z ]
}

# Takes a part of what is expected: until the screen is that, or (update) until it has stopped changing.
part() { # capture command, words
	local expected got before=
	expected=$(awk -v want="$part_number" '/^=== / { n++; next } n == want' "$here/$name.txt" 2>/dev/null; echo .)
	same() {
		got=$("$1"; echo .)
		[ "$got" = "$expected" ]
	}
	still() {
		sleep 0.5
		before=$got
		got=$("$1"; echo .)
		[ "$got" = "$before" ]
	}
	if $update; then
		got=$("$1"; echo .)
		until_true still "$1"
	elif ! until_true same "$1"; then
		broken=true
	fi
	printf '=== %s\n%s' "$2" "${got%.}" >>"$work/got"
	part_number=$((part_number + 1))
}
# The colours on the screen, each once.
capture_inks() { tm capture-pane -e -p | grep -oE '[34]8;5;[0-9]+|[;[][34][0-7]m' | tr -d '[m' | sort -u; }
capture_file() { cat "build/tui/$shown_file"; }
capture_listing() { "$program" -r "build/tui/$shown_file" -T text 2>&1 | tidy; }
pane_title() { tm display-message -p '#{pane_title}'; }

start() { # shell words that run the program
	cat >"$work/pane.sh" <<-END
		set -m
		before=\$(stty -g)
		printf '\033]2;untouched\007'
		echo "This stood here before."
		$1
		status=\$?
		if jobs %1 >/dev/null 2>&1; then
			echo stopped
			[ "\$before" = "\$(stty -g)" ] && echo "The terminal is as before, so far."
			until [ -e '$work/fg' ]; do sleep 0.05; done
			fg %1 >/dev/null
			status=\$?
		fi
		echo "exit \$status"
		[ "\$before" = "\$(stty -g)" ] && echo "The terminal is as before."
		exec cat
	END
	tm -u -f /dev/null new-session -d -x "${size%x*}" -y "${size#*x}" \
		"env TERM=screen-256color LC_ALL=C.UTF-8 TZ=UTC ENVSCOPE_CONFIG=build/tui/config $variables bash '$work/pane.sh'" || exit 2
	tm set-option -g status off
	tm set-option -g escape-time 0
}

feed() {
	if [ -n "$1" ]; then
		tail -c +$((fed + 1)) "$fed_file" | head -c "$1" >&9
		fed=$((fed + $1))
	else
		tail -c +$((fed + 1)) "$fed_file" >&9
		exec 9>&-
	fi
}

step() {
	local word=$1 rest=${2-} args
	read -r -a args <<<"$rest"
	case $word in
	size) size=$rest ;;
	front) mkdir -p build/tui && head -c "${args[0]}" "${args[1]}" >build/tui/front.pcap ;;
	swap) mkdir -p build/tui && LC_ALL=C sed "s/${args[0]}/${args[1]}/g" "${args[2]}" >build/tui/front.pcap ;;
	again)
		mkdir -p build/tui
		{
			head -c 24 "${args[1]}"
			for ((i = 0; i < args[0]; i++)); do tail -c +25 "${args[1]}"; done
		} >build/tui/again.pcap
		;;
	env) variables+=" $rest" ;;
	config) echo "$rest" >>build/tui/config ;;
	alone) start "setsid -w sh -c 'echo \$\$ >$work/pid; exec \"\$@\"' - $program $rest" ;;
	hangup)
		tm kill-server
		until_true ended && return
		fail "it goes on without its terminal"
		kill "$(cat "$work/pid")"
		;;
	run) start "sh -c 'echo \$\$ >$work/pid; exec \"\$@\"' - $program $rest" ;;
	pipe)
		rm -f "$work/pipe"
		mkfifo "$work/pipe"
		fed=0 fed_file=${args[0]}
		start "sh -c 'echo \$\$ >$work/pid; exec \"\$@\"' - $program -r - ${rest#"$fed_file"} <$work/pipe"
		exec 9>"$work/pipe"
		;;
	feed) feed "$rest" ;;
	key) tm send-keys "${args[@]}" ;;
	type) tm send-keys -l "$rest" ;;
	click) tm send-keys -l $'\e'"[<0;${args[0]};${args[1]}M"$'\e'"[<0;${args[0]};${args[1]}m" ;;
	clicks)
		click=$'\e'"[<0;${args[0]};${args[1]}M"$'\e'"[<0;${args[0]};${args[1]}m"
		tm send-keys -l "$click$click"
		;;
	wheel) tm send-keys -l $'\e'"[<$((${args[0]} + 64));${args[1]};${args[2]}M" ;;
	resize) tm resize-window -x "${rest%x*}" -y "${rest#*x}" ;;
	continue) touch "$work/fg" ;;
	signal) kill -s "$rest" "$(cat "$work/pid")" ;;
	wait) until_true shows "$rest" || fail "\"$rest\" does not come" ;;
	gone) until_true hides "$rest" || fail "\"$rest\" does not go" ;;
	screen) part capture_screen "$rest" ;;
	marks) part capture_marks "$rest" ;;
	dims) part capture_dims "$rest" ;;
	inks) part capture_inks "$rest" ;;
	title) part pane_title "title" ;;
	file) shown_file=$rest && part capture_file "file $rest" ;;
	reads) shown_file=$rest && part capture_listing "what $rest has" ;;
	absent) [ ! -e "build/tui/$rest" ] || fail "$rest is there" ;;
	*) fail "no such step: $word" ;;
	esac
}

fail() {
	echo "  $name, line $line_number: $1"
	broken=true
}

play() {
	local word rest
	name=$1 size=80x24 variables= part_number=1 line_number=0 broken=false
	mkdir -p build/tui
	rm -rf build/tui/*.txt build/tui/*.pcapng build/tui/again.pcap build/tui/case.d build/tui/config "$work/fg"
	: >"$work/got"
	while read -r word rest <&8; do
		line_number=$((line_number + 1))
		case $word in '' | '#'*) continue ;; esac
		step "$word" "$rest"
		$broken && break
	done 8<"$here/$name.keys"
	exec 9>&-
	tm kill-server 2>/dev/null
	while [ -S "$work/socket" ] && tm list-sessions >/dev/null 2>&1; do :; done
	rm -f "$work/socket"
	if $update && ! $broken; then
		cp "$work/got" "$here/$name.txt"
	elif $broken || ! diff -u "$here/$name.txt" "$work/got" >/dev/null 2>&1; then
		echo "FAILED $name"
		diff -u "$here/$name.txt" "$work/got" | sed 's/^/  /'
		failed=$((failed + 1))
	fi
	played=$((played + 1))
}

command -v tmux >/dev/null || { echo "tests/tui: skipped, there is no tmux"; exit 0; }
[ -x "$program" ] || { echo "tests/tui: there is no program to play; run make first" >&2; exit 2; }
[ "${1-}" = --update ] && { update=true; shift; }
[ $# -eq 0 ] && set -- $(cd "$here" && ls ./*.keys | sed 's/^\.\///; s/\.keys$//')
for c; do
	play "$c"
done
echo "tests/tui: $played cases, $failed failed"
[ "$failed" -eq 0 ]
