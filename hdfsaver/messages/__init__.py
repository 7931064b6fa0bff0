"""TensorFlow's messages, as protobuf has them, and the nodes of a DiGraph made of them."""
