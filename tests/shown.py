#!/usr/bin/env python3
"""shown.py ENVSCOPE: every command that the documents show runs. Those in `console` blocks are run by tests/docs.sh, with their output; these
are the others: indented lines and `sh` blocks that begin with a program of PROGRAMS, and what stands in a sentence as `envscope …`. Of
`make TARGET` it is only tested that there is such a target.

They run in a folder that has the files they name, with stand-ins for what reaches another machine, a container or the system: the
stand-in of ssh, docker and kubectl gives a capture, that of sudo runs the rest, and an envscope that would capture live (-i) reads a
capture instead; options, filters and pipes are as they are shown. What is not run has a reason in NOT_RUN."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = r"(\./)?(envscope|sudo|ssh|docker|kubectl|tshark|editcap|ln|node|tcpdump|bash|[A-Z_]+=\S+)\b"
NOT_RUN = {
    r"sudo apt-get install": "would install packages",
    r"sudo make (un)?install": "would install envscope: tests/install.sh",
    r"ln -s ": "is about a folder of Wireshark's",
    r"tshark -i envscope": "Wireshark must know the extcap: tests/wireshark.sh",
    r"(sudo )?(\./)?envscope .*--proxy ": "needs the peer: tests/proxy.py",
    r"envscope -T \w+$": "names a way to print, in a table of figures",
    r"(\./)?envscope .*--otlp": "needs a collector: tests/otlp.sh",
}
GIVE = 'case "$*" in *" -w - "*|*" -w -") cat capture.pcap ;; *" -f "*) echo $$ ;; esac'
STANDINS = {
    "sudo": 'exec "$@"',
    "ssh": GIVE, "docker": GIVE, "kubectl": GIVE,
    "nsenter": 'while [ "$1" != -n ]; do shift; done; shift; exec "$@"',
    "setcap": "exit 0", "npm": "exit 0", "node": "exit 0", "PROGRAM": "exit 0",
    "tcpdump": 'case "$*" in *"-w wire.pcap"*) cp clean.pcap wire.pcap; exec sleep 60 ;; *"-w -"*) cat capture.pcap ;; esac',
    "envscope": 'set -- "$@" ""; n=$#; while [ $n -gt 1 ]; do n=$((n-1)); a=$1; shift; case $a in -i) a=-r ;; any|lo|IFACE) a=capture.pcap ;; esac;'
                ' set -- "$@" "$a"; done; shift; exec "$ENVSCOPE" "$@"',
}
DOCUMENTS = ["README.md", "CONTRIBUTING.md"] + sorted(glob.glob("docs/*.md"))
FILES = {"capture.pcap": "samples/tcp.pcap", "big.pcap": "build/samples/seq_gap.pcap", "clean.pcap": "build/samples/queue_events.pcap",
         "flow.pcap00": "samples/tcp.pcap", "FILE": "samples/tcp.pcap",
         "capture.pcapng": "samples/tcp.pcap",  # where there is no editcap to write it
         "samples/tcp.pcap": "samples/tcp.pcap"}


def commands(path):
    """(line number, command): a block is one command."""
    block, begin, fence = [], 0, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("```"):
                if fence == "sh":
                    yield begin, "\n".join(block)
                fence = None if fence is not None else line[3:].strip()
                block, begin = [], number
            elif fence is not None:
                block.append(line.rstrip())
            elif line.startswith("    ") and re.match(PROGRAMS, line.strip()):
                yield number, line.strip()
            else:
                for command in re.findall(r"`((?:sudo )?(?:\./)?envscope [^`]*)`", line):
                    yield number, command


def make_folder(folder, envscope):
    os.mkdir(folder + "/bin")
    os.mkdir(folder + "/samples")
    for name, script in STANDINS.items():
        with open(f"{folder}/bin/{name}", "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\n" + script + "\n")
        os.chmod(file.name, 0o755)
    os.symlink("bin/envscope", folder + "/envscope")
    for name, source in FILES.items():
        shutil.copy(source, f"{folder}/{name}")
    subprocess.run(["gzip", "-k", "capture.pcap"], cwd=folder, check=True)
    os.rename(folder + "/capture.pcap.gz", folder + "/capture.pcapng.gz")
    open(folder + "/KEYS", "w", encoding="utf-8").close()
    with open(folder + "/openiap.lua", "w", encoding="utf-8") as file:
        subprocess.run([envscope, "--wireshark-plugin"], stdout=file, check=True)
    os.makedirs(folder + "/.local/lib/wireshark/plugins")
    shutil.copy("samples/tls13.keys" if os.path.exists("samples/tls13.keys") else folder + "/KEYS", folder + "/keys")
    shutil.copytree("tests", folder + "/tests", ignore=lambda d, names: [n for n in names if not n.endswith(".sh")])


def targets():
    """Faults: targets of make that a document names and that are not there."""
    rules = set()
    for name in ["Makefile"] + glob.glob("*/*.mk"):
        with open(name, encoding="utf-8") as file:
            for head in re.findall(r"^([a-z][a-z -]*):", file.read(), re.M):
                rules.update(head.split())
    for path in DOCUMENTS:
        with open(path, encoding="utf-8") as file:
            for target in re.findall(r"(?:^    |`)(?:sudo )?make (?:[A-Z]+=[^\s`]+ )*([a-z-]+)\b(?!/)", file.read(), re.M):
                if target not in rules:
                    yield f"{path}: there is no target {target}"


def job(folder, env):
    """Faults: what the job of GitHub Actions in docs/check.md keeps and does not have when the check fails. There a step ends with the first
    command that fails."""
    with open("docs/check.md", encoding="utf-8") as file:
        text = file.read()
    kept = re.findall(r"^      (\S+)$", text, re.M)
    for name in kept:
        if os.path.exists(f"{folder}/{name}"):
            os.remove(f"{folder}/{name}")
    status = 0
    for script in re.findall(r"^  run: \|\n((?:    .*\n)+)", text, re.M):
        status = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env, stdout=subprocess.DEVNULL, timeout=60, check=False).returncode
        shutil.copy(f"{folder}/big.pcap", f"{folder}/wire.pcap")
    if not kept or status != 1:
        yield f"docs/check.md: the job's check ends with {status}"
    for name in kept:
        if not os.path.exists(f"{folder}/{name}") or not os.path.getsize(f"{folder}/{name}"):
            yield f"docs/check.md: the job has written no {name} when the check fails"


def missing(command):
    for name in ("tshark", "editcap", "jq"):
        if re.search(rf"(^|[|;&] *){name} ", command) and not shutil.which(name):
            return name
    return None


def main(envscope):
    envscope = os.path.abspath(envscope)
    ran, faults = 0, list(targets())
    left = {}
    with tempfile.TemporaryDirectory() as folder:
        make_folder(folder, envscope)
        env = dict(os.environ, PATH=f"{folder}/bin:{os.environ['PATH']}", ENVSCOPE=envscope, HOME=folder, TZ="UTC", LC_ALL="C.UTF-8")
        for path in DOCUMENTS:
            for number, command in commands(path):
                reason = next((why for pattern, why in NOT_RUN.items() if re.match(pattern, command)), None)
                if reason or missing(command):
                    left.setdefault(reason or f"there is no {missing(command)}", []).append(command)
                    continue
                command = command.replace("/tmp/keys", "keys").replace("RULE", "seq-gap")
                done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, timeout=60, check=False)
                ran += 1
                if done.returncode:
                    faults.append(f"{path}:{number}: status {done.returncode}: {command}\n{done.stderr.decode()}")
        faults.extend(job(folder, env))
    for reason, what in left.items():
        print(f"shown: {len(what)} not run: {reason}")
    for fault in faults:
        print("shown: " + fault)
    print(f"shown: {ran} commands run, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
