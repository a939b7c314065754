#!/usr/bin/env bash
# lint.sh [format] [tidy] [recent] [cppcheck] [shell]: what tools say of the source; all but recent without arguments. A tool that is not installed is
# skipped and named. What each is asked is in .clang-format, .clang-tidy and tests/lint/cppcheck.txt.
#
#	format    every .c and .h is laid out as clang-format 14 does it; a table or a macro that it would tear apart stands between
#	          "clang-format off" and "on"
#	tidy      clang-tidy on every source file, or on FILES
#	recent    clang-tidy on the RECENT files (12) that changed last: in CI, where all would take too long
#	cppcheck  cppcheck on all of them; on those that have changed, if it is run again
#	shell     shellcheck on the scripts; not asked: words that are split on purpose, VAR= before a command, a cd that can't fail, and the
#	          variables of PKGBUILD that only makepkg reads
set -u
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
jobs=$(nproc 2>/dev/null || echo 2)
folders="base capture decode export tui cli"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0

fail() {
	wrong=$((wrong + 1))
	echo "lint: $1"
}

have() { command -v "$1" >/dev/null || { echo "lint: skipped, there is no $1"; false; }; }

format() {
	have clang-format || return
	clang-format --version | grep -q 'version 14\.' || { echo "lint: skipped, clang-format is not version 14"; return; }
	find $folders bench samples tests -name '*.[ch]' | sort >"$tmp/files"
	xargs -n 40 -P "$jobs" clang-format --dry-run -Werror <"$tmp/files" 2>"$tmp/format" || fail "clang-format -i on what you have written: $(head -40 "$tmp/format")"
	echo "lint: clang-format has read $(wc -l <"$tmp/files") files"
}

tidy() {
	have clang-tidy || return
	local files=${FILES:-$(find $folders -name '*.c' | sort)}
	echo $files | xargs -P "$jobs" -n 4 sh -c \
		'clang-tidy --quiet "$@" -- -std=c17 -I. -Ibuild/gen -D_GNU_SOURCE -DENVSCOPE_VERSION=\"\" $(pkg-config --cflags libprotobuf-c ncursesw) 2>/dev/null' \
		sh >"$tmp/tidy" || fail "clang-tidy: $(cat "$tmp/tidy")"
	echo "lint: clang-tidy has read $(echo $files | wc -w) files"
}

recent() {
	local last
	last=$(git log -40 --name-only --format= -- $folders 2>/dev/null | awk '/\.c$/ && !seen[$0]++' | while read -r f; do [ ! -f "$f" ] || echo "$f"; done | head -"${RECENT:-12}")
	[ -n "$last" ] || { echo "lint: skipped, git does not tell what changed last"; return; }
	FILES=$last tidy
}

check_cppcheck() {
	have cppcheck || return
	mkdir -p build/cppcheck
	cppcheck -q -j "$jobs" --cppcheck-build-dir=build/cppcheck --std=c11 --enable=warning,performance,portability,style --suppressions-list=tests/lint/cppcheck.txt -I. -Ibuild/gen \
		-D_GNU_SOURCE --error-exitcode=1 --template='{file}:{line}: {message} [{id}]' $folders >"$tmp/cppcheck" 2>&1 \
		|| fail "cppcheck: $(cat "$tmp/cppcheck")"
	echo "lint: cppcheck has read $folders"
}

shell() {
	have shellcheck || return
	{
		shellcheck -S warning -e SC1007,SC2046,SC2086,SC2164 $(find bench cli docs tests -name '*.sh')
		shellcheck -s bash -S warning -e SC2034,SC2154 packaging/PKGBUILD
	} >"$tmp/shell"
	[ ! -s "$tmp/shell" ] || fail "shellcheck: $(cat "$tmp/shell")"
	echo "lint: shellcheck has read the scripts"
}

[ $# -gt 0 ] || set -- format tidy cppcheck shell
for part; do
	case $part in
	format | tidy | recent | shell) $part ;;
	cppcheck) check_cppcheck ;;
	*) echo "lint.sh [format] [tidy] [recent] [cppcheck] [shell]" >&2; exit 2 ;;
	esac
done
[ "$wrong" = 0 ] && echo "lint: passed"
