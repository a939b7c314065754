#!/usr/bin/env bash
# Feeds each fuzz target its seeds and the inputs that once failed (tests/fuzz/regress/TARGET): replay.sh FOLDER TARGET… Stops at the first
# that fails, and names the input.
set -u
cd "$(dirname "$0")/../.."
folder=$1
shift
fed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
shopt -s nullglob
for target; do
	inputs=(tests/fuzz/regress/"$target"/* build/fuzz/seeds/"$target"/*)
	timeout 120 "$folder/$target" "${inputs[@]}" 2>"$log" || { tail -40 "$log"; echo "replay: $target failed"; exit 1; }
	fed=$((fed + ${#inputs[@]}))
done
echo "replay: $# targets, $fed inputs"
