#!/usr/bin/env bash
# protobuf 7.36.2 for Python, in its default implementation (upb): every read of a string field makes a new `str`, also
# two reads of one field of one message, and each element of a repeated field at each pass. The implementation in pure
# Python (PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python) gives the stored object, so the same code behaves differently.
#
# Seen: `message.name is message.name` is False with upb and True in pure Python. Keeping the names of a list of 20,000
# messages twice takes about 2 MB more with upb, and nothing more in pure Python.
#
# Why it matters: a graph definition names each node once and then again in the inputs of every node that takes it. A
# program that reads a GraphDef into dicts holds as many equal strings as there are reads, each hashed anew, unless it
# keeps one of each (`dict.setdefault`, `sys.intern`); a profile of the pure implementation does not show it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check protobuf==7.36.2

cat >"$folder/read_twice.py" <<'PYTHON'
import tracemalloc

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.internal import api_implementation

made = FileDescriptorProto()
for number in range(20_000):
    made.message_type.add(name=f"layer_{number}/kernel/Initializer/random_uniform")
message = FileDescriptorProto.FromString(made.SerializeToString())
one = message.message_type[0]
same = one.name is one.name
first = [each.name for each in message.message_type]
tracemalloc.start()
second = [each.name for each in message.message_type]
taken = tracemalloc.get_traced_memory()[0] - 8 * len(second)
shared = sum(a is b for a, b in zip(first, second))
print(api_implementation.Type(), same, shared, taken)
PYTHON

read -r kind same shared taken < <("$folder/venv/bin/python" "$folder/read_twice.py")
echo "default implementation: $kind; one field read twice is one object: $same; of 20000 names, $shared are shared by" \
    "two passes; the second pass takes $taken bytes"
read -r pure pure_same pure_shared pure_taken < \
    <(PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python "$folder/venv/bin/python" "$folder/read_twice.py")
echo "pure implementation: $pure; $pure_same; $pure_shared; $pure_taken bytes"

[ "$kind" = upb ] && [ "$same" = False ] && [ "$shared" = 0 ] && [ "$taken" -gt 1000000 ]
[ "$pure" = python ] && [ "$pure_same" = True ] && [ "$pure_shared" = 20000 ] && [ "$pure_taken" -lt 500000 ]
