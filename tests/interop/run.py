#!/usr/bin/env python3
"""run.py ENVSCOPE [FIRST]: the conversation of peer.js through the proxy, over every transport and over pairs of two; each case is a row of CASES.
Nothing waits for a time: the server and the proxy say when they listen, and both ends tell when they are done."""
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
    ("pipe", "pipe://SPY=pipe://@", "pipe://localhost/SPY", []),
    ("ws", "ws://127.0.0.1:0/=wss://127.0.0.1:@/ws/v2", "ws://127.0.0.1:@", ["--insecure"]),
    ("pipe", "socket://localhost:0=pipe://@", "socket://127.0.0.1:@", []),
    # What-ifs that leave the order as it is: all is taken apart and put together again, and nothing gets lost.
    ("ws", "ws://127.0.0.1:0=ws://127.0.0.1:@", "ws://127.0.0.1:@/ws/v2", ["--delay", "5ms"]),
    ("ws", "wss://127.0.0.1:0=wss://127.0.0.1:@", "wss://127.0.0.1:@/ws/v2", ["--cacert", "CERT", "--delay", "5ms", "--on", "c2s"]),
    ("grpc", "grpc://127.0.0.1:0=grpc://127.0.0.1:@", "grpc://127.0.0.1:@", ["--delay", "5ms"]),
    ("grpc", "grpc://127.0.0.1:0=grpc://127.0.0.1:@", "grpc://127.0.0.1:@", ["--delay", "5ms", "--on", "c2s", "--only", 'command != "ping"']),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def run(envscope, tmp, protocol, pair, url, options):
    where = f"interop_{os.getpid()}" if protocol == "pipe" else free_port()
    spy = f"spy_{os.getpid()}"
    log = {who: os.path.join(tmp, who + ".jsonl") for who in ("client", "server")}
    printed = os.path.join(tmp, "printed")
    key, cert = os.path.join(tmp, "key"), os.path.join(tmp, "cert")
    tls = [cert, key] if "=wss:" in pair else []
    options = [cert if o == "CERT" else o for o in options]
    peer = ["node", os.path.join(HERE, "peer.js")]
    server = subprocess.Popen(peer + ["server", protocol, where, log["server"]] + tls, stdout=subprocess.PIPE, text=True)
    proxy = None
    try:
        if server.stdout.readline().strip() != "ready":
            return "the server does not start"
        with open(printed, "w", encoding="utf-8") as out:
            proxy = subprocess.Popen([envscope, "--proxy", pair.replace("@", where).replace("SPY", spy)] + options + ["-T", "ndjson"],
                                     stdout=out, stderr=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR="/tmp"))
        said = proxy.stderr.readline()
        port = re.search(r":(\d+)/? → ", said)
        client = subprocess.run(peer + ["client", url.replace("@", port.group(1) if port else "").replace("SPY", spy), log["client"]],
                                stdout=subprocess.PIPE, timeout=60, check=False)
        proxy.send_signal(signal.SIGINT)
        said += proxy.communicate(timeout=20)[1]
        if client.returncode or proxy.returncode:
            return f"the client's status is {client.returncode}, envscope's {proxy.returncode}: {said}"
        if "Sanitizer" in said:
            return said
        return "differs" if compare.main(log["client"], log["server"], printed) else None
    finally:
        for process in (proxy, server):
            if process and process.poll() is None:
                process.terminate()
                process.wait()
        for name in (where, spy):
            if protocol == "pipe" and os.path.exists("/tmp/CoreFxPipe_" + name):
                os.unlink("/tmp/CoreFxPipe_" + name)


def main(envscope, first=0):
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=interop", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", os.path.join(tmp, "key"), "-out",
                        os.path.join(tmp, "cert")], check=True, stderr=subprocess.DEVNULL)
        for case in CASES[first:]:
            fault = run(envscope, tmp, *case)
            if fault:
                failed += 1
                print(f"interop: {case[1]} {' '.join(case[3])}: {fault}")
    print(f"interop: {len(CASES) - first - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), *map(int, sys.argv[2:])))
