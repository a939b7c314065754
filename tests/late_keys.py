#!/usr/bin/env python3
"""late_keys.py [ENVSCOPE]: live captures on loopback of TLS whose key log is late, ended by a signal at bad moments: every message whose key is there by
then is told, in the listing and in the file that is written. Skipped where capturing is not permitted."""
import os, pty, signal, socket, ssl, struct, subprocess, sys, tempfile, threading, time

COUNT, PATIENCE = 30, 20

def field(number, text): return bytes([number << 3 | 2, len(text)]) + text.encode()

def message(command, seq, own, rid=""):
    body = field(1, command) + (bytes([3 << 3, seq]) if seq else b"") + field(4, own) + (field(5, rid) if rid else b"")
    return struct.pack("<I", len(body)) + body

def read(s, n):
    got = b""
    while len(got) < n and (more := s.recv(n - len(got))): got += more
    return got

def take(s):
    head = read(s, 4)
    if len(head) == 4: read(s, *struct.unpack("<I", head))

def serve(listening, context):
    with context.wrap_socket(listening.accept()[0], server_side=True) as s:
        for n in range(COUNT):
            take(s)
            s.sendall(message("pong", n, f"s{n}", f"c{n}"))
        take(s)

def talk(listening, folder, version):
    """A conversation; what ends it."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(f"{folder}/cert", f"{folder}/key")
    client.check_hostname, client.verify_mode, client.keylog_filename = False, ssl.CERT_NONE, f"{folder}/late"
    client.minimum_version = client.maximum_version = version
    thread = threading.Thread(target=serve, args=(listening, server))
    thread.start()
    s = client.wrap_socket(socket.create_connection(listening.getsockname()))
    for n in range(COUNT):
        s.sendall(message("ping", n, f"c{n}"))
        take(s)
    return lambda: (s.close(), thread.join())

def told(text): return sum(text.count(f" {word} ") for word in ("ping", "pong"))

def in_file(envscope, folder, *options):
    return told(subprocess.run([envscope, "-r", f"{folder}/out.pcapng", "-T", "text", *options], capture_output=True, text=True).stdout)

def wait_until(condition):
    until = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < until: time.sleep(0.02)

def prepare(folder):
    """No key is there yet. Where the server listens."""
    for name in ("late", "keys", "out.pcapng"):
        if os.path.exists(f"{folder}/{name}"): os.unlink(f"{folder}/{name}")
    open(f"{folder}/keys", "w").close()
    return socket.create_server(("127.0.0.1", 0))

def begun(folder): return os.path.exists(f"{folder}/out.pcapng") and os.path.getsize(f"{folder}/out.pcapng")

def trial(envscope, folder, number, closed, line_break, version):
    """How many messages are in the listing, and in the file."""
    listening = prepare(folder)
    p = subprocess.Popen([envscope, "-i", "lo", "--keylog", f"{folder}/keys", "-T", "text", "-w", f"{folder}/out.pcapng", f"tcp port {listening.getsockname()[1]}"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    wait_until(lambda: p.poll() is not None or begun(folder))
    end = talk(listening, folder, version)
    if closed: end()
    keys = open(f"{folder}/late").read()
    with open(f"{folder}/keys", "w") as f: f.write(keys if line_break else keys.rstrip("\n"))
    p.send_signal(number) # at once: the last packets are in the kernel yet
    out = p.communicate(timeout=PATIENCE)[0]
    if not closed: end()
    return told(out), in_file(envscope, folder)

def screens(envscope, folder, leave):
    """Screens that are ended the moment in which the keys come, or the last message: how many messages are in the file."""
    listening = prepare(folder)
    if leave: os.rename(f"{folder}/keys", f"{folder}/late") # one file, which grows
    keys = f"{folder}/late" if leave else f"{folder}/keys"
    pid, terminal = pty.fork()
    if not pid:
        os.environ["TERM"] = "xterm"
        os.execv(envscope, [envscope, "-i", "lo", "--keylog", keys, "-w", f"{folder}/out.pcapng", f"tcp port {listening.getsockname()[1]}"])
    shown = bytearray()
    def watch():
        try:
            while got := os.read(terminal, 65536): shown.extend(got)
        except OSError: pass # it is gone
    threading.Thread(target=watch, daemon=True).start()
    wait_until(lambda: begun(folder))
    if leave:
        wait_until(lambda: b"Waiting" in shown)
        talk(listening, folder, ssl.TLSVersion.TLSv1_3)
        os.write(terminal, b"qy") # at once: the last packets are in the kernel yet
        os.waitpid(pid, 0)
        return in_file(envscope, folder)
    talk(listening, folder, ssl.TLSVersion.TLSv1_3)()
    wait_until(lambda: in_file(envscope, folder, "--keylog", f"{folder}/late") == 2 * COUNT) # the packets are
    os.rename(f"{folder}/late", f"{folder}/keys")
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    return in_file(envscope, folder)

def main():
    envscope = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "./envscope")
    if subprocess.run([envscope, "-i", "lo", "-L"], capture_output=True).returncode: return print("late keys: no permission to capture, skipped")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/key", "-out", f"{folder}/cert", "-days", "2", "-subj", "/CN=localhost"]
        if subprocess.run(made, capture_output=True).returncode: return print("late keys: there is no openssl, skipped")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for closed in (True, False):
                for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                    got = trial(envscope, folder, number, closed, number != signal.SIGTERM, version)
                    if got == (2 * COUNT, 2 * COUNT): passed += 1
                    else: failed += 1; print(f"late keys: {number.name}, {'closed' if closed else 'open'}, {version.name}: {got} of {2 * COUNT} messages in listing and file")
        for leave in (False, True):
            got = screens(envscope, folder, leave)
            if got == 2 * COUNT: passed += 1
            else: failed += 1; print(f"late keys: screens{', left' if leave else ''}: {got} of {2 * COUNT} messages in the file")
    print(f"late keys: {passed} passed, {failed} failed")
    return failed > 0

sys.exit(main())
