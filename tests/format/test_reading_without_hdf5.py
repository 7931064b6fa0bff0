"""The programs of docs/reading-without-hdf5.md, run against a server whose requests are counted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hdfsaver.storage import seal
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.writing import Model, write_file, write_models
from tests.format.make_v1_0 import FOLDER, models, texts
from tests.format.ranges import served
from tests.format.resealing import resealed

PAGE = (Path(__file__).parents[2] / "docs" / "reading-without-hdf5.md").read_text(encoding="utf-8")
PYTHON, JAVASCRIPT = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[0] for kind in ("python", "javascript"))


@pytest.fixture(scope="module")
def reader():
    """The Python program of the page."""
    names: dict[str, object] = {}
    exec(compile(PYTHON, "reading-without-hdf5.md", "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def javascript(tmp_path_factory):
    """A function that runs the JavaScript program on a file on a server, and gives names and one value."""
    folder = tmp_path_factory.mktemp("node")
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    script = f'process.stdout.write(require.resolve("hash-wasm", {{ paths: [{json.dumps(str(Path.cwd()))}] }}))'
    found = subprocess.run([node, "-e", script], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("the package hash-wasm is not installed: `npm install --no-save hash-wasm`")
    (folder / "reading.mjs").write_text(JAVASCRIPT.replace('"hash-wasm"', json.dumps(found.stdout)), encoding="utf-8")
    (folder / "main.mjs").write_text(
        'import { http, open, value } from "./reading.mjs";\n'
        "const file = await open(http(process.argv[2]));\n"
        "const found = await value(file, process.argv[3]);\n"
        'const text = (item) => Buffer.from(item).toString("latin1");\n'
        "const plain = [...found].map((item) => (item?.length === undefined ? Number(item) : text(item)));\n"
        "console.log(JSON.stringify([[...file.rows.keys()], plain]));\n",
        encoding="utf-8",
    )

    def run(url, name):
        command = [node, folder / "main.mjs", url, name]
        done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
        if done.returncode:
            raise ValueError(done.stderr)
        return json.loads(done.stdout)

    return run


def _many(count):
    names = [f"encoder/layer_{number // 4:04d}/attention/kernel_{number % 4}" for number in range(count)]
    return {name: np.full(16, number, np.float32) for number, name in enumerate(names)}


@pytest.fixture(scope="module", params=[(400, 2), (10_000, 3)], ids=["400", "10000"])
def many(request, tmp_path_factory):
    """The bytes of a file of many variables, a name, its value, and the requests that a reader may make."""
    count, requests = request.param
    values = _many(count)
    path = tmp_path_factory.mktemp("many") / "x.h5"
    write_file(path, variables=values, structure=None)
    name = list(values)[count // 3]
    return path.read_bytes(), list(values), name, values[name], requests


def test_the_programs_are_short():
    """Sixty lines each."""
    for program in (PYTHON, JAVASCRIPT):
        assert len([line for line in program.splitlines() if line.strip()]) <= 60


def test_names_and_one_value_take_two_or_three_requests(reader, many):
    """Sixty-four kilobytes, the rest of a long index, and the value."""
    data, names, name, value, requests = many
    with served(data) as server:
        found = reader.Checkpoint(reader.http(server.url))
        assert names == [each for _group, each in found.rows]
        np.testing.assert_array_equal(value, found.value(name))
    assert len(server.requests) == requests
    assert server.nbytes < 65_536 * 2 + 150 * len(names)


def test_javascript_takes_as_many(javascript, many):
    """So it is in Node."""
    data, names, name, value, requests = many
    with served(data) as server:
        assert [names, value.tolist()] == javascript(server.url, name)
    assert len(server.requests) == requests


@pytest.mark.parametrize("kind", ["numbers", "texts", "groups"])
def test_every_dtype_and_form_is_read(reader, kind):
    """Numbers of every dtype, both forms of strings, long and escaped names, and models in groups."""
    data = (FOLDER / f"{kind}.h5").read_bytes()
    found = reader.Checkpoint(lambda start, nbytes: data[start : start + nbytes])
    for group, model in models()[kind].items():
        values = dict(model.variables or {})
        assert list(values) == [name for link, name in found.rows if link == group]
        for name, value in values.items():
            dtype = model.dtypes.get(name, "")
            if "qint" in dtype or "quint" in dtype:
                continue  # NumPy has no such dtypes
            assert value.tolist() == found.value(name, group).tolist()


@pytest.mark.parametrize("name", ["counted", "joined", "dense/kernel", "dense/kernel/Adam", "", "long" * 100])
def test_javascript_reads_every_form(javascript, name):
    """Strings as their bytes, numbers as typed arrays."""
    values = texts()
    with served((FOLDER / "texts.h5").read_bytes()) as server:
        names, found = javascript(server.url, name)
    assert list(values) == names
    flat = values[name].ravel().tolist()
    assert [item.decode("latin1") if isinstance(item, bytes) else item for item in flat] == found


def _damages(data, reader):
    """Files of which one part is damaged, each with the word that an error of it has."""
    found = seal.find(data)
    offset = int(reader.Checkpoint(lambda start, nbytes: data[start : start + nbytes]).rows["", "a"][1][0])
    places = {"seal": found.offset + 30, "index": found.index_offset + 1, "a is": offset + 3}
    for word, place in places.items():
        yield word, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    yield "version", resealed(data, major=2)


@pytest.fixture
def damages(reader, tmp_path):
    """Bad files, each with a word of its error and the name of a variable in it."""
    values = {"a": np.ones(5), "gzip": np.zeros(20_000)}
    write_models(tmp_path / "x.h5", {"": Model(values, None, {}, {"gzip": Compression("gzip")})})
    data = (tmp_path / "x.h5").read_bytes()
    return [*((word, damaged, "a") for word, damaged in _damages(data, reader)), ("compressed", data, "gzip")]


def test_damage_and_versions_are_noticed(reader, damages):
    """A wrong digest of seal, index or value, an unknown version, and a compressed value are errors."""
    for word, data, name in damages:
        with pytest.raises(ValueError, match=word):
            reader.Checkpoint(lambda start, nbytes, data=data: data[start : start + nbytes]).value(name)


def test_javascript_notices_them(javascript, damages):
    """So are they in Node."""
    for word, data, name in damages:
        with served(data) as server, pytest.raises(ValueError, match=word):
            javascript(server.url, name)


def test_a_server_without_ranges_is_an_error(reader):
    """The whole file is not taken for a part."""
    with served(b"x" * 100, gives_ranges=False) as server, pytest.raises(OSError, match="does not give ranges"):
        reader.Checkpoint(reader.http(server.url))
