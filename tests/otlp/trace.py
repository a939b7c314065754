#!/usr/bin/env python3
"""trace.py NDJSON OTLP: the spans of a trace must be its requests, of two connections, with the ids of their Envelopes; every other request
has a trace of its own."""
import json
import sys

messages = [json.loads(line) for line in open(sys.argv[1])]
spans = [json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0] for line in open(sys.argv[2])]
requests = {m["n"]: m for m in messages if m["role"] == "request"}
connections = {}
for span in spans:
    value = {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}
    request = requests.pop(int(value["openiap.message"]))
    reply = next(m for m in messages if m["rid"] == request["id"] and m["conn"] == request["conn"])
    assert span["name"] == request["command"], span["name"]
    assert int(value["openiap.connection"]) == request["conn"]
    took = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
    assert abs(took / 1e9 - reply["latency"]) < 1e-9, (took, reply["latency"])
    if request["traceid"]:
        assert span["traceId"] == request["traceid"] and span["spanId"] == request["spanid"]
        assert span["links"] == [{"traceId": reply["traceid"], "spanId": reply["spanid"]}]
    connections.setdefault(span["traceId"], set()).add(request["conn"])
assert not requests, "requests without a span"
assert sorted(len(c) for c in connections.values()) == [1, 1, 1, 1, 2], connections
