"""Names and link paths."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.hdf5.link_names import LEVELS, name_of, paths_of

# Few different characters, so that one name is often the beginning of another.
AWKWARD = st.text(st.sampled_from("ab/./%2FE\0\n:é"), max_size=8)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.sets(AWKWARD | ANY, max_size=12))
def test_any_set_of_names_survives(names):
    """Every name comes back from its path, no two share one, and no path is a group of another."""
    paths = paths_of(names)
    assert names == {name_of(path) for path in paths.values()}
    assert all(name == name_of(path) for name, path in paths.items())
    groups = {path[:i] for path in paths.values() for i in range(len(path)) if path[i] == "/"}
    assert set() == groups & set(paths.values())


@given(st.sets(AWKWARD | ANY, max_size=12))
def test_every_link_is_one_that_hdf5_can_hold(names):
    """No link is empty, a dot, or has a NUL."""
    links = [link for path in paths_of(names).values() for link in path.split("/")]
    assert [] == [link for link in links if link in ("", ".", "..") or "\0" in link]


@given(st.lists(AWKWARD, unique=True, max_size=8), st.randoms())
def test_paths_depend_on_the_set_alone(names, random):
    """The order in which names are given changes no path."""
    shuffled = random.sample(names, len(names))
    assert paths_of(names) == paths_of(shuffled)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("dense/kernel", "dense/kernel"),
        ("", "%"),
        ("/", "%2F"),
        ("/lead", "%2Flead"),
        ("trail/", "trail%2F"),
        ("a//b", "a/%2Fb"),
        (".", "%2E"),
        ("a/../b", "a/%2E%2E/b"),
        ("...", "..."),
        ("100%", "100%25"),
        ("a\0b\n", "a%00b%0A"),
        ("x:0", "x:0"),
    ],
)
def test_escapes(name, path):
    """Names as the format's page shows them."""
    assert path == paths_of([name])[name]


def test_a_slash_below_a_variable_is_escaped():
    """Beside `w`, `w/Adam` is one link; below a variable that is below a variable, both slashes are escaped."""
    expected = {"w": "w", "w/Adam": "w%2FAdam", "w/Adam/x": "w%2FAdam%2Fx", "v/Adam": "v/Adam"}
    assert expected == paths_of(["w", "w/Adam", "w/Adam/x", "v/Adam"])


def test_composed_and_decomposed_letters_stay_apart():
    """Two spellings of é are two names."""
    assert 2 == len(set(paths_of(["\u00e9", "e\u0301"]).values()))


def test_surrogates_are_refused():
    """A name that UTF-8 cannot encode is an error that shows it."""
    with pytest.raises(ValueError, match=r"'a\\ud800'.*character 1"):
        paths_of(["fine", "a\ud800"])


def test_a_link_of_another_program_may_have_a_percent_sign():
    """An invalid escape is kept, and one that is not UTF-8 is an error."""
    assert "100% of it" == name_of("100% of it")
    with pytest.raises(ValueError, match="does not percent-decode"):
        name_of("a%FF")


def test_ten_thousand_names_take_no_time():
    """Names with their slots beside them: linear in their number."""
    names = [f"layer_{i}/dense/kernel{slot}" for i in range(5000) for slot in ("", "/Adam")]
    start = time.process_time()
    assert 10000 == len(paths_of(names))
    assert time.process_time() - start < 0.5


def test_a_path_has_so_many_groups():
    """Behind the first components of a name its slashes are escaped: HDF5 keeps the whole path of each open group."""
    deep, other = "g/" * (2 * LEVELS) + "w", "g/" * LEVELS + "w"
    paths = paths_of([deep, other])
    assert [LEVELS, LEVELS] == [path.count("/") for path in paths.values()]
    assert {deep: deep, other: other} == {name: name_of(path) for name, path in paths.items()}
