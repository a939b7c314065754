#!/usr/bin/env bash
# Everything that must hold: builds with warnings as errors, unit tests under the sanitizers, listings, rules, captures damaged in every
# way, screens, documents. Stops at the first that fails.
set -eu
cd "$(dirname "$0")/.."
jobs=$(nproc 2>/dev/null || echo 2)
step() { echo; echo "== $1"; }

step "build, warnings as errors"
make --no-print-directory -j"$jobs" WERROR=1 all headers build/samples/.stamp >build-log.txt 2>&1 || { cat build-log.txt; exit 1; }
rm -f build-log.txt
step "unit tests, with address and undefined-behaviour sanitizers"
make --no-print-directory -j"$jobs" WERROR=1 SAN=1 build/san/libenvscope.a build/san/envscope >/dev/null
make --no-print-directory -j"$jobs" WERROR=1 SAN=1 unit
step "inputs on which the fuzz targets once failed, and what they begin with"
make --no-print-directory -j"$jobs" WERROR=1 SAN=1 replay
step "listings"
bash tests/golden.sh
ENVSCOPE=build/san/envscope bash tests/golden.sh
step "rules"
python3 tests/rules.py
step "extracted files and the keys of ndjson"
python3 tests/extract.py
step "captures against what both ends logged, impaired without loss"
SEEDS=${SEEDS:-1} bash tests/truth.sh
step "captures with loss, and joined late"
SEEDS=${SEEDS:-1} SKIPS=${SKIPS:-4 40 41 80} bash tests/loss.sh
step "the proxy between plain sockets"
python3 tests/proxy.py ./envscope
step "TLS and HTTP/2 beside tshark"
make --no-print-directory WERROR=1 follow
step "the public packages through the proxy"
bash tests/interop.sh
step "captures that are written"
bash tests/written.sh
bash tests/live.sh
step "Wireshark: the dissector and the formats against tshark"
bash tests/wireshark.sh
step "screens"
bash tests/tui/run.sh
step "pictures and reports in a browser"
bash tests/browser.sh
step "completions"
bash tests/completions.sh
step "OpenTelemetry"
bash tests/otlp.sh
step "documents"
bash tests/docs.sh
echo
echo "make check: all passed"
