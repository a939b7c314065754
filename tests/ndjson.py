#!/usr/bin/env python3
"""ndjson.py [ENVSCOPE]: holds the ndjson of every sample, whole and with packets that are lost, to its contract (docs/ndjson.md): which keys in
which order, what kind of JSON each value is, numbers written with their decimals; of payloads the kind that proto/*.proto gives each
field; events of the form that is told, each behind the message it is about, where its time belongs among its neighbours.
Recordings that are not in the repository are looked for in the shared captures (ENVSCOPE_SHARED, else ../shared)."""
import glob, json, os, re, subprocess, sys, tempfile

SHARED = os.environ.get("ENVSCOPE_SHARED", "../shared")
LOSSES = (["--seed", "3", "--drop", "0.05", "--mss", "1448"], ["--seed", "4", "--skip-start", "40"])
INTEGERS = "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"

class Seconds(str):
    """A number with decimals, as it is written."""

def is_seconds(v): return type(v) is Seconds and re.fullmatch(r"-?\d+\.\d{9}", v) is not None
def is_int(v): return type(v) is int
def is_text(v): return type(v) is str
def one_of(*words): return lambda v: v in words
def like(pattern): return lambda v: is_text(v) and re.fullmatch(pattern, v) is not None
def base64(v, most): return like(r"[A-Za-z0-9+/]*=*")(v) and len(v) <= (most + 2) // 3 * 4
def or_null(test): return lambda v: v is None or test(v)

END = like(r"(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+")
MESSAGE = {
    "n": is_int, "time": like(TIME), "rel": is_seconds, "conn": is_int, "src": END, "dst": END, "dir": one_of("c2s", "s2c"),
    "transport": one_of("tcp", "ws", "grpc", "rest", "legacy"), "tls": lambda v: type(v) is bool,
    "command": is_text, "priority": is_int, "seq": or_null(is_int), "id": is_text, "rid": is_text, "traceid": is_text, "spanid": is_text,
    "type_url": is_text, "message": or_null(like(r"\w+")), "size": is_int, "thread": is_int,
    "role": one_of("request", "reply", "stream", "event", "single"), "latency": or_null(is_seconds),
    "rules": lambda v: type(v) is list and all(map(is_text, v)), "jwt": like("‹hidden, \\d+ bytes›"), "captured": is_int, "data": lambda v: True,
}
SOMETIMES = {"jwt", "captured", "was"}
RULE = {"event": one_of("rule"), "n": is_int, "rule": is_text, "severity": one_of("error", "warning", "note"), "was": is_text,
        "time": like(TIME), "rel": is_seconds, "seen": is_text}
NEWS = {"event": one_of("gap", "skipped", "over-long", "cut", "not-ours", "note"), "time": like(TIME), "rel": is_seconds, "conn": is_int,
        "src": END, "dst": END, "dir": one_of("c2s", "s2c"), "bytes": is_int, "text": is_text}

def documented():
    text = open("docs/ndjson.md", encoding="utf-8").read()
    keys = lambda part: [k for row in re.findall(r"^\| (`.*?`) \|", part, re.M) for k in re.findall(r"`([\w-]+)`", row)]
    return keys(text.split("## A message")[1].split("### data")[0]), keys(text.split("## Events")[1])

def schema():
    """{message: {field: (number, type, repeated)}} of proto/*.proto"""
    types = {}
    for path in glob.glob("proto/*.proto"):
        text = re.sub(r"//.*", "", open(path, encoding="utf-8").read())
        for name, body in re.findall(r"message (\w+) \{([^}]*)\}", text):
            types[name] = {f: (int(n), t, bool(many)) for many, t, f, n in re.findall(r"(repeated )?([\w.]+) (\w+) = (\d+)", body)}
    return types

def fits(types, type_, v):
    if type_ in INTEGERS.split(): return is_int(v)
    if type_ in ("float", "double"): return v is None or type(v) in (int, Seconds)
    if type_ == "bool": return type(v) is bool
    if type_ == "string": return is_text(v)
    if type_ == "bytes" and type(v) is dict: return list(v) == ["bytes", "head"] and is_int(v["bytes"]) and v["bytes"] > 256 and base64(v["head"], 48)
    if type_ == "bytes": return base64(v, 256)
    if type_.endswith("Timestamp"): return like(TIME)(v) or type(v) is dict
    return not wrong_payload(types, types.get(type_.split(".")[-1], {}), v)

def wrong_payload(types, fields, v):
    """What is wrong with a message's object; None if nothing is."""
    if type(v) is not dict: return f"is no object but {v!r}"
    order = []
    for key, value in v.items():
        if key == "fault" and key not in fields: continue
        if key not in fields and not key.isdigit(): return f"has a field {key}"
        number, type_, many = fields.get(key, (int(key) if key.isdigit() else 0, None, False))
        order.append(number)
        if type_ and many and type(value) is not list: return f"has no array for {key}"
        for one in value if many else [value]:
            if type_ and not fits(types, type_, one): return f"has {key} = {one!r}, which is no {type_}"
    return None if order == sorted(order) else f"has its fields in the order {list(v)}"

def wrong_keys(object_, contract):
    want = [k for k in contract if k in object_ or k not in SOMETIMES]
    if list(object_) != want: return f"has the keys {' '.join(object_)}"
    return next((f"has {k} = {v!r}" for k, v in object_.items() if not contract[k](v)), None)

def wrong_message(types, m):
    fault = wrong_keys(m, MESSAGE)
    if fault or m["data"] is None or m["transport"] == "legacy": return fault
    # of an unknown type there is no message: all fields have numbers
    return wrong_payload(types, types.get(m["message"], {}), m["data"])

def faults_in(types, lines):
    printed, before, rows = {}, None, []
    for line in lines:
        row = json.loads(line, parse_float=Seconds)
        rows.append(row)
        kind = row.get("event")
        fault = wrong_message(types, row) if not kind else wrong_keys(row, RULE if kind == "rule" else NEWS)
        if fault: yield f"{line[:100]} {fault}"
        if not kind:
            if row["n"] != len(printed) + 1: yield f"message {row['n']} comes after {len(printed)}"
            printed[row["n"]] = row
        elif kind == "rule":
            about = printed.get(row["n"])
            if not about: yield f"{row['rule']} of message {row['n']} comes before it"
            elif row["time"] < about["time"]: yield f"{row['rule']} of message {row['n']} is known before it came"
    for at, row in enumerate(rows):
        if row.get("event") != "rule": continue
        behind = [r["time"] for r in rows[at + 1:]]
        if behind and row["time"] > max(behind): yield f"{row['rule']} of message {row['n']} stands before all that was known when it was"
        if at and row["time"] < min(r["time"] for r in rows[max(0, at - 1):at]): yield f"{row['rule']} of message {row['n']} stands too late"

def captures():
    for folder in ("build/samples", "samples", f"{SHARED}/captures"):
        for path in sorted(glob.glob(f"{folder}/*.pcap") + glob.glob(f"{folder}/*.pcap.gz")):
            if folder != f"{SHARED}/captures" or not glob.glob(f"samples/{os.path.basename(path)}*"): yield path

def main(envscope):
    types, passed, failed = schema(), 0, 0
    keys, events = documented()
    if keys != list(MESSAGE) or events != ["rule", "gap", "skipped", "over-long", "cut", "not-ours", "note"]:
        failed += 1; print(f"ndjson: docs/ndjson.md has the keys {keys} and the events {events}")
    with tempfile.TemporaryDirectory() as folder:
        for path in captures():
            keylog = re.sub(r"\.pcap(\.gz)?$", ".keys", path)
            keylog = ["--keylog", keylog] if os.path.exists(keylog) else []
            paths = [(path, "")]
            impair = f"{SHARED}/tools/impair.py"
            for i, loss in enumerate(LOSSES if os.path.exists(impair) and not path.startswith("build") else ()):
                if subprocess.run([sys.executable, impair, path, f"{folder}/{i}.pcap", *loss], capture_output=True).returncode == 0:
                    paths.append((f"{folder}/{i}.pcap", " " + " ".join(loss)))
            for p, how in paths:
                out = subprocess.run([envscope, "-r", p, *keylog, "-T", "ndjson"], capture_output=True, encoding="utf-8").stdout
                faults = list(faults_in(types, out.splitlines()))
                passed += not faults; failed += bool(faults)
                for f in faults[:3]: print(f"ndjson: {path}{how}: {f}")
    print(f"ndjson: {passed} passed, {failed} failed")
    return failed > 0

if __name__ == "__main__": sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "./envscope"))
