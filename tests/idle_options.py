#!/usr/bin/env python3
"""idle_options.py [ENVSCOPE]: where an option of the output changes nothing in what is printed of any sample, a line says that it does nothing there; where it does, none does."""
import functools
import os
import subprocess
import sys

ENVIRONMENT = {**os.environ, "TZ": "Asia/Kolkata", "LC_ALL": "C.UTF-8"}
SAMPLES = ("samples/tcp.pcap", "build/samples/token_expired.pcap", "build/samples/download.pcap", "build/samples/queue_events.pcap", "samples/legacy_start.pcap.gz")
FORMATS = ("text", "tree", "ndjson", "fields -e n -e data -e jwt", "csv -e n -e time -e data", "json", "pdml", "mermaid", "plantuml", "svg", "html", "otlp")
REPORTS = ("summary", "commands", "connections", "threads", "rules", "streams", "traces", "correlations", "workitems")
WAYS = [f"-T {name}" for name in FORMATS] + ["-z " + ",".join(REPORTS), "-z " + ",".join(REPORTS) + " -T ndjson"]
WAYS += [f"--check={name} --fail-on note" for name in ("text", "json", "junit")] + ["-q"]
OPTIONS = ("-t ad", "-t d", "-t e", "--utc", "--color=always", "--full-bytes")
# What has no part in what is printed, be it that no sample shows it: in these ways it does nothing, and in the others it may do something.
ELSEWHERE = {"--show-secrets": ["-T text", "-T mermaid", "-T plantuml", "-T svg", "-T otlp", "--check", "-q"], "-M 8M": ["-T", "-q"], "-o spool=8M": ["-T", "-q"], "-l": ["-q"], "--no-mouse": ["-"],
             "-Y n>0": ["--check", "-q"], "-o no-reply=30m": ["-q"]}
# What is about the source, and what does nothing there.
SOURCES = {
    "-r samples/tcp.pcap -q -s 100 -B 4 -p -y EN10MB -d tcp.port==1,ws --keylog samples/grpctls.keys": "-s -B -y -p",
    "--proxy ws://:0=ws://127.0.0.1:1 -a duration:1 -q -d tcp.port==1,ws --keylog samples/grpctls.keys --insecure -p": "-p -d --keylog --insecure",
    "--proxy wss://:0=wss://127.0.0.1:1 -a duration:1 -q --insecure --allow 10.0.0.0/8": "",
    "--proxy wss://:0=wss://127.0.0.1:1 -a duration:1 -q --insecure --cacert /etc/ssl/certs/ca-certificates.crt": "--cacert",
    "--proxy pipe://envscope-idle=tcp://127.0.0.1:1 -a duration:1 -q --allow 10.0.0.0/8": "--allow",
    "-r samples/tcp.pcap -q -c 1 -o threads=2": "-o",
    "-r samples/tcp.pcap -q -o threads=2": "",
    "-r samples/tcp.pcap -w /dev/null -q -o hold=4M -o write=packets": "-o -o",
    "-r samples/tcp.pcap -w /dev/null -q -o hold=4M -o write=packets -Y n>1": "",
    "-r samples/tcp.pcap -w /dev/null -q -o hold=4M --pdu -Y n>1": "-o",
    "-r samples/tcp.pcap -T text -q": "-T",
    "-r samples/tcp.pcap -Vq": "-V",
    "-r samples/tcp.pcap -V -T text -q": "-T",
}


@functools.lru_cache(maxsize=None)
def run(envscope, *options):
    told = subprocess.run([envscope, *options], capture_output=True, check=False, env=ENVIRONMENT)
    assert told.returncode in (0, 1), (options, told)
    return told.stdout, told.stderr.decode()


def idle(said, option):
    name = option.split("=")[0].split()[0] if not option.startswith("-o") else option.split("=")[0]
    return any(f"envscope: {given} is about " in said for given in (name, option)) and " does nothing with " in said


def main(envscope="./envscope"):
    wrong = ran = 0
    for way in WAYS:
        for option in OPTIONS:
            changes, said = False, ""
            base = way + (" -t a" if option == "--utc" and "-t" not in way else "")
            for sample in SAMPLES:
                before, _ = run(envscope, "-r", sample, *base.split())
                after, said = run(envscope, "-r", sample, *base.split(), *option.split())
                changes = before != after
                if changes:
                    break
            ran += 1
            if changes == idle(said, option):
                wrong += 1
                print(f"idle_options: {base} {option} changes {'something' if changes else 'nothing'}, and it is said: {said or 'nothing'}")
    for option, ways in ELSEWHERE.items():
        for way in WAYS:
            useless = any(way.startswith(start) for start in ways) and not (option == "-M 8M" and "-z" in way)
            _, said = run(envscope, "-r", SAMPLES[0], *way.split(), *option.split())
            ran += 1
            if useless != idle(said, option):
                wrong += 1
                print(f"idle_options: {way} {option}: {said or 'nothing is said'}")
    for options, names in SOURCES.items():
        _, said = run(envscope, *options.split())
        told = [line.split()[1] for line in said.splitlines() if " does nothing with " in line]
        ran += 1
        if told != names.split():
            wrong += 1
            print(f"idle_options: {options}: {said}")
    print(f"idle_options: {ran} ways, {wrong} faults")
    return wrong != 0


sys.exit(main(*sys.argv[1:]))
