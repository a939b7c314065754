#!/usr/bin/env bash
# What the fuzz targets reach together: coverage.sh FOLDER TARGET… feeds each its seeds, what once failed and what runs have found (build/fuzz/corpus, or
# CORPUS), in a build that counts (FOLDER), and prints how many of the lines of each file were run, the least first. FUNCTIONS=1: and the functions
# that no input came to. What only faces sockets, interfaces and terminals has no target (docs/fuzzing.md).
set -eu
cd "$(dirname "$0")/../.."
folder=$1
shift
corpus=${CORPUS:-build/fuzz/corpus}
tool() { command -v "$1-14" || command -v "$1" || { echo "coverage: there is no $1 (package llvm)" >&2; exit 1; }; }
merge=$(tool llvm-profdata) cov=$(tool llvm-cov)
objects=()
rm -f "$folder"/*.profraw
shopt -s nullglob
for target; do
	inputs=(tests/fuzz/regress/"$target"/* build/fuzz/seeds/"$target"/* "$corpus/$target"/*)
	[ "$target" != fuzz_pipeline ] || inputs+=(build/samples/*.pcap)
	[ ${#inputs[@]} -gt 0 ] || continue
	printf '%s\0' "${inputs[@]}" | LLVM_PROFILE_FILE="$folder/$target.%p.profraw" xargs -0 -n 2000 "$folder/$target" 2>/dev/null || echo "coverage: $target failed"
	objects+=(-object "$folder/$target")
done
"$merge" merge -sparse -o "$folder/all.profdata" "$folder"/*.profraw
rm -f "$folder"/*.profraw

told() { "$cov" "$@" -instr-profile="$folder/all.profdata" -ignore-filename-regex='tests/|build/|tui/|/usr/' "${objects[@]:1}" 2>/dev/null; }

echo " lines  not run       %  file"
told report | awk '$1 ~ /\.[ch]$/ || $1 == "TOTAL" { printf "%6d %8d %7s  %s\n", $8, $9, $10, $1 }' | sort -k2nr
[ "${FUNCTIONS:-}" != 1 ] || told export -skip-expansions | python3 -c '
import json, os, sys
most = {}
for f in json.load(sys.stdin)["data"][0]["functions"]:
    key = os.path.relpath(f["filenames"][0]), f["name"].split(":")[-1]
    most[key] = max(most.get(key, 0), f["count"])
for (path, name), count in sorted(most.items()):
    if not count and path.split("/")[0] in ("base", "capture", "decode", "export", "cli"):
        print(path, name)'
