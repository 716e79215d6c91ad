"""Rows behind the groups of two sides, where clusters reach over groups and sums do not suffice."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses import _paired
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_split import Split
from stresslab.checks import Array
from stresslab.gaps.decompose import PARTS, GroupSums, linearised
from stresslab.predicate import all_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stresslab.store.query import Pairs


@dataclass
class Rows:
    """The rows of a question, read once for all splits, groupings and models.

    Parameters
    ----------
    asked : Asked
        The question.
    """

    asked: Asked
    _by: dict[tuple[tuple[str, ...], bool], "Pairs"] = field(default_factory=dict)
    _side: dict[tuple[Split, bool], Array] = field(default_factory=dict)
    _mask: dict[tuple[Split, tuple[str, ...], bool], Array] = field(default_factory=dict)

    def variance(
        self, split: Split, by: tuple[str, ...], model: str, code: "Mapping[tuple[str, ...], int]",
        names: list[tuple[str, ...]], sums: tuple[GroupSums, GroupSums],
    ) -> tuple[Array, float]:  # fmt: skip
        """Return the variances of the parts of a gap over clusters, and degrees of freedom.

        Parameters
        ----------
        split : Split
            The two sides.
        by : tuple of str
            The grouping.
        model : str
            The model.
        code : mapping
            Group of every combination of values.
        names : list of tuple
            The combination of each row of ``Pairs.groups``.
        sums : tuple of GroupSums
            The sums of either side.
        """
        rows = self.pairs(split, by)
        column = rows.models.index(model)
        value, weight = rows.values[:, column], rows.trials[:, column]
        group = np.array([code.get(one, -1) for one in names], dtype=np.int64)[rows.group]
        inside, outside = (self._among(rows, split, by, inside=side) for side in (True, False))
        known = np.isfinite(value) & (group >= 0) & (inside | outside)
        cluster, group = rows.cluster[known], group[known]
        value, weight = value[known], weight[known].astype(float)
        inside = inside[known]
        (a_n, a_total), (b_n, b_total) = linearised(*sums)
        there = np.bincount(cluster, minlength=1) > 0
        n_clusters = int(there.sum())
        found = np.full(len(PARTS), np.nan)
        if n_clusters < 2:
            return found, np.nan
        for part in range(len(PARTS)):
            moved = np.where(
                inside,
                a_n[part][group] + a_total[part][group] * value,
                b_n[part][group] + b_total[part][group] * value,
            )
            moves = np.bincount(cluster, weights=weight * moved)
            found[part] = n_clusters / (n_clusters - 1) * float((moves**2).sum())
        return found, float(n_clusters - 1)

    def pairs(self, split: Split, by: tuple[str, ...]) -> "Pairs":
        """Return the rows both sides are taken from, grouped by `by`."""
        from stresslab.store import query

        key = (by, split.clean is not None)
        if key not in self._by:
            measured = self._measured.question
            question = replace(measured, where=all_of(measured.where, split.clean))
            self._by[key] = query.pairs(self.asked.workspace, question, by=by)
        return self._by[key]

    @cached_property
    def _measured(self) -> Asked:
        return replace(self.asked, question=_paired.row_question(self.asked))

    def _among(self, rows: "Pairs", split: Split, by: tuple[str, ...], *, inside: bool) -> Array:
        """Return which of the rows lie on one side, told once for all models."""
        key = (split, by, inside)
        if key not in self._mask:
            variants = self._variants(split, inside=inside)
            top = max(int(one.max(initial=0)) for one in (variants, rows.variant)) + 1
            listed = np.zeros(top, dtype=np.bool_)
            listed[variants] = True
            self._mask[key] = listed[rows.variant]
        return self._mask[key]

    def _variants(self, split: Split, *, inside: bool) -> Array:
        """Return the variants of one side."""
        from stresslab.store import query

        key = (split, inside)
        if key not in self._side:
            side = split.inside if inside else split.outside
            question = split.question(self._measured, side)
            self._side[key] = query.pairs(self.asked.workspace, question).variant
        return self._side[key]
