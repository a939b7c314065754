#!/usr/bin/env python3
"""structure.py [ROOT]: how the source files may lean on each other, and how long a function may be.

    - a file of a folder of ALLOWED includes only headers of the folders behind it, and includes them by their path from the root
    - no header includes itself by way of others
    - files that need each other, a .c with its .h taken for one, are those of TOGETHER: each a face and what stands behind it
    - the body of a function has at most LINES lines, in tests/, samples/ and bench/ at most TEST_LINES"""
import glob
import os
import re
import sys

ALLOWED = {
    "base": {"base"},
    "capture": {"base", "capture"},
    "decode": {"base", "capture", "decode"},
    "export": {"base", "capture", "decode", "export"},
    "tui": {"base", "capture", "decode", "export", "tui"},
    "cli": {"base", "capture", "decode", "export", "tui", "cli"},
}
# The first is the face: its header is what others include, and has the types that the rest works on; its .c calls the rest.
TOGETHER = (
    "capture/capture capture/lookahead capture/proxy/entry",
    "capture/source capture/live capture/merge capture/pcap_file",
    "capture/proxy/proxy capture/proxy/bridge capture/proxy/relay capture/proxy/route capture/proxy/teller capture/proxy/tls_side",
    "capture/proxy/what_if capture/proxy/what_if_part",
    "decode/dissect decode/dissect_part",
    "decode/filter decode/filter_part",
    "decode/session decode/forms decode/session_state",
    "export/report export/report_part",
    "tui/app tui/detail tui/dialog tui/search tui/tui tui/view tui/view_detail",  # a view opens others
    "tui/order tui/order_part tui/order_sort",
    "cli/options cli/option_part",
)
LINES, TEST_LINES = 45, 75
INCLUDE = re.compile(r'^#\s*include\s+"([^"]+)"', re.M)
GENERATED = re.compile(r"(\w+|google/protobuf/\w+)\.pb-c\.h$|\w+(\.\w+)?\.inc$")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_direction(files):
    for path, text in files.items():
        folder = path.split("/")[0]
        for name in INCLUDE.findall(text) if folder in ALLOWED else ():
            if name in files:
                if name.split("/")[0] not in ALLOWED[folder]:
                    yield f"{path}: {folder}/ must not include {name}"
            elif not GENERATED.match(name):
                yield f"{path}: {name} is no path from the root"


def check_cycles(files):
    includes = {path: [name for name in INCLUDE.findall(text) if name in files] for path, text in files.items() if path.endswith(".h")}
    done, way = set(), []

    def visit(path):
        if path in way:
            yield "headers in a circle: " + " → ".join(way[way.index(path):] + [path])
        elif path not in done:
            way.append(path)
            for name in includes[path]:
                yield from visit(name)
            way.pop()
            done.add(path)

    for path in includes:
        yield from visit(path)


def circles(needs):
    """The sets of names each of which needs, by way of others, all the rest."""
    reach = {}
    for name in needs:
        seen, todo = set(), [name]
        while todo:
            for other in needs[todo.pop()] - seen:
                seen.add(other)
                todo.append(other)
        reach[name] = seen
    return {frozenset(other for other in reach[name] if name in reach[other]) for name in needs if name in reach[name]}


def check_together(files):
    needs = {}
    for path, text in files.items():
        if path.split("/")[0] in ALLOWED:
            needs.setdefault(path[:-2], set()).update(name[:-2] for name in INCLUDE.findall(text) if name in files and name[:-2] != path[:-2])
    needs = {name: {other for other in others if other in needs} for name, others in needs.items()}
    found, known = circles(needs), {frozenset(group.split()) for group in TOGETHER}
    for group in found - known:
        yield "files in a circle that TOGETHER does not have: " + " ".join(sorted(group))
    for group in known - found:
        yield "TOGETHER has what is no circle, or not the whole of one: " + " ".join(sorted(group))


def check_lengths(files):
    for path, text in files.items():
        limit = LINES if path.split("/")[0] in ALLOWED else TEST_LINES
        head, begin, last = "", 0, ""
        for number, line in enumerate(text.splitlines(), 1):
            if line == "{" and last.endswith(")"):
                begin = number
            elif line == "}" and begin:
                if number - begin - 1 > limit:
                    name = re.search(r"(\w+)\(", head)
                    yield f"{path}: {name.group(1) if name else head} has {number - begin - 1} lines, {limit} are allowed"
                begin = 0
            elif re.match(r"[A-Za-z].*\(", line):
                head = line
            last = line


def main(root="."):
    os.chdir(root)
    names = [n for n in glob.glob("**/*.[ch]", recursive=True) if not n.startswith("build/")]
    files = {name: read(name) for name in sorted(names)}
    faults = [fault for check in (check_direction, check_cycles, check_together, check_lengths) for fault in check(files)]
    for fault in faults:
        print("structure: " + fault)
    print(f"structure: {len(files)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
