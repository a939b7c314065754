#!/usr/bin/env bash
# The public client and server packages run a whole conversation through envscope's proxy, over every transport and over pairs of two. Both
# log what they send and receive; what envscope prints must be the same. Before that, their .proto files are held against proto/. Needs node,
# npm and its registry (or build/interop from an earlier run), and is skipped without.
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
modules=$PWD/build/interop
here=$PWD/tests/interop
skip() { echo "interop: skipped, $1"; exit 0; }
command -v node >/dev/null && command -v npm >/dev/null || skip "there is no node"
if ! cmp -s "$here/package-lock.json" "$modules/installed"; then
	mkdir -p "$modules"
	cp "$here/package.json" "$here/package-lock.json" "$modules"
	(cd "$modules" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund >install.log 2>&1) || skip "the packages cannot be installed from npm"
	cp "$here/package-lock.json" "$modules/installed"
fi
python3 "$here/protos.py" proto "$modules/node_modules/@openiap/nodeapi/proto" || exit 1
INTEROP_MODULES=$modules/node_modules python3 "$here/run.py" "$envscope"
