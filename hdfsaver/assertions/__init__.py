"""Checks of values, ranks, shapes and dtypes: ``tf.assert_equal`` and others."""
