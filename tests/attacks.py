#!/usr/bin/env python3
"""attacks.py [ENVSCOPE [CLASS…]]: captures that were made to make envscope work. Of each class one of about N packets and one of twice as many is
printed: the time must not grow faster than their number, and time and memory stay within bounds. VERBOSE=1 prints what was measured (user and
system time, so that a busy machine matters little)."""
import os, random, struct, sys, tempfile, zlib

SYN, ACK, PSH, FIN, RST = 2, 16, 8, 1, 4
MEBIBYTE = 1 << 20

class Capture:
    """A capture of Ethernet frames, by microseconds."""
    def __init__(self): self.parts, self.count = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)], 0

    def frame(self, frame):
        self.parts.append(struct.pack("<IIII", 1_700_000_000 + self.count // 100_000, self.count % 100_000 * 10, len(frame), len(frame)) + frame)
        self.count += 1

    def ip(self, payload, src, dst, proto=6, frag=0, ident=1):
        self.frame(bytes(12) + b"\x08\0" + struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(payload), ident, frag, 64, proto, 0, src, dst) + payload)

    def tcp(self, data=b"", seq=0, ack=0, flags=ACK, src=(0x0a000001, 40000), dst=(0x0a000002, 8080)):
        self.ip(struct.pack(">HHIIBBHHH", src[1], dst[1], seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, 65535, 0, 0) + data, src[0], dst[0])

    def tcp6(self, src, dst, sport, dport, flags=SYN, seq=0):
        segment = struct.pack(">HHIIBBHHH", sport, dport, seq, 0, 5 << 4, flags, 65535, 0, 0)
        self.frame(bytes(12) + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + src + dst + segment)

    def bytes(self): return b"".join(self.parts)

class Talk:
    """A connection whose two directions are sent in segments of any size."""
    def __init__(self, capture, start=True, size=1, port=40000, server=8080):
        self.c, self.size, self.client, self.server = capture, size, (0x0a000001, port), (0x0a000002, server)
        self.seq = {True: 1, False: 1}
        if start:
            capture.tcp(seq=0, flags=SYN, src=self.client, dst=self.server)
            capture.tcp(seq=0, ack=1, flags=SYN | ACK, src=self.server, dst=self.client)

    def send(self, data, client=True):
        src, dst = (self.client, self.server) if client else (self.server, self.client)
        for at in range(0, len(data), self.size):
            part = data[at:at + self.size]
            self.c.tcp(part, self.seq[client], self.seq[not client], ACK, src, dst)
            self.seq[client] += len(part)

def varint(n):
    out = b""
    while n > 127: out += bytes([n & 127 | 128]); n >>= 7
    return out + bytes([n])

def field(number, data): return varint(number << 3 | 2) + varint(len(data)) + data

def envelope(command, seq, id, rid=b"", type=b"", payload=b""):
    any = field(1, b"type.googleapis.com/openiap." + type) + field(2, payload) if type else b""
    return field(1, command) + b"\x18" + varint(seq) + field(4, id) + (field(5, rid) if rid else b"") + (field(6, any) if any else b"")

def framed(e): return struct.pack("<I", len(e)) + e

def signin(t):
    t.send(framed(envelope(b"noop", 0, b"first")))

# -- the classes: each fills a capture for n

def one_byte_noise(c, n): Talk(c, start=False).send(random.Random(1).randbytes(n))
def one_byte_zeros(c, n): Talk(c, start=False).send(bytes(n))
def one_byte_lengths(c, n): Talk(c, start=False).send((struct.pack("<I", 60) + b"\x0a\x04noo") * (n // 9))
def one_byte_half_envelopes(c, n): Talk(c, start=False).send(framed(b"\x0a\x0anoop" + b"\x22\xff\x01" + b"a" * 50)[:40] * (n // 40))
def one_byte_message(c, n):
    t = Talk(c); signin(t); t.send(struct.pack("<I", 8 * MEBIBYTE) + b"\x0a\x04noop" + b"\x22" + varint(n) + b"x" * n)
def one_byte_after_gap(c, n):
    t = Talk(c); signin(t); t.seq[True] += 100; t.send(b"\x22\x05" * (n // 2))
def one_byte_head(c, n): Talk(c).send(b"GET /ws/v2 HTTP/1.1\r\nHost: a\r\nX: " + b"x" * n)
def one_byte_headers(c, n): Talk(c).send(b"GET /ws/v2 HTTP/1.1\r\n" + b"a:b\r\n" * (n // 5))
def upgraded(c, size=1, extension=b""):
    t = Talk(c, size=1000)
    t.send(b"GET /ws/v2 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + extension + b"\r\n")
    t.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + extension + b"\r\n", False)
    t.size = size
    return t
def one_byte_frames(c, n): upgraded(c).send(b"\x82\x00" * (n // 2), False)
def empty_continuations(c, n): upgraded(c, 1000).send(b"\x02\x00" + b"\0\0" * (500 * n), False)
def one_byte_frame_noise(c, n):
    t = upgraded(c); t.seq[False] += 1000; t.send(random.Random(2).randbytes(n), False)
def ws_bomb(c, n):
    z = zlib.compressobj(9, zlib.DEFLATED, -15); body = z.compress(bytes(4 * MEBIBYTE)) + z.flush(zlib.Z_SYNC_FLUSH)
    t = upgraded(c, 1400, b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n")
    for _ in range(n // 500): t.send(b"\xc2\x7e" + struct.pack(">H", len(body) - 4) + body[:-4], False)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
def h2(kind, flags, stream, body=b""): return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body
def http2(c, size=1400):
    t = Talk(c, size=size); t.send(PREFACE + h2(4, 0, 0)); t.send(h2(4, 0, 0), False)
    return t
def one_byte_http2(c, n): http2(c, 1).send(h2(6, 0, 0, bytes(8)) * (n // 17))
def continuations(c, n): http2(c).send(h2(1, 0, 1, b"\x82") + h2(9, 0, 1) * (50 * n))
def hpack_bomb(c, n):
    t = http2(c)
    t.send(h2(1, 4, 1, b"\x40\x01a\x7f" + varint(3900 - 127) + b"b" * 3900))
    for i in range(n // 20): t.send(h2(1, 4, 2 * i + 3, b"\xbe" * 16000))
def many_streams(c, n):
    t = http2(c)
    for i in range(n): t.send(h2(1, 4, 2 * i + 1, b"\x83\x86" + b"\x04\x18" + b"/openiap.FlowService/Que"[:24]))
def one_byte_tls(c, n): Talk(c, server=443).send(b"\x16\x03\x01\x40\x00" + b"\x01\0\x3f\xfc" + bytes(n))
def tls_records(c, n): Talk(c, size=1400, server=443).send(b"\x17\x03\x03\x00\x01\x00" * (200 * n))
def one_byte_chunks(c, n):
    t = Talk(c); t.send(b"POST /rest/v2/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    t.size = 6; t.send(b"1\r\n{\r\n" * n)
def one_byte_legacy(c, n):
    t = upgraded(c, 2); t.send(b"\x01\x01{" + b"\x00\x01 " * (n // 2), False)
def legacy_parts(c, n):
    t = upgraded(c, 1400)
    for i in range(n):
        m = b'{"id":"%d","replyto":"","command":"query","data":"{","count":1000000,"index":0}' % i
        t.send(b"\x81" + (bytes([len(m)]) if len(m) < 126 else b"\x7e" + struct.pack(">H", len(m))) + m, False)
def early_segments(c, n):
    t = Talk(c); signin(t)
    for i in range(n): c.tcp(b"x", t.seq[True] + 10 + 2 * (n - i), 1, ACK, t.client, t.server)
def early_and_filled(c, n):
    t = Talk(c); signin(t); base = t.seq[True] + 10
    for r in range(n // 2000):
        for i in range(2000): c.tcp(b"x", base + 2 * i, 1, ACK, t.client, t.server)
        c.tcp(b"y" * 4000, base - 1, 1, ACK, t.client, t.server); base += 8000
def acks(c, n):
    t = Talk(c); signin(t)
    for i in range(4000): c.tcp(b"x", t.seq[True] + 10 + 2 * i, 1, ACK, t.client, t.server)
    for i in range(n): c.tcp(b"", t.seq[False], t.seq[True], ACK, t.server, t.client)
def many_connections(c, n):
    for i in range(n * 10): c.tcp(b"a", 1, 1, ACK, (0x0a000000 + i // 60000, 1024 + i % 60000))
def waiting_connections(c, n):
    for i in range(n): c.tcp(b"a", 1, 1, ACK, (0x0b000000 + i, 1024)); c.tcp(b"a", 10, 1, ACK, (0x0b000000 + i, 1024))
def times_back_and_forth(c, n):
    waiting_connections(c, n * 4)
    for i in range(n * 2):
        c.tcp()
        if i % 2: c.parts[-1] = struct.pack("<I", 1_700_000_002) + c.parts[-1][4:]
def same_bucket(c, n):
    """Connections whose keys end in the number that the hash is mixed with: they collide if its key is 0, and known."""
    tail = struct.pack("<Q", 0xa0761d6478bd642f)
    dst, sport, dport = b"\xff" * 12 + tail[:4], struct.unpack("<H", tail[4:6])[0], struct.unpack("<H", tail[6:])[0]
    for i in range(n): c.tcp6(b"\x20\x01" + struct.pack(">Q", i) + bytes(6), dst, sport, dport)
def fragments(c, n):
    for i in range(n): c.ip(bytes(8), 0x0a000001, 0x0a000002, 6, 0x2000 | (i * 7 % 8000), i % 2000)
def many_fragments_of_one(c, n):
    for i in range(n): c.ip(bytes(8), 0x0a000001, 0x0a000002, 6, 0x2000 | (1 + 2 * (i * 7919 % 4000)), 7 + i // 4000)
def messages(c, n, make):
    t = Talk(c, size=1400)
    for i in range(n): t.send(framed(make(i)))
def same_ids(c, n): messages(c, n, lambda i: envelope(b"query", i, b"same", type=b"QueryRequest"))
def same_rids(c, n): messages(c, n, lambda i: envelope(b"queryreply", i, b"i%d" % i, b"same", b"QueryResponse"))
def open_requests(c, n): messages(c, n * 4, lambda i: envelope(b"query", i, b"i%d" % i, type=b"QueryRequest"))
def open_streams(c, n): messages(c, n, lambda i: envelope(b"beginstream", i, b"i%d" % i, b"r%d" % i, b"BeginStream", field(1, b"a" * 64)))
def one_thread(c, n): messages(c, n, lambda i: envelope(b"stream", i, b"i%d" % i, b"same", b"Stream", field(1, b"abc")))
def many_commands(c, n): messages(c, n, lambda i: envelope(b"c%d" % i, i, b"i%d" % i))
def seq_holes(c, n): messages(c, n, lambda i: envelope(b"noop", (i * 7919) % 1000000 * 2, b"i%d" % i))
def seq_repeated(c, n): messages(c, n, lambda i: envelope(b"noop", 1, b"i%d" % i))
def gaps(c, n):
    t = Talk(c, size=1400); signin(t)
    for i in range(n * 20): # a message is lost behind each, and acknowledged
        t.send(framed(envelope(b"noop", 2 * i + 1, b"i%d" % i))); t.seq[True] += 20; c.tcp(b"", 1, t.seq[True], ACK, t.server, t.client)
def many_traces(c, n): messages(c, n, lambda i: envelope(b"query", i, b"i%d" % i) + field(8, b"t%d" % i) + field(9, b"s"))
def colliding_traces(c, n): messages(c, n, lambda i: envelope(b"query", i, b"i%d" % i) + field(8, b"%08d" % i + struct.pack("<Q", 0xa0761d6478bd642f)))
def nested(depth, inner=b""):
    for _ in range(depth): inner = field(15, inner)
    return inner
def nested_unknown(c, n): messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=nested(3000)))
def nested_json(c, n): messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=field(1, b"[" * 20000 + b"]" * 20000)))
def wide_json(c, n): messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=field(1, b"[" + b"0," * 10000 + b"0]")))
def many_keys(c, n): messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=field(1, b"{" + b",".join(b'"%d":0' % k for k in range(3000)) + b"}")))
def many_fields(c, n): messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=b"\x0a\0" * 10000))
def any_in_any(c, n):
    inner = b""
    for _ in range(60): inner = field(1, b"type.googleapis.com/openiap.Envelope") + field(2, field(6, inner))
    messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i) + field(6, inner))
def jwts(c, n): messages(c, n // 20, lambda i: envelope(b"query", i, b"i%d" % i) + field(7, b"." * 3 + b"eyJ" * 5000))

def one_byte_noise_behind_a_gap(c, n):
    t = Talk(c); signin(t); t.seq[True] += 1000; t.send(random.Random(3).randbytes(n))
def one_byte_noise_in_http2(c, n):
    t = http2(c, 1); t.seq[True] += 1000; t.send(random.Random(4).randbytes(n))

RUNS = ("-T text",)
TREES = ("-T tree", "-T ndjson")
CLASSES = (
    (one_byte_noise, RUNS), (one_byte_zeros, RUNS), (one_byte_lengths, RUNS), (one_byte_half_envelopes, RUNS), (one_byte_message, RUNS), (one_byte_after_gap, RUNS),
    (one_byte_head, RUNS), (one_byte_headers, RUNS), (one_byte_frames, RUNS), (empty_continuations, RUNS), (one_byte_frame_noise, RUNS), (ws_bomb, RUNS),
    (one_byte_noise_behind_a_gap, RUNS), (one_byte_noise_in_http2, RUNS), (one_byte_http2, RUNS), (continuations, RUNS), (hpack_bomb, RUNS), (many_streams, RUNS), (one_byte_tls, RUNS), (tls_records, RUNS), (one_byte_chunks, RUNS),
    (one_byte_legacy, RUNS), (legacy_parts, RUNS), (early_segments, RUNS), (early_and_filled, RUNS), (acks, RUNS), (many_connections, RUNS),
    (waiting_connections, RUNS), (times_back_and_forth, RUNS), (same_bucket, RUNS), (fragments, RUNS), (many_fragments_of_one, RUNS), (same_ids, RUNS), (same_rids, RUNS), (open_requests, RUNS),
    (open_streams, RUNS + ("-z threads,streams",)), (one_thread, RUNS + ("-z threads,streams",)), (many_commands, RUNS), (seq_holes, RUNS), (seq_repeated, RUNS), (gaps, ("--check",)),
    (many_traces, ("-z traces",)), (colliding_traces, ("-z traces",)), (nested_unknown, TREES), (nested_json, TREES), (wide_json, TREES), (many_keys, TREES), (many_fields, TREES),
    (any_in_any, TREES), (jwts, TREES))

GROWTH = 3.0    # of the time, where the packets are twice as many
LEAST = 0.1     # seconds: what takes less says nothing about growth
MOST = 5.0      # seconds that any of them may take
MEMORY = 600    # MiB of resident memory

def measure(envscope, path, way):
    """Seconds of the processor, MiB, and the status."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1); os.dup2(null, 2)
        os.execv(envscope, [envscope, "-r", path, *way.split()])
    _, status, used = os.wait4(pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)

def fault_of(envscope, make, way, n, path):
    """What is wrong with that class; None if nothing is."""
    seconds = []
    for count in (n, 2 * n):
        capture = Capture()
        make(capture, count)
        with open(path, "wb") as out: out.write(capture.bytes())
        took, memory, status = measure(envscope, path, way)
        if status not in (0, 3): return f"status {status}"
        if memory > MEMORY: return f"{memory:.0f} MiB"
        seconds.append(took)
    if os.environ.get("VERBOSE"):
        print(f"{make.__name__:26} {way:20} {capture.count:7} packets {seconds[1]:6.2f} s {seconds[1] / capture.count * 1e6:7.1f} µs each, {memory:4.0f} MiB", flush=True)
    if seconds[1] > MOST: return f"{seconds[1]:.1f} s for {capture.count} packets"
    return f"{seconds[0]:.2f} s, then {seconds[1]:.2f} s" if seconds[1] > LEAST and seconds[1] > GROWTH * seconds[0] + LEAST else None

def main(envscope="./envscope", *names):
    faults = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for make, ways in CLASSES:
            for way in ways if not names or make.__name__ in names else ():
                for _ in range(3): # a virtual machine may find its memory slowly, now and then: what is wrong is wrong each time
                    fault = fault_of(os.path.abspath(envscope), make, way, int(os.environ.get("N", "4000")), f"{folder}/attack.pcap")
                    if not fault: break
                count += 1
                if fault: faults += 1; print(f"attacks: {make.__name__}, {way}: {fault}", flush=True)
    print(f"attacks: {count} measured, {faults} faults")
    return faults > 0

if __name__ == "__main__": sys.exit(main(*sys.argv[1:]))
