#!/usr/bin/env python3
"""faults.py ENVSCOPE INJECT.so [all] [TEST]...: what goes wrong around the program, and not in the traffic. Memory that runs out, files that can't be read to their
end, disks that are full, clocks that go back, readers and terminals that go away, interfaces that go down. Each time the program must end or go on
as docs/limits.md and the man page say: no crash, a sentence, the status. With `all` every single allocation fails in turn, not those of
some places, which takes long: it says where it is, and FROM=WAY:ALLOCATION in the environment, as it prints it, lets `memory` go on from there. INJECT.so is tests/faults/inject.c; ENVSCOPE may be the build with the sanitizers, which takes a while. What this machine does not permit (mount, network namespaces) is skipped, and said. The compiler of
capture filters, which is libpcap's, is left out: it looks at the command line only, and some of its allocations it does not check. So are those of
curses (faults/inject.c)."""
import contextlib, fcntl, json, os, pty, resource, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time
from concurrent.futures import ThreadPoolExecutor

import attacks

PATIENCE = 20
TOGETHER = 50  # runs of a process (faults/inject.c, INJECT_EACH)
PLACES = 45  # at most so many allocations of a way fail, spread over all; with `all` each of them
OUT_OF_MEMORY = "envscope: out of memory"
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")} | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm-256color",
                                                                               "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}

class Faults:
    def __init__(self, envscope, inject, everything, folder):
        self.envscope, self.inject, self.everything, self.folder = os.path.abspath(envscope), os.path.abspath(inject), everything, folder
        self.passed = self.failed = self.runs = 0
        self.told = time.monotonic()

    def hold(self, good, what):
        if good: self.passed += 1
        else: self.failed += 1; print(f"faults: {what[:1000]}", flush=True)

    def equal(self, got, want, what): self.hold(got == want, f"{what}: {got!r}, not {want!r}")

    def progress(self, where):
        """With `all` a run takes long: every half a minute a line says where it is."""
        if self.everything and time.monotonic() - self.told > 30:
            self.told = time.monotonic()
            print(f"faults: at {where}", flush=True)

    def environment(self, **inject):
        return ENVIRONMENT | ({"LD_PRELOAD": self.inject} | {k: str(v) for k, v in inject.items()} if inject else {})

    def run(self, *options, inject={}, **how):
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": PATIENCE} | how
        return subprocess.run([self.envscope, *options], env=self.environment(**inject) | how.pop("env", {}), **how)

    def start(self, *options, inject={}, **how):
        return subprocess.Popen([self.envscope, *options], env=self.environment(**inject), **how)

    def path(self, name): return os.path.join(self.folder, name)

# -- memory

WAYS = ("-T text", "-T tree", "-T ndjson", "-T json", "-T fields -e n -e data", "-T csv", "-T pdml", "-T html", "-T svg", "-T mermaid", "-T plantuml", "-T otlp",
        "-z summary,commands,connections,threads,rules,streams,traces,correlations,workitems", "--check", "--check=json", "--check=junit",
        '-T text -Y data.query~"a"', "-q -w {}/w.pcapng", "-q -w {}/w.pcapng --pdu", "-q -w {}/w.pcapng -Y seq>0", "-q --extract {}/files")
CAPTURES = (("build/samples/near_types.pcap", WAYS), ("build/samples/upload.pcap", ("-q --extract {}/files", "-z streams")),
            ("build/samples/grpc_unary.pcap", ("-T tree",)), ("build/samples/rust_ws.pcap", ("-T text",)), ("samples/wsdeflate.pcap", ("-T text",)),
            ("samples/rest.pcap.gz", ("-T text", "-z traces")), ("samples/legacy_start.pcap.gz", ("-T ndjson",)),
            ("samples/wss13_aes256.pcap.gz", ("-T text --keylog {top}/samples/wss13_aes256.keys",)))

def fresh(f, way, name):
    """The options of a way with a folder of its own."""
    folder = f.path(name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return way.format(folder).split()

def fault_of(status, out, said, whole):
    """What is wrong with how a run ended in which an allocation failed; None if nothing is."""
    lines = said.decode().splitlines()
    if status == 3 and lines and ("out of memory" in lines[-1] or "Cannot allocate memory" in lines[-1]): return None
    if (status, out, said) == (whole.returncode, whole.stdout, whole.stderr): return None  # a library did without
    return "it does not end" if status == -signal.SIGALRM else f"status {status}, {len(out)} of {len(whole.stdout)} bytes, {lines[-1:]}"

def fail_each(f, options, numbers, whole):
    """What is wrong when those allocations fail, each in a run of its own: pairs of a number and a sentence."""
    folder, faults = f.path(f"oom{numbers[0]}"), []
    os.makedirs(folder)
    r = f.run(*options, inject={"INJECT_EACH": " ".join(map(str, numbers)), "INJECT_IN": folder}, timeout=PATIENCE * len(numbers) + PATIENCE)
    ended = [tuple(map(int, line.split())) for line in r.stdout.splitlines()]
    if [n for n, _ in ended] != numbers: faults.append((numbers[len(ended)], f"the run with this one ends the test: {r.stderr[-200:]!r}"))
    for number, status in ended:
        out, said = (open(f"{folder}/{number}/{name}", "rb").read() for name in ("out", "err"))
        fault = fault_of(os.waitstatus_to_exitcode(status), out, said, whole)
        if fault: faults.append((number, fault))
    shutil.rmtree(folder)
    return faults

def memory_of(f, place, ways, capture, way, first):
    """Allocations of that way fail, from the first on."""
    options = ["-r", os.path.abspath(capture), *way.format(".", top=os.getcwd()).split()]
    fresh(f, "", "whole")
    whole = f.run(*options, cwd=f.path("whole"))
    fresh(f, "", "whole")
    f.run(*options, cwd=f.path("whole"), inject={"INJECT_LIST": f.path("places")})
    numbers = sorted(set(map(int, open(f.path("places")))))
    numbers = list(range(first, numbers[-1] + 1)) if f.everything else numbers[::len(numbers) // PLACES + 1]
    parts = [numbers[i:i + TOGETHER] for i in range(0, len(numbers), TOGETHER)]
    faults = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part, found in zip(parts, pool.map(lambda part: fail_each(f, options, part, whole), parts)):
            f.progress(f"memory, FROM={place}:{part[0]} of {ways}:{numbers[-1]}: {capture} {way}")
            for number, fault in found: print(f"faults: allocation {number} of {capture} {way}: {fault[:1000]}", flush=True)
            faults += found
    f.runs += len(numbers)
    f.hold(not faults, f"{capture} {way}: {len(faults)} allocations whose failing is not taken well")

def memory(f):
    ways = [(capture, way) for capture, several in CAPTURES for way in several]
    first, allocation = map(int, os.environ.get("FROM", "1:1").split(":"))
    for place, (capture, way) in enumerate(ways, 1):
        if place >= first: memory_of(f, place, len(ways), capture, way, allocation if place == first else 1)
    print(f"faults: {f.runs} runs in which an allocation failed")

def talk(transport, messages):
    """A capture of requests and replies."""
    capture = attacks.Capture()
    if transport == "ws": t = attacks.upgraded(capture, 1400)
    else: t = attacks.Talk(capture, size=1400)
    for i in range(messages // 2):
        for client, command, kind, rid in ((True, b"query", b"QueryRequest", b""), (False, b"queryreply", b"QueryResponse", b"c%d" % i)):
            e = attacks.framed(attacks.envelope(command, i, (b"c%d" if client else b"s%d") % i, rid, kind, attacks.field(1, b'{"name":"%d"}' % i)))
            t.send((b"\x82" + bytes([len(e) | (128 if client else 0)]) + (bytes(4) if client else b"") if transport == "ws" else b"") + e, client)
    return capture.bytes()

def allocations(f):
    """What is done for each message allocates nothing: where there are twice as many, there are a few blocks more."""
    for transport in ("socket", "ws"):
        for way in ("-T text", "-T ndjson", "-q -z summary", "-q -w {}/w.pcapng"):
            counts = []
            for messages in (4000, 8000):
                with open(f.path("talk.pcap"), "wb") as out: out.write(talk(transport, messages))
                r = f.run("-r", f.path("talk.pcap"), *fresh(f, way, "talk"), inject={"INJECT_COUNT": f.path("count")})
                counts.append(int(open(f.path("count")).read()))
            f.hold(r.returncode == 0 and counts[1] - counts[0] < 4000 / 50, f"{transport} {way}: {counts[0]} allocations for 4000 messages, {counts[1]} for 8000")

# -- files

def read_errors(f):
    whole = f.run("-r", "samples/tcp.pcap", "-T", "text").stdout
    for number in (1, 2, 3):
        r = f.run("-r", "samples/tcp.pcap", "-T", "text", inject={"INJECT_READ": number})
        before = [line for line in r.stdout.splitlines() if b" captured)" not in line]
        f.equal(r.returncode, 3, f"status where read {number} fails")
        f.hold(whole.splitlines()[:len(before)] == before, f"what comes before read {number} is not shown as it is: {before[-1:]}")
        f.hold(b"Input/output error" in r.stderr.splitlines()[0] and r.stderr.count(b"\n") <= 2, f"read {number} fails: {r.stderr.decode()!r}")
    r = f.run("-r", "samples/tcp.pcap", "-T", "text", inject={"INJECT_PREAD": 1})
    f.equal(len(r.stdout.splitlines()), len(whole.splitlines()), "lines where large messages can't be read again")
    f.hold(r.returncode == 0 and b"messages whose bytes could not be kept" in r.stderr, f"messages that can't be read again: {r.returncode}, {r.stderr.decode()!r}")

def truncated_while_read(f):
    """The file ends where nobody expected it, while the reader of the output makes the program wait."""
    path = f.path("shrinks.pcap")
    shutil.copy("samples/tcp.pcap", path)
    p = f.start("-r", path, "-T", "tree", "--full-bytes", stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    first = p.stdout.read(1)
    os.truncate(path, 100_000)
    out, said = p.communicate(timeout=PATIENCE)
    f.hold(p.returncode in (0, 3), f"a file that shrinks: status {p.returncode}, {said.decode()!r}")
    whole = f.run("-r", "samples/tcp.pcap", "-T", "tree", "--full-bytes").stdout
    f.equal((first + out)[:2000], whole[:2000], "the beginning of a file that shrinks")

def full_disks(f):
    with open("/dev/full", "w") as full:
        r = f.run("-r", "samples/ws.pcap", "-T", "text", stdout=full)
        f.equal((r.returncode, r.stderr.decode()), (3, "envscope: writing: No space left on device\n"), "standard output on a full disk")
        for way in ("-T html", "-z summary", "--check=json", "-T ndjson"):
            f.equal(f.run("-r", "samples/ws.pcap", *way.split(), stdout=full).returncode, 3, f"{way} on a full disk")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    for way in ("-z threads", "-z traces", "-z streams"):
        r = f.run("-r", "samples/wsdeflate.pcap", *way.split(), preexec_fn=limit)
        f.hold(r.returncode == 0 and b"messages whose bytes could not be kept" in r.stderr, f"{way}, the spool is full: {r.returncode}, {r.stderr.decode()!r}")

def closed_late(f):
    """A disk that says only when a file is closed that it was full: told, for one file and for one of a ring, behind which nothing more is written."""
    written = "envscope: what is written has passwords and tokens in it as they were sent\n"
    r = f.run("-r", "samples/tcp.pcap", "-q", "-w", f.path("w.pcapng"), inject={"INJECT_CLOSE": 1})
    f.equal((r.returncode, r.stderr.decode()), (3, f"{written}envscope: writing to {f.path('w.pcapng')} stopped: No space left on device; its end may be missing\n"), "a file that can't be closed")
    r = f.run("-r", "samples/tcp.pcap", "-q", "-w", f.path("r.pcapng"), "-b", "filesize:100", inject={"INJECT_CLOSE": 2})
    f.hold(r.returncode == 3 and b"stopped: No space left on device; packets from 2026-" in r.stderr, f"a file of a ring that can't be closed: {r.returncode}, {r.stderr.decode()!r}")
    f.equal(len([name for name in os.listdir(f.folder) if name.startswith("r_")]), 2, "files of a ring whose second can't be closed")

@contextlib.contextmanager
def small_disk(f):
    """A file system of 64 KiB; None where mounting is not permitted."""
    path = f.path("small")
    os.makedirs(path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", path], capture_output=True).returncode == 0
    try: yield path if mounted else None
    finally:
        if mounted: subprocess.run(["umount", path], check=True)

def small_disks(f):
    with small_disk(f) as path:
        if not path: return print("faults: no right to mount, a small disk is not tested")
        r = f.run("-r", "samples/wsdeflate.pcap", "-z", "traces", env={"TMPDIR": path})
        f.hold(r.returncode == 0 and b"messages whose bytes could not be kept" in r.stderr, f"a spool on a small disk: {r.returncode}, {r.stderr.decode()!r}")
        f.equal(os.listdir(path), [], "what stays on a small disk")
        r = f.run("-r", "samples/ws.pcap", "-q", "-w", f"{path}/w.pcapng")
        f.hold(r.returncode == 3 and b"No space left on device" in r.stderr, f"-w to a small disk: {r.returncode}, {r.stderr.decode()!r}")
        f.equal(f.run("-r", f"{path}/w.pcapng", "-q").returncode, 0, "what -w wrote to a small disk, read again")
        r = f.run("-r", "samples/ws.pcap", "-q", "--extract", f"{path}/files")
        f.hold(r.returncode == 3 and b"not all files could be written" in r.stderr, f"--extract to a small disk: {r.returncode}, {r.stderr.decode()!r}")

def sudden_ends(f):
    """SIGKILL at any time while -w writes: what is in the file can be read, by others too. The kernel ends a write between two pages of it then,
    which leaves the last block torn; all before it is there."""
    data = open("samples/tcp.pcap", "rb").read()
    for size in range(30_000, len(data), 70_000):
        path = f.path("killed.pcapng")
        p = f.start("-r", "-", "-q", "-w", path, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        p.stdin.write(data[:size]); p.stdin.flush()
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > size - 140_000 - 1000 and os.path.getsize(path) > 0)
        p.kill(); p.wait(); p.stdin.close()
        r = f.run("-r", path, "-q")
        torn = r.returncode == 3 and b"ends in the middle of a block" in r.stderr
        f.hold(torn or r.returncode == 0, f"killed after {size} bytes: read again: {r.returncode}, {r.stderr.decode()!r}")
        if shutil.which("capinfos"): f.equal(subprocess.run(["capinfos", path], capture_output=True).returncode, torn, f"killed after {size} bytes: capinfos")

def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end: raise TimeoutError
        time.sleep(0.01)

# -- clocks

def records(data):
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield bytearray(data[at:at + 16 + size])
        at += 16 + size

def clocks(f):
    """Times that go back in a capture, and a clock of the machine that jumps while a pipe is read."""
    data = open("samples/tcp.pcap", "rb").read()
    path = f.path("back.pcap")
    with open(path, "wb") as out:
        out.write(data[:24])
        for i, record in enumerate(records(data)):
            if i % 3 == 0: struct.pack_into("<I", record, 0, struct.unpack_from("<I", record)[0] - 7 * i)
            out.write(record)
    whole = f.run("-r", "samples/tcp.pcap", "-T", "ndjson")
    back = f.run("-r", path, "-T", "ndjson")
    names = lambda r: [(m.get("command"), m.get("id"), m.get("rid"), m.get("rules")) for m in map(json.loads, r.stdout.splitlines()) if "event" not in m]
    f.equal(names(back), names(whole), "messages of a capture whose clock goes back")
    f.hold(all(m.get("latency", 0) is None or m.get("latency", 0) >= 0 for m in map(json.loads, back.stdout.splitlines())), "a latency below 0")
    for way in WAYS:
        r = f.run("-r", path, *fresh(f, way, "clock"))
        f.hold(r.returncode in (0, 1), f"a clock that goes back, {way}: {r.returncode}, {r.stderr.decode()!r}")
    with open("samples/tcp.pcap", "rb") as pipe:
        r = f.run("-r", "-", "-T", "ndjson", "-o", "no-reply=1s", inject={"INJECT_CLOCK": 100_000}, stdin=subprocess.Popen(["cat"], stdin=pipe, stdout=subprocess.PIPE).stdout)
    f.equal((r.returncode, names(r)), (0, names(whole)), "a pipe while the clock jumps")
    request = 24 + sum(map(len, list(records(data))[:6]))
    paused = ["sh", "-c", f"head -c {request} samples/tcp.pcap; sleep 1; tail -c +{request + 1} samples/tcp.pcap"]
    r = f.run("-r", "-", "-T", "ndjson", "-o", "no-reply=30m", stdin=subprocess.Popen(paused, stdout=subprocess.PIPE).stdout)
    f.hold(r.stdout == whole.stdout, "an old capture, through a pipe that pauses behind a request, is told otherwise")

# -- readers, terminals, signals

def descriptors(f):
    """Standard input and output that are closed, and a reader that goes."""
    closed = lambda *fds: lambda: [os.close(fd) for fd in fds]
    whole = f.run("-r", "samples/tcp.pcap", "-T", "text").stdout
    f.equal(f.run("-r", "samples/tcp.pcap", "-T", "text", stdin=None, preexec_fn=closed(0)).stdout, whole, "standard input is closed")
    for fds in ((1,), (0, 1), (2,), (0, 1, 2)):
        path = f.path("w.pcapng")
        r = f.run("-r", "samples/tcp.pcap", "-T", "text", "-w", path, preexec_fn=closed(*fds))
        f.equal(r.returncode, 3 if 1 in fds else 0, f"descriptors {fds} are closed: status")
        f.hold(f.run("-r", path, "-T", "text").stdout == whole, f"descriptors {fds} are closed: something else was written")
        os.remove(path)
    for way in WAYS:
        if "-q" in way: continue
        p = f.start("-r", "samples/ws.pcap", *way.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.close()
        said = p.stderr.read().decode()
        f.hold(p.wait(PATIENCE) in (0, 1) and "writing" not in said, f"a reader that has gone, {way}: {p.returncode}, {said!r}")

    for out, status in ((None, 0), ("/dev/full", 3)): # while the source pauses, which ends when we do
        p = f.start("-r", "-", "-T", "text", stdin=subprocess.PIPE, stdout=open(out, "wb") if out else subprocess.PIPE, stderr=subprocess.PIPE)
        if not out: p.stdout.close()
        p.stdin.write(open("build/samples/seq_gap.pcap", "rb").read()); p.stdin.flush() # a few lines, less than is written at once
        f.equal(p.wait(PATIENCE), status, f"what is printed goes to {out or 'nobody'} while the source pauses: status")

class Terminal:
    """The program on a terminal of its own."""
    def __init__(self, f, *options, inject={}):
        self.pid, self.fd = pty.fork()
        if self.pid == 0: os.execve(f.envscope, [f.envscope, *options], f.environment(**inject))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.out = b""

    def read(self, until=None):
        """What comes, until that text has come, or the program ends."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not (until and until in self.out):
            if not select.select([self.fd], [], [], 0.1)[0]: continue
            try: part = os.read(self.fd, 65536)
            except OSError: break
            if not part: break
            self.out += part
        return self.out

    def status(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid: return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "it did not end"

    def close(self):
        with contextlib.suppress(OSError): os.close(self.fd)

def terminals(f):
    """A terminal that goes away ends the program, on whatever screen it is."""
    fifo = f.path("fifo")
    os.mkfifo(fifo)
    for options, keys in ((("-r", "samples/tcp.pcap"), b""), (("-r", "samples/tcp.pcap"), b"\r"), (("-r", fifo), b"")):
        t = Terminal(f, *options)
        feed = os.open(fifo, os.O_WRONLY) if fifo in options else None
        t.read(until=b"F1")
        os.write(t.fd, keys)
        t.close()
        f.hold(t.status() in (0, -signal.SIGHUP), f"the terminal is closed, {options[1]} {keys}: status")
        if feed is not None: os.close(feed)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        t = Terminal(f, "-r", "samples/tcp.pcap")
        t.read(until=b"F1")
        os.kill(t.pid, number)
        out = t.read()
        f.equal(t.status(), 0, f"screens, signal {number.name}: status")
        f.hold(b"\x1b[?1049l" in out, f"screens, signal {number.name}: the terminal is not put back")
        t.close()

def screens_without_memory(f):
    """Allocations that fail while screens are shown, some when messages come: the terminal is put back, and then a sentence stands on it."""
    fifo, capture = f.path("pipe"), open("build/samples/near_types.pcap", "rb").read()
    os.mkfifo(fifo)

    def play(inject):
        feed = os.open(fifo, os.O_RDWR)  # which does not wait for the program
        t = Terminal(f, "-r", fifo, inject=inject)
        t.read(until=b"F1")
        os.write(feed, capture)
        t.read(until=b"signin")
        with contextlib.suppress(OSError): os.write(t.fd, b"qy")
        out, status = t.read(), t.status()
        t.close()
        os.close(feed)
        return out, status
    play({"INJECT_LIST": f.path("places")})
    numbers = sorted(set(map(int, open(f.path("places")))))
    numbers = range(1, numbers[-1] + 1) if f.everything else numbers[::8]
    for number in numbers:
        f.progress(f"screens_without_memory, {number} of {numbers[-1]}")
        out, status = play({"INJECT_ALLOC": number})
        left = out.rsplit(b"\x1b[?1049l", 1)[-1]  # what stands there in the end
        by_curses = status in (1, 2) and (b"Out of memory" in out or b"not known here" in out)  # before there is a screen
        f.hold(status == 0 or by_curses or (status == 3 and OUT_OF_MEMORY.encode() in left), f"screens, allocation {number}: status {status}, {out[-200:]!r}")
        f.hold(b"\x1b[?1049h" not in out or b"\x1b[?1049l" in out, f"screens, allocation {number}: the terminal is not put back")

def names_of_collectors(f):
    """Servers of names that do not answer: Ctrl-C gives a collector up at once, and not when its name was looked up."""
    p = f.start("-r", "samples/tcp.pcap", "-q", "--otlp", "http://collector.invalid", stderr=subprocess.PIPE, inject={"INJECT_LOOKUP": PATIENCE})
    said = p.stderr.readline().decode()
    f.hold("Ctrl-C gives up" in said, f"a collector whose name is looked up: {said!r}")
    began = time.monotonic()
    p.send_signal(signal.SIGINT)
    f.equal(p.wait(2 * PATIENCE), 3, "a collector whose name is looked up: status")
    f.hold(time.monotonic() - began < 5, "Ctrl-C waits until the collector's name was looked up")

# -- interfaces

def interfaces(f):
    """An interface goes down and comes up again while it is captured on, and then it is taken away: in a network of the test's own."""
    script = r"""
        ip link add dirt type veth peer name dust && ip addr add 10.99.0.1/24 dev dirt && ip link set dirt up && ip link set dust up || exit 77
        "$1" -i dirt -T text -l -w "$2/live.pcapng" >"$2/out" 2>"$2/err" & pid=$!
        until [ -e "$2/live.pcapng" ]; do kill -0 $pid || exit 77; sleep 0.05; done
        ip link set dirt down; sleep 0.3; ip link set dirt up; sleep 0.3
        kill -0 $pid && echo "goes on"
        ip link del dirt
        for i in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
        kill $pid 2>/dev/null && echo "did not end"
        wait $pid; echo "status $?"
        ip link add dirt type veth peer name dust; ip link set dirt up; ip link set lo up
        "$1" -i dirt -i lo -T text -l -w "$2/two.pcapng" >"$2/out" 2>"$2/two" & pid=$!
        until [ -e "$2/two.pcapng" ]; do kill -0 $pid || exit 77; sleep 0.05; done
        ip link del dirt; sleep 0.3
        kill -INT $pid && echo "the other goes on"
        wait $pid; echo "status $?"
    """
    if os.geteuid() != 0: return print("faults: not root, interfaces that go down are not tested")
    r = subprocess.run(["unshare", "-n", "bash", "-c", script, "bash", f.envscope, f.folder], capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
    if r.returncode: return print("faults: no network of its own, interfaces that go down are not tested")
    f.equal(r.stdout, "goes on\nstatus 3\nthe other goes on\nstatus 3\n", "an interface that goes down, comes up, and is taken away")
    f.hold("envscope: the capture on dirt has ended: The interface disappeared; 0 messages before that\n" in open(f.path("err")).read(), "nothing is said of it")
    told = open(f.path("two")).read()
    f.hold("envscope: the capture on dirt has ended: The interface disappeared; 0 messages in all\n" in told and " 1 source that ended before its time\n" in told, f"one of two that is taken away: {told!r}")

TESTS = (memory, allocations, read_errors, truncated_while_read, full_disks, closed_late, small_disks, sudden_ends, clocks, descriptors, terminals, screens_without_memory, names_of_collectors,
         interfaces)

def main(envscope, inject, *names):
    with tempfile.TemporaryDirectory() as folder:
        f = Faults(envscope, inject, "all" in names, folder)
        for test in TESTS:
            if not set(names) - {"all"} or test.__name__ in names:
                began = time.monotonic()
                test(f)
                if os.environ.get("TIMES"): print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
    print(f"faults: {f.passed} passed, {f.failed} failed")
    return f.failed > 0

if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)) + "/..")
    sys.exit(main(*sys.argv[1:]))
