"""Programs for Python 2: how an error tells that a program is one, and the advice then."""

from __future__ import annotations

import re

_SIGNS = re.compile(
    r"Missing parentheses in call to '(print|exec)'|multiple exception types must be parenthesized"
    r"|leading zeros in decimal integer literals|invalid (decimal|hexadecimal) literal|inconsistent use of tabs"
)
"""The messages of Python 3 about code that Python 2 takes."""

ADVICE = (
    "It may be a program for Python 2: `2to3 -w FILE` makes it one for Python 3. 2to3 comes with Python up to 3.12, "
    "as `python3.12 -m lib2to3`"
)


def advice_on(error: BaseException) -> str:
    """The advice on an error, where code is for Python 2; empty for another error."""
    return ADVICE if isinstance(error, SyntaxError) and _SIGNS.search(error.msg or "") else ""
