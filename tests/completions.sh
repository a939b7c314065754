#!/usr/bin/env bash
# Completions: bash completes what it should; zsh and fish can read theirs (each skipped without its shell).
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
failed=0 passed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

result() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "completions: $2"
	fi
}

# bash_completes EXPECTED WORDS…: the last word is what is being typed
bash_completes() {
	local expected=$1
	shift
	COMP_WORDS=(envscope "$@") COMP_CWORD=$# COMPREPLY=()
	_envscope
	[ "${COMPREPLY[*]}" = "$expected" ]
	result $? "$* gives '${COMPREPLY[*]}', not '$expected'"
}

# shellcheck disable=SC1090
source <("$envscope" --completions bash)
bash_completes "ndjson" -T nd
bash_completes "threads traces" -z t
bash_completes "summary,threads summary,traces" -z summary,t
bash_completes "decode,seq-late,error decode,seq-late,error-reply" --fail-on decode,seq-late,err
bash_completes "--check --check=text --check=json --check=junit" --chec
bash_completes "samples/README.md" -r samples/R
bash_completes "samples/README.md" samples/R
bash_completes "seq-duplicate seq-late seq-overflow seq-gap seq-reordered seq-start" --explain seq
bash_completes "" -c ""
bash_completes "json junit" --check = j
bash_completes "text json junit" --check =
bash_completes "always" --color = al
bash_completes "samples/README.md" --read-file = samples/R
touch "$tmp/a capture.pcap"
bash_completes "$tmp/a capture.pcap" -r "$tmp/a"
[ ${#COMPREPLY[@]} = 1 ]
result $? "a name with a blank is ${#COMPREPLY[@]} names"
for shell in zsh fish; do
	command -v $shell >/dev/null || { echo "completions: $shell is skipped, it is not there"; continue; }
	"$envscope" --completions $shell >"$tmp/completion"
	$shell -n "$tmp/completion"
	result $? "$shell can't read them"
done
echo "completions: $passed passed, $failed failed"
[ "$failed" = 0 ]
