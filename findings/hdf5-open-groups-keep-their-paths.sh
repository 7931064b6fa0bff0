#!/usr/bin/env bash
# h5py 3.16.0 (HDF5 2.0): an open group keeps its whole path in memory, as a string of its own. A chain of N groups whose
# objects stay open takes memory with the square of N, though every name has one letter and the file grows with N.
#
# Seen: 10,000 levels take about 260 MB, 20,000 about 930 MB; 20,000 of which each is closed at once, about 30 MB.
#
# Why it matters: a cache of open groups by path, which saves the lookups of long names, is such a chain. One name of
# 100,000 components would need over 20 GB. Keep only a few levels open, or close them on the way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6

cat >"$folder/chain.py" <<'PYTHON'
import resource
import sys

import h5py

levels, keeps = int(sys.argv[1]), sys.argv[2] == "open"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with h5py.File("chain", "w", driver="core", backing_store=False, libver="latest") as file:
    group, kept = file, []
    for _ in range(levels):
        group = group.create_group("g")
        if keeps:
            kept.append(group)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
PYTHON

small=$("$folder/venv/bin/python" "$folder/chain.py" 10000 open)
large=$("$folder/venv/bin/python" "$folder/chain.py" 20000 open)
closed=$("$folder/venv/bin/python" "$folder/chain.py" 20000 closed)
echo "MB for 10,000 open groups: $small, for 20,000: $large; for 20,000 that were closed: $closed"
[ "$large" -gt $((3 * small)) ] && [ "$large" -gt $((4 * closed)) ]
