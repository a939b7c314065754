#!/usr/bin/env python3
"""loss_rules.py WHOLE_NDJSON NDJSON: of a capture that lost packets. Each rule that a message breaks there, in the end, must be broken by the
same message of the whole capture too, or be capture-gap; and a message that is shown whole must be one of the whole capture. A message is
known by command and id; where the loss took the id, by command and rid. Exit status 1 if one is blamed for what was lost, or made up."""
import json, sys

def read(path):
    return [r for r in map(json.loads, open(path, encoding="utf-8")) if "event" not in r]

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
    sent = {(r["command"], r["id"], r["size"]) for r in read(sys.argv[1])}
    made_up = [r for r in read(sys.argv[2]) if "captured" not in r and (r["command"], r["id"], r["size"]) not in sent]
    for r in made_up: print(f"never sent: message {r['n']}, {r['command']} {r['id']}, {r['size']} bytes")
    sys.exit(bool(blamed or made_up))
