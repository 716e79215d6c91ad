"""Sentences about what is lost out of distribution, and what was to be expected."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence, both, quoted

if TYPE_CHECKING:
    import pandas as pd

PAGE = "ood_gap"
HOW_TO_SAY = (
    "Nobody has said what is in distribution here, so there is no gap to show: name its domains "
    "or a condition under Settings (in_domains or in_where), or say of each model in "
    "workspace.toml what it was trained on (in_domains)."
)


@dataclass(frozen=True)
class Gaps:
    """Tables the rules read.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Those of the result.
    by : tuple of str
        Columns of the groups.
    names, titles : dict
        Names of models and perturbations as people read them.
    rate : bool
        Whether values are shares.
    higher : bool
        Whether larger is better.
    where : str
        What the gaps are computed on, as it ends a clause.
    settings : dict
        Settings every link carries.
    known : bool
        Whether any row has a value.
    by_domain : bool
        Whether the sides are domains, which have names to tell.
    """

    tables: Mapping[str, "pd.DataFrame"]
    by: tuple[str, ...]
    names: Mapping[str, str]
    titles: Mapping[str, str]
    rate: bool = True
    higher: bool = True
    where: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    known: bool = True
    by_domain: bool = True

    def name(self, model: str) -> str:
        """Return the name of a model as people read it."""
        return self.names.get(model, model)

    def number(self, value: float) -> str:
        """Return `value` in the notation of this measure."""
        return words.number(value, rate=self.rate)

    def estimate(self, row: Any, value: str, low: str = "low", high: str = "high") -> str:
        """Return ``.80 [.77, .82]``."""
        return words.estimate(row[value], row[low], row[high], rate=self.rate)


def headlines(facts: Gaps) -> list[Sentence]:
    """Return the sentences that apply, the answer first."""
    if not facts.known:
        return [Sentence("nothing-known", "Nothing is known here yet.", CANNOT_TELL, PAGE)]
    rules: tuple[Callable[[Gaps], Sentence | None], ...] = (
        lead, on_the_line, made_of, valley, transfer, worst_group,
    )  # fmt: skip
    return [one for one in (rule(facts) for rule in rules) if one is not None]


def lead(facts: Gaps) -> Sentence:
    """Say who loses out of distribution, how much, and how sure that is."""
    table = facts.tables["ood_gap"]
    known = table[table["gap"].notna()]
    if table.empty:
        return Sentence("no-split", HOW_TO_SAY, CANNOT_TELL, PAGE, dict(facts.settings))
    if known.empty:
        text = (
            "No model has a value both in and out of distribution, so there is no gap to show: "
            "name the domains by in_domains and out_domains, or choose other models."
        )
        return Sentence("one-sided", text, CANNOT_TELL, PAGE, dict(facts.settings))
    order = known.sort_values(["gap", "model"], ascending=[False, True])
    lost, kept = order[order["verdict"] == "worse"], order[order["verdict"] == "better"]
    if len(known) == 1:
        return _of_one(facts, order.iloc[0])
    if lost.empty:
        top = order.iloc[0]
        told = "no model is sure to lose"
        if len(kept):
            told += f" and {words.plural(len(kept), 'model')} of {len(known)} gain"
            told += "s" if len(kept) == 1 else ""
        text = (
            f"Out of distribution {told}{facts.where}: the widest gap is that of "
            f"{facts.name(top['model'])}, {facts.estimate(top, 'gap')}."
        )
        verdict = CANNOT_TELL if kept.empty else "better"
        return Sentence("no-loss", text, verdict, PAGE, dict(facts.settings))
    top = lost.iloc[0]
    many = "all" if len(lost) == len(known) else f"{len(lost)} of"
    text = (
        f"Out of distribution {many} {words.plural(len(known), 'model')} "
        f"lose{'s' if len(lost) == 1 else ''}{facts.where}: {facts.name(top['model'])} most, "
        f"{facts.estimate(top, 'gap')} ({_from_to(facts, top)})"
    )
    last = order.iloc[-1]
    if last["model"] != top["model"]:
        text += f"; {facts.name(last['model'])} least, {facts.estimate(last, 'gap')}"
    return Sentence("gap", f"{text}.", "worse", PAGE, dict(facts.settings))


def on_the_line(facts: Gaps) -> Sentence | None:
    """Say whether what is lost is what the line over models lets one expect."""
    lines, table = facts.tables["line"], facts.tables["robustness"]
    if lines.empty:
        return None
    line = lines.sort_values("n_models", ascending=False, kind="stable").iloc[0]
    slope = words.estimate(line["slope"], line["slope_low"], line["slope_high"], rate=False)
    if not line["slope_low"] > 0:
        text = (
            f"Over {line['n_models']} models we cannot tell that a better score in distribution "
            f"goes with a better one out of it (slope {slope} on the probit scale)."
        )
        return Sentence("line", text, CANNOT_TELL, PAGE)
    start = (
        f"Over {line['n_models']} models the score in distribution explains "
        f"{words.share(line['r2'])} of the spread out of it (slope {slope})"
    )
    off = table[table["verdict"].isin(["better", "worse"])]
    if table.empty:
        return Sentence("line", f"{start}; too few to hold one model against it.", "", PAGE)
    if off.empty:
        text = f"{start}; no model is sure to lie off the line of the others."
        return Sentence("line", text, CANNOT_TELL, PAGE)
    place = off["effective_robustness"].abs().to_numpy().argmax()
    top = off.iloc[int(place)]
    side = "above" if top["effective_robustness"] > 0 else "below"
    text = (
        f"{start}; {facts.name(top['model'])} lies {side} the line of the others by "
        f"{words.number(abs(top['effective_robustness']))} "
        f"{_absolute(top['low_adjusted'], top['high_adjusted'])}."
    )
    return Sentence("line", text, str(top["verdict"]), PAGE)


def made_of(facts: Gaps) -> Sentence | None:
    """Say how much of the widest gap is only another mix of groups."""
    table = facts.tables["decomposition"]
    table = table[table["mix"].notna() & (table["n_shared"] > 1) & (table["gap"] > 0)]
    if table.empty:
        return None
    model = table.sort_values(["gap", "model"], ascending=[False, True])["model"].iloc[0]
    mine = table[table["model"] == model]
    top = mine.iloc[int(mine["mix"].abs().to_numpy().argmax())]
    sure = top["mix_low"] > 0 or top["mix_high"] < 0
    name = str(top["by"]).replace("item.", "")
    start = f"Of the gap of {facts.name(model)} ({facts.number(top['gap'])}), "
    if sure:
        text = (
            f"{start}{facts.estimate(top, 'mix', 'mix_low', 'mix_high')} is another mix of {name} "
            f"and {facts.estimate(top, 'within', 'within_low', 'within_high')} is lost within it."
        )
    else:
        text = (
            f"{start}no part is sure to be another mix: the most is "
            f"{facts.estimate(top, 'mix', 'mix_low', 'mix_high')} by {name}."
        )
    return Sentence("mix", text, "" if sure else CANNOT_TELL, PAGE)


def valley(facts: Gaps) -> Sentence | None:
    """Say at which level the gap is widest, for the model where it is widest."""
    table = facts.tables["critical"]
    if table.empty:
        return None
    deep = table[~table["flat"] & (table["low"] > 0)]
    if deep.empty:
        text = "At no level of difficulty is a gap sure, level by level."
        return Sentence("valley", text, CANNOT_TELL, PAGE)
    plain = deep[deep["critical_high"] - deep["critical_low"] < deep["n_levels"] - 1]
    if plain.empty:
        text = "At no level of difficulty does the gap of a model clearly stand out."
        return Sentence("valley", text, CANNOT_TELL, PAGE)
    top = plain.sort_values(["gap", "model"], ascending=[False, True]).iloc[0]
    axis = words.in_sentence(facts.titles.get(top["over"], str(top["over"])))
    ends = f"{top['critical_low']:g} to {top['critical_high']:g}"
    if top["critical_low"] == top["critical_high"]:
        ends = f"{top['critical_low']:g} only"
    text = (
        f"The gap of {facts.name(top['model'])} over {axis} is widest at level "
        f"{top['critical']:g} (plausible: {ends}), {facts.estimate(top, 'gap')} there."
    )
    return Sentence("valley", text, "", PAGE)


def transfer(facts: Gaps) -> Sentence | None:
    """Say what is lost most on the way from one place of training to another."""
    table = facts.tables["transfer_gaps"]
    lost = table[(table["kind"] == "lost on the way") & table["difference"].notna()]
    if lost.empty:
        return None
    top = lost.iloc[int(lost["difference"].to_numpy().argmax())]
    start = f"Trained on {top['trained_on']} and tested on {top['domain']}, "
    text = f"{start}models lose {facts.estimate(top, 'difference')} against those trained there."
    if top["verdict"] not in ("better", "worse"):
        text = f"No loss from one place of training to another is sure; the most is {top['trained_on']} to {top['domain']}, {facts.estimate(top, 'difference')}."  # noqa: E501
        return Sentence("transfer", text, CANNOT_TELL, PAGE)
    return Sentence("transfer", text, "worse", PAGE)


def worst_group(facts: Gaps) -> Sentence | None:
    """Say where the models fare worst, allowing for the choice."""
    table = facts.tables["worst_group"]
    if table.empty:
        return None
    order = table.sort_values(["value", "model"], ascending=[facts.higher, True])
    top = order.iloc[0]
    parts = [_group(facts, one, top[one]) for one in facts.by]
    others = ""
    if top["n_candidates"] > 1:
        others = f"; {words.plural(top['n_candidates'] - 1, 'other group')} may be worse still"
    text = (
        f"Worst of {words.plural(top['n_groups'], 'group')}: {facts.name(top['model'])} on "
        f"{', '.join(parts)}, {facts.estimate(top, 'value')} allowing for the choice{others}."
    )
    where = " and ".join(
        f"{one} = {quoted(str(top[one]))}"
        for one in facts.by
        if one in ("domain", "perturbation") and isinstance(top[one], str)
    )
    query = {**facts.settings, "models": str(top["model"])}
    if where:
        query["where"] = both(facts.settings.get("where", ""), where)
    query.pop("population", None)
    return Sentence("worst-group", text, "", "items", query)


def _of_one(facts: Gaps, row: Any) -> Sentence:
    name, gap = facts.name(row["model"]), facts.estimate(row, "gap")
    verdict = str(row["verdict"])
    told = {
        "worse": f"{name} loses {gap} out of distribution{facts.where} ({_from_to(facts, row)})",
        "better": f"{name} gains out of distribution{facts.where}: its gap is {gap}",
        "equivalent": f"{name} holds out of distribution{facts.where}: its gap is {gap}",
    }.get(verdict, f"We cannot tell whether {name} loses out of distribution{facts.where}: {gap}")
    return Sentence("gap", f"{told}.", verdict or CANNOT_TELL, PAGE, dict(facts.settings))


def _from_to(facts: Gaps, row: Any) -> str:
    inside, outside = str(row["in_distribution"]), str(row["out_of_distribution"])
    start, stop = facts.number(row["value_in"]), facts.number(row["value_out"])
    if not facts.by_domain or max(len(inside), len(outside)) > 40:
        return f"from {start} to {stop}"
    return f"from {start} on {inside} to {stop} on {outside}"


def _absolute(low: float, high: float) -> str:
    ends = sorted((abs(low), abs(high)))
    return words.interval(*ends)


def _group(facts: Gaps, name: str, value: Any) -> str:
    if value is None or value != value:
        return "untouched inputs" if name == "perturbation" else f"no {name}"
    if name == "perturbation":
        return words.in_sentence(facts.titles.get(str(value), str(value)))
    if name == "domain":
        return str(value)
    return f"{name.replace('item.', '')} {value}"
