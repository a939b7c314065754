#!/usr/bin/env python3
"""run.py ENVSCOPE [FIRST [COUNT]]: peer.js through the proxy. CASES: the conversation over every transport and over pairs of two; what both ends logged
has to be what envscope printed. WHAT_IFS: what a client of the package is told when messages are lost, doubled, out of order; docs/proxy.md says it.
Nothing waits for a time: the server and the proxy say when they listen, and both ends tell when they are done."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

import compare

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = [  # the server's protocol, LISTEN=TARGET (@: where the server is), the client's URL (@: the proxy's port), further options
    ("socket", "socket://localhost:0=socket://127.0.0.1:@", "socket://127.0.0.1:@", []),
    ("ws", "ws://127.0.0.1:0=ws://127.0.0.1:@", "ws://127.0.0.1:@/ws/v2", []),
    ("ws", "wss://127.0.0.1:0=wss://127.0.0.1:@", "wss://127.0.0.1:@/ws/v2", ["--cacert", "CERT"]),
    ("grpc", "grpc://127.0.0.1:0=grpc://127.0.0.1:@", "grpc://127.0.0.1:@", []),
    # The package's client speaks TLS on port 443 only, and to nobody whom the file in its environment does not vouch for.
    ("grpc", "grpcs://127.0.44.3:443=grpcs://127.0.0.1:@", "grpc://127.0.44.3:443", ["--cacert", "CERT", "--cert", "CERT", "--key", "KEY"]),
    ("pipe", "pipe://SPY=pipe://@", "pipe://localhost/SPY", []),
    ("rest", "http://127.0.0.1:0=http://127.0.0.1:@", "http://127.0.0.1:@/api/v2", []),
    ("rest", "https://127.0.0.1:0=https://127.0.0.1:@", "https://127.0.0.1:@/api/v2", ["--cacert", "CERT"]),
    ("ws", "ws://127.0.0.1:0/=wss://127.0.0.1:@/ws/v2", "ws://127.0.0.1:@", ["--insecure"]),
    ("pipe", "socket://localhost:0=pipe://@", "socket://127.0.0.1:@", []),
    # What-ifs that leave the order as it is: all is taken apart and put together again, and nothing gets lost.
    ("ws", "ws://127.0.0.1:0=ws://127.0.0.1:@", "ws://127.0.0.1:@/ws/v2", ["--delay", "5ms"]),
    ("ws", "wss://127.0.0.1:0=wss://127.0.0.1:@", "wss://127.0.0.1:@/ws/v2", ["--cacert", "CERT", "--delay", "5ms", "--on", "c2s"]),
    ("grpc", "grpc://127.0.0.1:0=grpc://127.0.0.1:@", "grpc://127.0.0.1:@", ["--delay", "5ms"]),
    ("grpc", "grpc://127.0.0.1:0=grpc://127.0.0.1:@", "grpc://127.0.0.1:@", ["--delay", "5ms", "--on", "c2s", "--only", 'command != "ping"']),
]
ONE_LOST, TWICE = ["--drop-command", "insertonereply"], ["--duplicate-seq"]
SWAPPED = ["--reorder-seq", "--only", 'command == "watchevent"']
ALL = {"signin": 2, "insertone": 1, "watch": 1, "query": 102}
WHAT_IFS = [  # protocol, options, how often who was answered, events, why it was disconnected (a pattern)
    ("ws", ONE_LOST, {"signin": 1}, [], "Too many messages in queue 101$"),
    ("socket", ONE_LOST, {"signin": 1}, [], r"Too many messages in queue \d+$"),
    ("grpc", ONE_LOST, {"signin": 2, "watch": 1, "query": 102}, [0, 1, 2, 3, 4], None),
    ("ws", TWICE, {"signin": 1}, [], "sequence 0 is lower than last received sequence number 0$"),
    ("socket", TWICE, {"signin": 1}, [], r"Too many messages in queue \d+$|sequence 0 is lower than last received"),  # both copies in one read, or not
    ("grpc", TWICE, ALL, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], None),
    ("ws", SWAPPED, ALL, [0, 1, 2, 3, 4], None),
    ("grpc", SWAPPED, ALL, [1, 0, 3, 2, 4], None),
    ("ws", TWICE + ["--on", "c2s"], {}, [], "^$"),  # the server says nothing when it closes
    ("grpc", TWICE + ["--on", "c2s"], ALL, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], None),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


class Session:
    """A server of the package and envscope in front of it; clients run through both."""
    def __init__(self, envscope, tmp, protocol, pair, options):
        self.protocol, self.proxy = protocol, None
        self.where = f"interop_{os.getpid()}" if protocol == "pipe" else free_port()
        self.spy = f"spy_{os.getpid()}"
        self.log = {who: os.path.join(tmp, who + ".jsonl") for who in ("client", "server")}
        self.printed = os.path.join(tmp, "printed")
        self.files = {name: os.path.join(tmp, name.lower()) for name in ("CERT", "KEY")}
        tls = [self.files["CERT"], self.files["KEY"]] if re.search("=(wss|https|grpcs):", pair) else []
        self.server = subprocess.Popen(self.peer("server", protocol, self.where, self.log["server"], *tls), stdout=subprocess.PIPE, text=True)
        if self.server.stdout.readline().strip() != "ready":
            raise AssertionError("the server does not start")
        with open(self.printed, "w", encoding="utf-8") as out:
            self.proxy = subprocess.Popen([envscope, "--proxy", pair.replace("@", self.where).replace("SPY", self.spy), "-T", "ndjson"] +
                                          [self.files.get(o, o) for o in options],
                                          stdout=out, stderr=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR="/tmp"))
        self.said = self.proxy.stderr.readline()
        port = re.search(r":(\d+)/? → ", self.said)
        self.port = port.group(1) if port else ""

    @staticmethod
    def peer(*args):
        return ["node", os.path.join(HERE, "peer.js"), *args]

    def client(self, role, url, *args):
        url = url.replace("@", self.port).replace("SPY", self.spy)
        return subprocess.run(self.peer(role, url, *args), stdout=subprocess.PIPE, timeout=60, check=False, text=True,
                              env=dict(os.environ, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=self.files["CERT"], NODE_NO_WARNINGS="1"))

    def stop(self):
        """Ends envscope; the sentence with which it or its client has failed."""
        self.proxy.send_signal(signal.SIGINT)
        self.said += self.proxy.communicate(timeout=20)[1]
        return f"envscope's status is {self.proxy.returncode}: {self.said}" if self.proxy.returncode or "Sanitizer" in self.said else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.proxy, self.server):
            if process and process.poll() is None:
                process.terminate()
                process.wait()
        for name in (self.where, self.spy):
            if self.protocol == "pipe" and os.path.exists("/tmp/CoreFxPipe_" + name):
                os.unlink("/tmp/CoreFxPipe_" + name)


def converse(envscope, tmp, protocol, pair, url, options):
    with Session(envscope, tmp, protocol, pair, options) as session:
        client = session.client("client", url, session.log["client"])
        fault = session.stop()
        if client.returncode:
            return f"the client's status is {client.returncode}: {session.said}"
        return fault or ("differs" if compare.main(session.log["client"], session.log["server"], session.printed) else None)


def what_if(envscope, tmp, protocol, options, answered, events, disconnected):
    where = protocol + "://127.0.0.1:"
    path = "/ws/v2" if protocol == "ws" else ""
    with Session(envscope, tmp, protocol, f"{where}0={where}@", options) as session:
        told = json.loads(session.client("tell", where + "@" + path).stdout)
        fault = session.stop()
        counts = {command: told["answered"].count(command) for command in set(told["answered"])}
        because = told["disconnected"]
        if counts != answered or told["events"] != events or (because is None) != (disconnected is None) or \
                (because is not None and not re.search(disconnected, because)):
            return f"the client was told: {counts}, {told['events']}, {because}"
        return fault


def may_listen():
    with socket.socket() as s:
        try:
            s.bind(("127.0.44.3", 443))
        except OSError:
            return False
    return True


def main(envscope, first=0, count=None):
    failed = passed = 0
    jobs = [(converse, case) for case in CASES] + [(what_if, case) for case in WHAT_IFS]
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=interop", "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.44.3", "-keyout", os.path.join(tmp, "key"), "-out",
                        os.path.join(tmp, "cert")], check=True, stderr=subprocess.DEVNULL)
        for run, case in jobs[first:][:count]:
            if ":443=" in case[1] and not may_listen():
                print(f"interop: {case[1]}: skipped, port 443 can't be had")
                continue
            fault = run(envscope, tmp, *case)
            failed += fault is not None
            passed += fault is None
            if fault:
                print(f"interop: {case[:2]} {case[-1] if run is converse else ''}: {fault}")
    print(f"interop: {passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), *map(int, sys.argv[2:])))
