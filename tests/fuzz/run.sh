#!/usr/bin/env bash
# Runs the fuzz targets one after the other, each for so many seconds: run.sh SECONDS TARGET… They begin with conversations (seeds.py), with what once
# failed (regress) and what earlier runs found (build/fuzz/corpus); those that read captures also with the generated ones. An input that fails is
# left in build/fuzz; the next target is run all the same, and the end says which failed.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
failed=()
# Freed memory is used again soon, so that it is still in the cache, and large blocks take no system calls but their own: twice as many inputs.
export ASAN_OPTIONS=quarantine_size_mb=4:malloc_context_size=6:clear_shadow_mmap_threshold=16777216:${ASAN_OPTIONS:-}
for target; do
	mkdir -p "build/fuzz/corpus/$target"
	echo "== $target, $seconds s"
	seeds=()
	longest=4096
	case $target in
	fuzz_pipeline) longest=16384 seeds=(build/samples) ;; # whole captures
	esac
	for folder in "build/fuzz/seeds/$target" "tests/fuzz/regress/$target"; do
		[ ! -d "$folder" ] || seeds+=("$folder")
	done
	if ! "build/fuzz/$target" -max_total_time="$seconds" -max_len="$longest" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$target-" "build/fuzz/corpus/$target" "${seeds[@]}" >"build/fuzz/$target.log" 2>&1; then
		tail -40 "build/fuzz/$target.log"
		failed+=("$target")
	fi
	grep -E '^stat::(number_of_executed_units|average_exec_per_sec|new_units_added)' "build/fuzz/$target.log" || :
	grep -oE '^#[0-9]+.*cov: [0-9]+ ft: [0-9]+' "build/fuzz/$target.log" | tail -1 | grep -oE 'cov: .*' || :
done
echo "fuzz: $# targets, ${#failed[@]} failed${failed[*]:+: ${failed[*]}}"
[ ${#failed[@]} -eq 0 ]
