#!/usr/bin/env python3
"""seeds.py FOLDER: makes what the fuzz targets begin with from the captures in samples/.

FOLDER/TARGET/NAME is the first part of a conversation in the form that the target reads: for stream layers a byte that says how, then events, each
a byte (bit 0 the direction, bits 3 to 7 a number of bytes, 31: and eight times the next byte more) and bytes. Frames longer than
CHUNK become several events."""
import glob, gzip, os, struct, sys

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

def front(path):
    """the first records of a capture"""
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read(); at = 24
    while at + 16 <= len(data) and at < 12000: at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    return data[:at]

def put(folder, target, name, data):
    os.makedirs(f"{folder}/{target}", exist_ok=True)
    open(f"{folder}/{target}/{name}", "wb").write(data)

# target: (captures, first byte, does the head of HTTP/1 go?)
LAYERS = {
    "fuzz_length_prefix": (("tcp",), b"\x03", False),
    "fuzz_websocket": (("ws", "legacy"), b"\x03", True),
    "fuzz_http1": (("ws", "rest"), b"", False),
    "fuzz_rest": (("rest",), b"", False),
    "fuzz_http2": (("grpc",), b"\x03", False),
    "fuzz_tls": (("wss13", "wss12", "grpctls"), b"", False),
    "fuzz_detect": (("tcp", "ws", "wsdeflate", "grpc", "rest", "legacy", "wss13", "wss12", "grpctls"), b"\x18", False),
}

TEXTS = {
    "fuzz_options": (b"-r\0x.pcap\0-T\0ndjson\0-Y\0seq > 3\0", b"-i\0any\0-w\0x\0-b\0filesize:10\0-b\0files:3\0tcp\0port\08080\0", b"--check=json\0--fail-on\0error,seq-gap\0",
                     b"-T\0fields\0-e\0n\0-E\0header=y\0-d\0tcp.port==80,ws\0-o\0no-reply=30s\0-M\0512M\0-t\0ud\0", b"--proxy\0ws://:1=wss://a\0--delay\0500ms\0--allow\010.0.0.0/8\0"),
    "fuzz_config": (b"columns.threads = time,command\n# a comment\nkey.quit = q\n", b"utc = yes\nno such = line\n"),
    "fuzz_filter_json": (b'{"a":{"b":[1,"x",{}]},"a":{"b":2.5}}', b'[{"a":null},{"a":"{\\"b\\":1}"}]', b'{"jwt":"eyJhIjoxfQ.eyJhIjoxfQ.x","password":"[1]"}'),
    "fuzz_json": (b'{"id":"1","data":{"type_url":"a","value":{"password":"x"}},"seq":3}', b'{"id":"1","replyto":"2","command":"query","data":"{\\"jwt\\":\\"a\\"}","count":1,"index":0}', b'[1,2.5e3,"\\ud83d\\ude80",null]'),
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

def main(folder):
    for how in range(24):
        put(folder, "fuzz_formats", f"{how}.tcp", bytes([how]) + messages("samples/tcp.pcap"))
        put(folder, "fuzz_formats", f"{how}.hostile", bytes([how]) + hostile())
    for i, text in enumerate(what_ifs()):
        put(folder, "fuzz_proxy_what_if", str(i), text)
    for i, text in enumerate(requests()):
        put(folder, "fuzz_proxy_authority", str(i), text)
    for target, inputs in (PROXY | TEXTS).items():
        for i, text in enumerate(inputs): put(folder, target, str(i), text)
    for target, (captures, first, head) in LAYERS.items():
        for path in sorted(sum((glob.glob(f"samples/{c}[._]*pcap*") for c in captures), [])):
            put(folder, target, os.path.basename(path).split(".")[0], first + conversation(path, head))
    for path in sorted(glob.glob("samples/*.pcap*")): put(folder, "fuzz_pipeline", os.path.basename(path).split(".")[0], front(path))
    for name, talk in tls_talks(): put(folder, "fuzz_tls", name, talk)
    for path in sorted(glob.glob("samples/*.keys")):
        put(folder, "fuzz_keylog", os.path.basename(path), b"\x41" + open(path, "rb").read() * 2)
    for path in sorted(glob.glob("samples/wss*.pcap*") + glob.glob("samples/grpctls.pcap*")):
        for _, client, payload in list(packets(path))[:2]:
            put(folder, "fuzz_tls_hello", os.path.basename(path) + (".client" if client else ".server"), payload[9:])

if __name__ == "__main__":
    if len(sys.argv) != 2: sys.exit(__doc__)
    main(sys.argv[1])
