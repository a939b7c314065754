#!/usr/bin/env bash
# Makes the pictures of the screens that README.md and docs/screens.md show, from the program itself in a terminal of its own (tmux).
#
#	docs/pictures/make.sh [NAME…]       into docs/pictures/NAME.svg (all of them)
#
# A row of the list: name, size, dark or light, capture, keys as tmux names them ("wait:TEXT" waits for a text), title.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=$PWD/${ENVSCOPE:-envscope}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tm() { tmux -S "$work/$name" "$@"; }

list() {
	cat <<-'END'
	threads     110x24  dark   samples/tcp.pcap  wait:signin Down Down Down                                    | Threads: a row a request with all that belongs to it
	messages    110x24  dark   samples/tcp.pcap  wait:signin 2 wait:Seq PPage Down                              | Messages, one by one
	detail      120x28  dark   samples/tcp.pcap  wait:signin Down Down Down Enter wait:Fields                   | Detail: fields, and their bytes
	ladder      120x28  dark   samples/tcp.pcap  wait:signin G Up Up Up Up Up Up Up Up Up Up L wait:Ladder      | Ladder: who sends what to whom
	connections 120x14  dark   samples/tcp.pcap  wait:signin 3 wait:Agent                                       | Connections
	rules       110x20  dark   samples/tcp.pcap  wait:signin 4 wait:Rules                                       | Rules that were broken
	statistics  120x28  dark   samples/tcp.pcap  wait:signin 5 wait:p99                                         | Statistics: latencies, rates, bytes
	streams     110x14  dark   samples/tcp.pcap  wait:signin 6 wait:src                                         | Streams: uploads and downloads
	diff        120x28  dark   samples/tcp.pcap  wait:signin 2 wait:Seq g Down Down Space Down Down Down Down Space d wait:Diff | Diff of two marked messages
	filter      110x24  dark   samples/tcp.pcap  wait:signin f wait:Display l a t Tab Space > Space 0 . 1 Space & & Space s Tab wait:spanid | The display filter, with completion
	save        110x24  dark   samples/tcp.pcap  wait:signin Space Space Space s wait:Format Right              | Saving what is marked
	columns     110x24  light  samples/tcp.pcap  wait:signin t wait:[x] Down Down                               | Choosing columns
	settings    110x24  light  samples/tcp.pcap  wait:signin o wait:follow                                      | Settings
	help        110x30  light  samples/tcp.pcap  wait:signin ? wait:Keys                                        | Help
	END
}

wait_for() {
	local end=$((SECONDS + 10))
	until tm capture-pane -p | grep -qF -- "$1"; do
		[ "$SECONDS" -lt "$end" ] || { echo "make.sh: $name: \"$1\" does not come" >&2; return 1; }
		sleep 0.05
	done
}

# Until the screen has stopped changing.
settle() {
	local before= now
	while now=$(tm capture-pane -e -p); [ "$now" != "$before" ]; do
		before=$now
		sleep 0.2
	done
}

picture() { # name, size, theme, capture, keys, title
	local key background=15\;0
	[ "$3" = light ] && background=0\;15
	tm -u -f /dev/null new-session -d -x "${2%x*}" -y "${2#*x}" \
		"env TERM=screen-256color LC_ALL=C.UTF-8 TZ=UTC COLORFGBG='$background' ENVSCOPE_CONFIG=/dev/null '$program' -r '$4'" || exit 2
	tm set-option -g status off
	tm set-option -g escape-time 0
	for key in $5; do
		case $key in
		wait:*) wait_for "${key#wait:}" || break ;;
		*) tm send-keys "$key" ;;
		esac
	done
	settle
	tm capture-pane -e -p -N | python3 docs/pictures/svg.py "${2%x*}" "${2#*x}" "$6" "$3" >"docs/pictures/$1.svg"
	tm kill-server
}

[ -x "$program" ] || { echo "make.sh: run make first" >&2; exit 2; }
list | while IFS='|' read -r row title; do
	read -r name size theme capture keys <<<"$row"
	[ $# -eq 0 ] || [[ " $* " = *" $name "* ]] || continue
	picture "$name" "$size" "$theme" "$capture" "$keys" "${title# }"
done
