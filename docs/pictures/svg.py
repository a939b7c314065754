#!/usr/bin/env python3
"""Turns a screen with its colours (tmux capture-pane -e -p) into a picture.

	svg.py COLUMNS ROWS TITLE [light] <SCREEN >PICTURE

Text stays text: each run of cells of one look is placed by its column, so that the columns of the screen stay aligned in any font.
"""
import re
import sys
import unicodedata
from html import escape

CELL, LINE, SIZE, MARGIN = 8.4, 18, 14, 12
THEMES = {"dark": ("#1b1f24", "#d5d9de"), "light": ("#ffffff", "#24292f")}
EIGHT = ["#3b4048", "#e5534b", "#57ab5a", "#c69026", "#539bf5", "#b083f0", "#39c5cf", "#adbac7"]


def color256(n):
    if n < 8:
        return EIGHT[n]
    if n < 16:
        return EIGHT[n - 8]
    if n < 232:
        levels = (0, 95, 135, 175, 215, 255)
        n -= 16
        return "#%02x%02x%02x" % (levels[n // 36], levels[n // 6 % 6], levels[n % 6])
    return "#%02x%02x%02x" % ((8 + 10 * (n - 232),) * 3)


class Look:
    def __init__(self):
        self.ink = self.paper = None
        self.bold = self.underline = self.reverse = False

    def take(self, codes):
        codes = [int(c or 0) for c in codes.split(";")]
        while codes:
            c = codes.pop(0)
            if c == 0:
                self.__init__()
            elif c in (1, 22):
                self.bold = c == 1
            elif c in (4, 24):
                self.underline = c == 4
            elif c in (7, 27):
                self.reverse = c == 7
            elif 30 <= c <= 37 or 90 <= c <= 97:
                self.ink = EIGHT[c % 10]
            elif 40 <= c <= 47:
                self.paper = EIGHT[c % 10]
            elif c in (38, 48) and len(codes) >= 2 and codes[0] == 5:
                setattr(self, "ink" if c == 38 else "paper", color256(codes[1]))
                codes = codes[2:]
            elif c in (39, 49):
                setattr(self, "ink" if c == 39 else "paper", None)

    def key(self):
        return self.ink, self.paper, self.bold, self.underline, self.reverse


def width(character):
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def runs(line, look):
    """(column, columns, text, look) for each stretch of cells that look the same."""
    column, at, out = 0, 0, []
    while at < len(line):
        escape_code = re.match(r"\x1b\[([0-9;]*)m", line[at:])
        if escape_code:
            look.take(escape_code.group(1))
            at += escape_code.end()
            continue
        character = line[at]
        at += 1
        if character in "\x0e\x0f":
            continue
        w = width(character)
        if out and out[-1][3] == look.key() and w < 2 and out[-1][0] + out[-1][1] == column:
            out[-1][1] += w
            out[-1][2] += character
        else:
            out.append([column, w, character, look.key()])
        column += w
    return out


def draw_run(row, run, theme):
    column, columns, text, (ink, paper, bold, underline, reverse) = run
    base_paper, base_ink = theme
    ink, back = ink or base_ink, paper
    if reverse:
        ink, back = paper or base_paper, ink
    x, y = MARGIN + column * CELL, MARGIN + row * LINE
    out = []
    if back:
        out.append(f'<rect x="{x:.1f}" y="{y}" width="{columns * CELL:.1f}" height="{LINE}" fill="{back}"/>')
    style = ' font-weight="bold"' if bold else ""
    style += ' text-decoration="underline"' if underline else ""
    for word in re.finditer(r"\S+(?: \S+)*", text):
        begin, length = sum(map(width, text[:word.start()])), sum(map(width, word.group()))
        out.append(f'<text x="{x + begin * CELL:.1f}" y="{y + 13}" textLength="{length * CELL:.1f}" lengthAdjust="spacingAndGlyphs" '
                   f'fill="{ink}"{style}>{escape(word.group())}</text>')
    return out


def main():
    columns, rows, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    theme = THEMES["light" if "light" in sys.argv[4:] else "dark"]
    across, down = 2 * MARGIN + columns * CELL, 2 * MARGIN + rows * LINE
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:.0f} {down}" width="{across:.0f}" height="{down}" '
          f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}" role="img">')
    print(f"<title>{escape(title)}</title>")
    print(f'<rect width="100%" height="100%" rx="8" fill="{theme[0]}"/>')
    look = Look()
    for row, line in enumerate(sys.stdin.read().split("\n")[:rows]):
        for run in runs(line, look):
            for part in draw_run(row, run, theme):
                print(part)
    print("</svg>")


if __name__ == "__main__":
    main()
