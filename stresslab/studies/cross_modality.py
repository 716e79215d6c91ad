"""Study 07: whether a classifier of stress on one body signal works on another."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import StresslabError
from stresslab.result import Warn
from stresslab.rng import rng_for
from stresslab.studies import _modality_signals as lots
from stresslab.studies import _modality_tables as tables
from stresslab.studies import _modality_transfer as moves
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

GROUPED, RANDOM = tables.SPLITS
VERDICTS = (*tables.WORDS, "score depends on the split")
SHOWN = "RESP"
"""The signal whose network the map shows."""


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train a network on each of six signals, under two splits; ask it about all six."""
    people, tiers = (lots.N_PEOPLE, (0, 1, 2, 3)) if scale == "full" else (6, (0, 2))
    for split in tables.SPLITS:
        n = tables.write(workspace, split, people, tiers if split == GROUPED else (0,))
        yield f"split {split}: {n:,} answers of {len(lots.SIGNALS)} networks"
    for signal in lots.SIGNALS:
        tables.write_space(workspace, signal, people, tiers)
        yield f"hidden layer of the network trained on {signal}"


def find(workspace: "Workspace") -> Found:
    """Return the matrices, what random windows add, and what embeddings say of a transfer."""
    import pandas as pd

    said, labels, person = tables.right(workspace, GROUPED)
    random, _, _ = tables.right(workspace, RANDOM)
    chance = float(max(labels.mean(), 1 - labels.mean()))
    cells = pd.concat([tables.cells(workspace, one, chance) for one in tables.SPLITS])
    gaps = pd.concat([tables.gaps(said, person, GROUPED), tables.gaps(random, person, RANDOM)])
    leaks = tables.leaks(random, said, person)
    grouped = cells[cells["split"] == GROUPED]
    accuracy = grouped["value"].to_numpy().reshape((len(lots.SIGNALS),) * 2)
    distances, ratios = tables.distances(workspace, accuracy)
    explained = tables.explained(distances, accuracy)
    return Found(
        tables={
            "matrix": cells.reset_index(drop=True), "gaps": gaps.reset_index(drop=True),
            "leaks": leaks, "explained": explained, "distances": distances, "ratios": ratios,
            "noise": tables.tiers(workspace), "map": tables.map_of(workspace, SHOWN, labels),
        },
        verdict=_verdict(grouped, leaks), sentences=_sentences(grouped, gaps, leaks, explained),
        warnings=_few(person),
    )  # fmt: skip


def _few(person: Array) -> tuple[Warn, ...]:
    n = len(np.unique(person))
    if n >= 10:
        return ()
    return (Warn("few-people", f"Only {n} people: intervals over people are wide.", n),)


def _verdict(grouped: "pd.DataFrame", leaks: "pd.DataFrame") -> str:
    """Return the split's word where it moves a score, else the commonest of other signals."""
    if (leaks["low"] > 0).any():
        return VERDICTS[3]
    return str(_away(grouped)["word"].mode().iloc[0])


def _away(grouped: "pd.DataFrame") -> "pd.DataFrame":
    return grouped[grouped["trained_on"] != grouped["column"]]


def _sentences(
    grouped: "pd.DataFrame", gaps: "pd.DataFrame", leaks: "pd.DataFrame", explained: "pd.DataFrame"
) -> tuple[str, ...]:  # fmt: skip
    away = _away(grouped)
    home = grouped[grouped["trained_on"] == grouped["column"]]
    n = away["word"].value_counts()
    chance, lost = float(grouped["chance"].iloc[0]), gaps[gaps["split"] == GROUPED]
    most = lost.sort_values("value").iloc[-1]
    ordered = away.sort_values("value")
    best, worst = ordered.iloc[-1], ordered.iloc[0]
    leaking = leaks[leaks["low"] > 0].sort_values("value", ascending=False)
    return (
        f"On people it never saw, a network is right on its own signal in {home['value'].min():.2f}"
        f" to {home['value'].max():.2f} of windows, on another in {away['value'].mean():.2f} on "
        f"average (chance {chance:.2f}): of {len(away)} ways {n.get(tables.WORDS[0], 0)} transfer, "
        f"{n.get(tables.WORDS[1], 0)} cannot be told from chance and {n.get(tables.WORDS[2], 0)} "
        "are below chance (sign conflict).",
        f"Best from {best['trained_on']} to {best['column']}: {measured(best)}; worst from "
        f"{worst['trained_on']} to {worst['column']}: {measured(worst)}. {most['label']} loses "
        f"most elsewhere: {measured(most)}.",
        _of_split(leaking, leaks),
        f"Do embeddings say which way works? {_of_embeddings(explained)}.",
    )


def _of_split(leaking: "pd.DataFrame", leaks: "pd.DataFrame") -> str:
    if leaking.empty:
        widest = leaks.sort_values("value").iloc[-1]
        return (
            "Random windows instead of new people raise no signal's own score for sure; most for "
            f"{widest['label']}: {measured(widest)}."
        )
    named = ", ".join(f"{row['label']} by {measured(row)}" for row in leaking.to_dict("records"))
    return (
        f"Random windows instead of new people raise the score on the own signal of {named}: that "
        f"part is knowing the person. For {len(leaks) - len(leaking)} of {len(leaks)} signals it "
        "cannot be told."
    )


def _of_embeddings(explained: "pd.DataFrame") -> str:
    said = [
        f"{row['measure']} rho {row['rho']:.2f} (p = {row['p']:.2f})" if row["rho"] == row["rho"]
        else f"{row['measure']} undefined"
        for row in explained.to_dict("records")
    ]  # fmt: skip
    told = explained[explained["p"] < 0.05 / len(explained)]["measure"].tolist()
    word = f"{' and '.join(told)} does" if told else "none does for sure"
    return f"Corrected over {len(explained)} measures, {word}: {'; '.join(said)}"


def _some(people: int = 6) -> tuple[dict[str, Array], lots.Windows]:
    some = lots.windows(people)
    return {name: lots.features(rows) for name, rows in some.signals.items()}, some


def _copies() -> float:
    """Return how far the matrix of a signal and two copies of it is from one number."""
    own, some = _some()
    copies = {name: own["ECG"] for name in ("a", "b", "c")}
    parts = moves.splits(some.person, len(some.labels), by_person=True)
    return float(np.ptp(_matrix(copies, some.labels, parts, moves.network)))


def _matrix(signals: Any, labels: Any, parts: Any, fit: moves.Fit) -> Array:
    return moves.matrix(moves.answers(signals, labels, parts, fit), labels)[1]


def _independent() -> list[float]:
    """Return how far own and other signal are from chance in units of 3 sqrt(.25 / n), capped."""
    rng, n = rng_for("cross_modality", "independent"), 3000
    latent = rng.integers(0, 2, (2, n))
    signals = {
        name: 1.5 * (latent[place][:, None] - 0.5) + rng.normal(size=(n, 24))
        for place, name in enumerate("ab")
    }
    parts = moves.splits(np.arange(n), n, by_person=True)
    found = _matrix(signals, latent[0], parts, moves.network)  # both are asked for the first
    room = 3 * np.sqrt(0.25 / n)
    return [float(found[0, 0] > 0.9), float(abs(found[0, 1] - 0.5) <= room)]


def _flipped() -> float:
    """Return A[i, -i] - (1 - A[i, i]) of a linear classifier without intercept."""
    some = lots.windows(6)
    signals = {"up": some.signals["EDA"], "down": -some.signals["EDA"]}
    parts = moves.splits(some.person, len(some.labels), by_person=True)
    found = _matrix(signals, some.labels, parts, moves.linear)
    return float(np.abs(found[0, 1] - (1 - found[0, 0])))


def _person_only(*, by_person: bool, n_people: int = 16, each: int = 8) -> float:
    """Return accuracy where windows tell the person alone, and a label is the person's; 20 draws.

    Half of the people are of either class; a person is 24 numbers.
    """
    person, found = np.repeat(np.arange(n_people), each), []
    for draw in range(20):
        rng = rng_for("cross_modality", "person only", draw)
        rows = rng.normal(size=(n_people, 24))[person]
        labels = rng.permutation(np.arange(n_people) % 2)[person]
        parts = moves.splits(person, len(person), by_person=by_person)
        found.append(_matrix({"a": rows, "b": rows}, labels, parts, moves.network)[0, 0])
    return float(np.mean(found))


def _renamed() -> float:
    """Return how far the matrix of signals in another order is from the matrix, reordered."""
    own, some = _some()
    parts = moves.splits(some.person, len(some.labels), by_person=True)
    order = [3, 0, 5, 1, 4, 2]
    other = {lots.SIGNALS[place]: own[lots.SIGNALS[place]] for place in order}
    first = _matrix(own, some.labels, parts, moves.network)
    second = _matrix(other, some.labels, parts, moves.network)
    return float(np.abs(first[np.ix_(order, order)] - second).max())


def _refused() -> list[float]:
    """Return whether one signal, lengths that differ, and people not known are refused."""
    rows, labels = np.zeros((10, 4)), np.arange(10) % 2
    asked = (
        lambda: moves.answers({"a": rows}, labels, [], moves.linear),
        lambda: moves.answers({"a": rows, "b": rows[:, :3]}, labels, [], moves.linear),
        lambda: moves.splits(None, 10, by_person=True),
    )
    found = []
    for one in asked:
        try:
            one()
            found.append(0.0)
        except StresslabError:
            found.append(1.0)
    return found


PIECE = Study(
    title="From one body signal to another",
    question="Does a stress classifier trained on one body signal work on another, and is its "
    "score an effect of how windows were split?",
    paper="Cross-Modality Investigation on WESAD Stress Classification",
    number=7,
    family="transfer",
    build=build,
    find=find,
    verdicts=VERDICTS,
    known_answers=(
        KnownAnswer("copies of one signal: every cell is the diagonal", 0, _copies, 0.0),
        KnownAnswer(
            "independent latents: own signal over .9, the other .5 within 3 sqrt(.25 / n)",
            (1, 1), _independent, kind="simulated",
        ),
        KnownAnswer(
            "a flipped signal under a linear classifier without intercept: 1 minus the diagonal",
            0, _flipped,
        ),
        KnownAnswer(
            "windows that tell the person only: random windows 1.00", 1,
            lambda: _person_only(by_person=False), 0.05, "simulated",
        ),
        KnownAnswer(
            "the same by person: at chance or a little below", 0.46,
            lambda: _person_only(by_person=True), 0.06, "simulated",
        ),
        KnownAnswer("another order of signals reorders the matrix only", 0, _renamed, 0.0),
        KnownAnswer(
            "one signal, signals of two lengths and a split by unknown people are refused",
            (1, 1, 1), _refused,
        ),
    ),
    published=(
        Published("accuracy within a signal, least (random windows)", 0.9973),
        Published("accuracy within a signal, most (random windows)", 0.9995),
    ),
    pictures=(
        Picture(
            "matrix", "cross_modality", "Share of windows right, by training and by test signal",
            {"diverging": True, "bounds": (0.0, 1.0), "column_title": "tested on"},
            choose="split",
        ),
        Picture(
            "dots", "gaps", "Share right on the own signal minus the mean on the others",
            {"series": "split", "x_title": "own signal minus the others",
             "lines": ((0.0, "none"),)},
            "What is lost on other signals",
        ),
        Picture(
            "dots", "leaks", "Share right under random windows minus that on new people",
            {"x_title": "random windows minus new people, own signal", "lines": ((0.0, "none"),)},
            "What a random split adds",
        ),
        Picture(
            "scatter", "map", f"Windows in the hidden layer of the network trained on {SHOWN}",
            {"series": "series", "x_title": "first component", "y_title": "second component"},
            f"Where the network trained on {SHOWN} puts the windows", choose="colour",
        ),
        Picture(
            "scatter", "distances", "Share right over how far a signal lies from the own one",
            {"series": "trained_on", "panel": "measure", "across": 3,
             "x_title": "in the hidden layer", "y_title": "share right"},
            "Does distance say what transfers?",
        ),
        Picture(
            "lines", "noise", "Share right over noise, on the own signal and on others",
            {"panel": "panel", "x_title": "tier of noise", "y_title": "share right",
             "bounds": (0.0, 1.0), "lines": ((0.5, "chance"),)},
            "Under noise",
        ),
    ),
    looks=(
        Look("ood_gap", {"task": tables.TASK}, "Transfer between signals"),
        Look("tier_curve", {"task": tables.TASK, "by": "domain"}, "Share right under noise"),
    ),
    ours="The paper gives the design; formulas and signals are ours. The six signals are made up: "
    "15 people, one arousal trace each, 20 minutes at 16 Hz, windows of 30 s that overlap by half, "
    "128 samples each, standardised per person; stress is arousal above the person's median. A "
    "network of 64 hidden units reads 24 features. A cell transfers (or is below chance) if its "
    "interval over people, for all 36 cells together, is above (below) chance.",
    notes=(
        "A cell below chance is informative: the two signals code stress the other way round.",
        "With people held out and labels that belong to people, the classes of the test people are "
        "the rarer ones in training: a score by person may lie a little below chance.",
        "The paper's .9973 to .9995 come from random windows: an upper bound, not a target.",
        "WESAD may be used for research that is not commercial; it is not bundled.",
    ),
    seconds=60,
    source="Accuracy, precision and recall within a signal.",
)  # fmt: skip
