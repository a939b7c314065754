#!/usr/bin/env python3
"""extract.py [ENVSCOPE]: the files that --extract writes of each capture must have the SHA-256 that its beginstreams announce, whole and after
the packets were cut, put out of order and doubled.
Recordings that are not in the repository are looked for in the shared captures (ENVSCOPE_SHARED, else ../shared)."""
import glob, hashlib, json, os, re, subprocess, sys, tempfile

SHARED = os.environ.get("ENVSCOPE_SHARED", "../shared")
CASES = ["download", "upload", "two_uploads_interleaved", "near_stream", "rust_ws",
         "tcp", "ws", "wsdeflate", "grpc", "grpctls", "wss12_aes128", "wss13_aes256"]
IMPAIRED = ["--mss", "1448", "--reorder", ".3", "--dup", ".2", "--retransmit-overlap", ".2"]

def find(case):
    paths = [f"{f}/{case}{e}" for f in ("build/samples", "samples", f"{SHARED}/captures") for e in (".pcap", ".pcap.gz")]
    return next((p for p in paths if os.path.exists(p)), None)

def look(envscope, path, keylog):
    run = lambda *o: subprocess.run([envscope, "-r", path, *keylog, *o], capture_output=True, text=True, check=True).stdout
    messages = [m for m in map(json.loads, run("-T", "ndjson").splitlines()) if "event" not in m]
    announced = sorted(m["data"]["checksum"].lower() for m in messages if m["command"] == "beginstream")
    with tempfile.TemporaryDirectory() as folder:
        run("--extract", folder)
        written = sorted(hashlib.sha256(open(f, "rb").read()).hexdigest() for f in glob.glob(folder + "/*"))
    return [] if announced and written == announced else [f"announced {announced}, written {written}"]

def main(envscope):
    passed, failed = 0, 0
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
                faults = look(envscope, p, keylog)
                passed += not faults; failed += bool(faults)
                for f in faults: print(f"extract: {case}{'' if p == path else ', impaired'}: {f}")
    print(f"extract: {passed} passed, {failed} failed")
    return failed > 0

if __name__ == "__main__": sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "./envscope"))
