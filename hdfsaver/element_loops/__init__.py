"""Operations that compute element by element, as loops that Numba compiles: their formulas, and the text of a loop."""
