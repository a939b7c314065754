#!/usr/bin/env python3
"""security.py [ENVSCOPE]: what docs/security.md promises, seen from outside: how the program is built (readelf), what the process has given up (/proc), and
that no secret of a sample is in what is printed of it, in any format, nor of copies whose messages are damaged around it."""
import glob, json, os, pwd, random, re, select, shutil, subprocess, sys, tempfile, time

import attacks, faults

WAYS = ("-T text", "-T tree --full-bytes", "-T ndjson --full-bytes", "-T json", "-T csv", "-T fields -e data -e openiap.jwt", "-T pdml", "-T html", "-T svg", "-T mermaid",
        "-T plantuml", "-T otlp", "-z summary,commands,connections,threads,rules,streams,traces,correlations,workitems", "--check --fail-on note",
        "--check=json --fail-on note", "--check=junit --fail-on note")
DAMAGED = 40
CHANCES = 2000
SHORTEST = 8

class Checks:
    passed = failed = 0
    def hold(self, good, what):
        if good: self.passed += 1
        else: self.failed += 1; print(f"security: {what}"[:1000], flush=True)

def built(c, envscope):
    read = lambda *o: subprocess.run(["readelf", "-W", *o, envscope], capture_output=True, text=True).stdout
    c.hold("DYN (Position-Independent Executable file)" in read("-h"), "the program is no PIE")
    c.hold("GNU_RELRO" in read("-l"), "there is no RELRO")
    c.hold(re.search(r"GNU_STACK .* RW +0x", read("-l")), "the stack can be executed")
    c.hold(not re.search(r"LOAD .* RWE ", read("-l")), "memory can be written and executed")
    c.hold("BIND_NOW" in read("-d") or "Flags: NOW" in read("-d"), "functions are bound late")
    c.hold("RPATH" not in read("-d") and "RUNPATH" not in read("-d"), "there is a path for libraries")
    symbols = read("--dyn-syms")
    c.hold("__stack_chk_fail" in symbols, "there is no stack protector")
    c.hold(len(set(re.findall(r"__\w+_chk\b", symbols))) > 2, "there is no FORTIFY_SOURCE")

def given_up(c, envscope, folder):
    """A process that waits for a pipe."""
    os.mkfifo(f"{folder}/fifo")
    p = subprocess.Popen([envscope, "-r", f"{folder}/fifo", "-T", "text"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pipe = os.open(f"{folder}/fifo", os.O_WRONLY)
    try:
        wait_until(lambda: "Seccomp:\t2" in open(f"/proc/{p.pid}/status").read())
        status = open(f"/proc/{p.pid}/status").read()
        c.hold("NoNewPrivs:\t1" in status, "new privileges can be had")
        c.hold(re.search(r"Max core file size +0 +0 ", open(f"/proc/{p.pid}/limits").read()), "core dumps are on")
        c.hold(os.stat(f"/proc/{p.pid}/environ").st_uid == 0, "the process can be looked into") # not dumpable: /proc belongs to root
    finally:
        os.close(pipe); p.kill(); p.wait()

def capabilities(c, envscope, folder):
    """A user who may capture gives that up once the interface is open."""
    lend = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+net_raw,+net_admin", "--ambient-caps", "+net_raw,+net_admin"]
    if os.geteuid() != 0 or subprocess.run([*lend, envscope, "-i", "lo", "-L"], capture_output=True).returncode:
        return print("security: no right to capture can be lent, giving it up is not tested")
    os.chmod(folder, 0o777)
    p = subprocess.Popen([*lend, envscope, "-i", "lo", "-q", "-w", f"{folder}/live.pcapng"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(f"{folder}/live.pcapng"))
        c.hold(re.search(r"CapPrm:\t0+\nCapEff:\t0+\n", open(f"/proc/{p.pid}/status").read()), "capabilities are kept")
    finally:
        p.terminate(); c.hold(p.wait() == 0, "a live capture without capabilities does not end well")

def dropped(c, envscope, folder):
    """Root is given up once the interface is open, for the user of -Z or for whom sudo was called by, and can't be had again; who can't give it up ends."""
    if os.geteuid() != 0: return print("security: not root, giving it up is not tested")
    ids = lambda n: "\t".join([str(n)] * 4)
    user = pwd.getpwnam("nobody")
    os.chmod(folder, 0o777)
    for options, more in ((("-Z", user.pw_name), {}), ((), {"SUDO_USER": user.pw_name})):
        path = f"{folder}/dropped{len(options)}.pcapng"
        p = subprocess.Popen([envscope, "-i", "lo", *options, "-q", "-w", path], stderr=subprocess.PIPE, env=os.environ | more)
        wait_until(lambda: os.path.exists(path) or p.poll() is not None)
        if p.poll() is not None: return print(f"security: no right to capture, giving up root is not tested: {p.stderr.read().decode()!r}")
        status = open(f"/proc/{p.pid}/status").read()
        p.terminate()
        said = p.communicate()[1]
        c.hold(p.returncode == 0, f"a live capture without root does not end well: {p.returncode}, {said.decode()!r}")
        c.hold(f"Uid:\t{ids(user.pw_uid)}\nGid:\t{ids(user.pw_gid)}\n" in status, f"root is kept, {options} {more}")
        c.hold(re.search(rf"Groups:\t{user.pw_gid} ?\n", status), f"groups are kept, {options} {more}")
        c.hold(re.search(r"CapPrm:\t0+\nCapEff:\t0+\n", status), f"capabilities are kept, {options} {more}")
        owner = os.stat(path)
        c.hold((owner.st_uid, owner.st_mode & 0o777) == (user.pw_uid, 0o600), f"the file that is written belongs to {owner.st_uid}, mode {owner.st_mode:o}")
    nobody = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    for before, who, why in (([], "no-such-user", "there is no such user"), (nobody, "root", "Operation not permitted")):
        r = subprocess.run([*before, envscope, "-r", "samples/tcp.pcap", "-Z", who], capture_output=True, text=True)
        c.hold((r.returncode, r.stdout, r.stderr) == (3, "", f"envscope: can't give up root for {who}: {why}\n"), f"-Z {who}: {r.returncode}, {r.stderr!r}")

def relay_dropped(c, envscope, folder):
    """The proxy's relay, which reads what strangers send, has no root either, though the port that it listens on needed it; a pipe is the user's own."""
    if os.geteuid() != 0: return print("security: not root, giving it up is not tested")
    user, pipe = pwd.getpwnam("nobody"), f"{folder}/relay.pipe"
    os.chmod(folder, 0o777)
    p = subprocess.Popen([envscope, "--proxy", "socket://127.0.0.1:787=socket://127.0.0.1:1", "--proxy", f"pipe://{pipe}=socket://127.0.0.1:1", "-Z", user.pw_name, "-q"],
                         stderr=subprocess.PIPE, text=True)
    said = [p.stderr.readline() for _ in range(2)]
    children = lambda: open(f"/proc/{p.pid}/task/{p.pid}/children").read().split()
    wait_until(lambda: p.poll() is not None or children())
    c.hold(p.poll() is None and "listening on" in said[1], f"a proxy on a port of root's does not start: {said}")
    if p.poll() is not None: return
    for pid in (p.pid, *children()):
        status = open(f"/proc/{pid}/status").read()
        c.hold(f"Uid:\t{user.pw_uid}\t{user.pw_uid}\t{user.pw_uid}\t{user.pw_uid}\n" in status, f"root is kept by the proxy: {status}")
        c.hold(re.search(r"CapPrm:\t0+\nCapEff:\t0+\n", status), "capabilities are kept by the proxy")
    c.hold(os.stat(pipe).st_uid == user.pw_uid, f"the pipe belongs to {os.stat(pipe).st_uid}")
    p.terminate(); p.communicate()
    c.hold(p.returncode == 0 and not os.path.exists(pipe), f"a proxy without root does not end well: {p.returncode}, its pipe is there: {os.path.exists(pipe)}")

def memory_of(pid):
    """All that a process could read of its own memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            begin, end = (int(n, 16) for n in line.split()[0].split("-"))
            if line.split()[1] == "rw-p":
                memory.seek(begin)
                try: yield memory.read(end - begin)
                except OSError: pass

def keys_of_relay(c, envscope, folder):
    """The key of an encrypted listener, as a number and as the PEM has it, is in the relay's memory and not in that of the process that reads what strangers sent."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/key", "-out", f"{folder}/cert", "-days", "2", "-subj", "/CN=localhost"]
    if os.geteuid() != 0 or subprocess.run(made, capture_output=True).returncode: return print("security: not root, or no openssl: where keys are is not tested")
    text = subprocess.run(["openssl", "pkey", "-in", f"{folder}/key", "-noout", "-text"], capture_output=True, text=True).stdout
    number = bytes.fromhex("".join(re.search(r"priv:([\s0-9a-f:]+)pub:", text)[1].split()).replace(":", ""))[-32:]
    lines = open(f"{folder}/key").read().splitlines()
    secrets = (number, number[::-1], *(line.encode() for line in lines[1:3]))
    for name, parts in (("cert, key", "ck"), ("key, cert, cert", "kcc")):
        with open(f"{folder}/{parts}", "w") as both:
            for part in parts: both.write(open(f"{folder}/{dict(c='cert', k='key')[part]}").read())
        key_of_relay(c, envscope, secrets, f"one file of {name}", "--cert", f"{folder}/{parts}")
    key_of_relay(c, envscope, secrets, "two files", "--cert", f"{folder}/cert", "--key", f"{folder}/key")

def key_of_relay(c, envscope, secrets, what, *options):
    kept = dict(os.environ, LD_PRELOAD=os.path.abspath("build/tests/inject.so"), INJECT_KEEP="1") # nothing comes into what was freed
    p = subprocess.Popen([envscope, "--proxy", "wss://127.0.0.1:0=ws://127.0.0.1:1", *options, "-q"], stderr=subprocess.PIPE, text=True, env=kept)
    try:
        c.hold("listening on" in p.stderr.readline(), f"a proxy with a key does not start: {what}")
        children = lambda: open(f"/proc/{p.pid}/task/{p.pid}/children").read().split()
        wait_until(lambda: children() and "Seccomp:\t2" in open(f"/proc/{p.pid}/status").read())
        has = lambda pid: any(secret in part for part in memory_of(pid) for secret in secrets)
        c.hold(has(children()[0]), f"the relay's key is not found where it must be: {what}")
        c.hold(not has(p.pid), f"the key of an encrypted listener is in the memory of the process that reads what was sent: {what}")
    finally:
        p.terminate(); p.communicate()

def screens(c, envscope):
    """What is written to a terminal: neither the password nor the token of a sign-in, and nothing that sets the title or the clipboard, or that asks something.
    (Of the sequences that end in t, 22 and 23 are in terminfo's beginning and end of a full screen.)"""
    path = "build/samples/error_reply.pcap"
    secrets = secrets_of(envscope, path, [])
    t = faults.Terminal(faults.Faults(envscope, "", False, ""), "-r", path)
    for text, keys in ((b"1/3", b"\r"), ("‹hidden".encode(), b"n"), (b"jwt", b"q" * 4)):
        while text not in t.out and select.select([t.fd], [], [], faults.PATIENCE)[0]: t.out += os.read(t.fd, 65536)
        c.hold(text in t.out, f"screens: {text.decode()} is not shown")
        os.write(t.fd, keys)
    out, status = t.read(), t.status()
    t.close()
    plain = re.sub(rb"\x1b[^a-zA-Z]*[a-zA-Z]", b"", out)
    c.hold(secrets and not any(shows(x, s) for s in secrets for x in (out, plain)), "screens: a secret is shown")
    c.hold(status == 0, f"screens: status {status}")
    told = re.findall(rb"\x1b[\]P_^X]|\x1b\[>?[0-9;]*[cn]|\x1b\[(?:1[0-9]|2[01])[0-9;]*t", out)
    c.hold(not told, f"screens: the terminal is told more than to show something: {told}")

def wait_until(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end: time.sleep(0.01)

def keylog(path):
    keys = re.sub(r"\.pcap(\.gz)?$", ".keys", path)
    return ["--keylog", keys] if os.path.exists(keys) else []

def run(envscope, path, keys, way):
    r = subprocess.run([envscope, "-r", path, *keys, *way.split()], capture_output=True, timeout=60)
    return r.stdout + r.stderr

def values(of, out):
    """Values of keys that are secret, in what --show-secrets prints."""
    if isinstance(of, dict):
        for key, value in of.items():
            if key.lower() in ("jwt", "password") and isinstance(value, str): out.add(value)
            values(value, out)
    elif isinstance(of, list):
        for value in of: values(value, out)

def secrets_of(envscope, path, keys):
    """Passwords, and of tokens the signature: claims are shown."""
    found = set()
    for line in run(envscope, path, keys, "-T ndjson --show-secrets --full-bytes").decode().splitlines():
        if line.startswith("{"): values(json.loads(line), found)
    return {s for s in (v.rpartition(".")[2] for v in found) if len(s) >= SHORTEST}

def shows(out, secret):
    """As text, or as hexadecimal digits."""
    plain = secret.encode()
    return any(digits in out.lower() for digits in (plain.lower(), plain.hex().encode(), plain.hex(":").encode()))

def samples(c, envscope):
    seen = 0
    for path in sorted(glob.glob("samples/*.pcap*") + glob.glob("build/samples/*.pcap"))[::1 if os.environ.get("ALL") else 4]:
        keys = keylog(path)
        secrets = secrets_of(envscope, path, keys)
        seen += len(secrets)
        for way in WAYS if secrets else ():
            out = run(envscope, path, keys, way)
            c.hold(not any(shows(out, s) for s in secrets), f"{path}, {way}: a secret is shown")
    c.hold(seen > 10, f"only {seen} secrets are in the samples")

SECRET = b"8765432109"
TOKEN = b"eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ."
SECRETS_IN_JSON = (b'{"password":"x\\"%s"}', b'{"password" : %s}', b'{"jwt":["%s"]}', b'{"password":{"$in":[%s]}}', b'{"Password":"%s"}', b'{"a":"{\\"password\\":[\\"%s\\"]}"}',
                   b'{"password":"' + b"x" * 200 + b'%s"}', b'{"pass\\u0077ord":"%s"}', b'{"\\u006aW\\u0074":["%s"]}', b'{"a":"{\\"\\u0070assword\\":\\"%s\\",\\"pass\\\\u0077ord\\":\\"%s\\"}"}', b'{"jwt":["%s')

def in_json(c, envscope, folder):
    """Secrets in the JSON of a field, of every kind and also cut, and asked for by name."""
    capture = attacks.Capture()
    attacks.messages(capture, len(SECRETS_IN_JSON), lambda i: attacks.envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=attacks.field(1, SECRETS_IN_JSON[i].replace(b"%s", SECRET))))
    with open(f"{folder}/json.pcap", "wb") as out: out.write(capture.bytes())
    for way in WAYS + ("-T fields -e data.query.password -e data.query.jwt -e data.query.a.password -e data.query.password.$in",):
        shown = run(envscope, f"{folder}/json.pcap", [], way)
        c.hold(not shows(shown, SECRET.decode()), f"JSON, {way}: a secret is shown")
    c.hold(shows(run(envscope, f"{folder}/json.pcap", [], "-T tree --show-secrets"), SECRET.decode()), "--show-secrets does not show what is in JSON")
    if not shutil.which("tshark"): return print("security: no tshark, secrets in what the dissector shows are not tested")
    with open(f"{folder}/openiap.lua", "w") as out: subprocess.run([envscope, "--wireshark-plugin"], stdout=out)
    theirs = lambda *o: subprocess.run(["tshark", "-n", "-X", f"lua_script:{folder}/openiap.lua", "-r", f"{folder}/json.pcap", "-Y", "openiap", *o], capture_output=True, text=True).stdout
    c.hold(not shows((theirs() + theirs("-V")).encode(), SECRET.decode()), "JSON, the dissector: a secret is shown")
    ours = run(envscope, f"{folder}/json.pcap", [], "-T fields -e openiap.query.query").decode()
    c.hold(theirs("-T", "fields", "-e", "openiap.query.query") == ours.replace("\\\\", "\\"), "JSON: the dissector hides something else than envscope")

def in_envelope(c, envscope, folder):
    """Secrets in the JSON of what stands in an Envelope: its command, ids, trace and type; what is seen of another message names its command."""
    capture, text = attacks.Capture(), b'{"jwt":"%s"}' % SECRET
    talk, more = attacks.Talk(capture, size=1400), attacks.field(7, SECRET) + attacks.field(8, text) + attacks.field(9, text)
    attacks.signin(talk)
    for client, seq, id, rid in (True, 1, text, b""), (True, 1, b"b", text), (False, 0, b"c", text), (False, 3, b"d", b"x" + text):
        talk.send(attacks.framed(attacks.envelope(text, seq, id, rid) + more), client)
    escaped = b'{"a":"{\\u0022password\\u0022:\\u0022%s\\u0022,\\u0022b\\u0022:1}"}' % SECRET
    talk.send(attacks.framed(attacks.envelope(b"query", 2, escaped, text, text, attacks.field(1, escaped)) + more))
    with open(f"{folder}/envelope.pcap", "wb") as out: out.write(capture.bytes())
    for way in WAYS + ("-T fields -e command -e id -e rid -e traceid -e spanid -e type_url -e gist -e request", f"-q -w {folder}/written.pcapng"):
        c.hold(not shows(run(envscope, f"{folder}/envelope.pcap", [], way), SECRET.decode()), f"the Envelope, {way}: a secret is shown")
    comments = subprocess.run([sys.executable, "tests/pcapng.py", f"{folder}/written.pcapng", "comments"], capture_output=True).stdout
    c.hold(comments and not shows(comments, SECRET.decode()), "the Envelope, comments of packets: a secret is shown")
    if not shutil.which("tshark"): return print("security: no tshark, secrets in what the dissector shows are not tested")
    with open(f"{folder}/openiap.lua", "w") as out: subprocess.run([envscope, "--wireshark-plugin"], stdout=out)
    for more in (), ("-V",):
        shown = subprocess.run(["tshark", "-n", "-X", f"lua_script:{folder}/openiap.lua", "-r", f"{folder}/envelope.pcap", "-Y", "openiap", *more], capture_output=True).stdout
        c.hold(shown.count("‹hidden, 10 bytes›".encode()) > 10 and not shows(shown, SECRET.decode()), f"the Envelope, the dissector {more}: a secret is shown")

MARK = "Zx9Z"

def escaped(chance, text):
    """The text of JSON with letters of some keys written as escapes, at the level of the text or in the texts within it."""
    letter = lambda c: f"\\u{ord(c):04x}" if chance.random() < .3 else c
    return re.sub(r'(?i)(jwt|password)(?=\\*":)', lambda m: "".join(map(letter, m[0])) if chance.random() < .5 else m[0], text)

def value(chance, depth, secret):
    """A value of JSON by chance, JSON in its strings too; in secrets all of it has the mark."""
    kind = chance.randrange(8 if depth < 4 else 4)
    if kind < 3: return chance.choice([MARK, MARK + '"' + MARK, "\\" + MARK, MARK + "]}", MARK + "\\"]) if secret else chance.choice(["x", 'a"b', "]}", 1])
    if kind == 3: return MARK if secret else True
    if kind == 4: return [value(chance, depth + 1, secret) for _ in range(chance.randrange(4))]
    if kind == 5: return escaped(chance, json.dumps(value(chance, depth + 1, secret)))
    keys = [chance.choice(["jwt", "password", "Password", "a", "b"]) for _ in range(chance.randrange(4))]
    return {key: value(chance, depth + 1, secret or key.lower() in ("jwt", "password")) for key in keys}

def by_chance(c, envscope, folder):
    """Whatever JSON they are in, however deep, and wherever it is cut: no byte of them is shown."""
    chance, capture, texts = random.Random(2), attacks.Capture(), []
    while len(texts) < CHANCES:
        text = escaped(chance, json.dumps(value(chance, 0, False)))
        if MARK in text: texts.append(text[:chance.randrange(1, len(text) + 1)] if chance.random() < .5 else text)
    attacks.messages(capture, CHANCES, lambda i: attacks.envelope(b"query", i, b"i%d" % i, type=b"QueryRequest", payload=attacks.field(1, texts[i].encode())))
    with open(f"{folder}/chance.pcap", "wb") as out: out.write(capture.bytes())
    for way in WAYS + ("-T fields -e data.query.a -e data.query.password.a -e data.query.jwt -e data.query.b.password",):
        c.hold(not shows(run(envscope, f"{folder}/chance.pcap", [], way), MARK), f"JSON by chance, {way}: a secret is shown")

def in_names(c, envscope, folder):
    """Secrets in the JSON of what messages are called by: users, programs, queues, work items, files; and tokens in fields that nobody knows."""
    capture, seq = attacks.Capture(), {True: 0, False: 0}
    talk = attacks.Talk(capture, size=1400)
    text = b'{"jwt":"%s"}' % SECRET
    def send(client, command, id, rid=b"", type=b"", *parts):
        payload = b"".join(attacks.field(n, value) for n, value in parts)
        talk.send(attacks.framed(attacks.envelope(command, seq[client], id, rid, type, payload)), client)
        seq[client] += 1
    names = lambda *numbers: [(n, text) for n in numbers]
    send(True, b"signin", b"a", b"", b"SigninRequest", *names(1, 6, 7))
    send(False, b"signinreply", b"b", b"a", b"SigninResponse", (2, attacks.field(2, text) + attacks.field(3, text)))
    send(True, b"queuemessage", b"c", b"", b"QueueMessageRequest", *names(1, 2, 3, 5))
    send(True, b"pushworkitem", b"d", b"", b"PushWorkitemRequest", *names(1, 3))
    send(False, b"pushworkitemreply", b"e", b"d", b"PushWorkitemResponse", (1, b"".join(attacks.field(n, text) for n in (1, 2, 8, 9))))
    send(True, b"download", b"f", b"", b"DownloadRequest", *names(1))
    send(True, b"query", b"g", b"", b"QueryRequest", (999, b"\0\xff" + TOKEN + SECRET), (998, TOKEN + SECRET))
    for command, type, parts in ((b"beginstream", b"BeginStream", names(1)), (b"stream", b"Stream", [(1, b"data")]), (b"endstream", b"EndStream", []),
                                 (b"downloadreply", b"DownloadResponse", names(2))):
        send(False, command, command, b"f", type, *parts)
    with open(f"{folder}/names.pcap", "wb") as out: out.write(capture.bytes())
    for way in WAYS + (WAYS[12] + " -T ndjson", f"--extract {folder}/names"):
        c.hold(not shows(run(envscope, f"{folder}/names.pcap", [], way), SECRET.decode()), f"names, {way}: a secret is shown")
    files = os.listdir(f"{folder}/names")
    c.hold(len(files) == 1 and SECRET.decode() not in files[0], f"files are called {files}")
    c.hold(shows(run(envscope, f"{folder}/names.pcap", [], "-z workitems --show-secrets"), SECRET.decode()), "--show-secrets does not show what is in a report")

def damaged(c, envscope, folder):
    """A byte beside a token, of a field's number or a length, is another: whatever it is taken for then, its signature is hidden."""
    path = "build/samples/error_reply.pcap"
    data = open(path, "rb").read()
    signature = next(s for s in secrets_of(envscope, path, []) if s.encode() in data and "-" not in s)
    chance, begin = random.Random(1), data.index(b"eyJ")
    for i in range(DAMAGED):
        copy = bytearray(data)
        at = begin - 1 - chance.randrange(3) if i % 2 else begin - chance.randrange(1, 60)
        copy[at] = chance.randrange(256)
        with open(f"{folder}/damaged.pcap", "wb") as out: out.write(copy)
        way = WAYS[i % len(WAYS)]
        c.hold(not shows(run(envscope, f"{folder}/damaged.pcap", [], way), signature), f"byte {at - begin} before the token is {copy[at]}, {way}: its signature is shown")

def main(envscope="./envscope"):
    c = Checks()
    with tempfile.TemporaryDirectory() as folder:
        built(c, envscope)
        given_up(c, envscope, folder)
        capabilities(c, os.path.abspath(envscope), folder)
        dropped(c, os.path.abspath(envscope), folder)
        relay_dropped(c, os.path.abspath(envscope), folder)
        keys_of_relay(c, os.path.abspath(envscope), folder)
        screens(c, envscope)
        samples(c, envscope)
        in_json(c, envscope, folder)
        by_chance(c, envscope, folder)
        in_names(c, envscope, folder)
        in_envelope(c, envscope, folder)
        damaged(c, envscope, folder)
    print(f"security: {c.passed} passed, {c.failed} failed")
    return c.failed > 0

if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)) + "/..")
    sys.exit(main(*sys.argv[1:]))
