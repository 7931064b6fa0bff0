"""``tf.contrib.training.HParams``: named numbers and words of a training, which a command line may change."""

from __future__ import annotations

import json
import numbers
import re
from collections.abc import Callable, Mapping
from typing import Any, Self

_CLAUSE = re.compile(
    r"(?P<name>[a-zA-Z][\w.]*)(\[\s*(?P<index>\d+)\s*\])?\s*=\s*((?P<one>[^,\[]*)|\[(?P<many>[^\]]*)\])($|,\s*)"
)
"""One assignment: ``a=1``, ``a[2]=1`` or ``a=[1, 2]``, with the comma that follows."""

_TRUTH = {"true": True, "True": True, "false": False, "False": False}


def parse_values(values: str, type_map: Mapping[str, type], ignore_unknown: bool = False) -> dict[str, Any]:
    """The values in a text such as ``"rate=0.1,sizes=[10,20],names[1]=b"``.

    Parameters
    ----------
    values : str
        Assignments with commas between them. True and false may be written as numbers too.
    type_map : dict
        The class of each name's value, or of the items of its list.
    ignore_unknown : bool
        Leave out names that have no class, which are refused otherwise.

    Returns
    -------
    dict
        Values, lists of values, and a dict of positions and values where positions are assigned to.

    Raises
    ------
    ValueError
        A part of the text is no assignment, a value is not of its class, or a name is assigned to twice.
    """
    found: dict[str, Any] = {}
    place = 0
    while place < len(values):
        clause = _CLAUSE.match(values, place)
        if clause is None:
            raise ValueError(f"Malformed hyperparameter value: {values[place:]}")
        place = clause.end()
        if clause["name"] in type_map:
            _assign(found, clause, type_map[clause["name"]], values)
        elif not ignore_unknown:
            raise ValueError(f"Unknown hyperparameter type for {clause['name']}")
    return found


def _assign(found: dict[str, Any], clause: re.Match[str], kind: type, values: str) -> None:
    """Put the value of one assignment among those that were found."""
    name, index = clause["name"], clause["index"]
    if clause["many"] is not None and index is not None:
        raise ValueError("Assignment of a list to a list index.")
    text = clause["many"] if clause["one"] is None else clause["one"]
    try:
        read: Any = _reader(kind)
        value = read(text) if clause["many"] is None else [read(item) for item in re.split("[ ,]", text) if item]
    except ValueError:
        raise ValueError(
            f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}' in {values}"
        ) from None
    places = found.setdefault(name, {}) if index is not None else found
    key: Any = name if index is None else int(index)
    if not isinstance(places, dict) or key in places:
        said = name if not isinstance(places, dict) or index is None else f"{name}[{index}]"
        raise ValueError(f"Multiple assignments to variable '{said}' in {values}")
    places[key] = value


def _reader(kind: type) -> Callable[[str], Any]:
    return _truth if kind is bool else kind


def _truth(text: str) -> bool:
    return _TRUTH[text] if text in _TRUTH else bool(int(text))


def _as_kind(name: str, kind: type, value: Any) -> Any:
    """A value in the class of its name: an integer may become a float, and nothing else changes its nature."""
    if type(value) is kind or kind is type(None):
        return value
    is_right = (
        (not issubclass(kind, str | bytes) or isinstance(value, str | bytes))
        and issubclass(kind, bool) == isinstance(value, bool)
        and (not issubclass(kind, numbers.Integral) or isinstance(value, numbers.Integral))
        and (not issubclass(kind, numbers.Number) or isinstance(value, numbers.Number))
    )
    if not is_right:
        raise ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    return kind(value)


class HParams:
    """Named values of a training, each an attribute: integers, floats, booleans, strings, and lists of them.

    Parameters
    ----------
    hparam_def : object, optional
        TensorFlow's message with the values, which is refused here: give the values by their names.
    model_structure : object, optional
        Any object of the program, which `get_model_structure` gives back.
    **kwargs : object
        The values. The class of each is kept.

    Raises
    ------
    ValueError
        A name is that of a method, a list is empty, or a message is given.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> values = tf.contrib.training.HParams(rate=0.1, sizes=[10, 20])
    >>> values.parse("rate=1,sizes=[5]").to_json()
    '{"rate": 1.0, "sizes": [5]}'
    """

    def __init__(self, hparam_def: object = None, model_structure: object = None, **kwargs: Any) -> None:
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        if hparam_def:
            raise ValueError("HParams(hparam_def=...) is not in hdfsaver. Give the values by their names.")
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def __getattr__(self, name: str) -> Any:
        # only for type checkers: a name that is not there has no other place
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=None)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add a name, whose value has this class from now on.

        Raises
        ------
        ValueError
            The name is there already or is that of a method, or the list is empty.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        is_list = isinstance(value, list | tuple)
        if is_list and not value:
            raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
        self._hparam_types[name] = (type(value[0] if is_list else value), is_list)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Change the value of a name that is there.

        Raises
        ------
        KeyError
            The name is not there.
        ValueError
            The value is of another class.
        """
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list) and not is_list:
            raise ValueError(f"Must not pass a list for single-valued parameter: {name}")
        if is_list and not isinstance(value, list):
            raise ValueError(f"Must pass a list for multi-valued parameter: {name}.")
        setattr(self, name, [_as_kind(name, kind, item) for item in value] if is_list else _as_kind(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Remove a name; nothing happens where it is not there."""
        if name in self._hparam_types:
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> Self:
        """Change values by a text such as ``"rate=0.1,sizes=[10,20]"``.

        Raises
        ------
        ValueError
            The text is malformed, a name is not there, or a value is not of its class.
        """
        kinds = {name: kind for name, (kind, _) in self._hparam_types.items()}
        return self.override_from_dict(parse_values(values, kinds))

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> Self:
        """Change values by a dict.

        Raises
        ------
        KeyError
            A name is not there.
        ValueError
            A value is of another class.
        """
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def set_from_map(self, values_map: Mapping[str, Any]) -> Self:
        """The older name of `override_from_dict`."""
        return self.override_from_dict(values_map)

    def set_model_structure(self, model_structure: object) -> None:
        """Keep an object of the program."""
        self._model_structure = model_structure

    def get_model_structure(self) -> object:
        """The object of the program that was given."""
        return self._model_structure

    def to_json(
        self, indent: int | None = None, separators: tuple[str, str] | None = None, sort_keys: bool = False
    ) -> str:
        """The names and values as JSON.

        Parameters
        ----------
        indent, separators, sort_keys : object
            As for `json.dumps`.

        Returns
        -------
        str

        Raises
        ------
        TypeError
            JSON has no such value.
        """
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> Self:
        """Change values by an object of JSON.

        Raises
        ------
        KeyError
            A name is not there.
        ValueError
            The text is not JSON, or a value is of another class.
        """
        return self.override_from_dict(json.loads(values_json))

    def values(self) -> dict[str, Any]:
        """The names and their values."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or another value where it is not there.

        Raises
        ------
        ValueError
            The other value is not of the class of the name.
        """
        if key not in self._hparam_types:
            return default
        if default is not None:
            kind, is_list = self._hparam_types[key]
            said = f"Hparam '{key}' of type '{f'list<{kind}>' if is_list else kind}' is incompatible with "
            if is_list != isinstance(default, list):
                raise ValueError(f"{said}default={default}")
            try:
                for value in default if is_list else [default]:
                    _as_kind(key, kind, value)
            except ValueError as error:
                raise ValueError(f"{said}default={default}. {error}") from None
        return getattr(self, key)

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"
