#!/usr/bin/env python3
"""cut.py IMPAIR IN.pcap[.gz] OUT.pcap N: writes, byte for byte, what impair.py (IMPAIR) writes with --mss N, which takes ten seconds of a capture
whose segments have a byte each; this takes one. truth.sh holds them against each other where both are quick."""
import runpy, struct, sys

FIN, PSH, DF, M16 = 1, 8, 0x4000, 0xFFFF
RECORD = struct.Struct("<IIII"); FRAME = struct.Struct(">12xHBBHHHBBH4s4sHHIIBBHHH")

def words(b): return int.from_bytes(b + bytes(len(b) & 1), "big") % M16
def checksum(total): return M16 - total % M16 or M16

def pieces(s, n, ident, ts):
    """the records of a segment in pieces of at most n bytes"""
    sec, usec = ts // 10**9, ts % 10**9 // 1000; size = len(s.data); offset = (20 + len(s.opts)) // 4 << 4; addresses = words(s.src) + words(s.dst)
    ip = addresses + 0x4500 + DF + (s.ttl << 8 | 6); tcp = addresses + 6 + s.sport + s.dport + words(struct.pack(">IH", s.ack, s.win) + s.opts)
    for i in range(0, size or 1, n):
        data = s.data[i:i + n]; length = 20 + len(s.opts) + len(data); seq = (s.seq + i) & 0xFFFFFFFF
        flags = s.flags if i + n >= size else s.flags & ~(FIN | PSH); id_ = (ident + i // n) & M16
        yield RECORD.pack(sec, usec, 34 + length, 34 + length) + FRAME.pack(
            0x800, 0x45, 0, 20 + length, id_, DF, s.ttl, 6, checksum(ip + 20 + length + id_), s.src, s.dst, s.sport, s.dport, seq, s.ack, offset, flags,
            s.win, checksum(tcp + length + (seq >> 16) + (seq & M16) + (offset << 8 | flags) + words(data)), 0) + s.opts + data

def main(impair, source, out, n):
    n = int(n); ident = 1; ts = 0
    with open(out, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for s in runpy.run_path(impair)["read"](source):
            ts = max(ts, s.ts); f.writelines(pieces(s, n, ident, ts)); ident += max(1, -(-len(s.data) // n))

if __name__ == "__main__":
    if len(sys.argv) != 5: sys.exit(__doc__)
    main(*sys.argv[1:])
