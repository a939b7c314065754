#!/usr/bin/env python3
"""tool_files.py [ENVSCOPE]: a sample in files as other tools write them, made byte by byte: the same messages come out of each, or a sentence says why not."""
import gzip, json, os, signal, struct, subprocess, sys, tempfile, threading, time

SAMPLE = "samples/tcp.pcap"
MICRO, NANO, PATCHED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
ETHERNET, RAW_NULL, SLL2, PKTAP, USER2 = 1, 0, 276, 258, 149
SECOND = 10 ** 9

def records(data):
    """Time in ns, frame."""
    at = 24
    while at < len(data):
        seconds, micro, captured, _ = struct.unpack_from("<IIII", data, at)
        yield seconds * SECOND + micro * 1000, data[at + 16:at + 16 + captured]
        at += 16 + captured

def pad(data): return data + bytes(-len(data) % 4)

def option(code, value, order="<"): return struct.pack(order + "HH", code, len(value)) + pad(value)

def block(kind, body, order="<"):
    size = struct.pack(order + "I", len(pad(body)) + 12)
    return struct.pack(order + "I", kind) + size + pad(body) + size

def section(order="<", options=b""): return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)

def interface(link, order="<", options=b""): return block(1, struct.pack(order + "HHI", link, 0, 262144) + options + bytes(4), order)

def packet(time, frame, order="<", options=b"", number=0):
    return block(6, struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame)) + pad(frame) + options, order)

def dropped(count, order="<"): return option(4, struct.pack(order + "Q", count), order) + bytes(4)

def statistics(dropped_interface, dropped_kernel, order="<", number=0):
    counts = (4, 1000), (5, dropped_interface), (7, dropped_kernel)
    return block(5, struct.pack(order + "I", number) + bytes(8) + b"".join(option(code, struct.pack(order + "Q", n), order) for code, n in counts) + bytes(4), order)

def statistics_in(data):
    """Of each interface of a file that -w wrote what its statistics say: packets, dropped by the interface, by the kernel."""
    told, at = {}, 0
    while at < len(data):
        kind, length, number = struct.unpack_from("<III", data, at)
        if kind == 5: told[number] = tuple(struct.unpack_from("<Q", data, at + 24 + 12 * i)[0] for i in range(3))
        at += length
    return told

def pcap(frames, magic=MICRO, link=ETHERNET, order="<", version=(2, 4), more=b""):
    out = struct.pack(order + "IHHiIII", magic, *version, 0, 0, 262144, link)
    unit = 1 if magic == NANO else 1000
    return out + b"".join(struct.pack(order + "IIII", t // SECOND, t % SECOND // unit, len(f), len(f)) + more + f for t, f in frames)

def pcapng(frames, link=ETHERNET, order="<"):
    return section(order) + interface(link, order, option(9, b"\x09", order)) + b"".join(packet(t, f, order) for t, f in frames)

def windows(frames, digits):
    """dumpcap on Windows: a name with backslashes, an offset, and in the middle blocks of every kind, some of them nobody's."""
    begin = 1_700_000_000
    about = option(2, b"\\Device\\NPF_{A1B2C3D4-0000-1111-2222-333344445555}") + option(3, b"Wi-Fi") + option(9, bytes([digits])) + option(14, struct.pack("<q", begin))
    out = section(options=option(2, b"Intel(R) Core") + option(3, b"64-bit Windows 11") + option(4, b"Dumpcap (Wireshark) 4.2.0") + bytes(4)) + interface(ETHERNET, options=about)
    marks = option(2, struct.pack("<I", 1)) + option(3, b"\0hash") + option(4, bytes(8)) + bytes(4)
    between = block(0xBAD, struct.pack("<I", 32473) + b"custom") + block(4, struct.pack("<HH", 1, 8) + b"\x7f\0\0\1abc\0" + bytes(4)) + block(10, struct.pack("<II", 0x544C534B, 5) + b"# hi\n")
    for i, (t, f) in enumerate(frames):
        out += packet((t - begin * SECOND) // 10 ** (9 - digits), f, options=marks) + (between if i == 4 else b"")
    return out + statistics(3, 4)

def loopback(frames, family, order):
    """Behind 4 bytes of an address family; of IPv6 for all but 2."""
    for t, f in frames:
        ip = f[14:14 + struct.unpack(">H", f[16:18])[0]]
        if family != 2:
            ends = b"".join(b"\xfd" + bytes(11) + ip[at:at + 4] for at in (12, 16))
            ip = struct.pack(">IHBB", 0x60000000, len(ip) - 20, 6, 64) + ends + ip[20:]
        yield t, struct.pack(order + "I", family) + ip

def pktap(frames):
    for t, f in frames: yield t, struct.pack("<III4s", 156, 1, ETHERNET, b"en0") + bytes(140) + f

def cooked(frames):
    for t, f in frames: yield t, f[12:14] + bytes(2) + struct.pack(">IHBB", 2, 1, 0, 6) + f[6:12] + bytes(2) + f[14:]

def slow_pipe(path, data):
    os.mkfifo(path)
    def write():
        with open(path, "wb", buffering=0) as pipe:
            for at in range(0, len(data), 65536): pipe.write(data[at:at + 65536]); time.sleep(0.01)
    threading.Thread(target=write, daemon=True).start()

WRITER = """
import os, signal, sys
data = open(sys.argv[1], "rb").read()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
os.write(1, data[:30000])
signal.sigwait([signal.SIGINT])
for at in range(30000, len(data), 4096): os.write(1, data[at:at + 4096])
"""

def interrupted(envscope):
    """A pipe whose writer holds something back, as tcpdump does, and is ended by the same Ctrl-C: how many messages there are."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, SAMPLE], stdout=subprocess.PIPE)
    reader = subprocess.Popen([envscope, "-r", "-", "-T", "ndjson", "-l"], stdin=writer.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    writer.stdout.close()
    first = reader.stdout.readline()
    for p in (writer, reader): p.send_signal(signal.SIGINT)
    count = bool(first) + len(reader.stdout.read().splitlines())
    writer.wait(); reader.wait()
    return count

ENDLESS = """
import os, signal, sys
data = open(sys.argv[1], "rb").read()
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.write(1, data[:24])
while True: os.write(1, data[24:])
"""

def flooded(envscope):
    """A pipe whose writer never ends, and a Ctrl-C: the seconds that it takes, and what is said."""
    writer = subprocess.Popen([sys.executable, "-c", ENDLESS, SAMPLE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    reader = subprocess.Popen([envscope, "-r", "-", "-T", "ndjson"], stdin=writer.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    writer.stdout.close()
    reader.stdout.readline()
    threading.Thread(target=lambda: [None for _ in reader.stdout], daemon=True).start()
    begun = time.monotonic()
    reader.send_signal(signal.SIGINT)
    said = reader.stderr.read()
    reader.wait(); writer.kill(); writer.wait()
    return time.monotonic() - begun, said

class Trials:
    passed = failed = 0
    def __init__(self, envscope, folder):
        self.envscope, self.folder = envscope, folder
        self.whole = self.read(SAMPLE)[0]
    def hold(self, good, what):
        if good: self.passed += 1
        else: self.failed += 1; print(f"tool files: {what}"[:600])
    def read(self, path):
        r = subprocess.run([self.envscope, "-r", path, "-T", "ndjson"], capture_output=True, text=True, timeout=60)
        return [json.loads(line) for line in r.stdout.splitlines()], r.returncode, r.stderr.strip()
    def path(self, data):
        with open(f"{self.folder}/file.pcap", "wb") as file: file.write(data)
        return f"{self.folder}/file.pcap"
    def same(self, name, data, said=""):
        got, status, err = self.read(self.path(data))
        self.hold(got == self.whole and status == 0 and err == said, f"{name}: {len(got)} of {len(self.whole)} messages, status {status}, {err!r}")
    def as_many(self, name, data):
        got, status, err = self.read(self.path(data))
        self.hold([m.get("id") for m in got] == [m.get("id") for m in self.whole] and (status, err) == (0, ""), f"{name}: {len(got)} messages, status {status}, {err!r}")
    def rewritten(self, name, data, said):
        """What is said of it is said of what -w writes of it, too."""
        r = subprocess.run([self.envscope, "-r", self.path(data), "-q", "-w", f"{self.folder}/copy.pcapng"], capture_output=True, text=True, timeout=60)
        err = [line for line in r.stderr.splitlines() if "passwords" not in line]
        self.hold(err == [f"envscope: {said}"], f"{name}: {err}")
        got, status, err = self.read(f"{self.folder}/copy.pcapng")
        self.hold(got == self.whole and err == f"envscope: {said}", f"{name}, read again: {len(got)} messages, {err!r}")
    def told(self, name, data, messages, sentence):
        got, status, err = self.read(self.path(data))
        self.hold(len(got) == messages and status == 3 and sentence in err, f"{name}: {len(got)} messages, status {status}, {err!r}")

def trials(t, data):
    frames = list(records(data))
    half, all_of_it = len(frames) // 2, len(t.whole)
    for digits in (6, 9): t.same(f"dumpcap on Windows, {digits} digits", windows(frames, digits), "envscope: 4 packets dropped by the kernel, 3 packets dropped by the interface")
    behind = section() + interface(ETHERNET, options=option(9, b"\x09")) + b"".join(packet(time, f, options=dropped(i % 3)) for i, (time, f) in enumerate(frames))
    before = sum(i % 3 for i in range(len(frames)))
    t.rewritten("drops told at packets", behind, f"{before} packets dropped by the kernel")
    t.rewritten("drops told at packets and in statistics", behind + statistics(3, before), f"{before} packets dropped by the kernel, 3 packets dropped by the interface")
    several = section() + b"".join(interface(ETHERNET, options=option(2, name) + option(9, b"\x09")) for name in (b"a", b"b", b"c"))
    several += b"".join(packet(time, f, number=i % 2 + 1) for i, (time, f) in enumerate(frames)) + statistics(0, 5, number=0) + statistics(3, 0, number=1) + statistics(2, 7, number=2)
    t.rewritten("drops of several interfaces", several, "12 packets dropped by the kernel, 5 packets dropped by the interface")
    with open(f"{t.folder}/copy.pcapng", "rb") as copy: told = statistics_in(copy.read())
    t.hold(told == {0: ((len(frames) + 1) // 2, 3, 5), 1: (len(frames) // 2, 2, 7)}, f"drops of several interfaces: {told}") # the first has no packets: its drops stand at the next
    t.same("two sections of either order", pcapng(frames[:half]) + pcapng(frames[half:], order=">"))
    for order in "<>":
        for family in (2, 23, 24, 28, 30): t.as_many(f"loopback, family {family} {order}", pcap(loopback(frames, family, order), link=RAW_NULL, order=order))
        t.same(f"nanoseconds {order}", pcap(frames, NANO, order=order))
        t.same(f"patched {order}", pcap(frames, PATCHED, order=order, more=struct.pack(order + "IHBB", 2, 8, 0, 0)))
    t.same("frame check sequences", pcap([(time, f + b"fcs!") for time, f in frames], link=0x44000001))
    t.same("pktap", pcapng(pktap(frames), PKTAP))
    t.same("pktap as anybody's link type", pcap(pktap(frames), link=USER2))
    t.same("cooked, version 2", pcap(cooked(frames), link=SLL2))
    t.same("gzip", gzip.compress(data))
    for name, first, second in (("pcap", pcap, pcap), ("pcap and pcapng", pcap, pcapng), ("pcapng and pcap", pcapng, pcap)):
        t.same(f"joined: {name}", first(frames[:half]) + second(frames[half:]))
    t.same("joined: gzip", gzip.compress(pcap(frames[:half])) + gzip.compress(pcap(frames[half:], NANO, order=">")))
    for magic, tool in ((b"\x28\xb5\x2f\xfd", "zstdcat"), (b"\xfd7zXZ\0", "xzcat"), (b"\x04\x22\x4d\x18", "lz4cat"), (b"BZh9", "bzcat")):
        t.told(tool, magic + bytes(100), 0, f"{tool} FILE | envscope -r -")
    for name, front in (("ERF", bytes(8) + b"\x02\x04"), ("iptrace", b"iptrace 2.0"), ("snoop", b"snoop\0\0\0\0\0\0\2"), ("Network Monitor", b"GMBU")):
        t.told(name, front + bytes(100), 0, "is no capture: it is neither pcap nor pcapng")
    t.told("still written: a packet", data[:-7], all_of_it, "ends in the middle of a packet at offset")
    t.told("an end of zeros", data + bytes(4000), all_of_it, f"is damaged at offset {len(data)}: nothing but zeros from there to its end, 4000 bytes")
    t.told("still written: a block", pcapng(frames)[:-301], all_of_it - 1, "ends in the middle of a block at offset")
    slow_pipe(f"{t.folder}/fifo", data)
    t.hold(t.read(f"{t.folder}/fifo")[0] == t.whole, "a named pipe")
    count = interrupted(t.envscope)
    t.hold(count == len(t.whole), f"a pipe whose writer is ended by the same signal: {count} messages")
    seconds, said = flooded(t.envscope)
    t.hold(seconds < 20 and " or more left unread at the end" in said, f"a pipe that never ends: {seconds:.1f} s, {said}")

def main(envscope="./envscope"):
    with tempfile.TemporaryDirectory() as folder, open(SAMPLE, "rb") as sample:
        t = Trials(os.path.abspath(envscope), folder)
        trials(t, sample.read())
    print(f"tool files: {t.passed} passed, {t.failed} failed")
    return t.failed > 0

sys.exit(main(*sys.argv[1:]))
