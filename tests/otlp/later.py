"""later.py FROM TO: the capture (plain pcap of this machine's byte order), two days later."""
import struct
import sys

with open(sys.argv[1], "rb") as file:
    data = bytearray(file.read())
at = 24
while at < len(data):
    seconds, _, length, _ = struct.unpack_from("=IIII", data, at)
    struct.pack_into("=I", data, at, seconds + 2 * 86400)
    at += 16 + length
with open(sys.argv[2], "wb") as file:
    file.write(data)
