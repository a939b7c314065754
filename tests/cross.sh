#!/usr/bin/env bash
# cross.sh ARCH: builds for a machine of another kind and runs listings and unit tests there, under emulation: armhf has 32 bits, s390x is big-endian.
#
# As root, on Debian: installs the cross compiler, qemu-user and debootstrap, and puts the libraries of that machine into build/ARCH/root. What asks the
# kernel for what the emulation has not (interfaces, filters of system calls) is left out.
set -eu
cd "$(dirname "$0")/.."
arch=${1:?cross.sh armhf or s390x}
case $arch in
armhf) triple=arm-linux-gnueabihf emulator=qemu-arm ;;
s390x) triple=s390x-linux-gnu emulator=qemu-s390x ;;
*) echo "cross: armhf or s390x, not $arch" && exit 2 ;;
esac
packages=libpcap-dev,libprotobuf-c-dev,libncurses-dev,zlib1g-dev,libjansson-dev,libpcre2-dev,libhttp-parser-dev,libnghttp2-dev,libssl-dev
packages+=,libcurl4-openssl-dev,libcmocka-dev
left_out="test_harden test_source"
place=$PWD/build/$arch root=$PWD/build/$arch/root tree=$PWD/build/$arch/tree

if [ ! -e "$root/done" ]; then
	apt-get install -y --no-install-recommends "gcc-$triple" qemu-user debootstrap >/dev/null
	rm -rf "$root"
	debootstrap --foreign --arch="$arch" --variant=minbase --include=$packages bookworm "$root" >"$place.log" 2>&1
	for package in "$root"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
	# The compiler has its own libc to link with; the scripts of this one name places outside of the root.
	rm -f "$root/usr/lib/$triple"/{libc.so,libm.so,libc.a,libm.a} "$root/usr/lib/$triple"/crt*.o
	touch "$root/done"
fi

# What is committed, in a tree of its own, since objects do not say for which machine they are.
rm -rf "$tree" && mkdir -p "$tree/build"
git archive HEAD | tar x -C "$tree"
cp -r build/samples "$tree/build"
cd "$tree"
export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/$triple/pkgconfig:$root/usr/share/pkgconfig
libraries="-L$root/usr/lib/$triple -L$root/lib/$triple -Wl,-rpath-link,$root/usr/lib/$triple -Wl,-rpath-link,$root/lib/$triple"
make --no-print-directory -j"$(nproc)" CC="$triple-gcc" LTO= CPPFLAGS="-isystem $root/usr/include -isystem $root/usr/include/$triple" LDFLAGS="$libraries" \
	TEST_LDFLAGS="-pie $libraries" -o build/samples/.stamp all unit-programs >"$place.log" 2>&1 || { tail -20 "$place.log"; exit 1; }

printf '#!/bin/sh\nexec %s -L %s %s/envscope "$@"\n' "$emulator" "$root" "$tree" >"$place/envscope"
chmod +x "$place/envscope"
# That an interface is missing, and how much memory is in use, can't be told in the same words.
listings=$(ENVSCOPE=$place/envscope bash tests/golden.sh) || :
echo "$listings"
wrong=$(grep -E '^golden: .* differs' <<<"$listings" | grep -cvE '^golden: (error\.interface|tcp\.summary\.ndjson) ') || :
for program in build/tests/test_*; do
	name=${program##*/}
	[[ $name != *.d && " $left_out " != *" $name "* ]] || continue
	LC_ALL=C.UTF-8 timeout 600 "$emulator" -L "$root" "$program" >"$place.log" 2>&1 || {
		wrong=$((wrong + 1))
		echo "cross: $name"
		grep -A2 -E 'ERROR|FAILED' "$place.log" | head -10
	}
done
echo "cross: $arch, $wrong listings and unit tests failed; left out: $left_out"
[ "$wrong" = 0 ]
