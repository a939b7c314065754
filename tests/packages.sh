#!/usr/bin/env bash
# packages.sh [same] [deb] [rpm] [arch]: the packages of what is committed; all of them without arguments. Nothing is installed. What needs a tool that is
# not there is skipped, and said.
#
#	same  the program built in two folders with names of different lengths, byte for byte
#	deb   dpkg-buildpackage, with its tests, and without in a second such folder; the packages byte for byte; lintian, which may say nothing
#	rpm   rpmbuild of packaging/envscope.spec, without looking for what it needs in a database of RPMs; what is in it, and what it requires
#	arch  packaging/PKGBUILD: its fields, and its functions run as makepkg runs them, with bash, and the compiler's flags of Arch; no warning
set -u
cd "$(dirname "$0")/.."
version=$(sed -n 's/^VERSION := //p' Makefile)
name=envscope-$version
commit=$(git rev-parse --verify -q HEAD) || { echo "packages: this is no clone"; exit 1; }
jobs=$(nproc 2>/dev/null || echo 2)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0
# CCACHE_DISABLE: ccache has objects that were made in other folders, and they differ.

fail() {
	wrong=$((wrong + 1))
	echo "packages: $1"
}

have() { command -v "$1" >/dev/null || { echo "packages: $2 is skipped, there is no $1"; false; }; }

# What is committed, below that folder.
unpack() {
	mkdir -p "$1" && git archive --prefix="$name/" "$commit" | tar x -C "$1"
}

# Runs a command in a folder; its last lines if it fails.
in_folder() { # FOLDER COMMAND...
	local folder=$1
	shift
	(cd "$folder" && "$@") >"$tmp/log" 2>&1 || { fail "$* in $folder: $(tail -30 "$tmp/log")"; false; }
}

same() {
	local folder
	for folder in "$tmp/same/a" "$tmp/same/another folder"; do
		unpack "$folder"
		in_folder "$folder/$name" env CCACHE_DISABLE=1 make -j"$jobs" || return
	done
	cmp "$tmp/same/a/$name/envscope" "$tmp/same/another folder/$name/envscope" || fail "the programs of two folders differ"
	echo "packages: the program of two folders is the same, $(stat -c %s "$tmp/same/a/$name/envscope") bytes"
}

deb() {
	have dpkg-buildpackage "the Debian package" && have dh "the Debian package" || return
	local package options="parallel=$jobs"
	unpack "$tmp/deb/a"
	in_folder "$tmp/deb/a/$name" env CCACHE_DISABLE=1 DEB_BUILD_OPTIONS="$options" dpkg-buildpackage -us -uc || return
	unpack "$tmp/deb/another-folder"
	in_folder "$tmp/deb/another-folder/$name" env CCACHE_DISABLE=1 DEB_BUILD_OPTIONS="$options nocheck" dpkg-buildpackage -us -uc || return
	for package in "$tmp"/deb/a/*.deb "$tmp"/deb/a/*.tar.xz; do
		cmp "$package" "$tmp/deb/another-folder/$(basename "$package")" || fail "$(basename "$package") differs from that of another folder"
	done
	echo "packages: built twice: $(cd "$tmp/deb/a" && ls -- *.deb *.tar.xz | tr '\n' ' ')"
	have lintian "what lintian says" || return
	lintian --profile debian --allow-root "$tmp"/deb/a/*.changes >"$tmp/lintian" 2>&1
	[ ! -s "$tmp/lintian" ] || fail "lintian: $(cat "$tmp/lintian")"
}

rpm_() {
	have rpmbuild "the RPM" || return
	local top=$tmp/rpm
	mkdir -p "$top/SOURCES"
	git archive --prefix="$name/" "$commit" | gzip -n >"$top/SOURCES/$name.tar.gz"
	in_folder . rpmbuild --nodeps --define "_topdir $top" -bb packaging/envscope.spec || return
	rpm -qp --requires "$top"/RPMS/*/envscope-"$version"*.rpm >"$tmp/requires" 2>/dev/null
	grep -q '^libpcap' "$tmp/requires" && grep -q '^libcurl' "$tmp/requires" || fail "the RPM requires neither libpcap nor libcurl: $(cat "$tmp/requires")"
	rpm -qpl "$top"/RPMS/*/envscope-"$version"*.rpm >"$tmp/files" 2>/dev/null
	local file
	for file in bin/envscope wireshark/extcap/envscope wireshark/plugins/openiap.lua man1/envscope.1 bash-completion/completions/envscope LICENSE; do
		grep -q "/$file" "$tmp/files" || fail "the RPM lacks $file"
	done
	echo "packages: RPM: $(wc -l <"$tmp/files") files, requires $(wc -l <"$tmp/requires")"
}

# Of its makepkg.conf, as far as they do not name a processor.
arch_cflags='-O2 -pipe -fno-plt -fexceptions -Wp,-D_FORTIFY_SOURCE=3 -Wformat -Werror=format-security -fstack-clash-protection -fno-omit-frame-pointer -g -flto=auto'
arch_ldflags='-Wl,-O1 -Wl,--sort-common -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -flto=auto'

# What makepkg does: the fields are there, and the functions run with bash -e in a folder with the source unpacked, from which they must not lead out.
arch() {
	local pkgdir=$tmp/arch/pkg
	unpack "$tmp/arch/src"
	mkdir -p "$pkgdir"
	in_folder . env name="$name" bash -euc '. packaging/PKGBUILD
		[ "$pkgname-$pkgver" = "$name" ] || { echo "PKGBUILD is for $pkgname-$pkgver, not $name"; exit 1; }
		for field in pkgrel pkgdesc arch license depends makedepends source sha256sums; do
			[ -n "${!field}" ] || { echo "PKGBUILD has no $field"; exit 1; }
		done
		[ "${#source[@]}" = "${#sha256sums[@]}" ] || { echo "PKGBUILD has not as many checksums as sources"; exit 1; }' || return
	in_folder "$tmp/arch/src" env CCACHE_DISABLE=1 MAKEFLAGS="-j$jobs" CFLAGS="$arch_cflags" LDFLAGS="$arch_ldflags" pkgdir="$pkgdir" bash -euc '
		. "$0"; build; package' "$PWD/packaging/PKGBUILD" || return
	! grep -i 'warning' "$tmp/log" || fail "PKGBUILD: compiling with the flags of Arch warns"
	[ -x "$pkgdir/usr/bin/envscope" ] && [ -f "$pkgdir/usr/share/licenses/envscope/LICENSE" ] || fail "PKGBUILD does not install all"
	! find "$pkgdir" -type f ! -path "$pkgdir/usr/*" | grep . || fail "PKGBUILD installs outside of /usr"
	echo "packages: PKGBUILD: $(find "$pkgdir" -type f | wc -l) files"
}

[ $# -gt 0 ] || set -- same deb rpm arch
for part; do
	case $part in
	same | deb | arch) $part ;;
	rpm) rpm_ ;;
	*) echo "packages.sh [same] [deb] [rpm] [arch]" >&2; exit 2 ;;
	esac
done
[ "$wrong" = 0 ] && echo "packages: passed"
