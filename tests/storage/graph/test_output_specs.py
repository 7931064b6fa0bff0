"""The outputs of an operation as text: compact, exact, and read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import dtypes, errors
from hdfsaver.storage.graph.output_specs import outputs_from_text, outputs_to_text

NAMES = st.sampled_from([row.name for row in dtypes.TABLE]).flatmap(
    lambda name: st.sampled_from([name, name + dtypes.REF_SUFFIX])
)
SHAPES = st.none() | st.lists(st.none() | st.integers(0, 2**59), max_size=5).map(tuple)
OUTPUTS = st.lists(st.tuples(NAMES, SHAPES), max_size=4).map(tuple)

EXAMPLES = {
    "": (),
    "float32[]": (("float32", ()),),
    "float32[1]; float32_ref[?,3]": (("float32", (1,)), ("float32_ref", (None, 3))),
    "string<unknown>": (("string", None),),
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_text_is_as_the_page_says(text):
    """The text of an output is its dtype with its shape behind it."""
    assert text == outputs_to_text(EXAMPLES[text])
    assert EXAMPLES[text] == outputs_from_text(text)


@given(OUTPUTS)
def test_any_outputs_survive(outputs):
    """Every dtype, reference or not, with any static shape comes back."""
    assert outputs == outputs_from_text(outputs_to_text(outputs))


@pytest.mark.parametrize(
    "text",
    [
        *("float32", "float32[", "float32[]]", "float32[-1]", "float32[01]", "float32[1,]", "float32[ 1]", "[1]"),
        *("float32[];", "; ", "float32[];float32[]", "float32<unknow>", "float32[٣]", "Float[]"),
        "float32[" + "9" * 19 + "]",
    ],
)
def test_any_other_text_is_refused(text):
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="does not describe an output"):
        outputs_from_text(text)


def test_an_unknown_dtype_is_named():
    """An unknown dtype is an InvalidArgumentError, not a malformed string."""
    with pytest.raises(errors.InvalidArgumentError, match="unknown dtype 'float31'"):
        outputs_from_text("float31[]")


@pytest.mark.parametrize("shape", [(-1,), (1.5,), (2**80,)])
def test_a_shape_that_cannot_be_read_back_is_not_written(shape):
    """A dimension that no tensor has is an error while the file can still be given up."""
    with pytest.raises(ValueError, match="output"):
        outputs_to_text((("float32", shape),))
