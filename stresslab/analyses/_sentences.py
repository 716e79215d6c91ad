"""Headline sentences: what they are, what they are made from, and the table they end in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words

if TYPE_CHECKING:
    import pandas as pd

CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Sentence:
    """One headline.

    Parameters
    ----------
    code : str
        Which rule wrote it.
    text : str
        Plain text: no markup, rates with two decimals, intervals in brackets.
    verdict : str
        better, worse, equivalent, cannot tell, or empty where nothing is compared.
    page : str
        Analysis that shows the evidence.
    query : dict
        Settings of that analysis, as texts.
    """

    code: str
    text: str
    verdict: str = ""
    page: str = "overview"
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Tables the rules read; models and perturbations are ids, shown under their names.

    Parameters
    ----------
    clean : DataFrame
        One row per model: ``model, value, low, high, n, selective, selective_low,
        selective_high, coverage`` on the untouched inputs (on all inputs of a graded task).
    differences : DataFrame
        Columns of a difference plus ``view, perturbation, tier``: ``view`` is "clean", "answered"
        (clean rows both models answered) or "tier".
    drops : DataFrame
        ``model, perturbation, axis, first_tier, last_tier, first, last, drop, low, high,
        verdict``; ``drop`` is positive for a loss and `verdict` is that of the last tier.
    domains : DataFrame
        ``model, best, worst, best_value, worst_value, difference, low, high``, corrected.
    sure : DataFrame
        ``model, perturbation, tier, value, low, high, confidence, low_sure, high_sure, gap_low``,
        all ends corrected, with ``gap_low`` the lower one of confidence minus value.
    names, titles : dict
        Names of models and of perturbations as people read them.
    rate : bool
        Whether values are shares.
    graded : bool
        Whether tiers hold different items.
    answered : bool
        Whether values are over the rows a model answers.
    grouped : bool
        Whether what is independent is groups of items, not items.
    trained : dict
        ``in`` or ``out`` of what a model was trained on, by ``(model, domain)``, where known.
    margin : float or None
        Differences below it count as equal.
    settings : dict
        Settings every link to the evidence carries.
    """

    clean: "pd.DataFrame"
    differences: "pd.DataFrame"
    drops: "pd.DataFrame"
    domains: "pd.DataFrame"
    sure: "pd.DataFrame"
    names: Mapping[str, str]
    titles: Mapping[str, str]
    rate: bool = True
    graded: bool = False
    answered: bool = False
    grouped: bool = False
    trained: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    margin: float | None = 0.02
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Return what the `clean` table is about, as it ends a clause."""
        if self.answered:
            return f"on the {'' if self.graded else 'clean '}inputs it answers"
        return "across all tiers" if self.graded else "on clean inputs"

    def name(self, model: str) -> str:
        """Return the name of a model as people read it."""
        return self.names.get(model, model)

    def title(self, perturbation: str) -> str:
        """Return the name of a perturbation as it stands in a sentence."""
        return words.in_sentence(self.titles.get(perturbation, perturbation))

    def domain(self, model: str, domain: str) -> str:
        """Return the name of a domain, and whether the model was trained on it if that is known."""
        told = {"in": " (in training)", "out": " (not in training)"}
        return domain + told.get(self.trained.get((model, domain)) or "", "")

    def number(self, value: float) -> str:
        """Return `value` in the notation of this measure."""
        return words.number(value, rate=self.rate)

    def estimate(self, row: Any, prefix: str = "") -> str:
        """Return ``.80 [.77, .82]`` from the columns of `row`."""
        middle = row[prefix.rstrip("_") or "value"]
        low, high = row[f"{prefix}low"], row[f"{prefix}high"]
        clusters = row.get("n_clusters")
        return words.estimate(middle, low, high, rate=self.rate, clusters=clusters)

    def query(self, models: Sequence[str] = (), **more: str) -> dict[str, str]:
        """Return the settings of a link about `models`."""
        chosen = {"models": ",".join(models)} if models else {}
        more["where"] = both(self.settings.get("where", ""), more.get("where", ""))
        return {**self.settings, **chosen, **{k: v for k, v in more.items() if v}}


def both(first: str, second: str) -> str:
    """Return the text of the condition that rows meet which meet `first` and `second`."""
    return f"({first}) and {second}" if first and second else first or second


def quoted(value: str) -> str:
    """Return `value` as a text literal of the condition language."""
    return json.dumps(value, ensure_ascii=False)


def table(sentences: Sequence[Sentence]) -> "pd.DataFrame":
    """Return sentences as the ``headlines`` table, the most important first."""
    import pandas as pd

    return pd.DataFrame(
        {
            "order": pd.array(range(1, len(sentences) + 1), dtype="int64"),
            "code": [one.code for one in sentences],
            "text": [one.text for one in sentences],
            "verdict": [one.verdict for one in sentences],
            "page": [one.page for one in sentences],
            "query": [json.dumps(dict(one.query), ensure_ascii=False) for one in sentences],
        }
    )
