#!/usr/bin/env bash
# Everything that must hold: builds with warnings as errors, unit tests under the sanitizers, listings, rules, captures damaged in every
# way, screens, documents. What is needed is built first; then the steps run beside each other, as many as there are cores, and each prints
# what it found when it is done. The first that fails ends the run.
#
# check.sh [STEP]: with the name of a step (the first column below), only that one, on what is built.
set -u
cd "$(dirname "$0")/.."
jobs=$(nproc 2>/dev/null || echo 2)
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=16} # what was freed is watched that long; the usual 256 MB cost more than the tests
PATH=$(dirname "$(python3 -c 'import sys; print(sys.executable)')"):$PATH # itself, not a wrapper that looks for it: it is started some thousand times
export SEEDS=${SEEDS:-1} SKIPS=${SKIPS:-4 40 41 80}
make="make --no-print-directory WERROR=1"

# The long ones first: they decide when the last is done.
steps() {
	cat <<-END
		unit       unit tests, with address and undefined-behaviour sanitizers          $make SAN=1 unit
		screens    screens                                                              bash tests/tui/run.sh
		structure  includes, lengths of functions, layout, what make lint says          python3 tests/structure.py && bash tests/lint.sh format shell cppcheck recent
		sanitized  listings, with the sanitizers                                        ENVSCOPE=build/san/envscope bash tests/golden.sh
		wireshark  Wireshark: the dissector and the formats against tshark              bash tests/wireshark.sh
		errors     captures with byte errors, under the sanitizers                      python3 tests/byte_errors.py build/san/envscope 200 \$SEEDS
		interop    the public packages: .proto files, conversations through the proxy   bash tests/interop.sh
		attacks    captures that were made to make work                                 python3 tests/attacks.py ./envscope
		otlp       OpenTelemetry                                                        bash tests/otlp.sh
		truth      captures against what both ends logged, impaired without loss       bash tests/truth.sh
		proxy      the proxy between plain sockets                                      python3 tests/proxy.py ./envscope
		faults     faults: memory, disks, clocks, readers, terminals, interfaces        python3 tests/faults.py ./envscope build/tests/inject.so
		security   what docs/security.md promises, secrets in what is printed           python3 tests/security.py ./envscope
		replay     inputs on which the fuzz targets once failed, and their seeds        $make SAN=1 replay
		loss       captures with loss, and joined late                                  bash tests/loss.sh
		follow     TLS and HTTP/2 beside tshark                                         $make SAN=1 follow
		written    captures that are written                                            bash tests/written.sh
		files      captures as other tools write them                                   python3 tests/tool_files.py ./envscope
		live       live captures                                                        bash tests/live.sh && python3 tests/late_keys.py ./envscope
		exports    documents of -T, whole whatever ends them                             bash tests/exports.sh
		browser    pictures and reports in a browser                                    bash tests/browser.sh
		rules      rules                                                                python3 tests/rules.py
		ndjson     ndjson against its contract                                          python3 tests/ndjson.py
		extract    extracted files                                                      python3 tests/extract.py
		listings   listings                                                             bash tests/golden.sh
		complete   completions, and options that do nothing where they are given        bash tests/completions.sh && python3 tests/idle_options.py ./envscope
		install    what make install puts where                                         bash tests/install.sh
		documents  documents                                                            bash tests/docs.sh
		shown      commands that the documents show                                     python3 tests/shown.py ./envscope
	END
}

step() { # NAME
	local name title command begin=$SECONDS log status=0
	IFS='|' read -r name title command < <(steps | sed -E 's/  +/|/g' | grep "^$1|")
	[ -n "$command" ] || { echo "there is no step $1"; return 255; }
	log=$(mktemp)
	bash -c "$command" >"$log" 2>&1 || status=255
	{ echo; echo "== $title ($((SECONDS - begin)) s)"; cat "$log"; [ $status = 0 ] || echo "FAILED: $name"; } | cat
	rm -f "$log"
	return $status
}

build() {
	echo "== build, warnings as errors"
	$make -j"$jobs" all headers build/samples/.stamp build/tests/inject.so &&
		$make -j"$jobs" SAN=1 build/san/envscope build/san/tests/follow unit-programs replay-programs build/fuzz/seeds/.stamp
}

if [ $# = 1 ]; then step "$1"; exit; fi
mkdir -p build
build >build/check.log 2>&1 || { cat build/check.log; exit 1; }
head -1 build/check.log; echo "$SECONDS s"
steps | cut -d' ' -f1 | xargs -P "$jobs" -n 1 bash "$0" || exit 1
echo
echo "make check: all passed ($SECONDS s)"
