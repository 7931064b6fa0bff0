"""Damage files at thousands of places, and count what becomes of them: ``python -m tests.hostile.sweep COUNT SEED``.

COUNT is how many places of each region of each file are damaged, in six ways each.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests import forks
from tests.hostile import corpus

ROOT = Path(__file__).parents[2]


def sweep(path: Path, count: int, seed: int) -> Counter[tuple[str, str, str]]:
    """How often each verdict came for a file, by region and kind of change; a dead child counts as ``died``."""
    found: Counter[tuple[str, str, str]] = Counter()
    first = 0
    while True:
        case = (path, str(count), str(seed), str(first))
        child = forks.run("-m", "tests.hostile.child", *case, cwd=ROOT, check=False, loaded=forks.MODELS)
        for line in child.stdout.splitlines():
            number, region, kind, offset, _length, *rest = line.split(" ", 5)
            verdict = rest[0] if rest and rest[0] else f"died at {offset} with status {child.returncode}"
            found[region, kind, verdict] += 1
            first = int(number) + 1
        if child.returncode == 0:
            return found
        if not child.stdout:
            raise RuntimeError(f"the child could not begin: {child.stderr}")


def main(count: int = 200, seed: int = 0) -> None:
    """Print a line for each file, region, kind and verdict."""
    with tempfile.TemporaryDirectory() as folder:
        for path in corpus.make(Path(folder)):
            for (region, kind, verdict), times in sorted(sweep(path, count, seed).items()):
                print(f"{path.stem:8} {region:9} {kind:5} {times:6} {verdict}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
