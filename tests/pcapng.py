#!/usr/bin/env python3
"""pcapng.py FILE count|sorted|comments: looks into a pcapng that was written, little endian, without envscope's own reader.
pcapng.py A.pcap merge B.pcap: two plain little-endian captures in microseconds as one, by time, on standard output."""
import struct
import sys


def blocks(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length >= 12 and length % 4 == 0 and struct.unpack_from("<I", data, at + length - 4)[0] == length, f"block at {at}"
        yield kind, data[at + 8:at + length - 4]
        at += length
    assert at == len(data), "the last block is cut"


def packets(data):
    for kind, body in blocks(data):
        if kind == 6:
            interface, high, low, captured, _ = struct.unpack_from("<IIIII", body)
            yield (high << 32 | low), body[20 + captured + -captured % 4:]


def comments(options):
    while len(options) >= 4:
        code, length = struct.unpack_from("<HH", options)
        if code == 0:
            return
        if code == 1:
            yield options[4:4 + length].decode()
        options = options[4 + length + -length % 4:]


def records(path):
    data = open(path, "rb").read()
    at = 24
    while at < len(data):
        seconds, micro, captured, _ = struct.unpack_from("<IIII", data, at)
        yield (seconds, micro), data[at:at + 16 + captured]
        at += 16 + captured


path, what = sys.argv[1:3]
if what == "merge":
    header = open(path, "rb").read(24)
    both = sorted(list(records(path)) + list(records(sys.argv[3])), key=lambda r: r[0])
    sys.stdout.buffer.write(header + b"".join(r[1] for r in both))
    sys.exit()
found = list(packets(open(path, "rb").read()))
if what == "count":
    print(len(found))
elif what == "sorted":
    print([t for t, _ in found] == sorted(t for t, _ in found))
else:
    for _, options in found:
        text = " | ".join(comments(options))
        if text:
            print(text)
