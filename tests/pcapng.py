#!/usr/bin/env python3
"""pcapng.py FILE count|sorted|comments: looks into a pcapng that was written, little endian, without envscope's own reader.
pcapng.py A.pcap merge B.pcap: two plain little-endian captures in microseconds as one, by time, on standard output.
pcapng.py A.pcap[.gz] late KEYS B.pcap: a pcapng of A, then of the secrets in KEYS, then of B, which begins five seconds after A."""
import gzip
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
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    at = 24
    while at < len(data):
        seconds, micro, captured, _ = struct.unpack_from("<IIII", data, at)
        yield (seconds, micro), data[at:at + 16 + captured]
        at += 16 + captured


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def late(first, keys, second):
    """Both captures are of the same link type; times in microseconds."""
    first, second, keys = list(records(first)), list(records(second)), open(keys, "rb").read()
    begin, end = (s * 10**6 + u for s, u in (second[0][0], first[-1][0]))
    link = struct.unpack_from("<I", open(sys.argv[4], "rb").read(24), 20)[0]
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", link, 0, 0))
    for later, records_of in (0, first), (end + 5 * 10**6 - begin, second):
        for (seconds, micro), record in records_of:
            time = seconds * 10**6 + micro + later
            out += block(6, struct.pack("<III", 0, time >> 32, time & 0xFFFFFFFF) + record[8:])
        out += b"" if later else block(10, struct.pack("<II", 0x544C534B, len(keys)) + keys)
    return out


path, what = sys.argv[1:3]
if what == "merge":
    header = open(path, "rb").read(24)
    both = sorted(list(records(path)) + list(records(sys.argv[3])), key=lambda r: r[0])
    sys.stdout.buffer.write(header + b"".join(r[1] for r in both))
    sys.exit()
if what == "late":
    sys.stdout.buffer.write(late(path, *sys.argv[3:5]))
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
