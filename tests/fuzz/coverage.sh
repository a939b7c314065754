#!/usr/bin/env bash
# What the fuzz targets reach together: coverage.sh FOLDER TARGET… feeds each its seeds, what once failed and what runs have found (build/fuzz/corpus, or
# CORPUS), in a build that counts (FOLDER), and prints the share of the lines of each file that were run, the least first. FUNCTIONS=1: and the
# functions that no input came to.
set -eu
cd "$(dirname "$0")/../.."
folder=$1
shift
corpus=${CORPUS:-build/fuzz/corpus}
objects=()
rm -f "$folder"/*.profraw
shopt -s nullglob
for target; do
	inputs=(tests/fuzz/regress/"$target"/* build/fuzz/seeds/"$target"/* "$corpus/$target"/*)
	[ "$target" != fuzz_pipeline ] || inputs+=(build/samples/*.pcap)
	printf '%s\0' "${inputs[@]}" | LLVM_PROFILE_FILE="$folder/$target.%p.profraw" xargs -0 -n 2000 "$folder/$target" 2>/dev/null || echo "coverage: $target failed"
	objects+=(-object "$folder/$target")
done
llvm-profdata-14 merge -sparse -o "$folder/all.profdata" "$folder"/*.profraw
rm -f "$folder"/*.profraw
report() { llvm-cov-14 "$@" -instr-profile="$folder/all.profdata" -ignore-filename-regex='tests/|build/gen/|/tui/|/usr/' "${objects[@]:1}"; }
echo "lines, % of them run, file"
report report 2>/dev/null | awk '$1 ~ /\.[ch]$/ || $1 == "TOTAL" { printf "%6d %6s %s\n", $8, $10, $1 }' | sort -k2n
[ "${FUNCTIONS:-}" != 1 ] || report export -summary-only=0 -skip-expansions 2>/dev/null | python3 -c '
import json, sys
seen = {}
for f in json.load(sys.stdin)["data"][0]["functions"]:
    key = (f["filenames"][0], f["name"].split(":")[-1])
    seen[key] = max(seen.get(key, 0), f["count"])
for (path, name), count in sorted(seen.items()):
    if not count: print(path, name)'
