"""Promise: messages, docstrings, comments and pages use the field's words, in plain English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECKED = (
    "files", "storage", "interop/bundle", "interop/table", "reading", "formats", "arrays", "conversion", "cli",
    "inspection", "checkpoint", "library_arrays.py", "optimizer_slots.py",
    "errors.py", "dtypes.py", "limits.py", "schema.py", "tensor_info.py", "version.py", "train.py", "torch.py", "io.py",
    "gfile.py", "io_gfile.py", "saved_model",
    "messages",
    "interop",
    "monitoring", "page",
    "graph", "ops", "session", "variables", "training", "testing", "shapes.py", "__init__.py", "math.py", "nn.py",
    "assertions", "debugging.py", "random.py", "initializers.py", "logging.py", "graph_util.py", "numpy.py",
    "programs", "compat", "absent_names.py", "app.py", "flags.py", "bitwise.py", "linalg.py",
)  # fmt: skip
"""The packages and modules below ``hdfsaver`` that are checked."""

UNCHECKED: set[str] = set()
"""Modules below these that are not checked yet."""

PAGES = (
    "README.md",
    "docs/api/arrays.md",
    "docs/api/files.md",
    "docs/api/graphs.md",
    "docs/api/index.md",
    "docs/api/interop.md",
    "docs/api/limits.md",
    "docs/api/saver.md",
    "docs/architecture.md",
    "docs/can-it-run.md",
    "docs/converting.md",
    "docs/format.md",
    "docs/from-other-formats.md",
    "docs/from-saver.md",
    "docs/index.md",
    "docs/install.md",
    "docs/old-checkpoint.md",
    "docs/performance.md",
    "docs/programs.md",
    "docs/reading-without-hdf5.md",
    "docs/recipes/compress.md",
    "docs/recipes/damaged-file.md",
    "docs/recipes/go-on-training.md",
    "docs/recipes/keep-the-best.md",
    "docs/recipes/look-inside.md",
    "docs/recipes/partial-restore.md",
    "docs/recipes/rename.md",
    "docs/recipes/see-a-graph.md",
    "docs/recipes/several-models.md",
    "docs/recipes/weights-elsewhere.md",
    "docs/reliability.md",
    "docs/security.md",
    "docs/tensorflow-files.md",
    "docs/tensorflow.md",
    "docs/tour.md",
    "docs/viewing.md",
)
"""The pages that are checked."""

REFUSED = {
    r"(?<!\bthere )\b(?:is|are|was|were|be) no (?!longer\b|more\b|less\b|slower\b|larger\b)[a-z]": "is not a",
    r"\b(?:is|are|was|were|be|of) (?-i:none)\b": "is not, is missing",
    r"\bthere (?:is|are) not\b(?! (?:a|an|one|exactly|enough)\b)": "does not exist, unknown",
    r"\b(?:in|into|on|from) words\b|\bsaid aloud\b": "a clear message, explicitly",
    r"\brooms?\b": "space, memory, package",
    r"\b(?:faces?|doors?|sisters?|waist|kin)\b": "the technical term",
    r"\btexts\b": "strings",
    r"\b(?:lie|lies|lain)\b": "is in, is at, is stored",
    r"\bso (?:many|much)\b(?! \w+er\b)": "this many, that many",
    r"\b(?:whoever|whatever|somebody|nobody)\b": "a program, a user, any",
    r"^(?:[\"'#*\s]*)Wh(?:o|at)\b|(?<=[.:;!] )Wh(?:o|at)\b": "a sentence with a noun as its subject",
    r"\b(?:of ours|ours)\b": "an hdfsaver checkpoint, its own",
    r"\bof (?:TensorFlow|NumPy|PyTorch|Keras|networkx|HDF5)'s(?=[.,;:)]| (?:is|was|has|may|said|by|and|or|that)\b|$)":
        "a TensorFlow checkpoint",
    r"\b(?:go|goes|went|gone) along\b": "is converted, is written with",
    r"\bas (?:it is|it was|they are|they were)\b(?! (?:\w+ed|used|read|written|\w+n) )": "unchanged",
    r"\bfor it\b(?=[.,;:)]|$)": "the noun",
    r"\b(?:anew|afresh)\b": "again",
    r"\bfor ever\b": "without end, permanently",
    r"\bat the most\b": "at most",
    r"\ball the same\b": "still",
}  # fmt: skip
"""Patterns of refused words, and what to write instead; "what" and "who" are refused where they begin a sentence."""

ALLOWED: dict[str, str] = {}
"""Sentences that are not checked, with the reason."""


def modules() -> list[Path]:
    """The files of the checked packages and modules."""
    package = ROOT / "hdfsaver"
    found = [
        file
        for name in CHECKED
        for file in ([package / name] if name.endswith(".py") else (package / name).rglob("*.py"))
    ]
    return [file for file in sorted(set(found)) if file.relative_to(package).as_posix() not in UNCHECKED]


def examples() -> list[Path]:
    """The scripts that show the library."""
    return sorted((ROOT / "examples").glob("*.py"))


def prose_of_module(source: str) -> Iterator[tuple[int, str]]:
    """The comments, docstrings and messages of a module, with their lines; a placeholder is ``{}``."""
    inner: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in ast.walk(node) if part is not node}
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value
            and id(node) not in inner
        ):
            yield node.lineno, node.value
    block, last = "", 0
    for line, comment in comments_of(source):
        if line != last + 1 and block:
            yield last, block
            block = ""
        block, last = f"{block} {comment.lstrip('# ')}", line
    yield last, block


_STRING_OR_COMMENT = re.compile(
    r'''"""(?:\\.|[^\\])*?"""|\'{3}(?:\\.|[^\\])*?\'{3}|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(#[^\n]*)''',
    re.DOTALL,
)


def comments_of(source: str) -> Iterator[tuple[int, str]]:
    """The comments of a module, with their lines; `tokenize` looks at all the rest too, and takes ten times as long."""
    line = end = 0
    for found in _STRING_OR_COMMENT.finditer(source):
        if found[1]:
            line += source.count("\n", end, found.start())
            end = found.start()
            yield line + 1, found[1]


def prose_of_page(page: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of a page without its code, with their lines."""
    plain = re.sub(r"^( *)(`{3,}).*?^\1\2$", lambda code: "\n" * code[0].count("\n"), page, flags=re.M | re.S)
    for found in re.finditer(r"(?:.+\n?)+", plain):
        yield plain.count("\n", 0, found.start()) + 1, re.sub(r"`[^`]*`", "``", found[0])


def faults(prose: Iterator[tuple[int, str]]) -> list[str]:
    """The refused words in texts, each with its line and the advice."""
    texts = [
        (line, list(dict.fromkeys((text, " ".join(text.split())))))
        for line, text in prose
        if not any(sentence in text for sentence in ALLOWED)
    ]
    # All texts at once for nearly all patterns, which are in none; a match does not go past the null between two.
    whole = "\n\0\n".join(part for _, parts in texts for part in parts)
    refused = [(pattern, advice) for pattern, advice in _PATTERNS if pattern.search(whole)]
    found = [
        f"line {line}: {match[0].strip()!r} (write: {advice})"
        for line, parts in texts
        for part in parts
        for pattern, advice in refused
        if (match := pattern.search(part))
    ]
    return list(dict.fromkeys(found))


_PATTERNS = [
    (re.compile(pattern, re.MULTILINE | (re.NOFLAG if "Wh" in pattern else re.IGNORECASE)), advice)
    for pattern, advice in REFUSED.items()
]


@pytest.mark.parametrize("file", modules() + examples(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_is_plain(file: Path) -> None:
    """No comment, docstring or message of the module has refused words."""
    assert [] == faults(prose_of_module(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_plain(page: str) -> None:
    """No paragraph or table of the page has refused words."""
    assert [] == faults(prose_of_page((ROOT / page).read_text(encoding="utf-8")))


def test_the_lists_are_up_to_date() -> None:
    """Every listed module, package and allowed sentence exists."""
    package = ROOT / "hdfsaver"
    assert [] == [name for name in (*CHECKED, *UNCHECKED) if not (package / name).exists()]
    sources = "".join(file.read_text(encoding="utf-8") for file in modules())
    assert [] == [sentence for sentence in ALLOWED if sentence not in sources]


@pytest.mark.parametrize(
    "sentence",
    [
        "It is no path.", "It has three, of none of the kinds.", "A name that there is not.", "It says so in words.",
        "There is room for both.", "The front door.", "It holds texts.", "The bytes lie there.", "It takes so many.",
        "Raised to whoever began it.", "It works. Who has a dict gives it.", "It works. What was there stays.",
        "A file of ours.", "A file of TensorFlow's, once.", "Graphs go along where arrays do.", "It stays as it is.",
        "There is no space for it.", "It is made anew.", "It waits for ever.", "One at the most.",
        "It runs all the same.",
    ],
)  # fmt: skip
def test_refused_words_are_found(sentence: str) -> None:
    """Each sentence with refused words is found in a message, a docstring, a comment and a page."""
    assert faults(prose_of_module(f'raise ValueError(f"{{1}} is wrong. {sentence}")'))
    assert faults(prose_of_module(f'"""First.\n\n    {sentence}\n"""'))
    assert faults(prose_of_module(f"# {sentence}\nx = 1"))
    assert faults(prose_of_page(f"# Title\n\n{sentence}\n"))


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no variable 'w'.",
        "It is not a path.",
        "It is no longer listed.",
        "The text of NumPy's dtype.",
        "A `door`.",
    ],
)
def test_plain_sentences_pass(sentence: str) -> None:
    """Usual sentences, and names in code, are not refused."""
    assert [] == faults(prose_of_page(f"{sentence}\n\n```\nit is no path, in words\n```\n"))
