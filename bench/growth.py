#!/usr/bin/env python3
"""How time and memory grow with what is read. Captures are made on the fly and come through a pipe.

	growth.py growth [MOST]     from 10,000 to MOST messages (100,000,000 unless given), then many connections; tables
	growth.py soak [COUNT]      COUNT messages (500,000,000 unless given) of eight hours at full speed within -M 512M: is the memory flat?

Times are those of the processor: envscope's share of it, whatever else the machine does. Exit status 1: a goal is missed.
"""
import os
import re
import subprocess
import sys
import time

PROGRAM = os.environ.get("ENVSCOPE", "./envscope")
MAKE = os.path.join(os.environ["BENCH_TOOLS"], "make_input")
MIB = 1 << 20


def start(kind, count, *options):
    """(generator, envscope), the one writing to the other"""
    read, write = os.pipe()
    maker = subprocess.Popen([MAKE, kind, f"/dev/fd/{write}", str(count)], pass_fds=[write], stdout=subprocess.DEVNULL)
    os.close(write)
    reader = subprocess.Popen([PROGRAM, "-r", "-", "-z", "summary", *options], stdin=read, stdout=subprocess.PIPE)
    os.close(read)
    return maker, reader


def finish(maker, reader):
    """(messages, seconds of the processor, most bytes resident)"""
    said = reader.stdout.read().decode()
    _, status, usage = os.wait4(reader.pid, 0)
    reader.returncode = status
    if maker.wait() or status:
        sys.exit("growth: a program failed")
    return int(re.search(r"([\d,]+) messages\n", said)[1].replace(",", "")), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def measured(kind, count):
    return finish(*start(kind, count))


missed = 0


def verdict(good, text):
    global missed
    missed += not good
    return f"{text}: {'met' if good else '**MISSED**'}"


def row(name, what, seconds, resident, goal=""):
    print(f"| {name} | {what:,} | {seconds:.2f} | {seconds / what * 1e9:.0f} | {resident / MIB:.0f} | {resident / what:.0f} | {goal} |", flush=True)


def head(what):
    print(f"\n| | {what}s | seconds | ns a {what} | peak RSS, MiB | bytes of it a {what} | goal |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |")


def grow(most):
    head("message")
    million = None
    sizes = [10 ** k for k in range(4, 10) if 10 ** k <= most]
    if sizes[-1] != most:
        sizes.append(most)
    for count in sizes:
        messages, seconds, resident = measured("small", count)
        each = seconds / messages
        row("200 connections", messages, seconds, resident, verdict(each <= 1.15 * million, "≤ 1.15 × a million") if million else "")
        if count == 1000000:
            million = each


def connections():
    head("connection")
    for kind, name, counts in (("short", "one after the other", (10000, 100000, 1000000)), ("crowd", "20,000 at a time", (20000, 200000, 1000000))):
        first = None
        for count in counts:
            _, seconds, resident = measured(kind, count)
            if first:
                row(name, count, seconds, resident, verdict(seconds / count <= 1.15 * first, "≤ 1.15 × the row above"))
            else:
                row(name, count, seconds, resident)
            first = seconds / count


def resident_now(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:")), 0)
    except OSError:
        return 0


def soak(count):
    """Memory is looked at every quarter of a second; of the second half the largest must not exceed the smallest by a tenth."""
    began = time.monotonic()
    maker, reader = start("soak", count, "-M", "512M")
    seen = []
    os.set_blocking(reader.stdout.fileno(), True)
    while maker.poll() is None:
        seen.append(resident_now(reader.pid))
        time.sleep(0.25)
    messages, seconds, most = finish(maker, reader)
    half = seen[len(seen) // 2:] or [most]
    parts = [max(seen[len(seen) * k // 8:len(seen) * (k + 1) // 8] or [0]) // MIB for k in range(8)]
    print(f"{messages:,} messages in {time.monotonic() - began:.0f} s, {seconds:.0f} s of the processor, {seconds / messages * 1e9:.0f} ns a message")
    print(f"largest resident memory in each eighth of the time, MiB: {' '.join(map(str, parts))}; at most {most // MIB}")
    print(verdict(max(half) <= 1.1 * min(half), "flat in the second half, within a tenth"), verdict(most <= 600 * MIB, "at most 600 MiB"), sep="; ")


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    count = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if what == "growth":
        grow(count or 100000000)
        connections()
    elif what == "soak":
        soak(count or 500000000)
    else:
        sys.exit(__doc__)
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
