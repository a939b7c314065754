#!/usr/bin/env python3
"""report_counts.py ENVSCOPE CAPTURE: what the cards and the table of rules of -T html count where a report has more messages than it shows, held against ndjson and the check;
what -z says of spans where the message that was read last came first; and that -a leaves out what came later.

CAPTURE is written: 10,200 messages on one connection, and 150 on another one that no report has room for. Then two messages of one trace: the first waited behind a
gap while the second, 2 s later, was read."""
import collections
import json
import re
import subprocess
import sys

import attacks

SEVERITIES = ("note", "warning", "error")


def write_capture(path):
    capture = attacks.Capture()
    first = attacks.Talk(capture, size=1400)
    for i in range(5100):
        first.send(attacks.framed(attacks.envelope(b"query", i, b"c%d" % i, b"", b"QueryRequest")))
        first.send(attacks.framed(attacks.envelope(b"queryreply", i, b"s%d" % i, b"c%d" % i, b"QueryResponse")), False)
    second = attacks.Talk(capture, size=1400, port=40001)
    for i in range(100):
        second.send(attacks.framed(attacks.envelope(b"query", i, b"c%d" % i, b"", b"QueryRequest")))  # is never answered
    for i in range(50):
        second.send(attacks.framed(attacks.envelope(b"queryreply", i + 1, b"s%d" % i, b"x%d" % i, b"QueryResponse")), False)  # answers nothing
    with open(path, "wb") as file:
        file.write(capture.bytes())


def wanted(envscope, path):
    """The cards, and how many messages break each rule, as ndjson and the check have it."""
    messages = [m for m in map(json.loads, run(envscope, "-r", path, "-T", "ndjson").splitlines()) if "event" not in m]
    broken = json.loads(run(envscope, "-r", path, "--check=json", "--fail-on", "decode"))["broken"]
    worst = {}
    for b in broken:
        worst[b["n"]] = max(worst.get(b["n"], 0), SEVERITIES.index(b["severity"]))
    counts = collections.Counter(worst.values())
    cards = {"messages": len(messages), "threads": len({m["thread"] for m in messages}), "connections": len({m["conn"] for m in messages}),
             "with errors": counts[2], "with warnings": counts[1]}
    return cards, collections.Counter(b["rule"] for b in broken)


def write_late(path):
    capture = attacks.Capture()
    talk = attacks.Talk(capture, size=1400)
    talk.seq[True] += 100
    talk.send(attacks.framed(attacks.envelope(b"query", 1, b"c1", b"", b"QueryRequest") + attacks.field(8, b"trace")))
    capture.count += 200_000
    event = attacks.framed(attacks.envelope(b"watchevent", 0, b"s0", b"", b"WatchEvent") + attacks.field(8, b"trace"))
    capture.tcp(event, talk.seq[False], 1, src=talk.server, dst=talk.client)
    with open(path, "wb") as file:
        file.write(capture.bytes())


def check_spans(envscope, path):
    """Reports say when the first message came, and how long it was to the last."""
    times = [m["time"] for m in map(json.loads, run(envscope, "-r", path, "-T", "ndjson").splitlines()) if "event" not in m]
    assert len(times) == 2 and times[0] > times[1], times
    assert run(envscope, "-r", path, "-T", "fields", "-e", "rel", "-a", "duration:1") == "0.000020000\n", "-a shows what came later"
    for row in map(json.loads, run(envscope, "-r", path, "-z", "connections,traces", "-T", "ndjson").splitlines()):
        assert row["time"] == times[1] and row["duration"] == 2.00001, row


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout


def main(envscope, path):
    write_capture(path)
    cards, rules = wanted(envscope, path)
    html = run(envscope, "-r", path, "-T", "html")
    number = lambda text: int(text.replace(",", ""))
    shown = {words: number(n) for n, words in re.findall(r'<div class="card"><b>([0-9,]+)</b>([^<]*)</div>', html) if words in cards}
    table = {name: number(n) for name, n in re.findall(r'<tr><td><span class="pill p\d">([^<]*)</span><td class="r">([0-9,]+)', html)}
    assert cards["messages"] == 10350 and cards["connections"] == 2 and cards["with warnings"] == 50, cards
    assert shown == cards, f"the cards say {shown}, not {cards}"
    assert table == rules, f"the broken rules are {table}, not {rules}"
    assert html.count("<details ") == 10000 and "350 more messages are not shown" in html, "not 10,000 messages"
    write_late(path)
    check_spans(envscope, path)
    print(f"report_counts: {shown}, {dict(rules)}")


main(*sys.argv[1:])
