"""The page as a file: what is in it, how large it is, and that names of the model cannot become a part of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.page import page_file
from tests.page import models

BUILT = Path(page_file.__file__).with_name("page.html").read_text(encoding="utf-8")


def parts_of(page: Path) -> list[bytes]:
    """The parts of a model in a page."""
    text = page.read_text(encoding="utf-8").partition('id="model">')[2].partition("<")[0]
    return [zlib.decompress(base64.b64decode(part)) for part in text.split(" ")]


def described(page: Path) -> dict[str, Any]:
    return json.loads(parts_of(page)[0])


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


def test_a_trained_model(tmp_path: Path, page: Path) -> None:
    """Graph, arrays, statistics and the operation of each array; slots are marked."""
    with tf.Graph().as_default() as graph:
        models.lstm(2)
        tf.train.AdamOptimizer().minimize(tf.reduce_sum(tf.trainable_variables()[0] ** 2))
        models.saved(tmp_path / "model.ckpt")
    tf.write_page(tmp_path / "model.ckpt", page)
    found = described(page)
    assert found["title"] == "model.ckpt.h5"
    columns, variables = found["graph"], found["variables"]
    assert columns["names"] == list(graph.digraph)
    inputs = sum(len(data["inputs"]) for data in graph.digraph.nodes.values())
    assert len(columns["sources"]) == len(columns["places"]) == sum(columns["inputCounts"]) == inputs
    for name, op in zip(variables["names"], variables["ops"], strict=True):
        assert columns["names"][op] == name
    slots = {variables["names"][row] for row in variables["slots"]}
    assert {"embedding/Adam", "embedding/Adam_1", "beta1_power"} <= slots
    row = str(variables["names"].index("embedding"))
    minimum, maximum, *_, histogram = variables["statistics"][row]
    assert -1 < minimum < 0 < maximum < 1
    assert sum(histogram) == 800
    attributes = json.loads(parts_of(page)[1])
    assert len(attributes["nodes"]) == len(columns["names"])
    pairs = [attributes["pairs"][pair] for pair in attributes["nodes"][columns["names"].index("embedding")]]
    assert ["shape", "(50, 16)"] in pairs
    pictures = [rows * places for rows, places, _ in variables["pictures"].values()]
    assert len(parts_of(page)[2]) == sum(pictures)


def test_hostile_names(tmp_path: Path, page: Path) -> None:
    """Names, types, attributes and devices that look like markup leave the rest of the page unchanged."""
    models.write_hostile(tmp_path / "hostile.h5")
    tf.write_page(tmp_path / "hostile.h5", page)
    before, _, rest = page.read_text(encoding="utf-8").partition('id="model">')
    inside, _, after = rest.partition("<")
    assert re.fullmatch(r"[A-Za-z0-9+/= ]+", inside)
    assert before + 'id="model">HDFSAVER_MODEL<' + after == BUILT
    assert models.HOSTILE in described(page)["graph"]["names"]


def test_nothing_comes_from_the_network() -> None:
    """The policy allows the script and the style of the page alone, and nothing in it names another file."""
    policy = BUILT.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["connect-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "blob: data:"
    for kind, tag in (("script-src", "<script>"), ("style-src", "<style>")):
        text = BUILT.split(tag)[1].split(f"</{tag[1:]}")[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    assert set(re.findall(r"https?://[^\s\"'`]+", BUILT)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(?:script|img|iframe|link|object)[^>]+(?:src|href)=\"(?!data:,\")", BUILT)
    assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", BUILT)


def test_the_size_of_the_page() -> None:
    """Without a model it has less than 100 kB."""
    assert len(BUILT.encode()) < 100_000


def test_the_same_model_gives_the_same_page(tmp_path: Path) -> None:
    """Byte for byte."""
    tf.save_file({"a": np.arange(5.0)}, tmp_path / "a.h5")
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        tf.write_page(tmp_path / "a.h5", page)
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_arrays_without_a_graph(tmp_path: Path, page: Path) -> None:
    """Strings, scalars, empty arrays, NaN and compressed values, from files of other programs too."""
    arrays = {
        "s": np.array([b"yes", b"no"], object),
        "n": np.float32(np.nan),
        "e": np.zeros((0, 2)),
        "z": np.zeros(99999),
    }
    tf.save_file(arrays, tmp_path / "a.h5", compression="gzip")
    tf.write_page(tmp_path / "a.h5", page)
    found = described(page)
    assert "graph" not in found
    variables = found["variables"]
    assert variables["strings"] == {"0": 'string (2): "yes", "no"'}
    assert variables["nbytes"][0] == 5
    assert variables["statistics"]["1"] == [None, None, None, None, 0, 1, 0, []]
    np.savez(tmp_path / "a.npz", w=np.eye(2))
    tf.write_page(tmp_path / "a.npz", page)
    assert described(page)["variables"]["shapes"] == [[2, 2]]


def test_damaged_values_are_rows(tmp_path: Path, page: Path) -> None:
    """The page is written, and the row of a damaged array has the reason."""
    tf.save_file({"a": np.arange(50.0), "b": np.ones(3)}, tmp_path / "a.h5")
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[data.index(np.arange(50.0).tobytes())] ^= 1
    (tmp_path / "a.h5").write_bytes(data)
    tf.write_page(tmp_path / "a.h5", page)
    variables = described(page)["variables"]
    assert list(variables["errors"]) == ["0"]
    assert variables["errors"]["0"].startswith("a.h5: the bytes of variable 'a' differ from")
    assert str(tmp_path) not in variables["errors"]["0"]
    assert list(variables["statistics"]) == ["1"]


def test_any_digraph(tmp_path: Path, page: Path) -> None:
    """Nodes of any kind have names, and their data are attributes."""
    tf.write_digraph(nx.DiGraph([("a", 1), (1, (2, 3))]), tmp_path / "d.h5")
    tf.write_page(tmp_path / "d.h5", page)
    columns = described(page)["graph"]
    assert columns["names"] == ["a", "1", "(2, 3)"]
    assert columns["sources"] == [0, 1]


def test_models_in_groups(tmp_path: Path, page: Path) -> None:
    """One is chosen; without a choice the error names them."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("w", [2])
        session.run(tf.global_variables_initializer())
        tf.train.Saver(group="teacher").save(session, tmp_path / "m.ckpt")
    with pytest.raises(InvalidArgumentError, match="teacher"):
        tf.write_page(tmp_path / "m.ckpt", page)
    assert not page.exists()
    tf.write_page(tmp_path / "m.ckpt", page, group="teacher")
    assert described(page)["group"] == "teacher"


def test_a_missing_model_leaves_the_page(tmp_path: Path, page: Path) -> None:
    """A page that exists is not touched by an error."""
    page.write_text("old")
    with pytest.raises(NotFoundError, match="nothing"):
        tf.write_page(tmp_path / "nothing", page)
    assert page.read_text() == "old"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a/b.h5", "https://example.org/a/b.h5"),
        ("https://user:secret@example.org/b.h5", None),
        ("https://example.org/b.h5?token=1", None),
        ("https://example.org/b.h5;'unsafe-inline'", None),
        ("model.h5", None),
    ],
)
def test_urls_in_the_page(url: str, expected: str | None) -> None:
    """A URL with a password or a query does not get into a page, nor one that would change its policy."""
    assert page_file._readable_url(url) == expected
