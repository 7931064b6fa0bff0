"""TensorFlow's random numbers: one generator of words (Philox), and the numbers that are made of its words.

A stream says where the words begin. What is drawn depends on the stream alone, and nothing here keeps a state: sessions
do (`hdfsaver.session.random_streams`).
"""

from __future__ import annotations
