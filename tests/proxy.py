#!/usr/bin/env python3
"""proxy.py ENVSCOPE [CASE …]: what the proxy promises, held against plain sockets on both of its sides.

Each function case_… is a case. Nothing waits for a time; what is waited for is an event, with a limit after which the case has failed."""
import hashlib
import json
import os
import queue
import random
import re
import resource
import select
import shutil
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

LIMIT = 30  # s
ENVSCOPE = ""
TMP = ""


def envelope(command, seq, ident, size=0):
    """An Envelope behind its length: command, seq, id, and `size` bytes of data under an unknown type."""
    def field(number, data):
        return varint(number << 3 | 2) + varint(len(data)) + data

    def varint(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])
    body = field(1, command.encode()) + (b"\x18" + varint(seq) if seq else b"") + field(4, ident.encode())
    if size:
        body += field(6, field(1, b"type.googleapis.com/openiap.Stream") + field(2, field(1, os.urandom(size))))
    return struct.pack("<I", len(body)) + body


class Proxy:
    """envscope with --proxy; .port are the ports of its pairs."""
    def __init__(self, *pairs, options=(), files=0):
        self.printed = tempfile.TemporaryFile("w+", dir=TMP)
        args = [ENVSCOPE] + [a for pair in pairs for a in ("--proxy", pair)] + ["-T", "ndjson"] + list(options)
        self.process = subprocess.Popen(args, stdout=self.printed, stderr=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=TMP),
                                        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None)
        self.said, self.port = [], []
        while len(self.port) < len(pairs):
            line = self.process.stderr.readline()
            if not line:
                raise AssertionError("it does not start: " + "".join(self.said))
            self.said.append(line)
            if "listening on" in line:
                port = re.search(r":(\d+)(?:/\S*)? → ", line)
                self.port.append(int(port.group(1)) if port else 0)

    def connect(self, i=0):
        s = socket.create_connection(("127.0.0.1", self.port[i]), LIMIT)
        return s

    def relay(self):
        for _ in range(LIMIT * 50):
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
                children = f.read().split()
            if children:
                return int(children[0])
            threading.Event().wait(.02)
        raise AssertionError("there is no relay")

    def memory(self):
        """Private memory of the relay, bytes (without the ring, which is shared)."""
        with open(f"/proc/{self.relay()}/status", encoding="ascii") as f:
            return int(re.search(r"RssAnon:\s+(\d+) kB", f.read()).group(1)) << 10

    def wait_printed(self, text):
        """Until it has printed something; asks again whenever the file grows, at most every 20 ms."""
        for _ in range(LIMIT * 50):
            if text in self.text():
                return
            threading.Event().wait(.02)
        raise AssertionError(f"{text!r} was not printed: {self.text()[-500:]}")

    def text(self):
        at = os.pread(self.printed.fileno(), 1 << 26, 0)
        return at.decode()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT)
        self.said += self.process.stderr.readlines()  # communicate() would lose what was read along with a line
        assert self.process.returncode == 0, (self.process.returncode, self.said)
        assert "Sanitizer" not in "".join(self.said), self.said  # the relay's process looks for its leaks, too
        return [json.loads(line) for line in self.text().splitlines()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Server:
    """A listener whose connections are given to `serve` in threads."""
    def __init__(self, serve, context=None, path=None, host="127.0.0.1"):
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.listener.bind(path or (host, 0))
        self.listener.listen(1024)
        self.port = None if path else self.listener.getsockname()[1]
        self.serve, self.context, self.faults = serve, context, []
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(s,), daemon=True).start()

    def one(self, s):
        s.settimeout(LIMIT)
        try:
            if self.context:
                s = self.context.wrap_socket(s, server_side=True)
            self.serve(s)
        except OSError as fault:
            self.faults.append(fault)


def read_all(s):
    parts = []
    while True:
        got = s.recv(1 << 16)
        if not got:
            return b"".join(parts)
        parts.append(got)


def read_exactly(s, n):
    out = b""
    while len(out) < n:
        got = s.recv(n - len(out))
        assert got, f"ended after {len(out)} of {n} bytes"
        out += got
    return out


def echo(s):
    while True:
        got = s.recv(1 << 16)
        if not got:
            break
        s.sendall(got)
    s.close()


def certificate():
    cert, key = os.path.join(TMP, "cert"), os.path.join(TMP, "key")
    if not os.path.exists(cert):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=t",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate())
    return context


def anybody():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def case_half_close():
    """A client that has said all gets its answer, over sockets and pipes."""
    def serve(s):
        asked = read_all(s)
        s.sendall(hashlib.sha256(asked).digest() * 100000)
        s.close()
    path = os.path.join(TMP, "CoreFxPipe_half")
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(serve).port}", "tcp://:0=pipe://half") as p:
        Server(serve, path=path)
        for i in range(2):
            s, asked = p.connect(i), os.urandom(3000000)
            s.sendall(asked)
            s.shutdown(socket.SHUT_WR)
            assert read_all(s) == hashlib.sha256(asked).digest() * 100000
        p.stop()


def tls_by_hand(raw):
    """A client's TLS on a socket: it, a function that does a step of it and waits for what that needs, and what is to be sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = anybody().wrap_bio(incoming, outgoing)

    def move(step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                if outgoing.pending:
                    raw.sendall(outgoing.read())
                got = raw.recv(1 << 16)
                incoming.write(got) if got else incoming.write_eof()
    move(tls.do_handshake)
    return tls, move, outgoing


def case_tls_half_close():
    """The same with TLS on both sides, whose end is a close_notify."""
    done = threading.Event()

    def serve(s):
        s.sendall(hashlib.sha256(read_all(s)).digest())
        s.unwrap().close()
        done.set()
    server = Server(serve, server_context())
    with Proxy(f"wss://127.0.0.1:0=wss://127.0.0.1:{server.port}", options=["--cacert", certificate()[0]]) as p:
        raw = p.connect()
        tls, move, outgoing = tls_by_hand(raw)
        tls.write(b"\x01" + os.urandom(500000))
        try:
            tls.unwrap()  # says that it sends no more
        except ssl.SSLWantReadError:
            pass
        raw.sendall(outgoing.read())
        assert done.wait(LIMIT) and not server.faults, server.faults
        assert read_all(raw)  # the answer, and the end after it
        p.stop()


def case_tls_fin():
    """A client whose end is a FIN without a close_notify gets its answer, too; and such an end of the target is one of the client's."""
    def serve(s):
        asked = read_all(s)
        s.sendall(hashlib.sha256(asked).digest() * 10000)
        s.close()
    with Proxy(f"wss://127.0.0.1:0=ws://127.0.0.1:{Server(serve).port}") as p:
        raw, asked, answer = p.connect(), b"\x01" + os.urandom(500000), b""
        tls, move, outgoing = tls_by_hand(raw)
        tls.write(asked)
        raw.sendall(outgoing.read())
        raw.shutdown(socket.SHUT_WR)
        while len(answer) < 320000:
            answer += move(lambda: tls.read(1 << 16))
        assert answer == hashlib.sha256(asked).digest() * 10000
        p.stop()
    for says_so in (True, False):
        def serve_tls(s, says_so=says_so):
            s.sendall(b"last")
            (s.unwrap() if says_so else s).close()
        with Proxy(f"wss://:0=wss://127.0.0.1:{Server(serve_tls, server_context()).port}", options=["--cacert", certificate()[0]]) as p:
            with anybody().wrap_socket(p.connect(), suppress_ragged_eofs=False) as tls:
                assert read_exactly(tls, 4) == b"last"
                try:
                    assert tls.recv(1) == b"" and says_so
                except ssl.SSLEOFError:
                    assert not says_so
            p.stop()


def case_urgent():
    """An urgent byte passes as any other, and holds nothing up: a read ends in front of it, whatever comes behind it."""
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}") as p:
        s = p.connect()
        s.settimeout(LIMIT)
        s.sendall(b"1")
        assert s.recv(1) == b"1"
        os.kill(p.relay(), signal.SIGSTOP)
        s.sendall(b"ab")
        s.send(b"c", socket.MSG_OOB)
        s.sendall(b"de")
        os.kill(p.relay(), signal.SIGCONT)
        assert read_exactly(s, 5) == b"abcde"
        p.stop()


def case_reset():
    """A reset of one side is one for the other, after all that was sent before it."""
    seen = {}
    done = threading.Event()

    def serve(s):
        if s.recv(1) == b"c":
            try:
                seen["bytes"] = read_exactly(s, 4)
                seen["then"] = s.recv(1)
            except ConnectionResetError as reset:
                seen["then"] = reset
            done.set()
        else:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.sendall(b"last")
            s.close()
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(serve).port}") as p:
        s = p.connect()
        s.sendall(b"clast")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        assert done.wait(LIMIT) and seen["bytes"] == b"last" and isinstance(seen["then"], ConnectionResetError), seen
        s = p.connect()
        s.sendall(b"s")
        assert read_exactly(s, 4) == b"last"
        try:
            assert s.recv(1) is None, "no reset"
        except ConnectionResetError:
            pass
        p.stop()


def case_back_pressure():
    """A client that does not read stops the server, and the relay's memory stays as it is."""
    stopped, go = threading.Event(), threading.Event()
    block = os.urandom(1 << 20)
    total = 64
    sent = [0]

    def serve(s):
        s.settimeout(1)
        try:
            while sent[0] < total << 20:
                sent[0] += s.send(block[sent[0] % len(block):])
        except TimeoutError:
            pass
        stopped.set()
        s.settimeout(LIMIT)
        go.wait(LIMIT)
        while sent[0] < total << 20:
            sent[0] += s.send(block[sent[0] % len(block):])
        s.close()
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(serve).port}") as p:
        before = p.memory()
        s = p.connect()
        assert stopped.wait(LIMIT) and sent[0] < 32 << 20, sent
        assert p.memory() - before < 1 << 20, (before, p.memory())
        go.set()
        assert hashlib.sha256(read_all(s)).digest() == hashlib.sha256(block * total).digest()
        p.stop()


def case_stalled():
    """envscope stands still, the traffic does not; what did not fit into the queue is a gap, and what comes behind it is shown."""
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}") as p:
        s = p.connect()
        s.sendall(envelope("noop", 0, "first"))
        read_exactly(s, len(envelope("noop", 0, "first")))
        p.wait_printed('"first"')
        os.kill(p.process.pid, signal.SIGSTOP)
        for i in range(100):
            message = envelope("stream", i + 1, f"m{i}", 1 << 20)
            threading.Thread(target=s.sendall, args=(message,)).start()
            assert read_exactly(s, len(message)) == message
        os.kill(p.process.pid, signal.SIGCONT)
        last = envelope("noop", 101, "last")
        for _ in range(LIMIT * 20):  # until there is room again
            s.sendall(last)
            assert read_exactly(s, len(last)) == last
            if '"last"' in p.text():
                break
        events = p.stop()
        gaps = [e for e in events if e.get("event") == "gap"]
        assert gaps and any(e.get("id") == "last" for e in events), events[-3:]


def case_target_absent():
    """A target that is not there ends one connection with a line; the others go on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Proxy(f"socket://:0=socket://127.0.0.1:{port}", f"socket://:0=socket://127.0.0.1:{Server(echo).port}", "tcp://:0=pipe://absent") as p:
        other = p.connect(1)
        for i, reason in ((0, "Connection refused"), (2, "No such file or directory")):
            try:
                assert p.connect(i).recv(1) == b""
            except ConnectionResetError:
                pass
            p.wait_printed("cannot be reached: " + reason)
        assert "proxy: the target" in p.text(), p.text()
        other.sendall(envelope("noop", 0, "other"))
        read_exactly(other, len(envelope("noop", 0, "other")))
        assert any(e.get("id") == "other" for e in p.stop())


def case_mute():
    """A target that accepts and says nothing where TLS is to begin, and a client that does: a line each after ten seconds, the others go on."""
    mute = Server(lambda s: threading.Event().wait(LIMIT))
    with Proxy(f"ws://:0=wss://127.0.0.1:{mute.port}", f"wss://:0=ws://127.0.0.1:{Server(echo).port}", f"socket://:0=socket://127.0.0.1:{Server(echo).port}") as p:
        begun, waiting, other = time.monotonic(), [p.connect(0), p.connect(1)], p.connect(2)
        waiting[0].sendall(UPGRADE)
        other.sendall(envelope("noop", 0, "other"))
        read_exactly(other, len(envelope("noop", 0, "other")))
        for s in waiting:
            try:
                assert s.recv(1) == b""
            except ConnectionResetError:
                pass
        assert 9 < time.monotonic() - begun < 20, time.monotonic() - begun
        p.wait_printed(f"the target wss://127.0.0.1:{mute.port} does not answer to TLS")
        p.wait_printed(f"the client of wss://127.0.0.1:{p.port[1]} does not begin with TLS")
        other.sendall(envelope("noop", 1, "after"))
        read_exactly(other, len(envelope("noop", 1, "after")))
        assert {e.get("id") for e in p.stop()} >= {"other", "after"}


def case_denied():
    """A pipe that its owner keeps to himself: a line, and the client's connection ends."""
    path, root = os.path.join(TMP, "CoreFxPipe_denied"), os.geteuid() == 0
    Server(echo, path=path)
    os.chmod(path, 0)
    os.chmod(TMP, 0o755)
    with Proxy("tcp://:0=pipe://denied", options=["-Z", "nobody"] if root else []) as p:
        try:
            assert p.connect().recv(1) == b""
        except ConnectionResetError:
            pass
        p.wait_printed(f"the target pipe://{path} cannot be reached: Permission denied")
        p.stop()


def case_next_address():
    """A target of several addresses, of which the first swallows whoever knocks: the next one is tried before a client gives up."""
    if len(socket.getaddrinfo("localhost", 1, type=socket.SOCK_STREAM)) < 2:
        print("proxy: next_address: skipped, localhost is one address here")
        return
    server, mute = Server(echo), socket.socket(socket.AF_INET6)
    mute.bind(("::1", server.port))
    mute.listen(0)
    knocking = [socket.socket(socket.AF_INET6) for _ in range(4)]
    for s in knocking:  # until its queue is full, and the kernel drops what comes
        s.setblocking(False)
        s.connect_ex(("::1", server.port))
    with Proxy(f"socket://:0=socket://localhost:{server.port}") as p:
        s = p.connect()
        s.sendall(b"any")
        assert read_exactly(s, 3) == b"any"
        p.stop()


def case_killed():
    """An end that dies in the middle of a message: the message is cut, the other end hears of it, another connection goes on."""
    ended = threading.Event()

    def serve(s):
        try:
            read_all(s)
        except OSError:
            pass
        ended.set()
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(serve).port}", f"socket://:0=socket://127.0.0.1:{Server(echo).port}") as p:
        other = p.connect(1)
        where = p.port[0]
        subprocess.run([sys.executable, "-c", f"""
import os, socket, sys
s = socket.create_connection(("127.0.0.1", {where}))
s.sendall(sys.stdin.buffer.read())
os.kill(os.getpid(), 9)"""], input=envelope("noop", 0, "whole") + envelope("stream", 1, "half", 50000)[:30000], check=False)
        assert ended.wait(LIMIT)
        other.sendall(envelope("noop", 0, "other"))
        read_exactly(other, len(envelope("noop", 0, "other")))
        events = p.stop()
        assert {e.get("id") for e in events} >= {"whole", "half", "other"}, events


def refused(*args):
    got = subprocess.run([ENVSCOPE, *args, "-T", "ndjson", "-a", "duration:20"], capture_output=True, text=True, timeout=LIMIT, check=False,
                         env=dict(os.environ, TMPDIR=TMP))
    return got.returncode, got.stderr


def case_start():
    """What can't be had at the start: one line and status 3 (2 where it is the command line)."""
    taken = Server(echo)
    path = os.path.join(TMP, "CoreFxPipe_live")
    Server(echo, path=path)
    file = os.path.join(TMP, "CoreFxPipe_file")
    with open(file, "w", encoding="ascii"):
        pass
    with socket.create_server(("127.0.0.1", 0)) as s:
        free = s.getsockname()[1]
    for args, status, words in (
            (["--proxy", f"ws://:{taken.port}=ws://127.0.0.1:1"], 3, "the port is in use by another program"),
            (["--proxy", "pipe://live=socket://127.0.0.1:1"], 3, "the pipe is in use by another program"),
            (["--proxy", "pipe:///nowhere/at/all=socket://127.0.0.1:1"], 3, "there is no such folder"),
            (["--proxy", "pipe://file=socket://127.0.0.1:1"], 3, "there is a file of that name, which is no pipe"),
            (["--proxy", "tcp://:0=socket://no.such.host.invalid:1"], 3, "the host's name can't be looked up: "),
            (["--proxy", "tcp://192.0.2.1:0=socket://127.0.0.1:1", "--allow", "192.0.2.0/24"], 3, "no interface of this machine has that address"),
            (["--proxy", "ws://0.0.0.0:0=ws://127.0.0.1:1"], 3, "needs --allow"),
            (["--proxy", f"ws://:{free}=ws://127.0.0.1:{free}"], 2, "it leads to itself"),
            (["--proxy", f"ws://localhost:{free}=ws://127.0.0.1:{free}"], 3, f"ws://127.0.0.1:{free}: it leads to itself"),
            (["--proxy", f"ws://0.0.0.0:{free}=ws://127.0.0.2:{free}", "--allow", "127.0.0.1"], 3, f"ws://127.0.0.2:{free}: it leads to itself"),
            (["--proxy", "wss://:0=ws://127.0.0.1:1", "--cert", "/nowhere"], 3, "--cert: /nowhere can't be used as PEM: No such file or directory"),
            (["--proxy", "wss://:0=ws://127.0.0.1:1", "--cert", file], 3, f"--cert: {file} can't be used as PEM: no start line"),
            (["--proxy", "ws://:0=wss://127.0.0.1:1", "--cacert", "/nowhere"], 3, "--cacert: /nowhere can't be used as PEM: No such file or directory"),
            (["--proxy", "ws://:0=socket://127.0.0.1:1"], 2, "do not carry the same bytes"),
            (["--proxy", "ws://:0=ws://127.0.0.1:1", "-r", "x"], 2, "does not go with -r"),
            (["--insecure", "-r", "x"], 2, "need --proxy"),
            (["--proxy", "http://:0=https://127.0.0.1:1", "--delay", "1s"], 2, "not to: https"),
            (["--proxy", "tcp://:0=tcp://127.0.0.1:1", "--only", "seq"], 2, "need one of them"),
            (["--proxy", "tcp://:0=tcp://127.0.0.1:1", "--delay", "1s", "--only", "command == query && latency > 1"], 2, "can't know: latency"),
            (["--only", "seq", "-r", "x"], 2, "need --proxy")):
        code, said = refused(*args)
        assert code == status and words in said and said.count("\n") == 1, (args, code, said)
    assert os.path.exists(path)


def case_terminated():
    """Who stops a service sends SIGTERM to all of its processes: what has passed is told, and nothing is left over."""
    path = os.path.join(TMP, "CoreFxPipe_stopped")
    message = envelope("noop", 0, "last")
    with Proxy(f"pipe://stopped=socket://127.0.0.1:{Server(echo).port}") as p, socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LIMIT)
        s.connect(path)
        s.sendall(message)
        assert read_exactly(s, len(message)) == message
        os.kill(p.process.pid, signal.SIGSTOP)
        os.kill(p.relay(), signal.SIGTERM)
        p.process.send_signal(signal.SIGTERM)
        s.sendall(message)
        assert read_exactly(s, len(message)) == message  # as long as envscope has not ended
        os.kill(p.process.pid, signal.SIGCONT)
        p.process.wait(LIMIT)
        events = p.stop()
        assert len([e for e in events if e.get("id") == "last"]) == 4, events
    assert not os.path.exists(path)


def case_left_over():
    """The socket of a program that crashed is taken over, which is said, and removed in the end."""
    path = os.path.join(TMP, "CoreFxPipe_left")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(path)
    with Proxy(f"pipe://left=socket://127.0.0.1:{Server(echo).port}") as p:
        assert "taken over" in p.said[0], p.said
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.sendall(envelope("noop", 0, "pipe"))
        read_exactly(s, len(envelope("noop", 0, "pipe")))
        events = p.stop()
        assert [e["transport"] for e in events if e.get("id") == "pipe"] == ["pipe"] * 2, events
    assert not os.path.exists(path)


def case_certificates():
    """A certificate that is not accepted, TLS that is none, on either side: a line each."""
    server = Server(echo, server_context())
    with Proxy(f"ws://:0=wss://127.0.0.1:{server.port}", f"ws://:0=wss://127.0.0.1:{Server(lambda s: s.sendall(b'no TLS')).port}",
               f"wss://:0=socket://127.0.0.1:{server.port}".replace("socket", "ws")) as p:
        for i, words in ((0, "shows a certificate that is not accepted: self-signed certificate (--cacert"),
                         (1, "refuses TLS: what it sends is no TLS (wrong version number)"),
                         (2, "does not agree on TLS: it speaks HTTP without TLS (http request)")):
            try:
                s = p.connect(i)
                s.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert s.recv(1) == b""
            except OSError:
                pass
            p.wait_printed(words)
        made = [line for line in p.said + [p.process.stderr.readline()] if "SHA-256" in line][0].split()[-1].replace(":", "")
        with anybody().wrap_socket(p.connect(2)) as tls:
            assert hashlib.sha256(tls.getpeercert(True)).hexdigest().upper() == made
        p.stop()
    with Proxy(f"ws://:0=wss://127.0.0.1:{server.port}", options=["--insecure"]) as p:
        s = p.connect()
        s.sendall(b"\x01any")
        assert read_exactly(s, 4) == b"\x01any"
        p.stop()
        assert "INSECURE" in "".join(p.said)
    demanding = server_context()
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.load_verify_locations(certificate()[0])
    with Proxy(f"ws://:0=wss://localhost:{server.port}", f"ws://:0=wss://127.0.0.1:{Server(echo, demanding).port}", f"wss://:0=ws://127.0.0.1:{server.port}",
               options=["--cacert", certificate()[0]]) as p:
        for i, words in ((0, "shows a certificate that is not accepted: hostname mismatch (--insecure accepts any)"),
                         (1, "ends TLS: it wants a certificate of its client, which envscope has none of"),
                         (2, "does not agree on TLS: it does not trust the certificate that it is shown")):
            try:
                s = p.connect(i)
                if i == 2:
                    s = ssl.create_default_context().wrap_socket(s, server_hostname="localhost")
                read_all(s)
            except OSError:
                pass
            p.wait_printed(words)
        p.stop()


def case_tls_to_plain():
    """A client that speaks TLS where LISTEN takes none off: told, and passed as it is."""
    server = Server(echo, server_context())
    with Proxy(f"ws://:0=ws://127.0.0.1:{server.port}", f"grpc://:0=grpc://127.0.0.1:{server.port}") as p:
        for i in range(2):
            with anybody().wrap_socket(p.connect(i)) as tls:
                tls.sendall(b"\x01any")
                assert read_exactly(tls, 4) == b"\x01any"
        p.wait_printed("\"proxy: the client of grpc://127.0.0.1:")
        assert p.text().count("speaks TLS, which passes as it is: LISTEN would take it off as wss, https or grpcs") == 2, p.text()
        p.stop()


def case_head():
    """The server sees its own name; everything else is as the client sent it."""
    seen = {}
    done = threading.Event()

    def serve(s):
        seen["head"] = b""
        while b"\r\n\r\n" not in seen["head"]:
            seen["head"] += s.recv(1)
        s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x88\x02\x03\xe8")
        seen["rest"] = read_all(s)
        done.set()
    server = Server(serve)
    with Proxy(f"ws://:0=ws://localhost:{server.port}/ws/v2") as p:
        s = p.connect()
        s.sendall(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nX-Y:  z \r\nOrigin: http://a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                  b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n")
        assert read_exactly(s, 81).endswith(b"\x88\x02\x03\xe8")
        s.sendall(b"\x88\x82abcd\x62\x8a")
        s.close()
        assert done.wait(LIMIT)
        assert seen["rest"] == b"\x88\x82abcd\x62\x8a", seen
        assert seen["head"] == (f"GET /ws/v2 HTTP/1.1\r\nhost: localhost:{server.port}\r\nX-Y:  z \r\nOrigin: http://localhost:{server.port}\r\n"
                                "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
                                ).encode(), seen
        p.stop()


def case_headers():
    """Headers of HTTP/2 that can't be rewritten, after some that were: a line, and the end of the connection."""
    def frame_of(kind, flags, stream, payload):
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

    def field(name, value):
        return b"\x10" + bytes([len(name)]) + name + bytes([len(value)]) + value
    begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame_of(4, 0, 0, b"") + frame_of(1, 4, 1, field(b":path", b"/x") + field(b":authority", b"other"))
    long = frame_of(1, 0, 3, b"x" * 16384) + frame_of(9, 0, 3, b"x" * 16384) * 20
    with Proxy(f"grpc://:0=grpc://127.0.0.1:{Server(echo).port}") as p:
        where = f"the client of grpc://127.0.0.1:{p.port[0]}"
        for then, words in ((frame_of(1, 4, 3, b"\xff" * 6), "sends headers that can't be read: the connection is given up"),
                            (long, "sends headers of more than 256 KiB, or what is no HTTP/2: the connection is given up")):
            s = p.connect()
            try:
                s.sendall(begin + then)
                read_all(s)
            except OSError:
                pass
            p.wait_printed(f"{where} {words}")
        p.stop()


def case_flood():
    """Half-open connections and heads without end: the relay's memory does not grow with them, and an honest client is served."""
    with Proxy(f"wss://:0=ws://127.0.0.1:{Server(echo).port}", f"ws://:0=ws://127.0.0.1:{Server(lambda s: read_all(s)).port}",
               f"socket://:0=socket://127.0.0.1:{Server(echo).port}") as p:
        before = p.memory()
        half = [p.connect(0) for _ in range(100)] + [p.connect(1) for _ in range(100)]
        for s in half:
            s.sendall(b"\x16\x03\x01\x02\x00\x01" if s in half[:100] else b"GET /" + b"x" * 1000)
        endless = p.connect(1)
        endless.sendall(b"GET /a HTTP/1.1\r\n")
        for _ in range(200):
            endless.sendall(b"X-Long: " + b"y" * 65536 + b"\r\n")
        honest = p.connect(2)
        honest.sendall(envelope("noop", 0, "honest"))
        read_exactly(honest, len(envelope("noop", 0, "honest")))
        assert p.memory() - before < 24 << 20, (before, p.memory())
        p.stop()


def case_malformed():
    """Requests and upgrades that are none pass as they came, and do no harm to those behind them."""
    arrived = queue.Queue()

    def serve(s):
        arrived.put(read_all(s))
        s.close()
    heads = [b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
             b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"GET  HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"\0" * 3000, b"GET /\r\n" * 50, b"A" * 100000,
             b"GET /a HTTP/1.1\r\nX: " + b"y" * 100000, b"GET /a HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n", b"GET /\xff HTTP/1.1\r\nHo st: a\r\n\r\n",
             b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
             b"GET /a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0" * 40]
    with Proxy(f"ws://:0=ws://127.0.0.1:{Server(serve).port}", f"grpc://:0=grpc://127.0.0.1:{Server(serve).port}") as p:
        for head in heads:
            for i in range(2):
                s = p.connect(i)
                s.sendall(head)
                s.shutdown(socket.SHUT_WR)
                assert read_all(s) == b"" and arrived.get(timeout=LIMIT) == head, (i, head[:60])
        s = p.connect()
        s.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        s.shutdown(socket.SHUT_WR)
        assert b"Host: 127.0.0.1:" in arrived.get(timeout=LIMIT)
        p.stop()


def case_full():
    """Clients beyond the number of connections are reset and counted; when others have gone there is room again."""
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}", files=200) as p:
        def served_one():
            try:
                s = p.connect()
                s.sendall(b"\0")
                return s if s.recv(1) == b"\0" else None
            except ConnectionError:  # the reset can be there before connect() has returned
                return None
        served = [s for s in (served_one() for _ in range(100)) if s]
        assert len(served) == 75, len(served)
        for s in served:
            s.close()
        for _ in range(LIMIT * 20):
            if served_one():
                break
        else:
            raise AssertionError("there is no room again")
        p.stop()
        refused_clients = [int(line.split()[0].replace(",", "")) for line in p.said if "clients refused for the number of connections" in line]
        assert refused_clients and refused_clients[0] >= 25, p.said


def case_descriptors():
    """When descriptors are out before the number of connections is, clients wait, envscope does not spin, and goes on once there are some again."""
    for files in (22, 23):  # with one of them the last one goes to a client, with the other to a target
        with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}", files=files) as p:
            run_short_of_descriptors(p)


def run_short_of_descriptors(p):
    def spent():
        with open(f"/proc/{p.relay()}/stat", encoding="ascii") as f:
            return sum(map(int, f.read().split()[13:15])) / os.sysconf("SC_CLK_TCK")

    def quietly(do, *args):
        try:
            return do(*args)
        except ConnectionError:  # beyond the number, or there was no descriptor left for its target
            return b""
    waiting, served = [s for s in (quietly(p.connect) for _ in range(30)) if s], 0
    for s in waiting:
        quietly(s.sendall, b"\0")
    assert select.select(waiting, [], [], LIMIT)[0]
    before = spent()
    threading.Event().wait(1)
    assert spent() - before <= .03, spent() - before
    while waiting:
        ready = select.select(waiting, [], [], LIMIT)[0]
        assert ready, f"{len(waiting)} are still waiting"
        for s in ready:
            served += quietly(s.recv, 1) == b"\0"
            s.close()
            waiting.remove(s)
    assert served > 5, served
    p.stop()


def case_many():
    """1,000 connections at once. Both of their ends are here: as many files as the system allows."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}", options=["-q", "-z", "summary"]) as p:
        socks = [p.connect() for _ in range(1000)]
        for i, s in enumerate(socks):
            s.sendall(envelope("noop", 0, f"c{i}"))
        for i, s in enumerate(socks):
            assert read_exactly(s, len(envelope("noop", 0, f"c{i}"))) == envelope("noop", 0, f"c{i}")
        for s in socks:
            s.close()
        p.process.send_signal(signal.SIGINT)
        p.process.communicate(timeout=LIMIT)
        counts = {row["what"]: row["value"] for row in map(json.loads, p.text().splitlines())}
        assert (counts["messages"], counts["TCP connections"], counts["gaps in the capture"]) == (2000, 1000, 0), counts


def case_what_if():
    """Delayed, dropped and doubled on one direction only, and said so."""
    def send(s, *names):
        s.sendall(b"".join(envelope(name, i, name) for i, name in enumerate(names)))
        s.shutdown(socket.SHUT_WR)
    server = Server(echo)
    with Proxy(f"socket://:0=socket://127.0.0.1:{server.port}", options=["--drop-command", "noop", "--duplicate-seq", "--only", 'command in {"noop" "ping"}', "--delay", "300ms"]) as p:
        s, begun = p.connect(), time.monotonic()
        send(s, "noop", "ping", "pong")
        assert read_all(s) == envelope("ping", 1, "ping") * 2 + envelope("pong", 2, "pong")
        assert time.monotonic() - begun >= .3
        p.stop()
        assert "WHAT IF: messages from server to client are dropped (noop), delayed by 300ms, sent twice; only those that match command in" in "".join(p.said), p.said
    with Proxy(f"tcp://:0=socket://127.0.0.1:{server.port}", options=["--reorder-seq", "--on", "c2s"]) as p:
        s = p.connect()
        send(s, "noop", "ping", "pong")
        assert read_all(s) == envelope("ping", 1, "ping") + envelope("noop", 0, "noop") + envelope("pong", 2, "pong")
        events = [e for e in p.stop() if "event" not in e]
        assert [(e["dir"], e["id"]) for e in events if e["dir"] == "c2s"] == [("c2s", i) for i in ("noop", "ping", "pong")], events


def frame(payload, masked=False):
    """A binary WebSocket message of at most 64 KiB; the mask is zero."""
    n = len(payload)
    head = bytes([0x82, (n if n < 126 else 126) | (128 if masked else 0)]) + (struct.pack(">H", n) if n > 125 else b"")
    return head + (b"\0\0\0\0" if masked else b"") + payload


UPGRADE = (b"GET /ws/v2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")


def accept_upgrade(s, more=b""):
    """A server's part of the handshake; the request's head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += s.recv(1)
    s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + more + b"\r\n")
    return head


def ask_upgrade(s):
    s.sendall(UPGRADE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += s.recv(1)
    return head


def case_what_if_websocket():
    """Over WebSocket, chosen by a filter on the payload's connection and id, over TLS; compression is not offered; what can't be changed is said."""
    heads, extension = [], [b""]

    def serve(s):
        heads.append(accept_upgrade(s, extension[0]))
        s.sendall(b"".join(frame(envelope("ping", i, name)) for i, name in enumerate("abc")))
        s.close()

    def seen(options):
        with Proxy(f"wss://:0=ws://127.0.0.1:{Server(serve).port}", options=options) as p:
            with anybody().wrap_socket(p.connect()) as s:
                ask_upgrade(s)
                got = read_all(s)
            return got, p.stop()
    one = [frame(envelope("ping", i, name)) for i, name in enumerate("abc")]
    got, events = seen(["--duplicate-seq", "--only", 'id == "b" && dir == "s2c"'])
    assert got == one[0] + one[1] * 2 + one[2], got
    assert b"permessage-deflate" not in heads[0] and b"Sec-WebSocket-Version: 13" in heads[0], heads
    assert [e["id"] for e in events if "event" not in e] == ["a", "b", "c"], events
    assert seen(["--drop-command", "ping", "--only", "seq in {0 2}"])[0] == one[1]
    assert seen(["--reorder-seq"])[0] == one[1] + one[0] + one[2]
    assert seen(["--reorder-seq", "--on", "c2s"])[0] == b"".join(one)
    extension[0] = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    got, events = seen(["--duplicate-seq"])
    assert got == b"".join(one) and any("not offered" in str(e) for e in events), events


def answer(command, seq, ident, rid):
    """An Envelope that answers another one."""
    body = envelope(command, seq, ident)[4:] + b"\x2a" + bytes([len(rid)]) + rid.encode()
    return struct.pack("<I", len(body)) + body


def case_what_if_request():
    """What a client is told about one of its requests is chosen by that request's command: errors, too, which say nothing of it themselves."""
    asked = [envelope("aggregate", 0, "a"), envelope("query", 1, "q")]
    told = [answer("error", 0, "1", "a"), answer("error", 1, "2", "q"), answer("queryreply", 2, "3", "q")]

    def serve(s):
        read_exactly(s, sum(map(len, asked)))
        s.sendall(b"".join(told))
        s.close()

    def serve_ws(s):
        accept_upgrade(s)
        read_exactly(s, sum(len(frame(m, True)) for m in asked))
        s.sendall(b"".join(map(frame, told)))
        s.close()
    for only, wanted in (('request == "query"', (0, 1, 1, 2, 2)), ('request == "query" && command == "error"', (0, 1, 1, 2)), ('request == "aggregate"', (0, 0, 1, 2)),
                         ("!request", (0, 1, 2))):
        with Proxy(f"socket://:0=socket://127.0.0.1:{Server(serve).port}", f"ws://:0=ws://127.0.0.1:{Server(serve_ws).port}",
                   options=["--duplicate-seq", "--only", only]) as p:
            s = p.connect(0)
            s.sendall(b"".join(asked))
            assert read_all(s) == b"".join(told[i] for i in wanted), (only, "socket")
            s = p.connect(1)
            ask_upgrade(s)
            s.sendall(b"".join(frame(m, True) for m in asked))
            assert read_all(s) == b"".join(frame(told[i]) for i in wanted), (only, "ws")
            p.stop()


def case_recorded():
    """What -w writes can be read again and is the same."""
    path = os.path.join(TMP, "recorded.pcapng")
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}", options=["-w", path]) as p:
        socks = [p.connect() for _ in range(3)]
        for i in range(50):
            s, message = socks[i % 3], envelope("stream", i // 3, f"r{i}", i * 3000)
            threading.Thread(target=s.sendall, args=(message,)).start()
            assert read_exactly(s, len(message)) == message
        socks[0].close()
        events = p.stop()
    again = subprocess.run([ENVSCOPE, "-r", path, "-T", "ndjson"], capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    again = [json.loads(line) for line in again.splitlines()]

    def facts(all_events):
        return [tuple(e[k] for k in ("time", "conn", "src", "dst", "dir", "command", "seq", "id", "size", "rules")) for e in all_events if "event" not in e]
    assert len(facts(events)) == 100 and facts(events) == facts(again), (facts(events)[:2], facts(again)[:2])


def case_recorded_match():
    """What is read at once can be several packets: of one message all of them are written, with the rule that it breaks."""
    path = os.path.join(TMP, "match.pcapng")
    big = envelope("noop", 1, "", 40000)
    with Proxy(f"socket://:0=socket://127.0.0.1:{Server(echo).port}",
               options=["-w", path, "-Y", "size > 30000 && dir == c2s", "-o", "write=packets"]) as p:
        s = p.connect()
        for message in (envelope("noop", 0, "a"), big, envelope("noop", 2, "c")):
            os.kill(p.relay(), signal.SIGSTOP)
            s.sendall(message)
            os.kill(p.relay(), signal.SIGCONT)
            assert read_exactly(s, len(message)) == message
        p.stop()
    again = subprocess.run([ENVSCOPE, "-r", path, "-T", "ndjson", "-Y", "seq == 1"], capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    assert [json.loads(line).get("size") for line in again.splitlines()] == [len(big) - 4], again
    comments = subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "pcapng.py"), path, "comments"],
                              capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    assert "id-missing" in comments, comments


def case_tshark():
    """The recording of plain, half-closed, reset, IPv6 and TLS connections: nothing in it that tshark finds wrong, and the ends and times are the real ones."""
    if not shutil.which("tshark"):
        print("proxy: tshark: skipped, it is not installed")
        return
    path, begun, ends = os.path.join(TMP, "all.pcapng"), time.time(), []
    v6 = Server(echo, host="::1")
    targets = (Server(echo), v6, Server(echo, server_context()))
    with Proxy(f"socket://:0=socket://127.0.0.1:{targets[0].port}", f"socket://[::1]:0=socket://[::1]:{v6.port}",
               f"wss://:0=wss://127.0.0.1:{targets[2].port}", options=["-w", path, "--insecure"]) as p:
        for i in range(3):
            for how in ("half", "reset", "close"):
                raw = socket.create_connection(("::1" if i == 1 else "127.0.0.1", p.port[i]), LIMIT)
                ends.append((raw.getsockname()[0], raw.getsockname()[1], targets[i].port))
                s = anybody().wrap_socket(raw) if i == 2 else raw
                message = b"".join(envelope("stream", n, f"r{n}", n * 30000) for n in range(4))
                message = b"\x01" + message if i == 2 else message
                assert exchange(s, message, len(message), random.Random(i)) == message
                if how == "half" and i < 2:
                    s.shutdown(socket.SHUT_WR)
                    assert read_all(s) == b""
                if how == "reset":
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()
        p.stop()

    def tshark(*args):
        checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-d", "tcp.port==1-65535,data"] # a port of these may be another protocol's
        return subprocess.run(["tshark", "-n", "-r", path, *checks, *args], capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    wrong = tshark("-Y", "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.expert.severity >= 8388608")
    assert wrong == "", wrong
    warnings = tshark("-Y", "_ws.expert.severity >= 6291456 && !tcp.flags.reset == 1")
    assert warnings == "", warnings
    syns = tshark("-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "-T", "fields", "-e", "ip.src", "-e", "ipv6.src", "-e", "tcp.srcport", "-e", "tcp.dstport")
    assert sorted(tuple(line.split()) for line in syns.splitlines()) == sorted(tuple(map(str, e)) for e in ends), (syns, ends)
    for stream in range(len(ends)):
        times = [float(t) for t in tshark("-Y", f"tcp.stream == {stream}", "-T", "fields", "-e", "frame.time_epoch").split()]
        assert begun <= times[0] and times == sorted(times) and times[-1] <= time.time(), (begun, times)


def exchange(s, out, want, chance):
    """Sends and receives at the same time, in pieces of any size; what was received."""
    s.setblocking(False)
    got, at, piece = bytearray(), 0, b""
    end = time.monotonic() + LIMIT
    while at < len(out) or len(got) < want:
        assert time.monotonic() < end, f"{at} of {len(out)} sent, {len(got)} of {want} received"
        if not (hasattr(s, "pending") and s.pending()):
            select.select([s], [s] if at < len(out) else [], [], 1)
        piece = piece or out[at:at + chance.choice((1, 100, 3000, 70000))]
        try:
            n = s.send(piece) if piece else 0
            at, piece = at + n, b""
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            got += s.recv(chance.choice((1, 100, 5000, 65536)))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
    s.setblocking(True)
    s.settimeout(LIMIT)
    return bytes(got)


def case_transparent():
    """Random bytes both ways at the same time, in pieces of any size, over every pair of schemes: the same come out. PROXY_ROUNDS: how often."""
    rounds = int(os.environ.get("PROXY_ROUNDS", "2"))
    jobs, done = queue.Queue(), queue.Queue()

    def serve(s):
        out, want, chance, half = jobs.get()
        got = exchange(s, out, want, chance)
        if half:
            s.shutdown(socket.SHUT_WR)
            got += read_all(s)
        done.put(got)
        if not half:
            try:
                s.recv(1)
            except OSError:
                pass
        s.close()
    plain, tls, path = Server(serve).port, Server(serve, server_context()).port, os.path.join(TMP, "CoreFxPipe_any")
    Server(serve, path=path)
    pairs = [f"{a}://:0={b}" for a, b in (
        ("socket", f"tcp://127.0.0.1:{plain}"), ("tcp", "pipe://any"), ("ws", f"ws://127.0.0.1:{plain}"), ("ws", f"wss://127.0.0.1:{tls}"),
        ("wss", f"http://127.0.0.1:{plain}"), ("https", f"https://127.0.0.1:{tls}"), ("grpc", f"grpc://127.0.0.1:{plain}"), ("grpc", f"grpcs://127.0.0.1:{tls}"),
        ("grpcs", f"grpc://127.0.0.1:{plain}"), ("grpcs", f"grpcs://127.0.0.1:{tls}"))]
    seed = int(os.environ.get("PROXY_SEED", "1"))
    with Proxy(*pairs, options=["--insecure", "-q"]) as p:
        for n in range(rounds * len(pairs)):
            pair, chance = pairs[n % len(pairs)], random.Random(seed + n)
            encrypted = pair.startswith(("wss", "https", "grpcs"))
            half = not encrypted and "=pipe" not in pair and "s://" not in pair.split("=")[1] and chance.random() < .5
            to, back = (b"\x01" + chance.randbytes(chance.choice((0, 10, 3000, 300000))) for _ in range(2))
            jobs.put((back, len(to), random.Random(n), half))
            s = p.connect(n % len(pairs))
            s = anybody().wrap_socket(s) if encrypted else s
            got = exchange(s, to, len(back), chance)
            if half:
                s.shutdown(socket.SHUT_WR)
                got += read_all(s)
            assert got == back, f"{pair}, round {n}: {len(got)} of {len(back)} bytes"
            arrived = done.get(timeout=LIMIT)
            assert arrived == to, f"{pair}, round {n}: {len(arrived)} of {len(to)} bytes"
            s.close()
        p.stop()


def case_rest():
    """OpenIAP's REST through http to https, and https on both sides: two requests on a connection; the server sees its own name."""
    seen = []

    def serve(s):
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                part = s.recv(1)
                if not part:
                    return
                head += part
            body = read_exactly(s, int(re.search(rb"Content-Length: (\d+)", head).group(1)))
            seen.append((head, body))
            reply = json.dumps({"command": "pong", "id": "r", "rid": json.loads(body)["id"]}).encode()
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)
    server = Server(serve, server_context())
    with Proxy(f"http://:0=https://127.0.0.1:{server.port}", f"https://:0=https://127.0.0.1:{server.port}/", options=["--cacert", certificate()[0]]) as p:
        for i in range(2):
            s = p.connect(i)
            s = anybody().wrap_socket(s) if i else s
            for n in range(2):
                body = json.dumps({"command": "ping", "id": f"q{i}{n}", "seq": n}).encode()
                s.sendall(b"POST /api/v2 HTTP/1.1\r\nHost: 127.0.0.1:9\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += s.recv(1)
                assert json.loads(read_exactly(s, int(re.search(rb"Content-Length: (\d+)", head).group(1))))["rid"] == f"q{i}{n}"
            s.close()
        assert len(seen) == 4 and all(f"Host: 127.0.0.1:{server.port}\r\n".encode() in head for head, _ in seen), seen
        messages = [(e["command"], e["transport"], e["tls"], e["dir"]) for e in p.stop() if "event" not in e]
        assert messages == [("ping", "rest", True, "c2s"), ("pong", "rest", True, "s2c")] * 4, messages


def case_allow():
    """Clients from other networks, in a network namespace whose addresses are made up: those of --allow may, others are reset and counted."""
    if not os.environ.get("PROXY_NETNS"):
        inside = ["unshare", "-r", "-n"]
        if not shutil.which("unshare") or not shutil.which("ip") or subprocess.run(inside + ["ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode:
            print("proxy: allow: skipped, no network namespace can be made")
            return
        got = subprocess.run(inside + [sys.executable, __file__, ENVSCOPE, "allow"], capture_output=True, text=True, timeout=2 * LIMIT, check=False,
                             env=dict(os.environ, PROXY_NETNS="1"))
        assert got.returncode == 0, got.stdout + got.stderr
        return
    for args in ("link set lo up", "addr add 10.9.0.1/24 dev lo", "addr add 10.9.0.2/24 dev lo", "addr add 10.9.1.2/24 dev lo", "addr add fd09::1/64 dev lo nodad",
                 "addr add fd09::2/64 dev lo nodad", "addr add fd0a::2/64 dev lo nodad"):
        subprocess.run(["ip"] + args.split(), check=True)
    port = Server(echo).port
    with Proxy(f"socket://10.9.0.1:0=socket://127.0.0.1:{port}", f"socket://[fd09::1]:0=socket://127.0.0.1:{port}", f"socket://0.0.0.0:0=socket://127.0.0.1:{port}",
               options=["--allow", "10.9.0.0/24", "--allow", "fd09::2"]) as p:
        for i, at, client, allowed in ((0, "10.9.0.1", "10.9.0.2", True), (0, "10.9.0.1", "10.9.1.2", False), (1, "fd09::1", "fd09::2", True),
                                       (1, "fd09::1", "fd0a::2", False), (1, "fd09::1", "fd09::1", False), (2, "10.9.0.1", "10.9.1.2", False),
                                       (2, "127.0.0.1", "127.0.0.1", True)):
            try:
                with socket.create_connection((at, p.port[i]), LIMIT, (client, 0)) as s:
                    s.sendall(envelope("noop", 0, client))
                    answered = len(s.recv(1)) == 1
            except ConnectionError:  # the reset can be there before connect() has returned
                answered = False
            assert answered == allowed, (at, client)
        events = p.stop()
    assert {e["src"].rsplit(":", 1)[0] for e in events if e.get("dir") == "c2s" and "event" not in e} == {"10.9.0.2", "[fd09::2]", "127.0.0.1"}, events
    assert any("4 clients refused for their address" in line for line in p.said), p.said


def main(envscope, names):
    global ENVSCOPE, TMP
    ENVSCOPE = os.path.abspath(envscope)
    failed = 0
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    for name in names or cases:
        with tempfile.TemporaryDirectory() as TMP:
            try:
                cases[name]()
            except Exception as fault:  # any: the other cases are run all the same
                failed += 1
                print(f"proxy: {name}: {type(fault).__name__} {fault}")
    print(f"proxy: {len(names or cases) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
