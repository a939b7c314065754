#!/usr/bin/env python3
"""extract.py [ENVSCOPE]: the files that --extract writes of each capture must have the SHA-256 that its beginstreams announce, whole and after
the packets were cut, put out of order and doubled; and the keys of each message in its ndjson must be those of docs/ndjson.md, in that
order. Recordings that are not in the repository are looked for in the shared captures (ENVSCOPE_SHARED, else ../shared)."""
import glob, hashlib, json, os, re, subprocess, sys, tempfile

SHARED = os.environ.get("ENVSCOPE_SHARED", "../shared")
CASES = ["download", "upload", "two_uploads_interleaved", "near_stream", "rust_ws",
         "tcp", "ws", "wsdeflate", "grpc", "grpctls", "wss12_aes128", "wss13_aes256"]
IMPAIRED = ["--mss", "1448", "--reorder", ".3", "--dup", ".2", "--retransmit-overlap", ".2"]

def find(case):
    paths = [f"{f}/{case}{e}" for f in ("build/samples", "samples", f"{SHARED}/captures") for e in (".pcap", ".pcap.gz")]
    return next((p for p in paths if os.path.exists(p)), None)

def documented():
    table = open("docs/ndjson.md", encoding="utf-8").read().split("## A message")[1].split("### data")[0]
    return [k for row in re.findall(r"^\| (`.*?`) \|", table, re.M) for k in re.findall(r"`(\w+)`", row)]

def wrong_keys(m, keys):
    """Keys out of order, or missing though they are always there; None for a message as it should be."""
    want = [k for k in keys if k in m or k not in ("jwt", "captured")]
    return None if list(m) == want else f"message {m['n']} has the keys {' '.join(m)}"

def look(envscope, path, keylog, keys):
    run = lambda *o: subprocess.run([envscope, "-r", path, *keylog, *o], capture_output=True, text=True, check=True).stdout
    messages = [m for m in map(json.loads, run("-T", "ndjson").splitlines()) if "event" not in m]
    announced = sorted(m["data"]["checksum"].lower() for m in messages if m["command"] == "beginstream")
    with tempfile.TemporaryDirectory() as folder:
        run("--extract", folder)
        written = sorted(hashlib.sha256(open(f, "rb").read()).hexdigest() for f in glob.glob(folder + "/*"))
    faults = [f for f in (wrong_keys(m, keys) for m in messages) if f][:1]
    if not announced or written != announced: faults.append(f"announced {announced}, written {written}")
    return faults

def main(envscope):
    keys, passed, failed = documented(), 0, 0
    for case in CASES:
        path = find(case)
        if not path: continue
        keylog = re.sub(r"\.pcap(\.gz)?$", ".keys", path)
        keylog = ["--keylog", keylog] if os.path.exists(keylog) else []
        with tempfile.TemporaryDirectory() as folder:
            paths = [path]
            impair = f"{SHARED}/tools/impair.py"
            if os.path.exists(impair):
                paths.append(f"{folder}/in.pcap")
                subprocess.run([sys.executable, impair, path, paths[1], *IMPAIRED], capture_output=True, check=True)
            for p in paths:
                faults = look(envscope, p, keylog, keys)
                passed += not faults; failed += bool(faults)
                for f in faults: print(f"extract: {case}{'' if p == path else ', impaired'}: {f}")
    print(f"extract: {passed} passed, {failed} failed")
    return failed > 0

if __name__ == "__main__": sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "./envscope"))
