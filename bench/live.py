#!/usr/bin/env python3
"""Screens beside what they have to keep up with.

	live.py [SECONDS]     200,000 small messages a second on loopback for SECONDS (60 unless given), the screens open in a pseudo-terminal:
	                      does the kernel drop packets, are all messages there? Then the first rows of a capture of 10 GB.

The capture of 10 GB is two gigabytes of messages, and a hole in a sparse file behind them: only its beginning matters. Needs the permission to capture.
Exit status 1: a goal is missed.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

from screens import Screen

PROGRAM = os.environ.get("ENVSCOPE", "./envscope")
TOOLS = os.environ["BENCH_TOOLS"]
PORT, RATE = int(os.environ.get("PORT", "28640")), 200000
FOOTER = re.compile(rb"([\d.,]+[KMG]?) packets +([\d.,]+[KMG]?) messages +([\d.,]+[KMG]?) dropped")
FIRST_ROWS = 0.3


def number(text):
    unit = {b"K": 1e3, b"M": 1e6, b"G": 1e9}.get(text[-1:], 1)
    return float(text.rstrip(b"KMG").replace(b",", b"")) * unit


def footer(screen):
    """(packets, messages, dropped), as the last footer has them"""
    os.write(screen.fd, b"\x0c")  # drawn anew
    screen.drain(1.5)
    found = FOOTER.findall(re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\(B", b" ", screen.out))
    return tuple(map(number, found[-1])) if found else (0, 0, -1)


def live(seconds):
    sink = subprocess.Popen([f"{TOOLS}/proxy_load", "serve", str(PORT), str(PORT + 1)], stdout=subprocess.PIPE)
    sink.stdout.readline()
    screen = Screen(PROGRAM, "-i", "lo", *os.environ.get("LIVE_OPTIONS", "-M 1G").split(), f"tcp port {PORT + 1}")
    screen.drain(1.0)
    load = subprocess.Popen([f"{TOOLS}/proxy_load", "live", str(PORT + 1), str(RATE * seconds)], stdout=subprocess.PIPE)
    while load.poll() is None:
        screen.read(0.2)
    rate = int(load.stdout.read())
    packets, messages, dropped = footer(screen)
    user, system = map(int, open(f"/proc/{screen.pid}/stat", encoding="ascii").read().rpartition(")")[2].split()[11:13])
    screen.kill()
    sink.kill()
    sink.wait()
    busy = (user + system) / os.sysconf("SC_CLK_TCK")
    good = dropped == 0 and messages >= RATE * seconds * 0.995
    print(f"| {RATE * seconds:,} messages at {rate:,} a second, the screens open | {messages:,.0f} shown in {packets:,.0f} packets, {dropped:,.0f} dropped "
          f"by the kernel, {busy:.1f} s of the processor | all shown, none dropped: {'met' if good else '**MISSED**'} |", flush=True)
    return good


def first_rows():
    with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
        subprocess.run([f"{TOOLS}/make_input", "big", capture.name, "2000"], check=True, stdout=subprocess.DEVNULL)
        os.truncate(capture.name, 10 * 1000 ** 3)
        screen = Screen(PROGRAM, "-r", capture.name)
        screen.wait(b"query")
        took = time.monotonic() - screen.started
        screen.kill()
    print(f"| first rows of a capture of 10 GB | {took:.3f} s | ≤ {FIRST_ROWS} s: {'met' if took <= FIRST_ROWS else '**MISSED**'} |", flush=True)
    return took <= FIRST_ROWS


def main():
    print("| | measured | goal |\n| --- | --- | --- |", flush=True)
    results = [live(int(sys.argv[1]) if len(sys.argv) > 1 else 60), first_rows()]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
