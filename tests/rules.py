#!/usr/bin/env python3
"""rules.py [ENVSCOPE]: the matrix of samples and rules. For every line of samples/EXPECTED.tsv the rules that envscope names must be
exactly the expected ones, as often as expected."""
import collections, json, os, subprocess, sys

def broken(envscope, path):
    out = subprocess.run([envscope, "-r", path, "-T", "ndjson"], capture_output=True, text=True)
    rules = {}
    for m in map(json.loads, out.stdout.splitlines()):
        if "event" not in m: rules[m["n"]] = set(m["rules"])
        elif m["event"] == "rule": rules[m["n"]].discard(m.get("was")); rules[m["n"]].add(m["rule"])
    return collections.Counter(r for s in rules.values() for r in s), out.returncode

def main(envscope):
    expected = collections.defaultdict(dict); wrong = 0
    for line in open("samples/EXPECTED.tsv", encoding="utf-8"):
        case, rule, n = line.rstrip("\n").split("\t"); expected[case]
        if rule != "-": expected[case][rule] = int(n)
    for case, want in expected.items():
        path = f"build/samples/{case}.pcap" if os.path.exists(f"build/samples/{case}.pcap") else f"samples/{case}.pcap"
        got, status = broken(envscope, path)
        if dict(got) != want or status: wrong += 1; print(f"rules: {case}: expected {want}, got {dict(got)}, status {status}")
    print(f"rules: {len(expected) - wrong} passed, {wrong} failed")
    return wrong > 0

if __name__ == "__main__": sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "./envscope"))
