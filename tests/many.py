#!/usr/bin/env python3
"""Runs scripts one after the other as python3 does, which takes longer to start than most of them to run: tests/many.sh. Reads lines, with tabs
between the file for what is printed, the script and its arguments; answers each with the exit status."""
import contextlib, sys, traceback

codes = {}

def run(script, args):
    sys.argv = [script, *args]
    try:
        if script not in codes:
            with open(script, encoding="utf-8") as f: codes[script] = compile(f.read(), script, "exec")
        exec(codes[script], {"__name__": "__main__", "__file__": script})
    except SystemExit as e:
        if isinstance(e.code, str): print(e.code, file=sys.stderr); return 1
        return int(e.code or 0)
    except BaseException: traceback.print_exc(); return 1
    return 0

for line in sys.stdin:
    out, script, *args = line.rstrip("\n").split("\t")
    with open(out, "w", encoding="utf-8") as f, contextlib.redirect_stdout(f): status = run(script, args)
    print(status, flush=True)
