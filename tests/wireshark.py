#!/usr/bin/env python3
"""What tshark with the generated dissector says of a capture, and what envscope says of it in tshark's formats, held against each other.

wireshark.py ENVSCOPE PLUGIN CAPTURE   fields line by line, PDML and JSON field by field, -2 as without,
                                       also where its first reading makes no tree
wireshark.py ENVSCOPE PLUGIN CAPTURE --messages N   the messages that tshark finds (of an exported PDU file): N, and the fields as above
"""
import datetime
import json
import subprocess
import sys
import xml.etree.ElementTree

COLUMNS = ["openiap.command", "openiap.seq", "openiap.id", "openiap.rid", "openiap.type", "openiap.query.collectionname",
           "openiap.signin.username", "openiap.workitem.name", "openiap.queuemessage.data", "openiap.queryreply.results"]


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 or b"Lua" in done.stderr:
        sys.exit(f"wireshark: {' '.join(command)}: {done.stderr.decode()}")
    return done.stdout.decode()


def columns():
    return [word for name in COLUMNS for word in ("-e", name)]


def tshark(plugin, capture, *options):
    return run("tshark", "-n", "-X", f"lua_script:{plugin}", "-r", capture, "-Y", "openiap", *options)


def by_packet(lines):
    """tshark has a line a packet: messages of the same time stand in one, and what is empty is left out."""
    packets = []
    for line in lines:
        time, *values = line.split("\t")
        if packets and packets[-1][0] == time:
            for column, value in zip(packets[-1][1], values):
                column.append(value)
        else:
            packets.append((time, [[value] for value in values]))
    return ["\t".join("\x1f".join(v for v in column if v) for column in values) for _, values in packets]


def compare_lines(ours, theirs, what):
    for number, (mine, other) in enumerate(zip(ours, theirs), 1):
        if mine != other:
            sys.exit(f"wireshark: {what}, line {number}:\n  envscope {mine}\n  tshark   {other}")
    if len(ours) != len(theirs):
        sys.exit(f"wireshark: {what}: envscope has {len(ours)} lines, tshark {len(theirs)}")
    return len(ours)


def same(mine, other):
    mine, other = " ".join(mine.split()), " ".join(other.split())  # tshark leaves line breaks in attributes, where XML makes spaces of them
    if mine == other:
        return True
    try:
        return abs(float(mine) - float(other)) <= 1e-5 * abs(float(mine))
    except ValueError:
        pass
    try:
        when = datetime.datetime.strptime(other[:-8], "%b %d, %Y %H:%M:%S.%f").isoformat(timespec="microseconds")
        return mine.startswith(when)
    except ValueError:
        return False


def protos(text):
    """Of each message the number of its packet, and its proto."""
    root = xml.etree.ElementTree.fromstring(text)
    found = []
    for packet in root.iter("packet"):
        number = next(field.get("show") for field in packet.iter("field") if field.get("name") in ("frame.number", "num"))
        found += [(number, proto) for proto in packet.iter("proto") if proto.get("name") == "openiap"]
    return found


def fields_of(proto):
    """name: the values, each with its place in the message, where it has one."""
    start = int(proto.get("pos"))
    found = {}
    for field in proto.iter("field"):
        if field.get("name", "").startswith("openiap."):
            size = int(field.get("size"))
            place = (int(field.get("pos")) - start, size, field.get("value") or None) if size else None
            found.setdefault(field.get("name"), []).append((field.get("show"), place))
    return found


def compare_fields(mine, other, what):
    both = 0
    for name in mine.keys() & other.keys():
        if len(mine[name]) != len(other[name]):
            sys.exit(f"wireshark: {what}: {name}: {mine[name]} and {other[name]}")
        for (show, place), (their_show, their_place) in zip(mine[name], other[name]):
            if not same(show, their_show) or (place and their_place and place != their_place):
                sys.exit(f"wireshark: {what}: {name}: {show} {place} and {their_show} {their_place}")
            both += 1
    return both


def compare_messages(ours, theirs, what):
    """Messages as (packet, fields). Where we name a message, tshark names its packet."""
    if len(ours) != len(theirs):
        sys.exit(f"wireshark: {what}: {len(ours)} and {len(theirs)} messages")
    packets, both = [packet for packet, _ in theirs], 0
    for n, ((_, mine), (_, other)) in enumerate(zip(ours, theirs), 1):
        if "openiap.request_in" in mine:
            mine["openiap.request_in"] = [(packets[int(show) - 1], None) for show, _ in mine["openiap.request_in"]]
        both += compare_fields(mine, other, f"{what}, message {n}")
    return both


def compare_pdml(ours, theirs):
    return compare_messages(*([(packet, fields_of(proto)) for packet, proto in protos(text)] for text in (ours, theirs)), "pdml")


class Pairs(list):
    """An object with all its keys, also those that come twice."""


def json_fields(value, found):
    if isinstance(value, Pairs):
        for key, inner in value:
            if key.startswith("openiap.") and not isinstance(inner, Pairs):
                items = inner if isinstance(inner, list) else [inner]
                found.setdefault(key, []).extend((item, None) for item in items if isinstance(item, str))
            json_fields(inner, found)
    elif isinstance(value, list):
        for item in value:
            json_fields(item, found)
    return found


def json_messages(text):
    messages = []
    for packet in json.loads(text, object_pairs_hook=Pairs):
        layers = dict(dict(packet)["_source"])["layers"]
        number = dict(dict(layers)["frame"])["frame.number"]
        messages += [(number, json_fields(layer, {})) for name, layer in layers if name == "openiap"]
    return messages


def compare_json(ours, theirs):
    return compare_messages(json_messages(ours), json_messages(theirs), "json")


def main():
    envscope, plugin, capture = sys.argv[1:4]
    separated = ["-T", "fields", "-E", "aggregator=\x1f", *columns()]
    theirs = tshark(plugin, capture, *separated).splitlines()
    if "--messages" in sys.argv:
        messages = sum(len(line.split("\t")[0].split("\x1f")) for line in theirs)
        wanted = int(sys.argv[sys.argv.index("--messages") + 1])
        if messages != wanted:
            sys.exit(f"wireshark: {capture}: tshark finds {messages} of {wanted} messages")
        print(f"wireshark: {capture}: {messages} messages")
        return
    if tshark(plugin, capture, "-2", *separated).splitlines() != theirs:
        sys.exit(f"wireshark: {capture}: tshark -2 says something else than tshark")
    first_without_tree = run("tshark", "-2", "-n", "-X", f"lua_script:{plugin}", "-r", capture, *separated)
    if [line for line in first_without_tree.splitlines() if line.strip("\t")] != theirs:
        sys.exit(f"wireshark: {capture}: tshark -2 without a filter says something else than with one")
    ours = run(envscope, "-r", capture, "-T", "fields", "-E", "aggregator=\x1f", "-e", "time", *columns()).splitlines()
    lines = compare_lines(by_packet(ours), theirs, capture)
    pdml = compare_pdml(run(envscope, "-r", capture, "-T", "pdml"), tshark(plugin, capture, "-T", "pdml"))
    objects = compare_json(run(envscope, "-r", capture, "-T", "json"), tshark(plugin, capture, "-T", "json"))
    print(f"wireshark: {capture}: {len(ours)} messages in {lines} lines, {pdml} fields in PDML, {objects} in JSON: the same")


main()
