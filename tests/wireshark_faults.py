#!/usr/bin/env python3
"""wireshark_faults.py ENVSCOPE PLUGIN CAPTURE: Envelopes with faults of their own, written to CAPTURE: tshark with the generated dissector must blame each for
what envscope blames it for, and show none of the secrets that envscope hides."""
import json
import subprocess
import sys

import attacks

RULES = {"type-mismatch", "type-missing", "priority-range", "id-missing", "seq-duplicate", "decode"}
SECRET = b"SuperSecret"
SIGNIN = attacks.field(1, b"henrik") + attacks.field(2, SECRET)
COMMANDS = ["query", "queryreply", "getelement", "ping", "custom", "QUERY", "customreply"]
TYPES = ["openiap.QueryRequest", "QueryRequest", "a/openiap.QueryResponse", "openiap.GetElementRequest", "openiap.GetElementResponse", "openiap.Foo",
         "x.Y", "openiap.CustomRequest", "x.CustomResponse", "openiap.queryrequest", "openiap.Envelope", "google.protobuf.Any", ""]


def any_of(kind, value):
    return (attacks.field(1, b"type.googleapis.com/" + kind.encode()) if kind else b"") + attacks.field(2, value)


def envelope(n, command, data=None, own=b"id%d", behind=b""):
    out = attacks.field(1, command.encode()) + b"\x18" + attacks.varint(n)
    out += attacks.field(4, own % n) if own else b""
    return out + (attacks.field(6, data) if data is not None else b"") + behind


def envelopes():
    n = 0
    for command in COMMANDS:
        for kind in TYPES:
            for value in (b"", attacks.field(1, b"text")):
                yield envelope(n, command, any_of(kind, value))
                n += 1
    for behind in (b"\x10\x04", b"\x10\x03", b"\xff", b"\x0b", b"\x30\x03", attacks.field(2, b"\1\2"), b"\x20\x01"):
        yield envelope(n, "ping", behind=behind)
        n += 1
    yield envelope(n, "ping", own=None)
    yield attacks.field(1, b"ping") + attacks.field(3, b"\1") + attacks.field(4, b"no number")
    for value in (b"\x0a\x05ab", b"\x08\x05", attacks.field(1, b"\xff")):
        yield envelope(n + 1, "query", any_of("openiap.QueryRequest", value))
        n += 1
    signin = any_of("openiap.SigninRequest", SIGNIN)
    text = attacks.field(1, b"\xff" * 40 + b'{"password":"' + SECRET + b'"}')
    token = attacks.field(1, b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0." + SECRET)
    texts = [any_of("openiap.QueryRequest", part) for part in (text, token)]
    for data in (*texts, any_of("openiap.Envelope", envelope(0, "signin", signin)), any_of("google.protobuf.Any", signin)):
        yield envelope(n + 1, "query", data)
        n += 1
    for data in (b'{"password":"' + SECRET + b'"}', token):
        yield envelope(n + 1, "stream", any_of("openiap.Stream", attacks.field(1, data)))
        yield envelope(n + 2, "query", any_of("openiap.QueryRequest", attacks.field(99, data)), behind=attacks.field(98, data))
        n += 2
    yield envelope(n + 1, "signin", signin, behind=attacks.field(6, signin))
    yield envelope(n + 2, "query", attacks.field(1, b"\xff\xff.com/openiap.QueryRequest"))


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 or b"Lua" in done.stderr:
        sys.exit(f"wireshark: {' '.join(command)}: {done.stderr.decode()}")
    return done.stdout.decode()


def main(envscope, plugin, path):
    capture, count = attacks.Capture(), 0
    talk = attacks.Talk(capture, size=1400)
    for count, message in enumerate(envelopes(), 1):
        talk.send(attacks.framed(message))
    with open(path, "wb") as file:
        file.write(capture.bytes())
    tshark = ("tshark", "-n", "-X", f"lua_script:{plugin}", "-r", path, "-Y", "openiap")
    rows = map(json.loads, run(envscope, "-r", path, "-T", "ndjson").splitlines())
    ours = [set(row["rules"]) & RULES for row in rows if "event" not in row]
    lines = run(*tshark, "-T", "fields", "-E", "aggregator=|", "-e", "_ws.expert.message").splitlines()
    theirs = [{said.split(":")[0] for said in line.split("|")} & RULES for line in lines]
    wrong = [f"message {n}: envscope blames it for {sorted(a)}, tshark for {sorted(b)}" for n, (a, b) in enumerate(zip(ours, theirs), 1) if a != b]
    if not len(ours) == len(theirs) == count:
        wrong.append(f"{count} Envelopes with faults: envscope shows {len(ours)}, tshark {len(theirs)}")
    shown = [line for line in run(*tshark, "-T", "pdml").splitlines() if 'name="tcp.' not in line]
    wrong += ["a secret is shown: " + line.strip()[:100] for line in shown if SECRET.decode() in line or SECRET.hex() in line]
    print(*("wireshark: " + what for what in wrong[:9]), f"wireshark: {count} Envelopes with faults, {len(wrong)} differences", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 4 else __doc__)
