#!/usr/bin/env python3
"""legacy_rows.py ENVSCOPE CAPTURE: messages of the protocol before Flow 1.5 have the same command, id, rid and priority in every format, the command as it was sent.

CAPTURE is written: the sample, in which the server writes some commands in mixed case, as clients do (what it sends is not masked, so it can be found)."""
import csv
import gzip
import io
import json
import re
import subprocess
import sys

NAMES = ["command", "id", "rid", "priority"]


def rows(envscope, path):
    run = lambda *how: subprocess.run([envscope, "-r", path, *how], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, encoding="utf-8").stdout
    columns = [word for name in NAMES for word in ("-e", name)]
    yield "ndjson", [[str(m[name]) for name in NAMES] for m in map(json.loads, run("-T", "ndjson").splitlines()) if "event" not in m]
    yield "csv", [[row[name] for name in NAMES] for row in csv.DictReader(io.StringIO(run("-T", "csv", *columns)))]
    yield "fields", [line.split("\t") for line in run("-T", "fields", *columns).splitlines()]
    yield "json", [[p["_source"]["layers"]["openiap"].get("openiap." + name, "") for name in NAMES] for p in json.loads(run("-T", "json"))]
    shown = lambda packet, name: (re.search(rf'name="openiap\.{name}" [^>]*show="([^"]*)"', packet) or ["", ""])[1]
    yield "pdml", [[shown(packet, name) for name in NAMES] for packet in run("-T", "pdml").split("<packet>")[1:]]


def main(envscope, path):
    with gzip.open("samples/legacy_start.pcap.gz") as sample, open(path, "wb") as file:
        file.write(sample.read().replace(b'"command":"listcollections"', b'"command":"ListCollections"'))
    (_, want), *others = rows(envscope, path)
    assert any(command == "ListCollections" for command, *_ in want) and any(rid for _, _, rid, _ in want), want
    for name, got in others:
        assert got == want, f"{name} has {[pair for pair in zip(got, want) if pair[0] != pair[1]][:2]}, ndjson the latter; {len(got)} of {len(want)}"
    print(f"legacy_rows: {len(want)} messages in {1 + len(others)} formats")


main(*sys.argv[1:])
