#!/usr/bin/env python3
"""collector.py PORTFILE TAKEN ANSWER...: an OpenTelemetry collector that answers the first requests as it is told (the last answer goes on for
all others) and appends each span that it took to TAKEN, a line each. An answer is a status, or

    drop     the connection is closed without an answer
    http2    what a server of gRPC begins with, and the end of the connection
    auth     200, if the headers of the test are there; else 401
    slow     200, after half a second
    partial  200, with three spans refused in the body
"""
import http.server
import json
import os
import sys
import time

portfile, taken, answers = sys.argv[1], sys.argv[2], sys.argv[3:]


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
        if answer == "http2":
            self.wfile.write(bytes(9))
        if answer in ("drop", "http2"):
            self.close_connection = True
            return
        if answer == "slow":
            time.sleep(0.5)
        if answer == "auth":
            wanted = {"Authorization": "Bearer a, b", "X-Tenant": "7", "X-Empty": ""}
            answer = 200 if all(self.headers[name] == value for name, value in wanted.items()) else 401
        status = 200 if answer in ("slow", "partial") else int(answer)
        text = b"no such tenant" if status == 400 else b""
        if answer == "partial":
            text = json.dumps({"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too long"}}).encode()
        if status == 200:
            with open(taken, "a") as out:
                for resource in json.loads(body)["resourceSpans"]:
                    for scope in resource["scopeSpans"]:
                        for span in scope["spans"]:
                            out.write(json.dumps(span) + "\n")
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
with open(portfile + ".new", "w") as out:
    out.write(str(server.server_port))
os.rename(portfile + ".new", portfile)
server.serve_forever()
