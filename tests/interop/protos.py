#!/usr/bin/env python3
"""protos.py OURS THEIRS: two folders of .proto files must describe the same protocol. Both go through protoc; what is compared are the descriptors:
each message with its fields (number, name, type, label, oneof), each enum with its values, each method with what it takes and gives. A name
that only one side has is a difference, too, so that a new release of the public packages shows at once."""
import os
import re
import subprocess
import sys
import tempfile

SKIP = {"json_name"}  # protoc derives it from the name
LATER = {  # fields of the protocol that the release named in tests/interop/package.json does not know yet
    "field openiap.UploadRequest 4": "collectionname",
    "field openiap.WorkItemQueue 24": "_workspaceid",
    "field openiap.Workitem 20": "_workspaceid",
}


def tree(text):
    """The text form of a message: a list of (key, value), where value is a string or such a list."""
    stack = [[]]
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            stack.pop()
        elif line.endswith("{"):
            inner = []
            stack[-1].append((line[:-1].strip(), inner))
            stack.append(inner)
        elif line:
            key, value = line.split(": ", 1)
            stack[-1].append((key, value.strip('"')))
    return stack[0]


def all_of(node, key):
    return [value for k, value in node if k == key]


def one(node, key, otherwise=""):
    return (all_of(node, key) or [otherwise])[0]


def plain(node, oneofs):
    """A field, value or method as one line, the position of its oneof made a name."""
    parts = []
    for key, value in node:
        if key == "oneof_index":
            key, value = "oneof", oneofs[int(value)]
        if key not in SKIP and value:
            parts.append(f"{key} {value}" if isinstance(value, str) else f"{key} {{{plain(value, oneofs)}}}")
    return ", ".join(sorted(parts))


def take_message(found, path, message):
    path += "." + one(message, "name")
    oneofs = [one(o, "name") for o in all_of(message, "oneof_decl")]
    found["message " + path] = plain(one(message, "options", []), oneofs)
    for field in all_of(message, "field"):
        found[f"field {path} {one(field, 'number')}"] = plain(field, oneofs)
    for key in ("reserved_range", "reserved_name", "extension_range"):
        for i, value in enumerate(all_of(message, key)):
            found[f"{key} {path} {i}"] = value if isinstance(value, str) else plain(value, oneofs)
    for inner in all_of(message, "nested_type"):
        take_message(found, path, inner)
    for inner in all_of(message, "enum_type"):
        take_enum(found, path, inner)


def take_enum(found, path, enum):
    path += "." + one(enum, "name")
    for value in all_of(enum, "value"):
        found[f"value {path} {one(value, 'number', '0')} {one(value, 'name')}"] = ""


def described(folder):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".proto"))
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I" + folder, "--descriptor_set_out=" + out.name] + names, check=True)
        with open(out.name, "rb") as descriptors:
            text = subprocess.run(["protoc", "--decode=google.protobuf.FileDescriptorSet", "google/protobuf/descriptor.proto"], stdin=descriptors,
                                  stdout=subprocess.PIPE, check=True, text=True).stdout
    found = {}
    for file in all_of(tree(text), "file"):
        path = one(file, "package")
        for message in all_of(file, "message_type"):
            take_message(found, path, message)
        for enum in all_of(file, "enum_type"):
            take_enum(found, path, enum)
        for service in all_of(file, "service"):
            for method in all_of(service, "method"):
                found[f"method {path}.{one(service, 'name')}.{one(method, 'name')}"] = plain(method, [])
    return found


def main(ours, theirs):
    a, b = described(ours), described(theirs)
    faults = [f"{key}: the package has it, {ours} lacks it: {b[key]}" for key in sorted(b.keys() - a.keys())]
    faults += [f"{key}: {ours} has it, the package lacks it" for key in sorted(a.keys() - b.keys() - LATER.keys())]
    faults += [f"{key}: the package has it by now, LATER is out of date" for key in sorted(LATER.keys() & b.keys())]
    faults += [f"{key}: LATER calls it {name}" for key, name in LATER.items() if f"name {name}" not in a.get(key, "").split(", ")]
    faults += [f"{key}: {ours} has \"{a[key]}\", the package \"{b[key]}\"" for key in sorted(a.keys() & b.keys()) if a[key] != b[key]]
    for fault in faults:
        print("protos: " + fault)
    kinds = [re.match(r"\w+", key).group() for key in a]
    counts = ", ".join(f"{kinds.count(kind)} {kind}s" for kind in ("message", "field", "method"))
    print(f"protos: {counts}, {len(faults)} differences from the package")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
