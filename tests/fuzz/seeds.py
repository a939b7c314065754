#!/usr/bin/env python3
"""seeds.py FOLDER: makes what the fuzz targets begin with from the captures in samples/.

FOLDER/TARGET/NAME is the first part of a conversation in the form that the target reads: for stream layers a byte that says how, then events, each
a byte (bit 0 the direction, bits 3 to 7 a number of bytes, 31: and eight times the next byte more) and bytes. Frames longer than
CHUNK become several events."""
import glob, gzip, os, random, re, struct, sys

CHUNK, MOST = 31 + 8 * 255, 4000

def packets(path):
    """(port pair, from the client?, payload) of Ethernet, IPv4, TCP, in the order of the file"""
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read(); at = 24; clients = {}
    while at + 16 <= len(data):
        n = struct.unpack_from("<I", data, at + 8)[0]; f = data[at + 16:at + 16 + n]; at += 16 + n
        if f[12:14] != b"\x08\x00" or f[23] != 6: continue
        t = 14 + (f[14] & 15) * 4; total = struct.unpack_from(">H", f, 16)[0]
        sport, dport, off, flags = struct.unpack_from(">HH8xBB", f, t)
        key = tuple(sorted((sport, dport)))
        if flags & 2: clients.setdefault(key, sport)
        payload = f[t + (off >> 4) * 4:14 + total]
        if payload: yield key, sport == clients.get(key, sport), payload

def event(dir_, payload):
    """exactly these bytes as events"""
    out = b""
    while payload:
        n = min(len(payload), CHUNK)
        if n > 31: n -= (n - 31) % 8
        if n == 31: n = 30
        out += bytes([dir_ | min(n, 31) << 3]) + (bytes([(n - 31) // 8]) if n >= 31 else b"") + payload[:n]
        payload = payload[n:]
    return out

def conversation(path, skip_head=False):
    out = b""; skipping = [skip_head, skip_head]
    for _, client, payload in packets(path):
        if skipping[not client]:  # the head of HTTP/1 is another layer's
            skipping[not client] = b"\r\n\r\n" not in payload
            payload = payload.partition(b"\r\n\r\n")[2]
        out += event(0 if client else 1, payload)
        if len(out) > MOST: break
    return out[:MOST]

def sealed(dir_, type_, epoch, payload):
    """a record for fuzz_tls to seal"""
    n = len(payload)
    while n > 31 and (n - 31) % 8: payload += b"\0"; n += 1
    return bytes([dir_ | 4 | min(n, 31) << 3]) + (bytes([(n - 31) // 8]) if n >= 31 else b"") + bytes([type_ - 9 | epoch << 4]) + payload

def tls_talks():
    """handshakes of TLS 1.3 and 1.2, data, KeyUpdates, an alert"""
    message = b"\x0c\0\0\0" + b"\x0a\x04noop\x10\x02\x22\x02id"
    hello = sealed(1, 22, 15, b"\x08\0\0\2\0\0") + sealed(1, 22, 15, b"\x14\0\0\x20" + bytes(32)) + sealed(0, 22, 15, b"\x14\0\0\x20" + bytes(32))
    data = sealed(0, 23, 0, message) + sealed(1, 23, 0, message)
    update = sealed(0, 22, 0, b"\x18\0\0\1\1") + sealed(0, 23, 1, message) + sealed(1, 22, 0, b"\x18\0\0\1\0") + sealed(1, 23, 1, message)
    change = event(0, b"\x14\3\3\0\1\1") + event(1, b"\x14\3\3\0\1\1")
    finished = sealed(0, 22, 0, b"\x14\0\0\x0c" + bytes(12)) + sealed(1, 22, 0, b"\x14\0\0\x0c" + bytes(12))
    for how in (8, 12):
        yield f"tls13.{how}", bytes([3 | how]) + hello + data + update + sealed(1, 21, 1, b"\1\0")
        yield f"tls12.{how}", bytes([2 | how]) + change + finished + data + sealed(0, 21, 0, b"\2\x50")

def in_front():
    """connections behind a load balancer or a proxy of HTTP"""
    line, block = b"PROXY TCP4 10.0.0.1 10.0.0.2 40000 8080\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(range(12))
    connect = event(0, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n") + event(1, b"HTTP/1.1 200 Connection established\r\n\r\n")
    for kind in ("tcp", "ws", "grpc"):
        talk = conversation(sorted(glob.glob(f"samples/{kind}.pcap*"))[0])
        for name, head in (("line", event(0, line)), ("block", event(0, block)), ("connect", connect), ("both", event(0, block) + connect)):
            yield f"{kind}.{name}", (head + talk)[:MOST]

def front(path, keys=None):
    """the first records of a capture; with a key log: as a pcapng, the secrets in it"""
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read(); at = 24
    while at + 16 <= len(data) and at + 16 + (n := struct.unpack_from("<I", data, at + 8)[0]) < 14000: at += 16 + n
    if not keys: return data[:at]
    def block(kind, body): return struct.pack("<II", kind, 12 + len(body) + -len(body) % 4) + body + bytes(-len(body) % 4) + struct.pack("<I", 12 + len(body) + -len(body) % 4)
    out = block(0x0a0d0d0a, struct.pack("<IHHQ", 0x1a2b3c4d, 1, 0, 4 << 24)) + block(1, struct.pack("<HHI", 1, 0, 0)) + block(10, struct.pack("<II", 0x544c534b, len(keys)) + keys)
    end, at = at, 24
    while at < end:
        s, us, n, whole = struct.unpack_from("<IIII", data, at); us += s * 1000000
        out += block(6, struct.pack("<IIIII", 0, us >> 32, us & 0xffffffff, n, whole) + data[at + 16:at + 16 + n]); at += 16 + n
    return out

def pcapng(order):
    """a section with a block of every kind, in that byte order"""
    def u(form, *values): return struct.pack(order + form, *values)
    def pad(data): return data + bytes(-len(data) % 4)
    def option(code, value): return u("HH", code, len(value)) + pad(value)
    def block(kind, body): return u("II", kind, 12 + len(body)) + body + u("I", 12 + len(body))
    frames = [f for f in frames_of("samples/tcp.pcap")][2:5]
    end = u("HH", 0, 0)
    out = block(0x0a0d0d0a, u("IHHq", 0x1a2b3c4d, 1, 0, -1) + option(4, b"tool") + end)
    for resolution, offset in ((b"\x06", 0), (b"\x09", -5), (b"\x94", 1 << 33)):
        out += block(1, u("HHI", 1, 0, 0) + option(2, b"eth0") + option(9, resolution) + option(14, u("q", offset)) + end)
    out += block(10, u("II", 0x544c534b, 12) + pad(b"CLIENT_RANDO"))
    for i, f in enumerate(frames):
        out += block(6, u("IIIII", i, 0, 1000000 * i, len(f), len(f)) + pad(f) + option(1, b"a comment") + option(2, u("I", 1)) + end)
    out += block(3, u("I", len(frames[0])) + pad(frames[0])) + block(2, u("HHIIII", 1, 0, 0, 5, len(frames[1]), len(frames[1])) + pad(frames[1]))
    return out + block(4, u("HH", 0, 0)) + block(5, u("III", 0, 0, 9) + option(5, u("Q", 7)) + end) + block(0xbad, u("I", 32473) + b"data")

def put(folder, target, name, data):
    os.makedirs(f"{folder}/{target}", exist_ok=True)
    open(f"{folder}/{target}/{name}", "wb").write(data)

# target: (captures, first byte, does the head of HTTP/1 go?)
LAYERS = {
    "fuzz_length_prefix": (("tcp", "length_off", "zero_length", "over_long", "gap_inside", "joined_late"), b"\x03", False),
    "fuzz_websocket": (("ws", "legacy", "rust_ws", "ws_cuts", "ws_unmasked"), b"\x03", True),
    "fuzz_http1": (("ws", "rest", "ws_refused"), b"", False),
    "fuzz_rest": (("rest",), b"", False),
    "fuzz_http2": (("grpc", "grpc_setups"), b"\x03", False),
    "fuzz_tls": (("wss13", "wss12", "grpctls"), b"", False),
    "fuzz_detect": (("tcp", "ws", "wsdeflate", "grpc", "rest", "legacy", "wss13", "wss12", "grpctls"), b"\x18", False),
}

TEXTS = {
    "fuzz_options": (b"-r\0x.pcap\0-T\0ndjson\0-Y\0seq > 3\0", b"-i\0any\0-w\0x\0-b\0filesize:10\0-b\0files:3\0tcp\0port\08080\0", b"--check=json\0--fail-on\0error,seq-gap\0",
                     b"-T\0fields\0-e\0n\0-E\0aggregator=/s\0-E\0occurrence=l\0-E\0quote=d\0-E\0bom=y\0", b"-T\0fields\0-e\0n\0-E\0header=y\0-d\0tcp.port==80,ws\0-o\0no-reply=30s\0-M\0512M\0-t\0ud\0", b"--proxy\0ws://:1=wss://a\0--delay\0500ms\0--allow\010.0.0.0/8\0"),
    "fuzz_config": (b"columns.threads = time,command\n# a comment\nkey.quit = q\n", b"utc = yes\nno such = line\n"),
    "fuzz_filter_json": (b'{"a":{"b":[1,"x",{}]},"a":{"b":2.5}}', b'[{"a":null},{"a":"{\\"b\\":1}"}]', b'{"jwt":"eyJhIjoxfQ.eyJhIjoxfQ.x","password":"[1]"}'),
    "fuzz_json": (b'{"id":"1","data":{"type_url":"a","value":{"password":"x"}},"seq":3}', b'{"id":"1","replyto":"2","command":"query","data":"{\\"jwt\\":\\"a\\"}","count":1,"index":0}', b'{"a":"Bearer eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.AAAAAAAAAA-","jwt":1}', b'[1,2.5e3,"\\ud83d\\ude80",null]'),
}

PROXY = {  # requests whose heads are rewritten, and pairs of addresses
    "fuzz_proxy_head": (
        b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x88\x82abcd\x62\x8a",
        b"POST /x HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n  fold\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nHost: a\r\n\r\nabcGET /y?z HTTP/1.0\r\nhost:b\r\n\r\n"),
    "fuzz_proxy_address": (b"ws://127.0.0.1:9000=wss://app.openiap.io/ws/v2", b"pipe://spy=pipe:///tmp/x", b"socket://[::1]:1=tcp://10.0.0.5", b"grpc://:0=grpcs://a"),
}

def what_ifs():
    """A conversation of each framing (length prefix, WebSocket, HTTP/2, HTTP/2 with new headers), for every set of changes."""
    def runs(parts):
        return b"".join(bytes([len(piece) | d << 7]) + piece
                        for d, text in parts for piece in (text[i:i + 120] for i in range(0, len(text), 120)))

    def ws(op, payload, masked):
        return bytes([op, len(payload) | masked << 7]) + bytes(4 * masked) + payload

    def h2(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    envelope = b"\n\x04ping\x22\x01a"
    message, grpc = len(envelope).to_bytes(4, "little") + envelope, b"\0" + len(envelope).to_bytes(4, "big") + envelope
    path = b"/openiap.FlowService/SetupStream"
    block = b"\0\x05:path" + bytes([len(path)]) + path + b"\0\x0a:authority\x01b"
    for how in range(64):
        on, c2s = how >> 2 & 1, 1 - (how >> 2 & 1)
        yield bytes([how]) + runs((
            ((on, 3 * message), (c2s, b"abc")),
            ((0, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), (1, b"HTTP/1.1 101 S\r\n\r\n"),
             (on, ws(0x82, message, c2s) + ws(0x82, message[:4], c2s) + ws(2, message[4:7], c2s) + ws(0x89, b"x", c2s) + ws(0x80, message[7:], c2s)
              + ws(0x82, 2 * message, c2s) + ws(0x88, b"\3\xe8", c2s))),
            *2 * (((0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2(4, 0, 0, b"") + h2(1, 4, 1, block)), (1, h2(4, 0, 0, b"") + h2(8, 0, 0, b"\0\0\1\0") + h2(1, 4, 1, b"\x88")),
                   (on, h2(0, 0, 1, grpc + grpc[:5]) + h2(6, 0, 0, b"xxxxxxxx") + h2(0, 1, 1, grpc[5:] + grpc) + h2(1, 5, 1, b"\x88")),
                   (c2s, h2(8, 0, 1, b"\0\0\1\0") + h2(3, 0, 1, b"\0\0\0\0"))),))[how & 3])


def requests():
    """What a client sends over HTTP/2, of a capture and by hand: padded, with a priority, in several frames; the first byte says in which pieces."""
    def h2(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def field(name, value):
        return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    preface, authority = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x41\x01b"  # indexed: the next block can refer to it
    yield b"\3" + preface + h2(4, 0, 0, b"") + h2(1, 4, 1, b"\x83\x86\x84" + authority) + h2(0, 1, 1, b"data") + h2(1, 5, 3, b"\x83\x87\xbe")
    yield b"\0" + preface + h2(1, 0x2c, 1, b"\2\0\0\0\1\5" + authority + b"\x86\0\0") + h2(1, 1, 3, authority) + h2(9, 0, 3, field(b"host", b"c")) + h2(9, 4, 3, b"\x86")
    yield b"\x1c" + preface + h2(1, 4, 1, field(b":authority", b"app.openiap.io") + b"\x87") + h2(1, 4, 3, authority)
    yield b"\5" + preface + b"".join(payload for _, client, payload in packets("samples/grpc.pcap.gz") if client)[24:3000]


def messages(path):
    """The first Envelopes of a capture over plain TCP, for fuzz_formats."""
    out = b""; streams = {True: b"", False: b""}
    for _, client, payload in packets(path):
        streams[client] += payload
        while len(streams[client]) >= 4 and len(streams[client]) >= 4 + (n := struct.unpack_from("<I", streams[client])[0]):
            if n <= 2000: out += bytes([not client]) + struct.pack("<H", n) + streams[client][4:4 + n]
            streams[client] = streams[client][4 + n:]
        if len(out) > MOST: break
    return out

def hostile():
    """Texts that are syntax somewhere, one at a time, as command, id, rid, trace and in the JSON of a query."""
    def text(number, value):
        return bytes([number << 3 | 2, len(value)]) + value
    out = b""
    for i, t in enumerate((b"a,b", b"a\"b", b"<b>&amp", b"a\x1b[2J", b"a\r\nb", b"\xff\xfe", b"]]>-->", b"</script>", b"%%{a}end", b"#;:", b"=1+1", b"\xe2\x80\xae", b"\t\\")):
        query = text(1, b'{"' + t.replace(b'"', b'\\"') + b'":"' + t + b'"}') + text(2, t)
        payload = text(1, b"type.googleapis.com/openiap.QueryRequest") + text(2, query)
        for command in (b"query", t):
            envelope = text(1, command) + text(4, b"i%d" % i + t) + text(5, t) + text(6, payload) + text(7, t) + text(8, t)
            out += bytes([i & 1]) + struct.pack("<H", len(envelope)) + envelope
    return out

def envelopes(path):
    """Each Envelope of a capture over plain TCP."""
    streams = {}
    for key, client, payload in packets(path):
        s = streams.setdefault((key, client), bytearray()); s += payload
        while len(s) >= 4 and len(s) >= 4 + (n := struct.unpack_from("<I", s)[0]):
            yield bytes(s[4:4 + n])
            del s[:4 + n]

def by_command(paths):
    """Of each command and the type of its payload the shortest Envelope: all forms in few bytes."""
    best = {}
    for path in paths:
        for e in envelopes(path):
            if e[:1] != b"\n" or len(e) < 3: continue
            command = e[2:2 + e[1]]; url = e.find(b"openiap.")
            kind = command, e[url:url + 24] if url >= 0 else b""
            if len(e) <= 2000 and (kind not in best or len(e) < len(best[kind])): best[kind] = e
    return [best[k] for k in sorted(best)]

def frames_of(path):
    """(link, frame) of a capture, for fuzz_ip: Ethernet as it is, and the same without it or behind other heads."""
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read(); at = 24
    while at + 16 <= len(data):
        n = struct.unpack_from("<I", data, at + 8)[0]; f = data[at + 16:at + 16 + n]; at += 16 + n
        if len(f) > 14: yield f

def put_frame(link, frame): return bytes([link]) + struct.pack(">H", len(frame)) + frame

def fragments(packet):
    """an IPv4 packet in pieces of 16 bytes, the last first"""
    head, body = bytearray(packet[:20]), packet[20:]; out = []
    for at in range(0, len(body), 16):
        piece = body[at:at + 16]
        struct.pack_into(">HHH", head, 2, 20 + len(piece), 7, at // 8 | (0x2000 if at + 16 < len(body) else 0))
        out.append(bytes(head) + piece)
    return out[::-1]

def link_seeds():
    frames = [f for f in frames_of("samples/tcp.pcap")][:6]
    yield b"".join(put_frame(0, f) for f in frames)
    yield b"".join(put_frame(0, f[:12] + b"\x81\0\0\5" + f[12:]) for f in frames)                       # a VLAN
    yield b"".join(put_frame(0, f[:12] + b"\x88\x64\x11\0\0\7" + struct.pack(">H", len(f) - 12) + b"\0\x21" + f[14:]) for f in frames)  # PPPoE
    for type_, inner in ((b"\x65\x58", 0), (b"\x08\0", 14)):                                       # Geneve, with an option
        udp = [b"\x80\0\x17\xc1" + struct.pack(">H", 20 + len(f) - inner) + b"\0\0\1\0" + type_ + b"\0\0\7\0\1\2\x80\0" + f[inner:] for f in frames]
        yield b"".join(put_frame(1, b"\x45\0" + struct.pack(">H", 20 + len(u)) + b"\0\1\0\0\x40\x11\0\0" + b"\x0a\0\0\1\x0a\0\0\2" + u) for u in udp)
    yield b"".join(put_frame(1, f[14:]) for f in frames)                                             # raw IP
    yield b"".join(put_frame(2, b"\2\0\0\0" + f[14:]) for f in frames)                               # loopback
    yield b"".join(put_frame(3, b"\0\0\0\1\0\6" + bytes(8) + b"\x08\0" + f[14:]) for f in frames)     # cooked
    yield b"".join(put_frame(4, b"\x08\0\0\0\0\0\0\1\0\1\0\6" + bytes(8) + f[14:]) for f in frames)
    inside = [f for f in frames_of("build/samples/tunnels.pcap")]
    for i in range(0, len(inside), 4): yield b"".join(put_frame(0, f) for f in inside[i:i + 4])
    yield b"".join(put_frame(1, piece) for f in frames for piece in fragments(f[14:]))
    for f in frames[3:5]:                                                                            # IPv6, with heads of extension, in fragments
        tcp = f[34:]; ends = bytes(15) + b"\1" + bytes(15) + b"\2"
        yield put_frame(6, b"\x60\0\0\0" + struct.pack(">H", len(tcp)) + b"\6\x40" + ends + tcp)
        yield put_frame(1, b"\x60\0\0\0" + struct.pack(">H", len(tcp) + 16) + b"\0\x40" + ends + b"\x3c\0" + bytes(6) + b"\6\0" + bytes(6) + tcp)
        yield b"".join(put_frame(6, b"\x60\0\0\0" + struct.pack(">H", 8 + len(tcp[a:a + 24])) + b"\x2c\x40" + ends
                                 + b"\6\0" + struct.pack(">HI", a | (a + 24 < len(tcp)), 9) + tcp[a:a + 24]) for a in range(0, len(tcp), 24))

def h2_frames(path, client_side):
    """(type, flags, stream, payload) of the frames that one side of a capture of HTTP/2 sent"""
    s = b"".join(payload for _, client, payload in packets(path) if client == client_side); at = 24 if client_side else 0
    while at + 9 <= len(s):
        n = int.from_bytes(s[at:at + 3], "big")
        yield s[at + 3], s[at + 4], int.from_bytes(s[at + 5:at + 9], "big"), s[at + 9:at + 9 + n]
        at += 9 + n

def grpc_event(dir_, what, n, payload=b""):
    return bytes([dir_ | what << 1 | min(n, 15) << 4]) + (bytes([(n - 15) // 4]) if n >= 15 else b"") + payload

def grpc_data(dir_, bytes_):
    """a DATA frame of exactly these bytes: FRAME, then DATA in parts whose length can be written"""
    out = b""
    while bytes_:
        n = min(len(bytes_), 15 + 4 * 255)
        if n > 15: n -= (n - 15) % 4
        if n == 15: n = 14
        out += grpc_event(dir_, 0, n) + grpc_event(dir_, 1, n, bytes_[:n]); bytes_ = bytes_[n:]
    return out

def grpc_seeds():
    """calls as fuzz_grpc reads them: SetupStream of a capture, one answered, one refused, one with a hole"""
    for dir_ in (0, 1):
        data = [p for kind, _, _, p in h2_frames("samples/grpc.pcap.gz", not dir_) if kind == 0 and p][:8]
        yield bytes([0]) + b"".join(grpc_data(dir_, p) for p in data)
        yield bytes([0]) + grpc_data(dir_, data[0]) + grpc_event(dir_, 3, 9) + b"".join(grpc_data(dir_, p) for p in data[1:4])
    payload = b"\n\x08entities\x12\x02{}"; message = b"\0" + len(payload).to_bytes(4, "big") + payload
    for status in (0, 5, 13):
        for path in range(4):
            yield bytes([path]) + grpc_data(0, message) + grpc_event(0, 5, 0) + (grpc_data(1, message) if status == 0 else b"") + grpc_event(1, 4, status) + grpc_event(1, 6, 0)
    yield bytes([1]) + grpc_data(0, message[:9]) + grpc_event(0, 3, 6) + grpc_event(0, 5, 0)
    yield bytes([3]) + grpc_data(0, message) + grpc_event(0, 7, 1) + grpc_data(1, message + message)

def websocket_payloads(path):
    """(client?, first byte, payload) of the frames that a capture has whole"""
    streams = {}
    for key, client, payload in packets(path):
        s = streams.setdefault((key, client), bytearray()); s += payload
        if b"\r\n\r\n" in s and s[:4] in (b"GET ", b"HTTP"): del s[:s.index(b"\r\n\r\n") + 4]
        while len(s) >= 2 and s[:4] not in (b"GET ", b"HTTP"):
            n, at = s[1] & 127, 2
            if n >= 126: n, at = int.from_bytes(s[2:4 if n == 126 else 10], "big"), 4 if n == 126 else 10
            key_, at = (bytes(s[at:at + 4]), at + 4) if s[1] & 128 else (b"", at)
            if len(s) < at + n: break
            body = bytes(s[at:at + n])
            yield client, s[0], bytes(b ^ key_[i % 4] for i, b in enumerate(body)) if key_ else body
            del s[:at + n]

def inflate_seeds():
    for side in (True, False):
        out = b"\7"
        for client, first, body in websocket_payloads("samples/wsdeflate.pcap"):
            if client != side or not first & 0x40 or len(out) > 1500: continue
            for at in range(0, len(body), 250): out += bytes([len(body[at:at + 250])]) + body[at:at + 250]
            out += b"\xff"
        yield out

def filters():
    """display filters of the documents and of the unit test"""
    found = set()
    for path in ["README.md", *glob.glob("docs/*.md")]:
        found |= set(re.findall(r"-Y '([^']+)'", open(path, encoding="utf-8").read()))
    for path in ("tests/unit/test_filter.c", "tests/unit/test_pick.c"):
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', open(path, encoding="utf-8").read()):
            if 3 < len(text) < 120 and re.search(r"[=<>~{(]| contains | matches | and | or ", text): found.add(text.replace('\\"', '"').replace("\\\\", "\\"))
    return sorted(found)

def session_seeds():
    """talks for fuzz_session: commands by their number, ids and rids of a digit"""
    def say(what, who, id_, rid, made=0, seq=0): return bytes([what, who, id_ | rid << 4, seq, made])
    query = say(0, 0, 1, 0) + say(1, 1, 1, 1)
    upload = say(4, 0, 2, 0) + say(5, 0, 3, 2, 1) + say(6, 0, 3, 2, 2) + say(7, 0, 4, 2) + say(9, 1, 2, 2)
    download = say(3, 0, 5, 0) + say(5, 1, 3, 5, 1) + say(6, 1, 4, 5, 2) + say(7, 1, 6, 5) + say(8, 1, 7, 5)
    watch = say(10, 0, 6, 0) + say(11, 1, 8, 6, 3) + say(12, 1, 9, 0, 3) + say(12, 1, 10, 0, 3)
    queue = say(17, 0, 7, 0) + say(18, 1, 11, 7, 3) + say(19, 1, 12, 0, 5) + say(24, 0, 8, 0) + say(25, 1, 13, 8)
    signin = say(20, 0, 9, 0, 6) + say(21, 1, 14, 9) + say(13, 0, 10, 0) + say(14, 1, 15, 10) + say(2, 1, 1, 9)
    yield b"\0" + query + upload + download + watch
    yield b"\1" + signin + queue + bytes([28, 0, 0, 0, 0]) + query
    yield b"\2" + upload[:15] + bytes([30, 0, 0, 20, 0]) + query + bytes([29, 1, 0, 5, 0]) + download[10:]
    named = bytes([3, 0, 5, 0, 12, 11]) + b"\x12\x09../a b\x1b.x"
    yield b"\4" + upload + named + download[5:] + download
    for how in (8, 9, 10, 11): yield bytes([how]) + (signin + upload + query + queue + bytes([28, 0, 0, 0, 0]) + download + watch) * 3 # much that is forgotten
    yield b"\0" + (watch[:20] + queue + download[:10] + upload[:15] + query) * 6
    yield b"\3" + say(1, 1, 1, 1) + say(0, 0, 1, 0) + query + bytes([31, 0, 1, 0, 0]) + watch[5:]

def loss_seeds():
    """talks for fuzz_loss, over TCP and in a WebSocket, and what becomes of their packets: one of each, then at random"""
    script = bytes([0, 8, 3, 16, 3, 7, 0, 0, 0, 5, 36, 14, 6, 3, 15])
    for websocket in (0, 2 * 48, 3 * 48):
        head = bytes([websocket + len(script)]) + script
        for fate in range(8): yield head + bytes(fate | 16 if i % 7 == 5 else 0 for i in range(60))
        rnd = random.Random(5)
        for _ in range(20): yield head + bytes(rnd.randrange(256) if rnd.random() < .2 else 0 for i in range(60))

def merge_seeds():
    """two or three captures for fuzz_merge"""
    parts = [front(p)[:1200] for p in ("samples/tcp.pcap", "samples/ws.pcap", "build/samples/ipv6.pcap", "build/samples/port_reuse.pcap")]
    for k in (2, 3, 4): yield b"".join(struct.pack("<H", len(p)) + p for p in parts[:k])

def main(folder):
    for how in range(24):
        put(folder, "fuzz_formats", f"{how}.tcp", bytes([how]) + messages("samples/tcp.pcap"))
        put(folder, "fuzz_formats", f"{how}.hostile", bytes([how]) + hostile())
    messages_ = by_command(sorted(glob.glob("samples/tcp.pcap") + glob.glob("build/samples/*.pcap")))
    for i, text in enumerate(messages_): put(folder, "fuzz_envelope", str(i), text)
    for how in range(12):
        part = messages_[how::12]
        put(folder, "fuzz_formats", f"{how}.all", bytes([how]) + b"".join(bytes([i & 1]) + struct.pack("<H", len(e)) + e for i, e in enumerate(part))[:MOST])
    for target, inputs in (("fuzz_ip", link_seeds()), ("fuzz_grpc", grpc_seeds()), ("fuzz_inflate", inflate_seeds()), ("fuzz_session", session_seeds()),
                           ("fuzz_loss", loss_seeds()), ("fuzz_merge", merge_seeds())):
        for i, text in enumerate(inputs): put(folder, target, str(i), text)
    for i, text in enumerate(filters()):
        put(folder, "fuzz_filter", str(i), b"\1" + text.encode() + b"\0")
        put(folder, "fuzz_complete", str(i), bytes([i % 12]) + text.encode()[:60])
    for side in (True, False):
        blocks = [p for kind, _, _, p in h2_frames("samples/grpc.pcap.gz", side) if kind == 1 and len(p) < 255][:6]
        put(folder, "fuzz_hpack", f"grpc.{side:d}", b"".join(bytes([len(b)]) + b for b in blocks))
    texts = [body for _, first, body in websocket_payloads("build/samples/legacy.pcap" if os.path.exists("build/samples/legacy.pcap") else "samples/legacy_start.pcap.gz") if first & 15 == 1]
    for i, text in enumerate(texts[:8]): put(folder, "fuzz_legacy", str(i), text[:2000])
    put(folder, "fuzz_legacy", "parts", b"".join(b'{"id":"%d","replyto":"","command":"ping","data":"%d","count":3,"index":%d}%s\n' % (i % 2, i, i // 2, b"\t" if i == 5 else b"") for i in range(6)))
    for path in sorted(glob.glob("samples/*.pcap*") + glob.glob("build/samples/*.pcap*")):
        data = open(path, "rb").read(); put(folder, "fuzz_pcap_file", os.path.basename(path), data[:2000])
        if not path.endswith(".gz"): put(folder, "fuzz_pcap_file", os.path.basename(path) + ".gz", gzip.compress(data[:1000], mtime=0))
    for name, data in (("little", pcapng("<")), ("big", pcapng(">")), ("both", pcapng("<") + pcapng(">"))): put(folder, "fuzz_pcap_file", name + ".pcapng", data)
    for i, text in enumerate((b"a.txt", b"../../etc/passwd", b"CON", b"\xf0\x9f\x9a\x80 \xe2\x80\xaex", b"<a href='x'>&\x1b[2J\x9b", "Grüße, 你好\t\u0301".encode())): put(folder, "fuzz_text", str(i), text)
    for i, text in enumerate(what_ifs()):
        put(folder, "fuzz_proxy_what_if", str(i), text)
    for i, text in enumerate(requests()):
        put(folder, "fuzz_proxy_authority", str(i), text)
    for target, inputs in (PROXY | TEXTS).items():
        for i, text in enumerate(inputs): put(folder, target, str(i), text)
    for target, (captures, first, head) in LAYERS.items():
        for path in sorted(sum((glob.glob(f"samples/{c}[._]*pcap*") + glob.glob(f"build/samples/{c}.pcap") for c in captures), [])):
            put(folder, target, os.path.basename(path).split(".")[0], first + conversation(path, head))
    for name, text in in_front(): put(folder, "fuzz_detect", name, b"\x08" + text)
    for path in sorted(glob.glob("samples/*.pcap*")):
        name = os.path.basename(path).split(".")[0]; keys = f"samples/{name}.keys"; data = front(path)
        put(folder, "fuzz_pipeline", name, data)
        if os.path.exists(keys):
            put(folder, "fuzz_pipeline", name + ".known", data[:11] + b"\4\0\0\2" + data[15:])  # the choices of the target
            put(folder, "fuzz_pipeline", name + ".pcapng", front(path, open(keys, "rb").read()))
    for name, talk in tls_talks(): put(folder, "fuzz_tls", name, talk)
    for path in sorted(glob.glob("samples/*.keys")):
        put(folder, "fuzz_keylog", os.path.basename(path), b"\x41" + open(path, "rb").read() * 2)
    for path in sorted(glob.glob("samples/wss*.pcap*") + glob.glob("samples/grpctls.pcap*")):
        for _, client, payload in list(packets(path))[:2]:
            put(folder, "fuzz_tls_hello", os.path.basename(path) + (".client" if client else ".server"), payload[9:])

if __name__ == "__main__":
    if len(sys.argv) != 2: sys.exit(__doc__)
    main(sys.argv[1])
