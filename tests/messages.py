#!/usr/bin/env python3
"""messages.py ENVSCOPE TABLE CAPTURE [PLUGIN]: each message of the protocol's table (messages.tsv), with each of its fields set, is written to CAPTURE as the
payload of an Envelope, or within one. -V, ndjson, PDML, and with the dissector PLUGIN tshark, must then name all these fields, in their order and no others, and
have the values that were sent."""
import base64
import datetime
import json
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree

import attacks

START = 1_700_000_000


def read_table(path):
    """{message: [(number, repeated, type, name)]}, as the table has them."""
    messages = {}
    with open(path, encoding="utf-8") as file:
        next(file)
        for line in file:
            _, message, number, label, kind, name = (line.rstrip("\n").split("\t") + [""] * 5)[:6]
            fields = messages.setdefault(message, [])
            if number:
                fields.append((int(number), label == "repeated", kind, name))
    return {message: sorted(fields) for message, fields in messages.items()}


class Writer:
    """Messages with a value of its own in each field. What was sent is a list of (name, type, value); that of a message is such a list."""
    def __init__(self, table):
        self.table, self.count = table, 0

    def value(self, message, name, kind, within):
        self.count += 1
        if kind == "string":
            text = f"{message}.{name}.{self.count}"
            return 2, text.encode(), text
        if kind == "bytes":
            return 2, b"bytes %d" % self.count, b"bytes %d" % self.count
        if kind == "google.protobuf.Timestamp":
            return 2, b"\x08" + attacks.varint(START + self.count), START + self.count
        if kind == "int32":
            return 0, self.count + 1000, self.count + 1000
        if kind == "bool":
            return 0, 1, True
        if kind == "float":
            return 5, struct.pack("<f", self.count + .5), self.count + .5
        assert kind in self.table, f"the table has no type {kind}"
        return (2, *self.message(kind, within))

    def message(self, message, within=()):
        out, sent = b"", []
        for number, repeated, kind, name in self.table[message]:
            if kind in within + (message,):
                continue  # one in itself: without end
            for _ in range(1 + repeated):
                wire, data, value = self.value(message, name, kind, within + (message,))
                key = attacks.varint(number << 3 | wire)
                out += attacks.field(number, data) if wire == 2 else key + (attacks.varint(data) if wire == 0 else data)
                sent.append((name, kind, value))
        return out, sent


def envelope(n, message, payload):
    """With all nine fields."""
    any_ = attacks.field(1, b"type.googleapis.com/openiap." + message.encode()) + attacks.field(2, payload)
    return (attacks.field(1, b"probe") + b"\x10\x01\x18" + attacks.varint(n) + attacks.field(4, b"id%d" % n) + attacks.field(5, b"rid%d" % n)
            + attacks.field(6, any_) + attacks.field(7, b"token") + attacks.field(8, b"trace%d" % n) + attacks.field(9, b"span%d" % n))


def leaves(sent):
    for name, kind, value in sent:
        yield (name, kind, value)
        if isinstance(value, list):
            yield from leaves(value)


def fault(message, what):
    sys.exit(f"messages: {message}: {what}")


def same(kind, sent, shown):
    """Is that the value that was sent, as text?"""
    if kind == "string":
        return shown == sent
    if kind == "int32":
        return shown == str(sent)
    if kind == "float":
        return float(shown) == sent
    if kind == "bool":
        return shown.lower() in ("true", "1")
    if kind == "bytes":
        return bytes.fromhex(re.sub("[: ]", "", shown)) == sent
    return True  # a time, which each has in its own way, or a message


def hold(message, sent, shown, what):
    """shown: [(name, text)]"""
    want = list(leaves(sent))
    if [name for name, _ in shown] != [name for name, _, _ in want]:
        fault(message, f"{what} names {[name for name, _ in shown]}, not {[name for name, _, _ in want]}")
    for (name, kind, value), (_, text) in zip(want, shown):
        if not same(kind, value, text):
            fault(message, f"{what}: {name} is {text!r}, not {value!r}")


def object_of(message, sent, table):
    """What ndjson has as data."""
    several = {name for _, repeated, _, name in table[message] if repeated}
    out = {}
    for name, kind, value in sent:
        if kind == "bytes":
            value = base64.b64encode(value).decode()
        elif kind == "google.protobuf.Timestamp":
            value = datetime.datetime.fromtimestamp(value, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000000Z")
        elif isinstance(value, list):
            value = object_of(kind, value, table)
        if name in several:
            out.setdefault(name, []).append(value)
        else:
            out[name] = value
    return out


def hold_ndjson(text, all_sent, table):
    messages = [m for m in map(json.loads, text.splitlines()) if "event" not in m]
    if [m["message"] for m in messages] != [message for message, _ in all_sent]:
        sys.exit(f"messages: ndjson names {[m['message'] for m in messages]}")
    for m, (message, sent) in zip(messages, all_sent):
        want = object_of(message, sent, table)
        if json.dumps(m["data"]) != json.dumps(want):
            fault(message, f"ndjson has {m['data']}, not {want}")


TIMES = ("seconds", "nanos")  # what a Timestamp consists of
ENVELOPE = ["command", "priority", "seq", "id", "rid", "data", "jwt", "traceid", "spanid"]


def hold_tree(text, all_sent):
    """-V: a line a node, "name: value", four spaces a level."""
    trees = text.split("\nEnvelope\n")[1:]
    if len(trees) != len(all_sent):
        sys.exit(f"messages: -V has {len(trees)} Envelopes, not {len(all_sent)}")
    for tree, (message, sent) in zip(trees, all_sent):
        lines = [re.match(r"( +)(\S+): (.*)", line).groups() for line in tree.split("\n\n")[0].splitlines()]
        if [name for indent, name, _ in lines if len(indent) == 4] != ENVELOPE:
            fault(message, f"-V has the Envelope {lines}")
        inside = [(name, value) for indent, name, value in lines if len(indent) > 8 and name not in TIMES]
        if ("value", message) not in [(name, value) for indent, name, value in lines if len(indent) == 8]:
            fault(message, f"-V does not say what it is: {lines}")
        hold(message, sent, inside, "-V")


def payload_of(proto):
    """The fields of the payload, which stands behind its type."""
    fields = proto.findall("field")
    payload = fields[[f.get("name") for f in fields].index("openiap.type_url") + 1]
    return [f for f in list(payload.iter("field"))[1:] if f.get("name").split(".")[-1] not in TIMES]


def hold_pdml(text, all_sent, what):
    """The fields' whole names, by message."""
    protos = [p for p in xml.etree.ElementTree.fromstring(text).iter("proto") if p.get("name") == "openiap"]
    if len(protos) != len(all_sent):
        sys.exit(f"messages: {what} has {len(protos)} messages, not {len(all_sent)}")
    names = {}
    for proto, (message, sent) in zip(protos, all_sent):
        fields = payload_of(proto)
        hold(message, sent, [(f.get("name").split(".")[-1], f.get("show")) for f in fields], what)
        names[message] = [f.get("name") for f in fields]
    return names


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 or b"Lua" in done.stderr:
        sys.exit(f"messages: {' '.join(command)}: {done.stderr.decode()}")
    return done.stdout.decode()


def main(envscope, table_path, path, plugin=None):
    table = read_table(table_path)
    writer, capture = Writer(table), attacks.Capture()
    talk, all_sent = attacks.Talk(capture, size=1400), []
    within = {kind for fields in table.values() for _, _, kind, _ in fields}  # comes in others, and is tested there
    for n, message in enumerate(m for m in table if m != "Envelope" and m not in within):
        payload, sent = writer.message(message)
        talk.send(attacks.framed(envelope(n, message, payload)))
        all_sent.append((message, sent))
    with open(path, "wb") as file:
        file.write(capture.bytes())
    ours = ("-r", path, "--show-secrets", "--full-bytes", "-T")
    hold_ndjson(run(envscope, *ours, "ndjson"), all_sent, table)
    hold_tree(run(envscope, *ours, "tree"), all_sent)
    names = hold_pdml(run(envscope, *ours, "pdml"), all_sent, "PDML")
    if plugin:
        theirs = run("tshark", "-n", "-X", f"lua_script:{plugin}", "-o", "openiap.show_secrets:TRUE", "-r", path, "-Y", "openiap", "-T", "pdml")
        for message, fields in hold_pdml(theirs, all_sent, "tshark's PDML").items():
            if fields != names[message]:
                fault(message, f"tshark has the names {fields}, PDML {names[message]}")
    fields = sum(len(list(leaves(sent))) for _, sent in all_sent)
    print(f"messages: {len(all_sent)} messages with {fields} fields: -V, ndjson and PDML{' and tshark' if plugin else ''} name all of them")


main(*sys.argv[1:])
