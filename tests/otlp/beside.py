#!/usr/bin/env python3
"""beside.py ENVSCOPE URL TAKEN printing|screens: a live capture that posts to the collector at URL. One conversation of five requests; then nothing
comes any more, and the collector (which refuses once, so that there is something to try again) must still get the five spans, which it appends to
TAKEN, before envscope is told to end."""
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time

envscope, url, taken, beside = sys.argv[1:]
PATIENCE = 60


def lines(path):
    return len(open(path).readlines()) if os.path.exists(path) else 0


ours, theirs = pty.openpty()
shown = {"printing": ["-T", "text", "-l"], "screens": []}[beside]
with socket.create_server(("127.0.0.1", 0)) as taken_port:
    port = str(taken_port.getsockname()[1])
process = subprocess.Popen([envscope, "-i", "lo", *shown, "--otlp", url, "tcp", "port", port], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True,
                           env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True)
os.close(theirs)
talked, until, seen = False, time.monotonic() + PATIENCE, b""
while lines(taken) < 5 and time.monotonic() < until and process.poll() is None:
    if select.select([ours], [], [], 0.1)[0]:
        seen += os.read(ours, 65536)
    # The screens have come; a listing's first packet can't be seen, but the interface that is open can.
    if not talked and (seen or (beside == "printing" and any("socket" in os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{process.pid}/fd")))):
        subprocess.run([sys.executable, "tests/talk.py", "5", "0", port], check=True)
        talked = True
got = lines(taken)
running = process.poll() is None
process.send_signal(signal.SIGINT)
while select.select([ours], [], [], 0.1)[0] or process.poll() is None:
    try:
        os.read(ours, 65536)
    except OSError:
        break
said = process.stderr.read()
print(f"{got} spans before the end, running: {running}, status {process.wait()}: {said}")
sys.exit(0 if got == 5 and running and "5 spans sent, 1 time tried again" in said else 1)
