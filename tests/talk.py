#!/usr/bin/env python3
"""talk.py COUNT [PAUSE [PORT]]: a conversation on loopback, COUNT requests and their replies, over plain TCP, each PAUSE seconds after the one
before; the server listens on PORT."""
import socket
import struct
import sys
import threading
import time


def field(number, text):
    return bytes([number << 3 | 2, len(text)]) + text.encode()


def message(command, seq, own, rid=""):
    body = field(1, command) + (bytes([3 << 3, seq]) if seq else b"") + field(4, own) + (field(5, rid) if rid else b"")
    return struct.pack("<I", len(body)) + body


def take(s):
    head = s.recv(4, socket.MSG_WAITALL)
    return s.recv(struct.unpack("<I", head)[0], socket.MSG_WAITALL) if len(head) == 4 else b""


def serve(listening):
    s, _ = listening.accept()
    for n in range(count):
        take(s)
        s.sendall(message("pong", n, f"s{n}", f"c{n}"))
    take(s)


count, pause = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0
listening = socket.create_server(("127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 0))
thread = threading.Thread(target=serve, args=(listening,))
thread.start()
client = socket.create_connection(listening.getsockname())
for n in range(count):
    client.sendall(message("ping", n, f"c{n}"))
    take(client)
    time.sleep(pause)
client.close()
thread.join()
