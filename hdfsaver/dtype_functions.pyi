# What a type checker is told of the functions in `tf.dtypes`; there is no such module when a program runs.
from hdfsaver.ops.casting import cast as cast
from hdfsaver.ops.casting import saturate_cast as saturate_cast
from hdfsaver.ops.complex_numbers import complex as complex
from hdfsaver.ops.string_ops import as_string as as_string
