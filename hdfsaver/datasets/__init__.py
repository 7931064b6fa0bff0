"""tf.data: datasets, their elements one after the other, and iterators whose state may be saved."""
