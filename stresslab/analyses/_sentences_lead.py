"""Say who leads, whether the lead is real, and where the leader is overtaken."""

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Facts, Sentence

if TYPE_CHECKING:
    import pandas as pd

ALWAYS = 0.99
"""A model that answers at least this share of rows is said to always answer."""


def lead(facts: Facts) -> Sentence:
    """Return the sentence on the best model of the untouched inputs."""
    known = facts.clean[facts.clean["value"].notna()]
    if known.empty:
        return Sentence(
            "nothing-known",
            "No row of this slice has a known value, so we cannot tell which model leads.",
            CANNOT_TELL,
            "inventory",
            {},
        )
    leader = best(known)
    if len(known) == 1:
        text = f"{facts.name(leader['model'])} is at {facts.estimate(leader)} {facts.where}"
        text += _loss_clause(facts, leader["model"], ", ") + ". With one model known, "
        return Sentence(
            "one-model", text + "there is none to compare it with.", "", "tier_curve",
            facts.query([leader["model"]]),
        )  # fmt: skip
    field, prefix = _field(known, leader)
    rivals = [model for model in field["model"] if model != leader["model"]]
    versus = _against(facts, leader["model"], rivals, "clean")
    told = dict(zip(versus["model_b"], versus["verdict"], strict=True))
    verdict = _overall({rival: told.get(rival, CANNOT_TELL) for rival in rivals})
    text = prefix + _opening(facts, leader, field, versus, verdict)
    joint = " and " if verdict == "better" else "; it "
    text += _loss_clause(facts, leader["model"], joint) + "."
    return Sentence(
        "leader", text, verdict, "compare",
        facts.query(known["model"].tolist(), baseline=leader["model"], where=_clean_only(facts)),
    )  # fmt: skip


def best(known: "pd.DataFrame") -> Any:
    """Return the row with the largest value, the first by model id among equals."""
    return known.sort_values(["value", "model"], ascending=[False, True]).iloc[0]


def abstention(facts: Facts) -> Sentence | None:
    """Return the sentence on models that do not always answer, or None if all do."""
    known = facts.clean[facts.clean["value"].notna()]
    silent = known[known["coverage"] < ALWAYS].sort_values(
        ["coverage", "model"], ascending=[True, True]
    )
    if silent.empty:
        return None
    top = silent.sort_values(["selective", "model"], ascending=[False, True]).iloc[0]
    shares = [
        f"{facts.name(row['model'])} on {words.share(1 - row['coverage'])}"
        for _, row in silent.iterrows()
    ]
    shares[0] = shares[0].replace(" on ", " abstains on ", 1)
    inputs = "of inputs" if facts.graded else "of clean inputs"
    text = f"{words.listing(shares)} {inputs}; "
    text += f"on the rows it answers {facts.name(top['model'])} {_right(facts)} "
    text += facts.estimate(top, "selective_")
    leader = best(known)
    if leader["model"] == top["model"]:
        text += f", against {facts.number(top['value'])} when an abstention earns nothing."
        return Sentence("abstains", text, "", "overview", facts.query(metric="selective_score"))
    versus = _against(facts, top["model"], [leader["model"]], "answered")
    verdict = versus["verdict"].iloc[0] if len(versus) else CANNOT_TELL
    text += f" ({facts.number(top['value'])} when an abstention earns nothing)"
    text += _like_for_like(facts, leader["model"], versus, verdict) + "."
    return Sentence("abstains", text, verdict, "overview", facts.query(metric="selective_score"))


def _like_for_like(facts: Facts, leader: str, versus: "pd.DataFrame", verdict: str) -> str:
    name = facts.name(leader)
    if versus.empty:
        return f", other rows than those of {name}"
    words_of = {
        "better": f"it is better than {name}",
        "worse": f"it is worse than {name}",
        "equivalent": f"it is level with {name}",
        CANNOT_TELL: f"we cannot tell it from {name}",
    }
    row = versus.iloc[0]
    difference = words.estimate(
        row["difference"], row["low"], row["high"], rate=facts.rate, clusters=row["n_clusters"]
    )
    return f"; where both answer, {words_of[verdict]} (difference {difference})"


def _right(facts: Facts) -> str:
    return "is right on" if facts.rate else "scores"


def _field(known: "pd.DataFrame", leader: Any) -> tuple["pd.DataFrame", str]:
    """Return the models the leader is held against, and how the sentence says which."""
    answering = known[known["coverage"] >= ALWAYS]
    others = known[known["coverage"] < ALWAYS]
    ahead = (others["selective"] > leader["value"]).any()
    if leader["coverage"] >= ALWAYS and ahead and len(answering) > 1:
        return answering, "Among models that always answer, "
    return known, ""


def _against(facts: Facts, model: str, rivals: list[str], view: str) -> "pd.DataFrame":
    """Return the differences of `model` against each rival, whichever way they were computed."""
    import pandas as pd

    table = facts.differences[facts.differences["view"] == view]
    plain = table[(table["model_a"] == model) & table["model_b"].isin(rivals)]
    turned = table[(table["model_b"] == model) & table["model_a"].isin(rivals)]
    return pd.concat([plain, flipped(turned)], ignore_index=True)


def flipped(differences: "pd.DataFrame") -> "pd.DataFrame":
    """Return the same differences seen from the other model."""
    turned = differences.rename(
        columns={
            "model_a": "model_b", "model_b": "model_a", "low": "high", "high": "low",
            "low_adjusted": "high_adjusted", "high_adjusted": "low_adjusted",
        }
    )  # fmt: skip
    signed = ["difference", "low", "high", "low_adjusted", "high_adjusted"]
    turned[signed] = -turned[signed]
    turned["verdict"] = turned["verdict"].replace({"better": "worse", "worse": "better"})
    return turned[differences.columns]


def _overall(verdicts: Mapping[str, str]) -> str:
    found = set(verdicts.values())
    if found == {"better"}:
        return "better"
    return "equivalent" if found == {"equivalent"} else CANNOT_TELL


def _opening(
    facts: Facts, leader: Any, field: "pd.DataFrame", versus: "pd.DataFrame", verdict: str
) -> str:
    name, value = facts.name(leader["model"]), facts.estimate(leader)
    if verdict == "better":
        return f"{name} leads {facts.where} ({value})"
    ranked = field.set_index("model")["value"]
    proven = set(versus.loc[versus["verdict"] == "better", "model_b"])
    doubtful = set(ranked.index) - proven - {leader["model"]}
    order = sorted(doubtful, key=lambda model: (-ranked[model], model))
    rivals = [f"{facts.name(model)} ({facts.number(ranked[model])})" for model in order]
    start = f"{name} is highest {facts.where} ({value})"
    if verdict == "equivalent":
        return f"{start}, but level with {words.listing(rivals)}"
    untold = [row for _, row in versus.iterrows() if row["verdict"] == CANNOT_TELL]
    return f"{start}, but we cannot tell it from {words.listing(rivals)}{_more(facts, untold)}"


def _more(facts: Facts, rows: Iterable[Any]) -> str:
    return more_items(rows, grouped=facts.grouped)


def more_items(rows: Iterable[Any], *, grouped: bool = False) -> str:
    """Return how many more items would settle the easiest of `rows`, where that is known.

    Parameters
    ----------
    rows : iterable of mapping
        With ``n_needed`` and ``n_clusters``.
    grouped : bool
        Whether what is counted is groups of items.
    """
    from pandas import isna

    known = [row for row in rows if not isna(row["n_needed"])]
    lacking = [float(row["n_needed"]) - float(row["n_clusters"]) for row in known]
    lacking = [n for n in lacking if 0 < n < 1e6]
    if not lacking:
        return ""
    noun = "group of items" if grouped else "item"
    if min(lacking) > 1:
        noun = "groups of items" if grouped else "items"
    return f" (about {words.about(min(lacking))} more {noun} needed)"


def _loss_clause(facts: Facts, model: str, joint: str) -> str:
    """Return how much `model` loses where it hurts most, and who overtakes it from which tier."""
    lost = facts.drops[(facts.drops["model"] == model) & (facts.drops["verdict"] == "worse")]
    if lost.empty:
        return ""
    crossings = {p: overtaken(facts, model, p) for p in lost["perturbation"]}
    ordered = sorted(
        (row for _, row in lost.iterrows()),
        key=lambda row: (
            (crossings[row["perturbation"]] or (float("inf"), ""))[0],
            -row["drop"],
            row["perturbation"],
        ),
    )
    worst = ordered[0]
    crossing = crossings[worst["perturbation"]]
    text = f"{joint}loses {facts.number(worst['drop'])} to {facts.title(worst['perturbation'])}"
    if crossing is None:
        return f"{text} by tier {worst['last_tier']}"
    tier, rival = crossing
    onward = f"from tier {tier} on" if tier < worst["last_tier"] else f"at tier {tier}"
    return f"{text} (worse than {facts.name(rival)} {onward})"


def overtaken(facts: Facts, model: str, perturbation: str) -> tuple[int, str] | None:
    """Return the first tier from which a rival is better at every later tier, and that rival.

    Among rivals that overtake at the same tier it is the one with the widest distance at the end.
    """
    table = facts.differences
    table = table[(table["view"] == "tier") & (table["perturbation"] == perturbation)]
    versus: dict[str, list[tuple[int, bool, float]]] = {}
    columns = ("model_a", "model_b", "tier", "verdict", "difference")
    for a, b, tier, verdict, gap in zip(*(table[name] for name in columns), strict=True):
        if a == model:
            versus.setdefault(b, []).append((int(tier), verdict == "worse", gap))
        elif b == model:
            versus.setdefault(a, []).append((int(tier), verdict == "better", -gap))
    found = []
    for rival, steps in versus.items():
        behind = list(itertools.takewhile(lambda step: step[1], sorted(steps, reverse=True)))
        if behind:
            found.append((behind[-1][0], behind[0][2], rival))
    return (min(found)[0], min(found)[2]) if found else None


def _clean_only(facts: Facts) -> str:
    return "" if facts.graded else "tier = 0"
