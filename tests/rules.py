#!/usr/bin/env python3
"""rules.py [ENVSCOPE]: the matrix of samples and rules. For every line of samples/EXPECTED.tsv exactly the expected messages must break the
rule, with its severity, and nothing else may be broken: so by the check, and so by what the ndjson of the capture comes to in the end. Each
rule of the program must be broken by a sample that breaks nothing else (seq-overflow: nothing but the seq-gap that leads to it).
Captures that are not in the repository are looked for in the shared ones (ENVSCOPE_SHARED, else ../shared), and left out without those."""
import collections, json, os, re, subprocess, sys

SHARED = os.environ.get("ENVSCOPE_SHARED", "../shared")

def find(case):
    for folder in ("build/samples", "samples", f"{SHARED}/captures"):
        for end in (".pcap", ".pcap.gz"):
            if os.path.exists(f"{folder}/{case}{end}"): return f"{folder}/{case}{end}"

def keylog(path):
    keys = re.sub(r"\.pcap(\.gz)?$", ".keys", path)
    return ["--keylog", keys] if os.path.exists(keys) else []

def run(envscope, path, *options):
    out = subprocess.run([envscope, "-r", path, *keylog(path), *options], capture_output=True, text=True)
    return out.stdout, out.returncode

def checked(envscope, path):
    out, status = run(envscope, path, "--check=json", "--fail-on", "note")
    return {(b["rule"], b["severity"], b["n"]) for b in json.loads(out)["broken"]} if status < 2 else {status}

def listed(envscope, path):
    rules = {}
    for m in map(json.loads, run(envscope, path, "-T", "ndjson")[0].splitlines()):
        if "event" not in m: rules[m["n"]] = set(m["rules"])
        elif m["event"] == "rule": rules[m["n"]].discard(m.get("was")); rules[m["n"]].add(m["rule"])
    return {(r, n) for n, s in rules.items() for r in s}

def messages(text):
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)

def expected():
    cases = collections.defaultdict(set)
    for line in open("samples/EXPECTED.tsv", encoding="utf-8"):
        case, rule, severity, numbers = line.rstrip("\n").split("\t")
        cases[case] |= {(rule, severity, n) for n in messages(numbers)} if rule != "-" else set()
    return cases

def alone(cases):
    """Rules of the program that no sample breaks by itself."""
    out = {(r, s) for broken in cases.values() if len({b[:2] for b in broken}) == 1 for r, s, _ in broken}
    if {b[:2] for b in cases["seq_overflow"]} == {("seq-overflow", "error"), ("seq-gap", "error")}: out.add(("seq-overflow", "error"))
    return out

def main(envscope):
    cases = expected(); wrong = left_out = 0
    for case, want in cases.items():
        path = find(case)
        if not path: left_out += 1; continue
        got, seen = checked(envscope, path), listed(envscope, path)
        if got != want: wrong += 1; print(f"rules: {case}: missing {sorted(want - got)}, unexpected {sorted(got - want)}")
        elif seen != {(r, n) for r, _, n in want}: wrong += 1; print(f"rules: {case}: the ndjson says otherwise: {sorted(seen)}")
    every = set(re.findall(r"^(\S+) \((\w+)\)$", subprocess.run([envscope, "--explain", "all"], capture_output=True, text=True).stdout, re.M))
    for rule in sorted(every - alone(cases)): wrong += 1; print(f"rules: no sample breaks {rule[0]} ({rule[1]}) and nothing else")
    print(f"rules: {len(cases) - wrong - left_out} passed, {wrong} failed, {left_out} captures not here")
    return wrong > 0

if __name__ == "__main__": sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "./envscope"))
