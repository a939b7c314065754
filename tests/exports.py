#!/usr/bin/env python3
"""Ctrl-C in the middle of each format: exports.py ENVSCOPE CAPTURE

The capture comes through a pipe that stays open. When envscope says (SIGUSR1) that it has the messages, it gets SIGINT: what it has written then
must be a whole document, with all of them. And signals while the reader of the output is slow: SIGUSR1 must not end that, SIGINT must.
"""
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def json_lines(text):
    return sum("event" not in json.loads(line) for line in text.splitlines())


def csv_rows(text):
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert all(len(row) == len(rows[0]) for row in rows), "rows of different lengths"
    return len(rows) - 1


def svg_rows(text):
    return sum(g.get("class") != "news" for g in xml.etree.ElementTree.fromstring(text).iter(SVG + "g"))


def html_messages(text):
    assert text.rstrip().endswith("</html>"), "no end"
    return len(re.findall(r'<details [^>]*id="m[0-9]', text))


def plantuml_rows(text):
    assert text.startswith("@startuml\n") and text.endswith("@enduml\n"), "no frame"
    return None


FORMATS = {
    "json": lambda text: len(json.loads(text)),
    "pdml": lambda text: len(xml.etree.ElementTree.fromstring(text).findall("packet")),
    "ndjson": json_lines,
    "otlp": lambda text: json_lines(text) and None,
    "csv": csv_rows,
    "svg": lambda text: svg_rows(text) and None,
    "html": html_messages,
    "plantuml": plantuml_rows,
    "mermaid": lambda text: None if text.startswith("sequenceDiagram\n") and text.endswith("\n") else 0,
}


def wait_for_messages(child, want):
    """Asks for the counts until all messages are there."""
    said, end = b"", time.monotonic() + 30
    while f"{want} messages".encode() not in said:
        assert time.monotonic() < end, f"no {want} messages: {said.decode()}"
        child.send_signal(signal.SIGUSR1)
        if select.select([child.stderr], [], [], 0.1)[0]:
            said = os.read(child.stderr.fileno(), 65536)
            assert said, "it ended before Ctrl-C"


def interrupted(envscope, part, name, want, out):
    with open(out, "wb") as file:
        child = subprocess.Popen([envscope, "-r", "-", "-T", name], stdin=subprocess.PIPE, stdout=file, stderr=subprocess.PIPE)
        child.stdin.write(part)
        child.stdin.flush()
        try:
            wait_for_messages(child, want)
            child.send_signal(signal.SIGINT)
            child.wait(30)
        finally:
            child.kill()
        child.stdin.close()
        child.stderr.close()
    with open(out, encoding="utf-8", newline="") as file:
        return file.read(), child.returncode


def is_full(child, room):
    """Is the pipe that it writes to full, and it waits for that to change?"""
    with open(f"/proc/{child.pid}/stat", encoding="ascii") as file:
        waits = file.read().rsplit(")", 1)[1].split()[0] == "S"
    return waits and struct.unpack("i", fcntl.ioctl(child.stdout, termios.FIONREAD, bytes(4)))[0] == room


def while_full(envscope, capture, signals, way=("-T", "ndjson"), reads=False):
    """Signals while the reader of the output is slow: what comes out, the status, what is said."""
    child = subprocess.Popen([envscope, "-r", capture, *way], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    room = fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 4096)
    head = os.read(child.stdout.fileno(), 65536)  # behind a short first part the pipe would be full before it has as many bytes as it has room for
    end = time.monotonic() + 30
    for sent in signals:
        while child.poll() is None and not is_full(child, room):
            assert time.monotonic() < end, "it never waits for its reader"
        child.send_signal(sent)
    if signals[-1] == signal.SIGINT and not reads:
        child.wait(30)  # though nobody reads
    out, said = child.communicate()
    return head + out, child.returncode, said.decode()


def check_asked(envscope, capture):
    want = subprocess.run([envscope, "-r", capture, "-T", "ndjson"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    out, status, _ = while_full(envscope, capture, [signal.SIGUSR1] * 3)
    right = status == 0 and out == want
    print("SIGUSR1:", "whole" if right else f"status {status}, {len(out)} bytes of {len(want)}")
    return right


def check_late(envscope, capture):
    """Ctrl-C where the reader is late, but reads: nothing of what was printed by then is cut."""
    out, status, said = while_full(envscope, capture, [signal.SIGINT], reads=True)
    right = status == 0 and out.endswith(b"}\n") and "ended by a signal" not in said
    print("SIGINT, read late:", "whole" if right else f"status {status}, {out[-20:]}: {said}")
    return right


def check_stopped(envscope, capture):
    """Ctrl-C where nobody reads what is written: it ends, and says what became of that."""
    right = True
    printed = [("-T", "ndjson"), ("-T", "html"), ("-T", "svg"), ("-z", "summary,threads", "-T", "ndjson")]
    for way, word in [(way, "writing: ") for way in printed] + [(("-w", "-"), "writing to standard output stopped: ")]:
        _, status, said = while_full(envscope, capture, [signal.SIGINT], way)
        good = status == 3 and word + "ended by a signal before all was taken" in said
        print(f"SIGINT, {' '.join(way)}:", "said" if good else f"status {status}: {said}")
        right = right and good
    return right


def check_terminal(envscope, capture):
    """SSLKEYLOGFILE names the terminal, where another program shows its keys: nobody waits for what is typed there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["SSLKEYLOGFILE"] = "/dev/tty"
        os.execv(envscope, [envscope, "-r", capture, "-c", "1", "-T", "fields", "-e", "command"])
    right = select.select([terminal], [], [], 20)[0] and b"signin" in os.read(terminal, 65536)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    print("key log on the terminal:", "passed over" if right else "waited for")
    return right


def main():
    envscope, capture = sys.argv[1:3]
    with open(capture, "rb") as file:
        part = file.read()
    whole = subprocess.run([envscope, "-r", "-", "-T", "fields", "-e", "n"], input=part, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    want = len(whole.stdout.splitlines())
    out = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"exports.{os.getpid()}")
    wrong = 0
    for name, count in FORMATS.items():
        print(name, end=": ", flush=True)
        try:
            text, status = interrupted(envscope, part, name, want, out)
            found = count(text)
            assert status == 0, f"status {status}"
            assert found is None or found == want, f"{found} messages, not {want}"
        except (AssertionError, ValueError, xml.etree.ElementTree.ParseError, csv.Error) as fault:
            wrong += 1
            print(f"after Ctrl-C: {fault}")
        else:
            print("whole")
    os.unlink(out)
    wrong += not check_asked(envscope, capture)
    wrong += not check_late(envscope, capture)
    wrong += not check_stopped(envscope, capture)
    wrong += not check_terminal(envscope, capture)
    sys.exit(wrong)


main()
