#!/usr/bin/env python3
"""loss_rules.py WHOLE_NDJSON NDJSON: of a capture that lost packets. Each rule that a message breaks there, in the end, must be broken by the
same message of the whole capture too, or be capture-gap. A message is known by command and id; where the loss took the id, by command and rid.
Exit status 1 if one is blamed for what was lost."""
import json, sys

def broken(path):
    rules = {}; names = {}
    for r in map(json.loads, open(path, encoding="utf-8")):
        if "event" not in r: rules[r["n"]] = set(r["rules"]); names[r["n"]] = r
        elif r["event"] == "rule": rules[r["n"]].discard(r.get("was")); rules[r["n"]].add(r["rule"])
    return [(names[n], x) for n, s in rules.items() for x in sorted(s)]

if __name__ == "__main__":
    if len(sys.argv) != 3: sys.exit(__doc__)
    whole = {(m["command"], key, m[key], x) for m, x in broken(sys.argv[1]) for key in ("id", "rid")}
    blamed = [(m, x) for m, x in broken(sys.argv[2]) if x != "capture-gap"
              and not any(m[key] and (m["command"], key, m[key], x) in whole for key in ("id", "rid"))]
    for m, x in blamed: print(f"blamed: message {m['n']}, {m['command']} {m['id']}: {x}")
    sys.exit(bool(blamed))
