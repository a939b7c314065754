#!/usr/bin/env python3
"""How fast the screens are, seen through a pseudo-terminal.

	screens.py CAPTURE [ENVSCOPE]

Prints, with the goals of bench/README.md beside them: how long after the start the first rows show, how long keys wait while the capture
loads, how many frames a second a held-down key scrolls with, and what sorting and filtering all rows takes. Exit status 1: a goal is missed.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

ROWS, COLUMNS = 50, 160
PAGE_DOWN, END, HOME = b"\x1b[6~", b"\x1b[F", b"\x1b[H"


class Screen:
    def __init__(self, program, *arguments):
        self.out = b""
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", ENVSCOPE_CONFIG="/dev/null")
            os.execv(program, [program, *arguments])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self, patience):
        """What the program writes within that time, at least something; nothing when the time is over."""
        ready, _, _ = select.select([self.fd], [], [], patience)
        if not ready:
            return b""
        try:
            part = os.read(self.fd, 1 << 16)
        except OSError:
            part = b""
        if not part:
            sys.exit("envscope is gone")
        self.out = (self.out + part)[-200000:]
        return part

    def drain(self, quiet=0.0):
        while self.read(quiet):
            pass

    def wait(self, text, patience=600.0):
        """Seconds until the text is written."""
        began = time.monotonic()
        seen = b""
        while time.monotonic() - began < patience:
            seen = seen[-200:] + self.read(1.0)
            if text in seen:
                return time.monotonic() - began
        sys.exit(f"the screen never shows {text!r}")

    def press(self, key, text):
        """Seconds from a key to the text that answers it."""
        self.drain()
        os.write(self.fd, key)
        return self.wait(text)

    def hold(self, key, seconds):
        """Holds a key down, as a keyboard does that repeats it 60 times a second; returns the frames that are drawn, each a burst of output."""
        frames, began, last = 0, time.monotonic(), 0.0
        sent = 0
        while time.monotonic() - began < seconds:
            now = time.monotonic()
            if now >= began + sent / 60:
                os.write(self.fd, key)
                sent += 1
            if self.read(max(0.0, began + sent / 60 - time.monotonic())):
                now = time.monotonic()
                frames += now - last > 0.004
                last = now
        return frames

    def kill(self):
        os.kill(self.pid, 15)
        os.waitpid(self.pid, 0)


missed = 0


def tell(what, value, unit, goal=None, least=False):
    global missed
    good = goal is None or (value >= goal if least else value <= goal)
    missed += not good
    words = "" if goal is None else f"{'at least' if least else 'at most'} {goal:g} {unit}{'' if good else '  MISSED'}"
    print(f"{what:<70} {value:10.3f} {unit:<7} {words}", flush=True)


def share(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def loading(s, how="", least=1):
    """Help is opened and left again and again while the capture loads."""
    times = []
    while not (len(times) >= least and b"loading" not in s.out[-60000:]) and len(times) < 400:
        times.append(s.press(b"?", b"> Help"))
        times.append(s.press(b"q", b"Messages"))
        s.out = s.out[-60000:]
    tell(f"keys while loading{how}, median", share(times, 0.5) * 1000, "ms")
    tell(f"keys while loading{how}, longest of {len(times)}", max(times) * 1000, "ms", 50)


def scrolling(s, where, key, seconds=5):
    s.drain(0.3)
    tell(f"scrolling {where}", s.hold(key, seconds) / seconds, "frames/s", 30, least=True)


def loaded(s):
    while True:
        s.read(1.0)
        s.out = s.out[-3000:]
        if b"loading" not in s.out and not s.read(1.0):
            return


def working(s, what, keys):
    """Starts long work and opens and leaves the help while it runs; it is over when nothing more is drawn."""
    s.drain(0.3)
    for key in keys:
        os.write(s.fd, key)
    began = time.monotonic()
    times = []
    for _ in range(20):
        times += [s.press(b"?", b"> Help"), s.press(b"q", b"Messages")]
        time.sleep(0.02)
    while s.read(0.3):
        s.out = b""
    tell(f"{what}", time.monotonic() - began - 0.3, "s")
    tell(f"{what}: keys meanwhile, longest of {len(times)}", max(times) * 1000, "ms", 50)


def resident(s):
    with open(f"/proc/{s.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def changing(program, capture):
    """The same while a filter that is asked again about what later messages change lets rows in and out."""
    s = Screen(program, "-r", capture)
    s.wait(b"query")
    os.write(s.fd, b"f")
    s.wait(b"Display")
    os.write(s.fd, b"state == open || rules\r")
    s.wait(b"Filter")
    loading(s, ", with a filter on state and rules", 200)
    s.kill()


def main():
    capture = sys.argv[1]
    program = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "./envscope")
    s = Screen(program, "-r", capture)
    s.wait(b"query")
    tell("first rows", time.monotonic() - s.started, "s", 0.3)
    loading(s)
    loaded(s)
    tell("loaded", time.monotonic() - s.started, "s")
    for tab in (b"1", b"2"):
        os.write(s.fd, tab)
        s.drain(0.5)
        name = "threads" if tab == b"1" else "messages"
        os.write(s.fd, HOME)
        scrolling(s, f"{name} from the top", PAGE_DOWN)
        os.write(s.fd, END)
        scrolling(s, f"{name} at the end", b"\x1b[5~")
    before = resident(s)
    working(s, "sorting messages by size", [b">"] * 10)
    tell("memory that the order takes", resident(s) - before, "MB")
    working(s, "sorting messages by command instead", [b"<"] * 3)
    working(s, "filtering on the record", [b"f", b"latency > 0.001\r"])
    working(s, "filtering on the payload", [b"f", b"\x15data.collectionname == \"entities\"\r"])
    s.kill()
    changing(program, capture)
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
