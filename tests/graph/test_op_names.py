"""Names of operations and scopes."""

import tracemalloc

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.graph.op_names import NamesInUse, TakenNames, check_operation_name, check_scope_name, parse_tensor_name
from tests.growing import TOO_MUCH, growth


@pytest.mark.parametrize("name", ["a", "a/b", "A.1", ".a", "0", "a-b", "a>b", "a\\b"])
def test_legal_names_pass(name):
    """Letters, digits, dots, dashes, slashes and a few more are legal."""
    check_operation_name(name)


@pytest.mark.parametrize("name", ["_x", "/a", "a b", "a:0", "é", "", "a\n", "-a"])
def test_illegal_names_are_refused(name):
    """What TensorFlow refuses as the name of an operation is refused with the name in the message."""
    with pytest.raises(ValueError, match="not a valid name"):
        check_operation_name(name)


def test_a_name_must_be_a_string():
    """A name of another type is a TypeError."""
    with pytest.raises(TypeError, match="string"):
        check_operation_name(3)


def test_inner_scopes_may_begin_with_an_underscore():
    """Below the root a scope may have a name that an operation at the root may not."""
    check_scope_name("_x", at_root=False)
    with pytest.raises(ValueError, match="scope"):
        check_scope_name("_x", at_root=True)


def test_uniqueness_ignores_case():
    """`W` and `w` are one name to file systems, so the second gets a number, its own case kept."""
    names = NamesInUse()
    assert ["W", "w_1", "w_2", "W_3"] == [names.unique(name) for name in ["W", "w", "w", "W"]]


def test_a_taken_number_is_skipped():
    """A name that looks like a numbered one counts as taken."""
    names = NamesInUse()
    assert ["a_1", "a", "a_2"] == [names.unique(name) for name in ["a_1", "a", "a"]]


def test_a_number_that_was_given_is_taken():
    """A name that got its number here is one that nobody else gets."""
    names = NamesInUse()
    assert ["a", "a_1", "a_1_1", "a_2"] == [names.unique(name) for name in ["a", "a", "a_1", "a"]]


def test_many_taken_numbers_are_skipped_once():
    """Names beside many that were taken otherwise, as by an import, are found in proportion to their number."""

    def taken(count):
        names = NamesInUse()
        for name in ["a", *(f"a_{number}" for number in range(1, count))]:
            names.mark(name)
        return names, count

    def more(prepared):
        names, count = prepared
        assert [f"a_{number}" for number in range(count, 2 * count)] == [names.unique("a") for _ in range(count)]

    assert growth(taken, more, 500) < TOO_MUCH


def test_asking_without_taking():
    """A name can be asked for without being taken."""
    names = NamesInUse()
    assert "a" == names.unique("a", mark_as_used=False)
    assert "a" == names.unique("a")


@pytest.mark.parametrize(
    ("name", "parsed"), [("add:0", ("add", 0)), ("s/a:12", ("s/a", 12)), ("a", None), (":0", ("", 0)), ("a:x", None)]
)
def test_names_of_tensors(name, parsed):
    """A tensor's name is an operation's name, a colon and a number."""
    assert parsed == parse_tensor_name(name)


PATHS = st.lists(st.sampled_from(["a", "a_1", "b"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(st.tuples(st.booleans(), PATHS)), PATHS)
def test_taken_names_keep_up(changes, name):
    """Whatever is added to a graph or taken away from it, taken are its names and scopes as they are now."""
    graph, taken = nx.DiGraph(), TakenNames()
    for is_new, changed in changes:
        if is_new:
            graph.add_node(changed)
        elif changed in graph:
            graph.remove_node(changed)
        taken.keep_up(graph)
        present = {"/".join(node.split("/")[:depth]) for node in graph for depth in range(1, 4)}
        assert (name in present) == (name in taken)
        assert next(number for number in range(1, 100) if f"{name}_{number}" not in present) == taken.first_free(name)


def test_imports_beside_many_names():
    """The names for one more import are found without a look at all that a graph has."""

    def graph(count):
        found, taken = nx.DiGraph(), TakenNames()
        return found, taken, count

    def add_one_by_one(made):
        found, taken, count = made
        for number in range(1, count):
            taken.keep_up(found)
            assert number == taken.first_free("s/a")
            found.add_node(f"s/a_{number}")

    assert growth(graph, add_one_by_one, 1000) < TOO_MUCH


def deep(levels):
    """A name in so many scopes."""
    return "S/" * levels + "x"


def test_the_scopes_of_a_long_name_are_taken():
    """Names that are too long to be kept are known all the same, and numbered."""
    names = NamesInUse()
    names.mark_with_scopes(deep(400))
    for levels in (1, 100, 127, 128, 129, 200, 400):
        scope = deep(levels).lower()[:-2]
        assert f"{scope}_1" == names.unique(scope)
        assert f"{scope}_2" == names.unique(scope)
        assert f"{scope}_1_1" == names.unique(f"{scope}_1")
    assert deep(401) == names.unique(deep(401))
    assert deep(400).lower() + "_1" == names.unique(deep(400).lower())


def test_an_import_finds_the_scopes_of_a_long_name():
    """The scopes of long names are taken for an import, which tells capitals from others."""
    taken = TakenNames()
    taken.keep_up(nx.DiGraph([(deep(400), deep(400).lower())]))
    for levels in (1, 127, 128, 129, 200, 400):
        assert deep(levels)[:-2] in taken
        assert deep(levels)[:-2].lower() in taken
        assert deep(levels) not in taken or levels == 400
    assert deep(200)[:-2].replace("S", "s", 1) not in taken


@pytest.mark.parametrize("made", [NamesInUse, TakenNames])
def test_the_scopes_of_a_long_name_take_little_memory(made):
    """A name in 5,000 scopes does not become 5,000 long names: a file could ask for any memory so."""
    names, digraph = made(), nx.DiGraph([(deep(5000), "x")])
    tracemalloc.start()
    names.mark_with_scopes(deep(5000)) if made is NamesInUse else names.keep_up(digraph)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
