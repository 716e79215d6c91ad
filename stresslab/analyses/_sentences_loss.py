"""Say what loses most, who does not move, where domains differ, and who is wrong and sure."""

from typing import Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Facts, Sentence, quoted

SURE = 0.9
"""Mean confidence from which a wrong model is called confidently wrong."""


def largest_loss(facts: Facts) -> Sentence | None:
    """Return the sentence on the model and perturbation with the largest proven loss.

    Its interval is the simultaneous one: the loss was picked from all of them.
    """
    if facts.drops.empty:
        return None
    lost = facts.drops[facts.drops["verdict"] == "worse"]
    if lost.empty:
        still = (facts.drops["verdict"] == "equivalent").all()
        text = (
            f"No model moves by {facts.number(facts.margin or 0.0)} or more under any perturbation."
            if still
            else "We cannot tell that any model loses under any perturbation: "
            "no drop is clear once all are corrected together."
        )
        verdict = "equivalent" if still else CANNOT_TELL
        return Sentence("no-loss", text, verdict, "tier_curve", facts.query())
    row = lost.sort_values(["drop", "model", "perturbation"], ascending=[False, True, True]).iloc[0]
    name, title = facts.name(row["model"]), facts.title(row["perturbation"])
    drop = words.estimate(row["drop"], row["low_adjusted"], row["high_adjusted"], rate=facts.rate)
    first, last = facts.number(row["first"]), facts.number(row["last"])
    graded, largest = row["axis"] == "graded", row["drop"] == facts.drops["drop"].max()
    start = "falls furthest" if graded else "loses most"
    if not largest:
        start = f"has the largest clear {'fall' if graded else 'loss'}"
    text = f"{name} {start}: {drop} to {title}, from {first} at tier {row['first_tier']} "
    text += f"to {last} at tier {row['last_tier']}"
    if graded:
        text += " (each tier holds other items)"
    return Sentence("largest-loss", text + ".", "worse", "tier_curve", _tier_query(facts, row))


def steady(facts: Facts) -> Sentence | None:
    """Return the sentence on the models that do not move while others lose, or None."""
    still = facts.drops[
        (facts.drops["verdict"] == "equivalent") & (facts.drops["axis"] == "paired")
    ]
    if still.empty or (facts.drops["verdict"] == "equivalent").all():
        return None
    hurt = facts.drops[facts.drops["verdict"] == "worse"].groupby("perturbation")["drop"].max()
    order = sorted(still["perturbation"].unique(), key=lambda p: (-float(hurt.get(p, 0.0)), str(p)))
    rows = still[still["perturbation"] == order[0]].sort_values("model")
    names = words.listing([facts.name(model) for model in rows["model"]])
    verb = "does" if len(rows) == 1 else "do"
    title, last = facts.title(order[0]), rows["last_tier"].max()
    if len(rows) == 1:
        row = rows.iloc[0]
        change = words.estimate(-row["drop"], -row["high"], -row["low"], rate=facts.rate)
        tail = f"(change {change} by tier {last})"
    else:
        tail = f"(changes below {facts.number(facts.margin or 0.0)} by tier {last})"
    return Sentence(
        "steady", f"{names} {verb} not move under {title} {tail}.", "equivalent", "tier_curve",
        facts.query(rows["model"].tolist(), where=f"perturbation = {quoted(order[0])}"),
    )  # fmt: skip


def domain_gap(facts: Facts) -> Sentence | None:
    """Return the sentence on the widest proven distance between two domains of one model."""
    sure = facts.domains[facts.domains["low"] > 0] if len(facts.domains) else facts.domains
    if sure.empty:
        return None
    row = sure.sort_values(["difference", "model"], ascending=[False, True]).iloc[0]
    gap = words.estimate(row["difference"], row["low"], row["high"], rate=facts.rate)
    place = "across all tiers" if facts.graded else "on clean inputs"
    best, worst = facts.number(row["best_value"]), facts.number(row["worst_value"])
    high, low = (facts.domain(row["model"], row[end]) for end in ("best", "worst"))
    text = f"Domains matter: {place}, {facts.name(row['model'])} is at {best} for {high} "
    text += f"and at {worst} for {low} (difference {gap}, other items in each)."
    return Sentence(
        "domain-gap", text, "worse", "tier_curve", facts.query([row["model"]], by="domain")
    )


def sure_and_wrong(facts: Facts) -> Sentence | None:
    """Return the sentence on the cell where confidence exceeds what is right the most."""
    bold = facts.sure[facts.sure["gap_low"] > 0] if len(facts.sure) else facts.sure
    if bold.empty or not facts.rate:
        return None
    row = bold.sort_values(["gap_low", "model"], ascending=[False, True]).iloc[0]
    cell = "clean inputs"
    if row["perturbation"] is not None and row["perturbation"] == row["perturbation"]:
        title = facts.title(row["perturbation"])
        cell = f"{title} at tier {row['tier']}" if row["tier"] else cell
    how = "confidently wrong" if row["confidence"] >= SURE else "surer than it is right"
    sure = words.estimate(row["confidence"], row["low_sure"], row["high_sure"], rate=facts.rate)
    text = f"{facts.name(row['model'])} is {how}: {facts.estimate(row)} right on {cell} "
    text += f"at a mean confidence of {sure}."
    return Sentence("sure-and-wrong", text, "", "items", _cell_query(facts, row))


def _tier_query(facts: Facts, row: Any) -> dict[str, str]:
    return facts.query(where=f"perturbation = {quoted(row['perturbation'])}")


def _cell_query(facts: Facts, row: Any) -> dict[str, str]:
    bar = SURE if row["confidence"] >= SURE else 0.5
    parts = ["correct = 0", f"confidence >= {bar:g}"]
    if isinstance(row["perturbation"], str):
        parts = [f"perturbation = {quoted(row['perturbation'])}", f"tier = {row['tier']}", *parts]
    return facts.query([row["model"]], where=" and ".join(parts))
