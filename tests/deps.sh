#!/usr/bin/env bash
# Installs what building and testing need, and only what is missing. Says what it installs. deps.sh lint: what tests/lint.sh asks, in CI. Debian and Ubuntu; as root, or with sudo.
set -eu
build="gcc make pkg-config libpcap-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev libncurses-dev zlib1g-dev
	libjansson-dev libpcre2-dev libhttp-parser-dev libnghttp2-dev libssl-dev libcurl4-openssl-dev libcmocka-dev"
tests="tmux python3 ncurses-term"
[ "${1-}" != lint ] || build="" tests="clang-format clang-tidy cppcheck shellcheck"
missing=""
for package in $build $tests; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# A compiler or interpreter from elsewhere is as good as the package.
for tool in gcc make python3 tmux; do
	if command -v $tool >/dev/null 2>&1; then
		missing=" $missing "
		missing=${missing/ $tool / }
	fi
done
missing=$(echo $missing)
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "Missing: $missing. There is no apt-get here to install it with." >&2
	exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || { echo "Missing: $missing. Install it, or run this as root." >&2; exit 1; }
	as_root=sudo
fi
echo "Installing: $missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
	$as_root apt-get update -qq
	$as_root apt-get install -y --no-install-recommends $missing >/dev/null
}
