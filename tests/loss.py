#!/usr/bin/env python3
"""loss.py WHOLE WHOLE_NDJSON LOSSY NDJSON [--joined]: holds envscope's ndjson of a lossy capture against the whole capture it was made from.

Works out from the whole capture where each length-prefixed message lies in its TCP stream (tcp, or plain WebSocket), and from the lossy
one which bytes of the streams it has. Every message whose bytes are all there must be printed; nothing may be printed that was not sent;
every rule broken
must be broken by the same message of the whole capture too, or be capture-gap. --joined: the lossy capture lacks only its beginning: no gap need be shown, and a rid may be unknown.
Exit status 1 if one of these fails."""
import json, struct, sys

M32 = 0xFFFFFFFF

def segments(path):
    data = open(path, "rb").read(); at = 24
    while at + 16 <= len(data):
        n = struct.unpack_from("<I", data, at + 8)[0]; f = data[at + 16:at + 16 + n]; at += 16 + n
        if f[12:14] != b"\x08\x00" or f[23] != 6: continue
        t = 14 + (f[14] & 15) * 4; total = struct.unpack_from(">H", f, 16)[0]
        sport, dport, seq, _, off, flags = struct.unpack_from(">HHIIBB", f, t)
        yield (sport, dport), seq, flags, f[t + (off >> 4) * 4:14 + total]

def streams(path, isn=None):
    """{flow: (isn, bytes, coverage)}; the initial sequence numbers of the whole capture serve for the lossy one"""
    got = {}; isn = dict(isn or {})
    for flow, seq, flags, data in segments(path):
        if flags & 2: isn.setdefault(flow, (seq + 1) & M32)
        if data: got.setdefault(flow, []).append(((seq - isn[flow]) & M32, data))
    out = {}
    for flow, parts in got.items():
        n = max(o + len(d) for o, d in parts); buf = bytearray(n); have = bytearray(n)
        for o, d in parts: buf[o:o + len(d)] = d; have[o:o + len(d)] = b"\1" * len(d)
        out[flow] = (bytes(buf), have)
    return isn, out

def frames(buf):
    """(payload bytes, their offsets, start offsets of the frames' headers) of a WebSocket direction"""
    at = buf.index(b"\r\n\r\n") + 4; payload = bytearray(); place = []; head = []
    while at + 2 <= len(buf):
        start = at; op = buf[at] & 15; n = buf[at + 1] & 127; masked = buf[at + 1] >> 7; at += 2
        if n == 126: n = struct.unpack_from(">H", buf, at)[0]; at += 2
        elif n == 127: n = struct.unpack_from(">Q", buf, at)[0]; at += 8
        key = buf[at:at + 4] if masked else b"\0\0\0\0"; at += 4 if masked else 0
        if op < 8:
            for i in range(n): payload.append(buf[at + i] ^ key[i & 3]); place.append(at + i); head.append((start, at))
        at += n
    return bytes(payload), place, head

def field(body, number):
    at = 0
    while at < len(body):
        tag = body[at]; at += 1; n = s = 0
        while True:
            b = body[at]; at += 1; n |= (b & 127) << s; s += 7
            if b < 128: break
        if tag & 7 == 2:
            if tag >> 3 == number: return body[at:at + n].decode()
            at += n
    return ""

def messages(buf):
    """[(command, id, offsets of the stream it needs)]"""
    if buf[:4] in (b"GET ", b"HTTP"): payload, place, head = frames(buf)
    else: payload, place, head = buf, None, None
    at = 0; out = []
    while at + 4 <= len(payload):
        n = struct.unpack_from("<I", payload, at)[0]; body = payload[at + 4:at + 4 + n]
        if place is None: need = [(at, at + 4 + n)]
        else: need = sorted({(place[i], place[i] + 1) for i in range(at, at + 4 + n)} | {head[i] for i in range(at, at + 4 + n)})
        out.append((field(body, 1), field(body, 4), need)); at += 4 + n
    return out

def broken(rows):
    """{(command, id, rule)} at the end of a listing, news about earlier messages included"""
    rules = {}; names = {}
    for r in rows:
        if "event" not in r: rules[r["n"]] = set(r["rules"]); names[r["n"]] = (r["command"], r["id"])
        elif r["event"] == "rule": rules[r["n"]].discard(r.get("was")); rules[r["n"]].add(r["rule"])
    return {(*names[n], x) for n, s in rules.items() for x in s}

def main(whole, whole_ndjson, lossy, ndjson, joined=None):
    isn, all_ = streams(whole); _, some = streams(lossy, isn); wrong = 0; had = lost = 0
    rows = [json.loads(l) for l in open(ndjson, encoding="utf-8")]
    printed = {(r["command"], r["id"]): r for r in rows if "event" not in r}; sent = set()
    for flow, (buf, _) in all_.items():
        have = some.get(flow, (b"", bytearray()))[1]; have = have + bytes(len(buf) - len(have))
        for command, id_, need in messages(buf):
            sent.add((command, id_))
            if all(have.find(b"\0", a, b) < 0 for a, b in need):
                had += 1; r = printed.get((command, id_))
                if r is None: wrong += 1; print(f"not shown: {command} {id_} of port {flow[0]}")
                elif "captured" in r: wrong += 1; print(f"shown cut, though it is whole: {command} {id_}")
            else: lost += 1
    for k, r in printed.items():
        if k not in sent: wrong += 1; print(f"never sent: {k}")
    allowed = {"capture-gap", "rid-unknown"} if joined else {"capture-gap"}
    before = broken(json.loads(l) for l in open(whole_ndjson, encoding="utf-8"))
    for b in sorted(broken(rows) - before):
        if b[2] not in allowed: wrong += 1; print(f"blamed: {b}")
    if lost and not joined and not any(r.get("event") == "gap" for r in rows): wrong += 1; print("no gap is shown")
    print(f"{had} whole messages, {lost} incomplete, {len(printed)} shown, {wrong} faults")
    return wrong > 0

if __name__ == "__main__":
    if len(sys.argv) not in (5, 6): sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
