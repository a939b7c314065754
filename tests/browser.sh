#!/usr/bin/env bash
# What a browser makes of -T svg and -T html: headless Chromium loads them, and what it then has (--dump-dom) is looked at. One capture has
# markup in its texts, put there in place of other text: none of it may become an element or run. Skipped without chromium.
set -u
cd "$(dirname "$0")/.."
envscope=${ENVSCOPE:-./envscope}
export TZ=UTC LC_ALL=C.UTF-8
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "browser: skipped, there is no chromium"; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

load() {
	timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$tmp/profile.$RANDOM" --dump-dom "file://$1" 2>/dev/null
}

# expect WHAT FILE PATTERN COUNT: the dump has lines' worth of matches
expect() {
	local found
	found=$(grep -oE -- "$3" "$2" | wc -l)
	if [ "$found" = "$4" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "browser: $1: $found times '$3', not $4"
	fi
}

python3 - samples/tcp.pcap "$tmp/markup.pcap" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
def put(old, new):
    global data
    assert old in data and len(new) <= len(old), (old, new)
    data = data.replace(old, new.ljust(len(old)))
put(b"Access denied to collection", b"<img src=x onerror=alert()>")
put(b"getagentpods", b"</pre><b>x</")
put(b"Hej smukke", b"--><b>]]>&")
open(sys.argv[2], "wb").write(data)
END

"$envscope" -r samples/tcp.pcap -T html >"$tmp/tcp.html"
load "$tmp/tcp.html" >"$tmp/tcp.dom"
expect "report" "$tmp/tcp.dom" '<details ' 79
expect "report: threads" "$tmp/tcp.dom" '<td class="r"><a href="#m' 32
expect "report: ladder, streams folded" "$tmp/tcp.dom" '<g class="(request|reply|event|stream|failed|single)"' 73
expect "report: rules" "$tmp/tcp.dom" 'Where to look' 4
expect "report: the script ran, so the policy lets it" "$tmp/tcp.dom" '<input id="q" type' 1
expect "report: nothing from elsewhere" "$tmp/tcp.dom" '(src|href)="?[a-z]+:' 0
sed 's#</body>#<script>document.title="other"</script></body>#' "$tmp/tcp.html" >"$tmp/other.html"
load "$tmp/other.html" >"$tmp/other.dom"
expect "report: no other script runs" "$tmp/other.dom" '<title>other' 0

"$envscope" -r samples/tcp.pcap -T svg >"$tmp/tcp.svg"
load "$tmp/tcp.svg" >"$tmp/svg.dom"
expect "picture" "$tmp/svg.dom" '<g class="(request|reply|event|stream|failed|single)"' 73
expect "picture: two ends" "$tmp/svg.dom" '<rect class="box"' 2
expect "picture: folded" "$tmp/svg.dom" 'stream of [13] chunks?, 180,000 bytes, checksum right' 4

"$envscope" -r "$tmp/markup.pcap" -T html >"$tmp/markup.html"
"$envscope" -r "$tmp/markup.pcap" -T svg >"$tmp/markup.svg"
for format in html svg; do
	load "$tmp/markup.$format" >"$tmp/markup.dom"
	expect "markup in $format" "$tmp/markup.dom" '<img|<b>x|--><b>' 0
	expect "markup in $format is shown" "$tmp/markup.dom" '&lt;img src=x onerror=alert\(\)&gt;' "$([ $format = html ] && echo 5 || echo 2)"
done
expect "no secret" "$tmp/tcp.html" 'eyJ[A-Za-z0-9_-]{20}' 0
echo "browser: $passed passed, $failed failed"
[ "$failed" = 0 ]
