"""Say which rows are in distribution for which model: by settings, else by workspace.toml."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _training
from stresslab.analyses._ask import Asked
from stresslab.analyses._words import listing
from stresslab.errors import ParamError
from stresslab.predicate import Compare, Field, In, Not, Or, Predicate, all_of, fields_of, parse

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.contents import Question

DOMAIN = Field(("domain",))
UNTOUCHED = Compare(Field(("tier",)), "=", 0)


@dataclass(frozen=True)
class Split:
    """Two sides that some models are compared on.

    Parameters
    ----------
    models : tuple of str
        Models it holds for.
    inside, outside : Predicate or None
        Rows in and out of distribution; None where nothing is.
    in_words, out_words : str
        What the two sides are called.
    clean : Predicate or None
        Restricts both to untouched inputs, unless tiers are what is looked at.
    """

    models: tuple[str, ...]
    inside: Predicate | None
    outside: Predicate | None
    in_words: str
    out_words: str
    clean: Predicate | None = None

    @property
    def whole(self) -> bool:
        """Return whether there is something on both sides."""
        return self.inside is not None and self.outside is not None

    @property
    def by_domain(self) -> bool:
        """Return whether both sides are named domains that do not meet."""
        sides = (self.inside, self.outside)
        named = [set(one.values) for one in sides if isinstance(one, In) and one.field == DOMAIN]
        return len(named) == len(sides) and not named[0] & named[1]

    def question(self, asked: Asked, *sides: Predicate | None, clean: bool = True) -> "Question":
        """Return the question about rows of any of `sides`, of all rows where none is given."""
        parts = tuple(one for one in sides if one is not None)
        either = Or(parts) if len(parts) > 1 else next(iter(parts), None)
        where = all_of(asked.question.where, either, self.clean if clean else None)
        return replace(asked.question, where=where)


def splits(asked: Asked) -> list[Split]:
    """Return the splits of the chosen models; none where nobody said what is in distribution.

    Raises
    ------
    ParamError
        If a side is named twice or a domain does not exist.
    ConditionError
        If a condition cannot be read.
    """
    if asked.empty:
        return []
    params: Any = asked.params
    inside = _side(asked, "in", params.in_domains, params.in_where)
    outside = _side(asked, "out", params.out_domains, params.out_where)
    if inside is None and outside is None:
        return _told(asked)
    names = [_words(asked, "in"), _words(asked, "out")]
    if inside is None and outside is not None:
        inside, names[0] = _rest(asked, outside)
    elif outside is None and inside is not None:
        outside, names[1] = _rest(asked, inside)
    by_domain = all(_of_domains(one) for one in (inside, outside))
    clean = _clean(asked) if by_domain else None
    return [Split(tuple(asked.models), inside, outside, names[0], names[1], clean)]


def clean_only(asked: Asked) -> Predicate | None:
    """Return the condition of untouched inputs where only those are asked for."""
    return None if asked.empty else _clean(asked)


def domains_of(asked: Asked) -> list[str]:
    """Return the domains of the task."""
    table: pd.DataFrame = asked.contents.domains
    return [str(one) for one in table.loc[table["task"] == asked.question.task, "domain"]]


def _told(asked: Asked) -> list[Split]:
    """Return one split per set of domains that models were trained on."""
    domains, clean = domains_of(asked), _clean(asked)
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    known = _training.sides(asked.workspace, product(asked.models, domains))
    for model in asked.models:
        sides = tuple(
            tuple(one for one in domains if known[model, one] == side)
            for side in (_training.IN, _training.OUT)
        )
        if sides[0] or sides[1]:
            found.setdefault((sides[0], sides[1]), []).append(model)
    return [
        Split(
            tuple(models), In(DOMAIN, inside) if inside else None,
            In(DOMAIN, outside) if outside else None, listing(inside), listing(outside), clean,
        )
        for (inside, outside), models in found.items()
    ]  # fmt: skip


def _side(asked: Asked, side: str, domains: tuple[str, ...], where: str) -> Predicate | None:
    if domains and where.strip():
        raise ParamError(
            f"Say what is {side} of distribution by {side}_domains or by {side}_where, not by both."
        )
    if where.strip():
        return parse(where)
    known = domains_of(asked)
    for one in domains:
        if one not in known:
            near = difflib.get_close_matches(one, known, n=3) or known[:10]
            raise ParamError(
                f"No domain of task {asked.question.task!r} is called {one!r}. "
                f"Did you mean: {', '.join(near) or 'none is known here'}?"
            )
    return In(DOMAIN, tuple(domains)) if domains else None


def _words(asked: Asked, side: str) -> str:
    params: Any = asked.params
    domains: Iterable[str] = getattr(params, f"{side}_domains")
    return listing(list(domains)) or str(getattr(params, f"{side}_where")).strip()


def _rest(asked: Asked, given: Predicate) -> tuple[Predicate | None, str]:
    """Return everything else: the other domains, or what the condition does not hold for."""
    if not _of_domains(given):
        return Not(given), "everything else"
    taken = {str(one) for one in given.values} if isinstance(given, In) else set()
    others = tuple(one for one in domains_of(asked) if one not in taken)
    return (In(DOMAIN, others) if others else None), listing(others)


def _of_domains(one: Predicate | None) -> bool:
    return one is None or (isinstance(one, In) and fields_of(one) == (DOMAIN,))


def _clean(asked: Asked) -> Predicate | None:
    """Return the condition of untouched inputs, where the task has some beside harder ones."""
    params: Any = asked.params
    paired = any(0 in list(tiers) for tiers in asked.perturbations["tiers"])
    return UNTOUCHED if params.inputs == "clean" and paired else None
