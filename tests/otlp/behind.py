#!/usr/bin/env python3
"""behind.py ENVSCOPE URL there|gone: screens over a file of more spans than the queue for the collector at URL holds. Reading must rest, and the title say so, while
the terminal is answered at once. With a collector all spans must arrive. Without one the file must be read on after 15 s, and Ctrl-C end the wait behind
the screens; then each span was counted once."""
import fcntl, os, re, struct, sys, tempfile, termios, time

sys.path.insert(0, "tests")
import attacks, faults

REQUESTS, PATIENCE, SLOWEST = 30_000, 90, 2
RESTS = b"waiting for the collector"

def capture(folder):
    c = attacks.Capture()
    attacks.messages(c, REQUESTS, lambda i: attacks.envelope(b"query", i, b"i%d" % i, type=b"QueryRequest"))
    path = os.path.join(folder, "requests.pcap")
    with open(path, "wb") as out: out.write(c.bytes())
    return path

def painted(t, rows):
    """The whole screen: another size has it painted anew, which is handled as a key is. And how long that took."""
    begin, t.out = time.monotonic(), b""
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
    screen = t.read(until=b"F1")
    return screen, time.monotonic() - begin

def watch(t):
    """Until all is read, and the title counts it: did reading rest, and how long did the slowest answer take?"""
    until, rested, slowest, screen, rows = time.monotonic() + PATIENCE, False, 0, RESTS, 24
    t.read(until=b"F1")
    while (b"/%s " % f"{REQUESTS:,}".encode() not in screen or RESTS in screen) and time.monotonic() < until:
        rows = 49 - rows
        screen, took = painted(t, rows)
        rested, slowest = rested or RESTS in screen, max(slowest, took)
        time.sleep(0.1)
    return rested, slowest

def main(envscope, url, collector):
    with tempfile.TemporaryDirectory() as folder:
        t = faults.Terminal(faults.Faults(envscope, "", False, ""), "-r", capture(folder), "--otlp", url)
        rested, slowest = watch(t)
        t.out = b""
        os.write(t.fd, b"q")
        if collector == "gone":
            t.read(until=b"Ctrl-C gives up")
            os.write(t.fd, b"\x03")
        t.read()
        said = t.out.decode(errors="replace")
        status = t.status()
        t.close()
    spans = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:spans? sent|given up)", said)]
    good = rested and slowest < SLOWEST and sum(spans) == REQUESTS
    good = good and ((spans == [REQUESTS] and status == 0) if collector == "there" else (spans[0] == 0 and len(spans) == 3 and status == 3))
    print(f"reading rested: {rested}, the slowest answer took {slowest:.2f} s, spans {spans}, status {status}: {said[-300:]!r}")
    return 0 if good else 1

if __name__ == "__main__": sys.exit(main(*sys.argv[1:]))
