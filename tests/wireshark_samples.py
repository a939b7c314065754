#!/usr/bin/env python3
"""Each generated sample over TCP and WebSocket: tshark with the generated dissector finds as many messages as envscope, less what the capture cuts,
it tells of each rule that a packet tells of in the sample that is named after the rule, and of none that envscope does not tell of, but for a gap.

wireshark_samples.py ENVSCOPE PLUGIN CAPTURE…

tshark takes a second to start, hence reads all captures as one, in which each has hosts of its own.
"""
import json
import os
import subprocess
import sys
import tempfile

import merge

RULES = ["seq-duplicate", "seq-gap", "seq-reordered", "type-mismatch", "type-missing", "priority-range", "id-missing", "id-duplicate",
         "reply-duplicate", "error-reply"]


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if b"Lua" in done.stderr or (done.returncode != 0 and command[0] == "tshark"):
        sys.exit(f"wireshark: {' '.join(command)}: {done.stderr.decode()}")
    return done.stdout.decode().splitlines()


def ours(envscope, capture):
    """(messages without those behind a gap, those that tshark must find, rules)"""
    rows = [json.loads(line) for line in run(envscope, "-r", capture, "-T", "ndjson")]
    rules = {rule for row in rows for rule in row.get("rules", [])}
    messages = [row for row in rows if "event" not in row and row["transport"] in ("tcp", "ws")]
    whole = [row for row in messages if "capture-gap" not in row["rules"]]
    cut = sum("captured" in row for row in messages)
    bad = sum("decode" in row["rules"] for row in messages)  # a wrong length costs tshark it, or the next
    return len(whole), len(whole) - cut - bad, rules


def theirs(plugin, captures):
    """Of each capture: messages, those captured out of order, which tshark loses, and rules."""
    found = {capture: [0, 0, set()] for capture in captures}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all.pcap")
        owners = merge.merge(captures, path)
        fields = ["frame.number", "openiap.size", "tcp.analysis.spurious_retransmission", *("openiap.rule." + rule.replace("-", "_") for rule in RULES)]
        lines = run("tshark", "-n", "-X", f"lua_script:{plugin}", "-r", path, "-Y", "openiap or tcp.analysis.spurious_retransmission",
                    "-T", "fields", "-E", "aggregator= ", *(word for field in fields for word in ("-e", field)))
    for line in lines:
        number, sizes, late, *rules = line.split("\t")
        of = found[owners[int(number) - 1]]
        of[0] += len(sizes.split())
        of[1] += late != ""
        of[2] |= {rule for rule, told in zip(RULES, rules) if told}
    return found


def main(envscope, plugin, *captures):
    wrong = checked = 0
    found = theirs(plugin, captures)
    for capture in captures:
        most, least, rules = ours(envscope, capture)
        messages, late, told = found[capture]
        checked += least > 0
        if least > 0 and messages < least - late:
            print(f"wireshark: {capture}: tshark finds {messages} messages, {late} late, envscope {most}, of which it must find {least}")
            wrong += 1
        if told - rules - {"seq-gap"}:
            print(f"wireshark: {capture}: tshark tells of {sorted(told - rules)}, which envscope does not")
            wrong += 1
    for rule in RULES:
        capture = next((c for c in captures if os.path.basename(c) == rule.replace("-", "_") + ".pcap"), None)
        if not capture or rule not in found[capture][2]:
            print(f"wireshark: tshark does not tell of {rule}" if capture else f"wireshark: there is no sample for {rule}")
            wrong += 1
    print(f"wireshark: {checked} samples have their messages, {len(RULES)} rules are told of")
    return wrong > 0


sys.exit(main(*sys.argv[1:]))
