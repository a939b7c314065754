#!/usr/bin/env python3
"""loss.py WHOLE WHOLE_NDJSON LOSSY NDJSON [--joined]: holds envscope's ndjson of a lossy capture against the whole capture it was made from.

Works out from the whole capture where each message lies in its TCP stream, and from the lossy one which bytes of the streams it has. Knows
messages with a length prefix (tcp, plain WebSocket), gRPC on HTTP/2 (the DATA frames of one SetupStream), REST (HTTP/1.1 with Content-Length)
and the text messages of the old protocol, whose parts are joined by id. Every message whose bytes are all there must be printed; nothing
may be printed that was not sent; every rule broken must be broken by the same message of the whole capture too, or be capture-gap.
--joined: the lossy capture lacks only its beginning: no gap need be shown, and a rid may be unknown. Exit status 1 if one of these fails."""
import gzip, json, struct, sys
from collections import Counter

M32 = 0xFFFFFFFF

def segments(path):
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read(); at = 24
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
    """(opcode, offset, offset of the payload, payload) of each frame of a WebSocket direction"""
    at = buf.index(b"\r\n\r\n") + 4
    while at + 2 <= len(buf):
        start = at; op = buf[at] & 15; n = buf[at + 1] & 127; masked = buf[at + 1] >> 7; at += 2
        if n == 126: n = struct.unpack_from(">H", buf, at)[0]; at += 2
        elif n == 127: n = struct.unpack_from(">Q", buf, at)[0]; at += 8
        key = buf[at:at + 4] if masked else b"\0\0\0\0"; at += 4 if masked else 0
        data = buf[at:at + n]
        yield op, start, at, (int.from_bytes(data, "big") ^ int.from_bytes((key * (n // 4 + 1))[:len(data)], "big")).to_bytes(len(data), "big")
        at += n

def data_frames(buf):
    """(offset, offset of the data, data) of each DATA frame of an HTTP/2 direction, none of which are padded here"""
    at = 24 if buf.startswith(b"PRI ") else 0; streams = set()
    while at + 9 <= len(buf):
        n = int.from_bytes(buf[at:at + 3], "big"); kind, flags = buf[at + 3], buf[at + 4]
        if not kind:
            streams.add(buf[at + 5:at + 9]); assert not flags & 8 and len(streams) == 1
            yield at, at + 9, buf[at + 9:at + 9 + n]
        at += 9 + n

def joined(parts):
    """their payloads as one, and (offset in it, offset of the head in front, that of the bytes, how many) of each"""
    payload = bytearray(); runs = []
    for start, at, data in parts: runs.append((len(payload), start, at, len(data))); payload += data
    return bytes(payload), runs

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

def enveloped(payload, runs, prefix, order):
    """messages behind a prefix whose last 4 bytes say their length"""
    at = 0
    while at + prefix <= len(payload):
        n = prefix + int.from_bytes(payload[at + prefix - 4:at + prefix], order); body = payload[at + prefix:at + n]
        need = [r for o, start, place, size in runs if o < at + n and at < o + size
                for r in ((start, place), (place + max(at - o, 0), place + min(at + n - o, size)))]
        yield field(body, 1), field(body, 4), need
        at += n

def rest(buf):
    at = 0
    while at < len(buf):
        body = buf.index(b"\r\n\r\n", at) + 4
        fields = [l.split(b":") for l in buf[at:body].lower().split(b"\r\n") if l.startswith(b"content-length:")]
        n = int(fields[0][1]) if fields else 0
        try: m = json.loads(buf[body:body + n])
        except ValueError: m = {}
        if "command" in m: yield m["command"], m.get("id") or "", [(at, body + n)]
        at = body + n

def old(buf):
    """the text messages of the old protocol, of which each frame is a part"""
    whole = {}
    for op, start, at, data in frames(buf):
        if op != 1: continue
        m = json.loads(data); _, need, count = whole.setdefault(m["id"], (m["command"], [], m.get("count", 1)))
        need.append((start, at + len(data)))
        if len(need) == count: yield m["command"], m["id"], need

def messages(buf):
    """[(command, id, offsets of the stream it needs)]"""
    if buf.startswith((b"POST ", b"HTTP/1.1 200 ")): return list(rest(buf))
    if not buf.startswith((b"GET ", b"HTTP")):
        if buf.startswith(b"PRI ") or buf[3] == 4: return list(enveloped(*joined(data_frames(buf)), 5, "big"))
        return list(enveloped(buf, [(0, 0, 0, len(buf))], 4, "little"))
    every = list(frames(buf))
    if any(f[0] == 1 for f in every): return list(old(buf))
    return list(enveloped(*joined(f[1:] for f in every if f[0] < 8), 4, "little"))

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
    shown = [(int(r["src"].rpartition(":")[2]), r["command"], r["id"], "captured" in r) for r in rows if "event" not in r]
    printed = Counter(shown); sent = Counter(); whole_ones = Counter()
    for flow, (buf, _) in all_.items():
        have = some.get(flow, (b"", bytearray()))[1]; have = have + bytes(len(buf) - len(have))
        for command, id_, need in messages(buf):
            key = flow[0], command, id_; sent[key] += 1
            if all(have.find(b"\0", a, b) < 0 for a, b in need): had += 1; whole_ones[key] += 1
            else: lost += 1
    for k, n in whole_ones.items():
        if printed[(*k, False)] < n: wrong += 1; print(f"not shown, or shown cut though it is whole: {k[1]} {k[2]} of port {k[0]}")
    for (port, command, id_, cut), n in printed.items():
        names = [k for k in sent if k[0] == port and (k[1:] == (command, id_) or cut and id_ in ("", k[2]) and command in ("", k[1]))]
        if sum(sent[k] for k in names) < n: wrong += 1; print(f"never sent: {command} {id_} of port {port}")
    allowed = {"capture-gap", "rid-unknown"} if joined else {"capture-gap"}
    before = broken(json.loads(l) for l in open(whole_ndjson, encoding="utf-8"))
    for b in sorted(broken(rows) - before):
        if b[1] == "" and any((b[0], b[2]) == (o[0], o[2]) for o in before): continue  # the loss took its id
        if b[2] not in allowed: wrong += 1; print(f"blamed: {b}")
    if lost and not joined and not any(r.get("event") == "gap" for r in rows): wrong += 1; print("no gap is shown")
    print(f"{had} whole messages, {lost} incomplete, {len(shown)} shown, {wrong} faults")
    return wrong > 0

if __name__ == "__main__":
    if len(sys.argv) not in (5, 6): sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
