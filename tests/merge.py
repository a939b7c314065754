#!/usr/bin/env python3
"""merge.py OUT CAPTURE…: several captures of Ethernet in one, behind each other, in which the hosts of each have addresses of their own. For tools
that take longer to start than to read one."""
import sys


class Hosts:
    """An address for each one of each capture."""
    def __init__(self):
        self.known = {}

    def put(self, frame, at, size, capture):
        number = self.known.setdefault((capture, bytes(frame[at:at + size])), len(self.known))
        frame[at:at + size] = (b"\x0a" if size == 4 else b"\xfd") + number.to_bytes(size - 1, "big")

    def rename(self, frame, capture):
        at = 12
        while frame[at:at + 2] == b"\x81\x00":
            at += 4
        kind, at = bytes(frame[at:at + 2]), at + 2
        first, size = (12, 4) if kind == b"\x08\x00" else (8, 16)
        if kind in (b"\x08\x00", b"\x86\xdd") and len(frame) >= at + first + 2 * size:
            self.put(frame, at + first, size, capture)
            self.put(frame, at + first + size, size, capture)


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\xd4\xc3\xb2\xa1" or data[20:24] != b"\1\0\0\0":
        sys.exit(f"merge: {path} is none of Ethernet and microseconds")
    at = 24
    while at + 16 <= len(data):
        end = at + 16 + int.from_bytes(data[at + 8:at + 12], "little")
        yield data[at:at + 16], bytearray(data[at + 16:end])
        at = end


def merge(captures, path):
    """Writes all of them as one; the capture that each frame is of."""
    hosts, owners = Hosts(), []
    with open(path, "wb") as file:
        file.write(b"\xd4\xc3\xb2\xa1\2\0\4\0" + bytes(8) + b"\0\0\4\0\1\0\0\0")
        for capture in captures:
            for head, frame in frames(capture):
                hosts.rename(frame, capture)
                file.write(head[:8] + len(frame).to_bytes(4, "little") + head[12:] + frame)
                owners.append(capture)
    return owners


if __name__ == "__main__":
    merge(sys.argv[2:], sys.argv[1])
