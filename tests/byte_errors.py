#!/usr/bin/env python3
"""byte_errors.py [ENVSCOPE [RUNS [SEED]]]: captures with random byte errors, as editcap -E makes them, and cut off anywhere. Each of RUNS takes one of the
samples (also as pcapng, also gzipped), damages it, and prints it in one of many ways. The program must end by itself within a minute and a
gigabyte, with status 0, 1 or 3, without a word from a sanitizer; JSON must be JSON, text must have no control characters, and what -w writes
can be read again. Run with a build with the sanitizers (default: build/san/envscope). A failing capture is left in build/errors.
Captures from outside the repository (ENVSCOPE_SHARED, else ../shared) are taken too, where they are."""
import concurrent.futures, glob, gzip, json, os, random, re, shutil, subprocess, sys, tempfile

SHARED = os.environ.get("ENVSCOPE_SHARED", "../shared")
LARGEST = 3_000_000
SECONDS = 60
RATES = 0.00005, 0.0005, 0.005, 0.02  # bytes that are wrong
LIMITS = dict(os.environ, LC_ALL="C.UTF-8", UBSAN_OPTIONS="print_stacktrace=1",
              ASAN_OPTIONS="hard_rss_limit_mb=1024:max_allocation_size_mb=1024:detect_leaks=1:allocator_may_return_null=1")

# What is printed, and what it must be. {} is a folder for files.
TEXT, LINES, JSON, ANY = "text", "lines of JSON", "JSON", "anything"
WAYS = (
    (TEXT, "-T text"), (TEXT, "-T tree --full-bytes"), (TEXT, "-T tree --show-secrets"), (LINES, "-T ndjson"), (LINES, "-T ndjson --full-bytes"), (JSON, "-T json"),
    (TEXT, "-T fields -e n -e openiap.command -e data -e rules"), (TEXT, "-T csv"), (TEXT, "-T pdml"), (TEXT, "-T html"), (TEXT, "-T svg"),
    (TEXT, "-T mermaid"), (TEXT, "-T plantuml"), (LINES, "-T otlp"),
    (TEXT, "-z summary,commands,connections,threads,rules,streams,traces,correlations,workitems"),
    (LINES, "-z summary,commands,connections,threads,rules,streams,traces,correlations,workitems -T ndjson"),
    (TEXT, "--check --fail-on note"), (JSON, "--check=json"), (TEXT, "--check=junit"),
    (TEXT, "-Y seq>3||data.query._type==\"test\""), (TEXT, "-M 2M -z threads"), (TEXT, "-o spool=1M -o no-reply=1s -z summary"), (ANY, "--extract {}/files"),
    (ANY, "-q -w {}/w.pcapng"), (ANY, "-q -w {}/w.pcapng --pdu"), (ANY, "-q -w {}/w.pcapng -Y seq>3"), (ANY, "-q -w {}/w.pcap -F pcap"),
    (ANY, "-q -w {}/w.pcapng -b filesize:50 -b files:3"),
)

def read(path):
    return (gzip.open if path.endswith(".gz") else open)(path, "rb").read()

def captures(envscope, folder):
    """(name, bytes, key log) of every sample, of some in another form, and of the shared captures."""
    for path in sorted(glob.glob("samples/*.pcap*") + glob.glob("build/samples/*.pcap") + glob.glob(f"{SHARED}/captures/*.pcap*")):
        keys = re.sub(r"\.pcap(\.gz)?$", ".keys", path)
        data = read(path)
        if len(data) > LARGEST: continue
        yield path, data, keys if os.path.exists(keys) else None
        if path.startswith("samples/") or "near" in path:
            written = f"{folder}/base.pcapng"
            subprocess.run([envscope, "-r", path, "-q", "-w", written] + (["--keylog", keys] if os.path.exists(keys) else []), check=True,
                           stderr=subprocess.DEVNULL)
            yield path + " as pcapng", read(written), None

def damage(data, chance):
    out = bytearray(data)
    for _ in range(max(1, int(len(out) * chance.choice(RATES)))):
        at = chance.randrange(0 if chance.random() < 0.02 else 24, len(out))
        out[at] = chance.randrange(256) if chance.random() < 0.7 else out[at] ^ 1 << chance.randrange(8)
    if chance.random() < 0.2: del out[chance.randrange(len(out)):]
    if chance.random() < 0.1: out = bytearray(gzip.compress(out, 1))
    if chance.random() < 0.03: out[chance.randrange(len(out)) if out else 0:] = b"\x55" * 40
    return bytes(out)

def fault_of(kind, out):
    """What is wrong with what was printed; None if nothing is."""
    if kind == ANY: return None
    if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", out.replace(b"\r\n", b"\n")): return "a control character"
    try:
        for part in out.splitlines() if kind == LINES else [out] if kind == JSON else []: json.loads(part)
    except ValueError as e: return f"no JSON: {e}"
    return None if text_is_utf8(out) else "no UTF-8"

def text_is_utf8(out):
    try: out.decode()
    except UnicodeDecodeError: return False
    return True

def run(envscope, options):
    r = subprocess.run([envscope, *options], capture_output=True, timeout=SECONDS, env=LIMITS)
    said = r.stderr.decode("utf-8", "replace")
    if r.returncode not in (0, 1, 3) or "Sanitizer" in said or "runtime error" in said: return f"status {r.returncode}: {said[-1500:]}", b""
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", said): return "a control character on standard error", b""
    return None, r.stdout

def try_one(envscope, capture, seed, folder):
    """Damages and prints a capture; a sentence if that went wrong."""
    name, data, keys = capture
    chance = random.Random(seed)
    kind, way = chance.choice(WAYS)
    folder = tempfile.mkdtemp(dir=folder)
    damaged = f"{folder}/damaged"
    open(damaged, "wb").write(damage(data, chance))
    options = ["-r", damaged, *way.format(folder).split()] + (["--keylog", keys] if keys else [])
    try:
        fault, out = run(envscope, options)
        fault = fault or fault_of(kind, out)
        for written in glob.glob(f"{folder}/w*") if not fault else []:
            fault, _ = run(envscope, ["-r", written, "-q"])
    except subprocess.TimeoutExpired: fault = f"not done after {SECONDS} s"
    if fault:
        os.makedirs("build/errors", exist_ok=True)
        shutil.copy(damaged, f"build/errors/{seed}")
    shutil.rmtree(folder)
    return fault and f"byte errors: {name}, build/errors/{seed}, {way}: {fault}"

def main(envscope="build/san/envscope", runs="150", seed="1"):
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bases = list(captures(envscope, folder))
        tries = [pool.submit(try_one, envscope, bases[i % len(bases)], int(seed) * 1_000_000 + i, folder) for i in range(int(runs))]
        faults = 0
        for t in tries:
            if t.result(): faults += 1; print(t.result(), flush=True)
    print(f"byte errors: {runs} captures damaged, {faults} faults")
    return faults > 0

if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)) + "/..")
    sys.exit(main(*sys.argv[1:]))
