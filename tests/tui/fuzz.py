#!/usr/bin/env python3
"""Random keys, clicks and resizes for the screens, under live traffic and the sanitizers.

	fuzz.py ENVSCOPE SECONDS [SEED] [CAPTURE…]

envscope reads a pipe, into which the captures are fed again and again at random speeds, so that connections begin, go on and end while the
keys come. Every key of the table of commands is among them, with random text, mouse and rubbish; the terminal changes its size, the program is
stopped and goes on. The run fails when the program ends by itself, when a sanitizer speaks, when a key is not answered in time, or when
it has more resident memory than its records explain: they have a budget (-M), so that the oldest are forgotten, and beyond that budget there
may be no more than ALLOWANCE. What was pressed is kept in build/tui/fuzz.keys. No slash is ever pressed, F3 searches instead: the Save dialog
writes into build/tui/fuzz.d and nowhere else.
"""
import fcntl
import os
import pty
import random
import select
import shutil
import signal
import struct
import sys
import termios
import threading
import time

KEYS = ([bytes([c]) for c in range(32, 127) if c != ord("/")] * 2 + [b"\t", b"\r", b"\x1b", b"\x7f", b"\x0c", b"\x01", b"\x05", b"\x0b", b"\x15", b"\x17"] * 3 +
        [b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[5~", b"\x1b[6~", b"\x1b[H", b"\x1b[F", b"\x1b[Z", b"\x1b[3~"] * 6 +
        [b"\x1bOP", b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[15~", b"\x1b[17~", b"\x1b[18~", b"\x1b[19~", b"\x1b[20~", b"\x1b[21~"] * 4 +
        ["æ".encode(), "漢".encode(), b"\xff", b"\x1b[999~", b"\x1b["])
WORDS = [b"\x1bORquery\r", b"f\x15command == query\r", b"f\x15latency > 0\r", b"f\x15data.collectionname\r", b"f\x15 && \r\x1b", b"F",
         b"f\x15state == open\r", b"f\x15rules\r", b"f\x15severity == error || !rules\r", b"2f\x15state == failed\r", b"p", b"p",
         b"s\x1b", b"t \x1b[C+-0\x1b", b"o\x1b", b"2>>>>>>z", b"1>>>>>", b"  d", b"ma", b"'a", b"L", b"x", b"i", b"?", b"S", b"y", b"*", b"G", b"g"]
PATIENCE = 20.0     # seconds of its own processor time, or ten times as many of the clock: on a busy machine it may get little of that
LEAVES = 2          # times that it may be told to leave; then that key is taken away, so that one run is long
BUDGET = 12         # MiB that the records may have: so few that they are soon reached, and whatever grows after that is seen
ALLOWANCE = 140     # MiB beyond that: the program, what is drawn, and what the sanitizer keeps beside everything


class Feeder(threading.Thread):
    """Feeds captures into the pipe; one file header, then the packets of all of them in turn, each time from other ports."""

    def __init__(self, fd, files, seconds, seed):
        super().__init__(daemon=True)
        self.fd, self.files, self.end, self.random = fd, files, time.monotonic() + seconds, random.Random(seed)

    def packets(self, path):
        with open(path, "rb") as capture:
            data = capture.read()
        at = 24
        while at + 16 <= len(data):
            size = struct.unpack_from("<I", data, at + 8)[0]
            yield bytearray(data[at:at + 16 + size])
            at += 16 + size

    def run(self):
        with open(self.files[0], "rb") as first:
            header = first.read(24)
        round_number = 0
        try:
            os.write(self.fd, header)
            while time.monotonic() < self.end:
                path = self.random.choice(self.files)
                with open(path, "rb") as capture:
                    if capture.read(24)[20:24] != header[20:24]:
                        continue
                round_number += 1
                for packet in self.packets(path):
                    now = time.time()
                    struct.pack_into("<II", packet, 0, int(now), int(now % 1 * 1e6))
                    if len(packet) > 16 + 14 + 20:
                        packet[16 + 14 + 15] = round_number & 0xff      # an address of its own, so that connections are new
                        packet[16 + 14 + 19] = round_number & 0xff
                        packet[16 + 14 + 14] = round_number >> 8 & 0xff
                        packet[16 + 14 + 18] = round_number >> 8 & 0xff
                    os.write(self.fd, packet)
                    if self.random.random() < 0.05:
                        time.sleep(self.random.random() * 0.02)
        except OSError:
            pass


def start(program, stays):
    reader, writer = os.pipe()
    here = os.path.abspath("build/tui")
    shutil.rmtree(f"{here}/fuzz.d", ignore_errors=True)
    os.makedirs(f"{here}/fuzz.d")
    with open(f"{here}/fuzz.config", "w") as config:
        config.write("key.quit =\nkey.leave =\n" if stays else "")
    pid, fd = pty.fork()
    if pid == 0:
        os.dup2(reader, 3)
        os.set_inheritable(3, True)
        os.closerange(4, 64)
        os.chdir(f"{here}/fuzz.d")      # what the save dialog writes
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", ENVSCOPE_CONFIG=f"{here}/fuzz.config",
                          ASAN_OPTIONS=f"log_path={here}/fuzz.asan:abort_on_error=1:detect_leaks=1:quarantine_size_mb=16", UBSAN_OPTIONS="print_stacktrace=1")
        os.execvp("sh", ["sh", "-c", 'exec "$0" -M %dM -o spool=64M -r - <&3 2>../fuzz.stderr' % BUDGET, program])
    os.close(reader)
    os.set_blocking(fd, False)
    return pid, fd, writer


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next((int(line.split()[1]) for line in status if line.startswith("VmRSS")), 0)


def worked(pid):
    """Seconds of processor time so far."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gone(pid):
    done, status = os.waitpid(pid, os.WNOHANG)
    return status if done else None


def drain(fd, patience):
    """Reads all that has been drawn; nothing when nothing comes within that time."""
    drawn = b""
    while select.select([fd], [], [], 0 if drawn else patience)[0]:
        try:
            part = os.read(fd, 1 << 16)
        except OSError:
            break
        drawn += part
        if not part or len(drawn) > 1 << 20:
            break
    return drawn


def send(fd, keys):
    """Types them. The program may be behind: it reads no keys while nobody reads what it draws, so that is done meanwhile."""
    drawn, end = b"", time.monotonic() + 10 * PATIENCE
    while keys and time.monotonic() < end:
        try:
            keys = keys[os.write(fd, keys):]
        except BlockingIOError:
            drawn += drain(fd, 0.02)
    return drawn


def press(choice, fd, pid, log):
    what = choice.random()
    if what < 0.70:
        keys = choice.choice(KEYS)
    elif what < 0.90:
        keys = choice.choice(WORDS)
    elif what < 0.97:
        button = choice.choice([0, 0, 0, 64, 65])
        keys = b"\x1b[<%d;%d;%dM" % (button, choice.randint(1, 250), choice.randint(1, 80))
    else:
        rows, columns = choice.choice([(24, 80), (40, 120), (60, 220), (3, 10), (1, 1), (8, 30), (24, 500)])
        log.write(f"size {rows} {columns}\n")
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(pid, signal.SIGWINCH)
        return b""
    log.write(repr(keys) + "\n")
    return send(fd, keys)


def course(samples):
    return " → ".join(f"{kb // 1024} MB at {at:.0f} s" for at, kb in samples[::max(1, len(samples) // 8)])


def end(pid):
    """Kills what is still there after a fault."""
    try:
        if gone(pid) is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        pass


def fuzz(program, seconds, seed, files, child):
    """None, or what is wrong; child[0] is the process that runs meanwhile."""
    os.makedirs("build/tui", exist_ok=True)
    for name in os.listdir("build/tui"):
        if name.startswith("fuzz.") and name != "fuzz.d":
            os.unlink(f"build/tui/{name}")
    choice = random.Random(seed)
    pid, fd, writer = start(program, False)
    child[0] = pid
    feeder = Feeder(writer, files, seconds + 5, seed)
    feeder.start()
    began, keys, starts, answered = time.monotonic(), 0, 1, (time.monotonic(), worked(pid))
    samples, out = [], b""
    with open("build/tui/fuzz.keys", "w") as log:
        while time.monotonic() - began < seconds:
            part = b""
            for _ in range(choice.randint(1, 4)):
                part += press(choice, fd, pid, log)
                keys += 1
            part += drain(fd, 0.02)
            out = (out + part)[-20000:]
            status = gone(pid)
            if status is not None and os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
                feeder.join()
                os.close(fd)
                os.close(writer)
                pid, fd, writer = start(program, starts >= LEAVES)      # it was told to leave
                child[0] = pid
                feeder = Feeder(writer, files, seconds + 5, seed + starts)
                feeder.start()
                starts, samples, answered = starts + 1, [], (time.monotonic(), worked(pid))
            elif status is not None:
                return f"it ended with status {status:#x} after {keys} keys"
            elif part:
                answered = time.monotonic(), worked(pid)
            elif worked(pid) - answered[1] > PATIENCE or time.monotonic() - answered[0] > 10 * PATIENCE:
                return f"nothing was drawn for {time.monotonic() - answered[0]:.0f} s after {keys} keys"
            if keys % 500 < 3:
                samples.append((time.monotonic() - began, resident(pid)))
                if samples[-1][1] > (BUDGET + ALLOWANCE) * 1024:
                    return f"it has {samples[-1][1] // 1024} MB of memory after {keys} keys, with a budget of {BUDGET} MB: {course(samples)}"
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 10 * PATIENCE
    while (status := gone(pid)) is None:
        drain(fd, 0.05)
        if time.monotonic() > deadline:
            return "it does not end when it is told to"
    if not os.WIFEXITED(status) or os.WEXITSTATUS(status) != 0:
        return f"it ended with status {status:#x}"
    print(f"fuzz: {keys} keys, {starts} starts, seed {seed}, memory {course(samples)}")
    return None


def main():
    program, seconds = os.path.abspath(sys.argv[1]), float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
    files = sys.argv[4:] or ["samples/tcp.pcap"]
    child = [None]
    try:
        fault = fuzz(program, seconds, seed, files, child)
    finally:
        end(child[0])
    if fault:
        print(f"fuzz: seed {seed}: {fault}")
        for name in sorted(os.listdir("build/tui")):
            if name.startswith(("fuzz.asan", "fuzz.stderr")):
                print(open(f"build/tui/{name}", errors="replace").read()[:6000])
        sys.exit(1)


if __name__ == "__main__":
    main()
