"""Trained on x, tested on y: losses on the way, asymmetry, and what pooling repairs."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_sums, _paired, _training, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_split import clean_only, domains_of
from stresslab.checks import Array
from stresslab.predicate import all_of
from stresslab.result import Column, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.stats.difference import Difference
    from stresslab.store.query import Pairs

TABLE = "transfer_gaps"
MATRIX: dict[str, Any] = (
    dict.fromkeys(("model", "family", "trained_on", "domain", "in_training"), "str")
    | dict.fromkeys(("value", "low", "high"), "float64")
    | dict.fromkeys(("n", "n_clusters"), "int64")
)
GAPS: dict[str, Any] = (
    dict.fromkeys(("family", "kind", "trained_on", "domain", "against"), "str")
    | dict.fromkeys(("difference", "low", "high", "low_adjusted", "high_adjusted"), "float64")
    | dict.fromkeys(("n_pairs", "n_clusters"), "int64")
    | {"p_value": "float64", "p_adjusted": "float64", "verdict": "str"}
)
KINDS = ("lost on the way", "gained by pooling", "asymmetry")


def trained(asked: Asked) -> dict[str, tuple[str, ...]]:
    """Return the domains of the task that each model was trained on, where it says so."""
    domains = domains_of(asked)
    told = asked.workspace.config.models or {}
    known = _training.sides(asked.workspace, product(asked.models, domains))
    found = {}
    for model in asked.models:
        entry = told.get(model)
        mine = tuple(one for one in domains if known[model, one] == _training.IN)
        if mine and isinstance(entry, Mapping) and entry.get("in_domains") is not None:
            found[model] = mine
    return found


def matrix(asked: Asked) -> "pd.DataFrame":
    """Return the value of every model that says what it was trained on, in every domain."""
    from dataclasses import replace

    sets = {} if asked.empty else trained(asked)
    if not sets:
        return _value.frame(MATRIX)
    where = all_of(asked.question.where, clean_only(asked))
    once = replace(asked, question=replace(asked.question, where=where))
    table = _value.values(once, ("domain",))
    table = table[table["model"].isin(sets) & table["domain"].notna()]
    families = _families(asked)
    table = table.assign(
        family=table["model"].map(families), trained_on=[", ".join(sets[m]) for m in table["model"]]
    )
    return (
        _training.marked(table, asked.workspace)[list(MATRIX)].astype(MATRIX).reset_index(drop=True)
    )


def gaps(asked: Asked, how: _paired.Judge) -> tuple[list[_paired.Batch], list[Warn]]:
    """Return the paired differences behind the matrix, for families trained in several places."""
    from dataclasses import replace

    from stresslab.store import query

    sets = {} if asked.empty else trained(asked)
    families = _families(asked)
    grouped: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for model, mine in sets.items():
        grouped.setdefault(families[model], {}).setdefault(mine, []).append(model)
    several = {name: places for name, places in grouped.items() if len(places) > 1}
    if not several or not _paired.has_rows(asked):
        if not sets:
            return [], []
        text = (
            "No transfer between places of training: no family has models that were trained in "
            "different domains."
        )
        return [], [Warn("no-transfer", text)]
    question = _paired.row_question(asked)
    question = replace(question, where=all_of(question.where, clean_only(asked)))
    pairs = query.pairs(asked.workspace, question, by=("domain",))
    found: list[_paired.Batch] = []
    for name, places in several.items():
        found += _of_family(name, places, pairs, how)
    return found, []


def table(settled: "pd.DataFrame | None") -> "pd.DataFrame":
    """Return the differences after correction; positive is a loss on the way, or a gain."""
    if settled is None:
        return _value.frame(GAPS)
    return settled[list(GAPS)].astype(GAPS).reset_index(drop=True)


def meanings() -> dict[str, Column]:
    """Return what the columns of `table` mean."""
    return {
        "kind": Column("string", ", ".join(KINDS)),
        "difference": Column("number", "trained there minus trained elsewhere; pooled minus there"),
        "against": Column("string", "the training it is held against; of asymmetry the way back"),
    }


def _families(asked: Asked) -> dict[str, str]:
    table = asked.contents.models
    table = table[table["task"] == asked.question.task]
    named = zip(table["model"], table["family"], strict=True)
    return {model: one if isinstance(one, str) and one else "no family" for model, one in named}


def _of_family(
    family: str, places: dict[tuple[str, ...], list[str]], pairs: "Pairs", how: _paired.Judge
) -> Iterator[_paired.Batch]:
    """Yield losses and gains of pooling in one batch, and asymmetries in another."""
    column = {model: place for place, model in enumerate(pairs.models)}
    means = {
        mine: pairs.values[:, [column[one] for one in models]].mean(axis=1)
        for mine, models in places.items()
    }
    single = [one for one in places if len(one) == 1]
    labels: list[dict[str, str]] = []
    ends: list[tuple[Array, Array, Array]] = []
    names = [str(one) for one in pairs.groups["domain"]]
    for there, other in product(single, places):
        if there == other or there[0] not in names:
            continue
        rows = pairs.group == names.index(there[0])
        pooled = there[0] in other
        mine, theirs = means[there][rows], means[other][rows]
        turned = pooled == how.larger_is_better
        ends.append((theirs, mine, rows) if turned else (mine, theirs, rows))
        labels.append(
            {
                "family": family, "kind": KINDS[1] if pooled else KINDS[0],
                "trained_on": ", ".join(other), "domain": there[0], "against": there[0],
            }
        )  # fmt: skip
    if ends:
        yield from _batches(labels, ends, places, pairs, how)


def _batches(
    labels: Sequence[dict[str, str]], ends: Sequence[tuple[Array, Array, Array]],
    places: dict[tuple[str, ...], list[str]], pairs: "Pairs", how: _paired.Judge,
) -> Iterator[_paired.Batch]:  # fmt: skip
    import pandas as pd

    lone = all(len(models) == 1 for models in places.values())
    group = np.repeat(np.arange(len(ends)), [len(a) for a, _, _ in ends])
    found = how.paired(
        np.concatenate([a for a, _, _ in ends]), np.concatenate([b for _, b, _ in ends]),
        np.concatenate([pairs.cluster[rows] for _, _, rows in ends]), group, len(ends),
        rate=how.rate and lone, single=lone and bool((pairs.trials <= 1).all()),
    )  # fmt: skip
    yield _paired.matched(_paired.Batch(TABLE, pd.DataFrame(labels), found))
    there = {
        (one["trained_on"], one["domain"]): place
        for place, one in enumerate(labels) if one["kind"] == KINDS[0]
    }  # fmt: skip
    ways = [(a, b) for a, b in there if (b, a) in there and a < b]
    if not ways:
        return
    go = np.array([there[a, b] for a, b in ways])
    back = np.array([there[b, a] for a, b in ways])
    said = pd.DataFrame(
        {
            "family": labels[0]["family"], "kind": KINDS[2], "trained_on": [a for a, _ in ways],
            "domain": [b for _, b in ways], "against": [f"{b} to {a}" for a, b in ways],
        }
    )  # fmt: skip
    yield _paired.Batch(TABLE, said, two_ways(found, go, back, how))


def two_ways(found: "Difference", go: Array, back: Array, how: _paired.Judge) -> "Difference":
    """Return how much more is lost on the way there than on the way back.

    Parameters
    ----------
    found : Difference
        What is lost on every way; ways to different places share no items.
    go, back : ndarray of int
        Places of the ways there and back in `found`.
    how : Judge
        Level and bounds.
    """
    clusters = found.n_clusters[go] + found.n_clusters[back]
    variance = [
        found.sd_cluster[one] ** 2 / np.maximum(found.n_clusters[one], 1) for one in (go, back)
    ]
    return _ood_sums.of_moments(
        found.difference[go] - found.difference[back], variance[0] + variance[1],
        np.maximum(np.minimum(found.n_clusters[go], found.n_clusters[back]) - 1, 1),
        np.minimum(found.n_pairs[go], found.n_pairs[back]), clusters, how, "two ways, Student",
    )  # fmt: skip
