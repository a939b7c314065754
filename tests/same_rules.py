#!/usr/bin/env python3
"""same_rules.py NDJSON NDJSON: the same messages of two listings must break the same rules, in the end."""
import json, sys

def broken(path):
    rules = {}; names = {}
    for r in map(json.loads, open(path, encoding="utf-8")):
        if "event" not in r: rules[r["n"]] = set(r["rules"]); names[r["n"]] = (r["command"], r["id"])
        elif r["event"] == "rule": rules[r["n"]].discard(r.get("was")); rules[r["n"]].add(r["rule"])
    return {(*names[n], x) for n, s in rules.items() for x in s}

if __name__ == "__main__":
    if len(sys.argv) != 3: sys.exit(__doc__)
    a, b = broken(sys.argv[1]), broken(sys.argv[2])
    for x in sorted(a - b): print(f"not any more: {x}")
    for x in sorted(b - a): print(f"new: {x}")
    sys.exit(a != b)
