#!/usr/bin/env bash
# What `make install` puts where, and that `make uninstall` takes all of it away again. Nothing is installed on the system itself.
set -u
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
	failed=$((failed + 1))
	echo "install: $1"
}

umask 077 # what is installed is for everybody all the same
make --no-print-directory install DESTDIR="$tmp/root" PREFIX=/usr >"$tmp/log" 2>&1 || fail "make install: $(cat "$tmp/log")"
cd "$tmp/root" || exit 1
find usr -type f | sed 's|/docs/[a-z]*\.md$|/docs/*.md|; s|/pictures/[a-z]*\.svg$|/pictures/*.svg|' | LC_ALL=C sort -u >"$tmp/is"
cat >"$tmp/should" <<'END'
usr/bin/envscope
usr/lib/wireshark/extcap/envscope
usr/lib/wireshark/plugins/openiap.lua
usr/share/bash-completion/completions/envscope
usr/share/doc/envscope/CHANGELOG.md
usr/share/doc/envscope/LICENSE
usr/share/doc/envscope/README.md
usr/share/doc/envscope/docs/*.md
usr/share/doc/envscope/docs/pictures/*.svg
usr/share/fish/vendor_completions.d/envscope.fish
usr/share/man/man1/envscope.1
usr/share/zsh/site-functions/_envscope
END
diff -u "$tmp/should" "$tmp/is" || fail "other files than these"
find usr -type f ! -perm 644 ! -perm 755 | grep . && fail "modes other than 644 and 755"
find usr -type d ! -perm 755 | grep . && fail "folders that not everybody can read"
usr/bin/envscope --man | cmp -s - usr/share/man/man1/envscope.1 || fail "the man page is not the program's"
for shell in bash zsh fish; do
	file=$(find usr/share -path "*$shell*" -type f)
	usr/bin/envscope --completions $shell | cmp -s - "$file" || fail "the completions for $shell are not the program's"
done
usr/bin/envscope --wireshark-plugin | cmp -s - usr/lib/wireshark/plugins/openiap.lua || fail "the dissector is not the program's"
grep -q '/usr/bin/envscope' usr/lib/wireshark/extcap/envscope || fail "the extcap does not call /usr/bin/envscope"
usr/bin/envscope --version | grep -q libpcap || fail "--version does not name the libraries"
cd - >/dev/null || exit 1
make --no-print-directory uninstall DESTDIR="$tmp/root" PREFIX=/usr >"$tmp/log" 2>&1 || fail "make uninstall: $(cat "$tmp/log")"
find "$tmp/root" -type f | grep . && fail "uninstall leaves files"
echo "install: $(wc -l <"$tmp/should") places, $failed faults"
[ "$failed" = 0 ]
