"""Put saved conditions where a condition names them: ``slice("late ones") and tier > 3``.

This happens before anything is asked or cached, so that a number always names the rows it is of,
whatever becomes of the saved slice later.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from stresslab.errors import ConditionError
from stresslab.params import Params
from stresslab.predicate import MAX_DEPTH, MAX_TEXT, And, Named, Not, Or, Predicate, parse, to_text

AnyParams = TypeVar("AnyParams", bound=Params)


def expand(predicate: Predicate | None, saved: Mapping[str, str]) -> Predicate | None:
    """Return a condition with every ``slice("name")`` replaced by what is saved under the name.

    Parameters
    ----------
    predicate : Predicate or None
        The condition.
    saved : dict of str to str
        Conditions by name; they may name each other.

    Raises
    ------
    ConditionError
        If a name is unknown (near names are listed), slices name each other in a circle, or the
        whole is longer than a condition may be.
    """
    return None if predicate is None else _Expansion(saved).of(predicate, ())


def expand_text(text: str, saved: Mapping[str, str]) -> str:
    """Return the text of a condition with saved slices put in; others come back as they are."""
    if "slice" not in text.lower():
        return text
    tree = parse(text)
    expanded = expand(tree, saved)
    return text if tree is None or expanded is None or expanded == tree else to_text(expanded)


def expand_params(params: AnyParams, saved: Mapping[str, str]) -> AnyParams:
    """Return settings whose conditions name no saved slice.

    Conditions are the texts called ``where`` or ``..._where``, and what stands after the colon of
    ``slices``.
    """
    changed: dict[str, Any] = {}
    for one in fields(params):
        value = getattr(params, one.name)
        if isinstance(value, str) and (one.name == "where" or one.name.endswith("_where")):
            changed[one.name] = expand_text(value, saved)
        elif one.name == "slices":
            pairs = [text.partition(":") for text in value]
            changed[one.name] = tuple(
                f"{name}{colon}{_readable(text, saved)}" for name, colon, text in pairs
            )
    known = {name: value for name, value in changed.items() if value != getattr(params, name)}
    return replace(params, **known) if known else params


def names_in(predicate: Predicate | None) -> tuple[str, ...]:
    """Return the saved slices a condition names, each once."""
    return tuple(dict.fromkeys(_names(predicate)))


def users_of(name: str, saved: Mapping[str, str]) -> list[str]:
    """Return the saved slices whose condition names the slice `name`."""
    return [other for other, text in saved.items() if name in _names_in_text(text)]


def _readable(text: str, saved: Mapping[str, str]) -> str:
    """Return the expanded text; one that cannot be read is left for who tells its error."""
    try:
        return expand_text(text, saved)
    except ConditionError:
        return text


def _names_in_text(text: str) -> tuple[str, ...]:
    try:
        return names_in(parse(text))
    except ConditionError:
        return ()


def _names(predicate: Predicate | None) -> Iterator[str]:
    match predicate:
        case Named(name):
            yield name
        case And(parts) | Or(parts):
            for part in parts:
                yield from _names(part)
        case Not(part):
            yield from _names(part)


class _Expansion:
    """Expands conditions against one set of saved slices, each of them once."""

    def __init__(self, saved: Mapping[str, str]) -> None:
        self.saved = saved
        self.known: dict[str, Predicate] = {}

    def of(self, predicate: Predicate, path: Sequence[str]) -> Predicate:
        """Return `predicate` expanded; `path` are the slices it stands in, outermost first."""
        match predicate:
            case Named(name):
                return self.named(name, path)
            case And(parts):
                return And(tuple(self.of(part, path) for part in parts))
            case Or(parts):
                return Or(tuple(self.of(part, path) for part in parts))
            case Not(part):
                return Not(self.of(part, path))
        return predicate

    def named(self, name: str, path: Sequence[str]) -> Predicate:
        """Return the condition saved under `name`."""
        if name in path:
            circle = " -> ".join([*path[list(path).index(name) :], name])
            raise ConditionError(f"Slices must not name each other in a circle; got {circle}.")
        if len(path) >= MAX_DEPTH:
            raise ConditionError(f"At most {MAX_DEPTH} slices may stand in each other.")
        if name not in self.known:
            tree = self.of(self.saved_tree(name, path), [*path, name])
            if len(to_text(tree)) > MAX_TEXT:
                raise ConditionError(
                    f"A condition may have {MAX_TEXT} characters; slice {name!r}, with the slices "
                    "it names written out, has more. Shorten it."
                )
            self.known[name] = tree
        return self.known[name]

    def saved_tree(self, name: str, path: Sequence[str]) -> Predicate:
        """Return the tree of what is saved under `name`."""
        if name not in self.saved:
            near = difflib.get_close_matches(name, self.saved, n=3) or list(self.saved)[:10]
            inside = f", which slice {path[-1]!r} names" if path else ""
            raise ConditionError(
                f"No saved slice is called {name!r}{inside}. "
                f"Did you mean: {', '.join(near) or 'none is saved here'}?"
            )
        try:
            tree = parse(self.saved[name])
        except ConditionError as error:
            raise ConditionError(f"Slice {name!r} cannot be read: {error}") from error
        if tree is None:
            raise ConditionError(f"Slice {name!r} needs a condition; it is empty.")
        return tree
