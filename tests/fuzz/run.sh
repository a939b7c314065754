#!/usr/bin/env bash
# Runs the fuzz targets, each for so many seconds: run.sh SECONDS TARGET… They begin with the generated samples, conversations (seeds.py), what
# once failed (regress) and what earlier runs found (build/fuzz/corpus). An input that fails is left in build/fuzz. Stops at the first target that fails.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
for target; do
	mkdir -p "build/fuzz/corpus/$target"
	echo "== $target, $seconds s"
	seeds=()
	for folder in "build/fuzz/seeds/$target" "tests/fuzz/regress/$target"; do
		[ ! -d "$folder" ] || seeds+=("$folder")
	done
	"build/fuzz/$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$target-" "build/fuzz/corpus/$target" "${seeds[@]}" build/samples >"build/fuzz/$target.log" 2>&1 || {
		tail -40 "build/fuzz/$target.log"
		exit 1
	}
	grep -E '^stat::(number_of_executed_units|new_units_added)' "build/fuzz/$target.log"
done
