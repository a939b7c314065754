#!/usr/bin/env python3
"""compare.py CLIENT_LOG SERVER_LOG NDJSON: what passed the proxy, three times told.

What one end sent, the other end received, and envscope printed, must be the same messages in the same order, field by field. And
of what envscope says about them: the checksums of both files hold, and no rule is broken that the scenario does not break."""
import json
import sys

FIELDS = ("command", "seq", "id", "rid", "type_url")
EXPECTED = {"error-reply", "no-reply", "type-missing"}  # two refusals, a ping that is never answered, the package's streams without type_url


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def facts(message):
    return tuple(message.get(field) or "" for field in FIELDS)


def differ(what, told, shown):
    if told == shown:
        return 0
    at = next((i for i, (a, b) in enumerate(zip(told, shown)) if a != b), min(len(told), len(shown)))
    print(f"{what}: {len(told)} and {len(shown)} messages, different from the {at + 1}. on: {told[at:at + 1]} {shown[at:at + 1]}")
    return 1


def main(client, server, printed):
    ends = {"c2s": (lines(client), lines(server)), "s2c": (lines(server), lines(client))}
    events = lines(printed)
    messages = [m for m in events if "event" not in m]
    wrong = 0
    for way, (sender, receiver) in ends.items():
        sent = [facts(m) for m in sender if m["dir"] == "out"]
        received = [facts(m) for m in receiver if m["dir"] == "in"]
        wrong += differ(f"{way}, sent and received", sent, received)
        wrong += differ(f"{way}, sent and printed", sent, [facts(m) for m in messages if m["dir"] == way])
    broken = {rule for m in messages for rule in m["rules"]} | {e["rule"] for e in events if e.get("event") == "rule"}
    for rule in sorted(broken - EXPECTED):
        print(f"a rule is broken: {rule}")
    gaps = [e for e in events if e.get("event") == "gap"]
    transports = sorted({m["transport"] for m in messages})
    print(f"{len(messages)} messages over {', '.join(transports)}, {wrong} differences, {len(gaps)} gaps")
    return bool(wrong or broken - EXPECTED or gaps or not messages)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
