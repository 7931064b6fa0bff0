"""Make ``hdfsaver/graph/definition_places.py`` from what the modules of the package register.

``python -m tests.graph.make_definition_places`` writes it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import hdfsaver
from hdfsaver.graph import definition

ROOT = Path(hdfsaver.__file__).parent
TABLE = ROOT / "graph" / "definition_places.py"

HEAD = '''"""Where operation types are defined: a module is imported when one of its types is needed.

``python -m tests.graph.make_definition_places`` makes this file.
"""

from __future__ import annotations

PLACES = {
'''

TAIL = '''}
"""The module of each operation type, which is named below the package."""
'''


def registered_places() -> dict[str, str]:
    """The module, named below the package, of each type that the package registers."""
    for path in sorted(ROOT.rglob("*.py")):
        if "\n@register\n" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(("hdfsaver", *path.relative_to(ROOT).with_suffix("").parts)))
    modules = {op_type: type(definition.lookup(op_type)).__module__ for op_type in definition.registered()}
    own = "hdfsaver."  # tests may register types of their own
    return {op_type: module.removeprefix(own) for op_type, module in modules.items() if module.startswith(own)}


def table(places: Mapping[str, str]) -> str:
    """The source of the table."""
    return HEAD + "".join(f'    "{op_type}": "{module}",\n' for op_type, module in places.items()) + TAIL


if __name__ == "__main__":
    TABLE.write_text(table(registered_places()), encoding="utf-8")
