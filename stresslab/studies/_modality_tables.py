"""What the study of transfer between signals writes, and the tables it reads from its runs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.nouns import item_id, variant_id
from stresslab.rng import rng_for
from stresslab.stats.paired import paired_differences
from stresslab.studies import _modality_signals as lots
from stresslab.studies import _modality_transfer as moves
from stresslab.studies import _read
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "stress windows"
SPLITS = {"by person": True, "random windows": False}
"""The splits, and whether people are kept apart; the honest one first."""

WORDS = ("transfers", "at chance", "below chance (sign conflict)")
PER_PERSON = 20
"""Windows of a person and signal whose hidden layer is kept."""

MEASURES = {
    "mmd2": "MMD² to own signal", "means": "distance of means",
    "log_variance": "log variance ratio",
}  # fmt: skip


def model_of(signal: str, split: str) -> str:
    """Return the name of the model of a signal under a split."""
    return f"{signal}, {split}"


def space_of(signal: str) -> str:
    """Return the name of the space of a signal's network."""
    return f"hidden-{signal}"


def write(workspace: "Workspace", split: str, people: int, tiers: tuple[int, ...]) -> int:
    """Write the answers of the six models under a split; return how many."""
    some = lots.windows(people)
    own = {name: lots.features(rows) for name, rows in some.signals.items()}
    tested: dict[Any, Array] = {
        (name, tier): lots.features(lots.noisy(rows, name, tier))
        for name, rows in some.signals.items() for tier in tiers
    }  # fmt: skip
    parts = moves.splits(some.person, len(some.labels), by_person=SPLITS[split])
    said = moves.answers(own, some.labels, parts, moves.network, tested)
    for signal in own:
        model = model_of(signal, split)
        mine = {key: rows for (one, key), rows in said.items() if one == signal}
        record(
            workspace, _rows(some, mine), model=model, task=TASK,
            model_info={"family": split, "trained_on": signal},
            settings={"study": "cross_modality", "people": people, "tiers": list(tiers)},
        )  # fmt: skip
        workspace.set_config("models", model, {"family": split, "in_domains": [signal]})
    return len(own) * sum(len(rows) for rows in tested.values())


def write_space(workspace: "Workspace", signal: str, people: int, tiers: tuple[int, ...]) -> None:
    """Write the hidden layer of a network of one signal for windows of every signal.

    It is trained on all people, so that all its vectors lie in one space.
    """
    some = lots.windows(people)
    net = moves.network(lots.features(some.signals[signal]), some.labels)
    each = len(some.person) // people
    chosen = np.flatnonzero(np.arange(len(some.person)) % each % max(each // PER_PERSON, 1) == 0)
    with workspace.add_space(
        space_of(signal), encoder=f"network trained on {signal}", layer="hidden",
        dimension=moves.WIDTH, kind="features",
        settings={"model": model_of(signal, "by person"), "people": people},
    ) as space:  # fmt: skip
        for name, rows in some.signals.items():
            for tier in tiers:
                ids = [
                    variant_id(item_id(TASK, _item(some, int(one), name)),
                               "noise" if tier else None, tier)
                    for one in chosen
                ]  # fmt: skip
                seen = lots.features(lots.noisy(rows, name, tier))[chosen]
                space.write(ids, net.hidden(seen))


def _item(some: lots.Windows, place: int, signal: str) -> str:
    return f"person {some.person[place]:02d} window {place:04d} {signal}"


def _rows(some: lots.Windows, said: dict[Any, Array]) -> "pd.DataFrame":
    import pandas as pd

    n = len(some.labels)
    frames = [
        pd.DataFrame(
            {"item": [_item(some, place, signal) for place in range(n)], "domain": signal,
             "group": [f"person {one:02d}" for one in some.person],
             "reference": np.where(some.labels == 1, "stress", "calm"),
             "answer": np.where(told == 1, "stress", "calm"),
             "correct": (told == some.labels).astype(int),
             "perturbation": "noise" if tier else None, "tier": tier,
             "strength": lots.NOISE[tier] if tier else None, "unit": "sd" if tier else None}
        )
        for (signal, tier), told in said.items()
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def right(workspace: "Workspace", split: str) -> tuple[dict[tuple[str, str], Array], Array, Array]:
    """Return who is right on clean windows, by training and test signal; labels, and people."""
    found: dict[tuple[str, str], Array] = {}
    for signal in lots.SIGNALS:
        rows = _read.table(workspace, TASK, model_of(signal, split)).sort_values("variant_id")
        parts = rows["variant_id"].str.extract(r"/person (\d+) window (\d+) (\w+)$")
        for test in lots.SIGNALS:
            mine = (parts[2] == test).to_numpy()
            found[signal, test] = rows["score"].to_numpy(float)[mine]
            stress = rows["answer"].to_numpy()[mine] == "stress"
            person = parts[0][mine].astype(int).to_numpy()
    labels = (stress == (found[signal, test] == 1)).astype(int)
    return found, labels, person


def cells(workspace: "Workspace", split: str, chance: float) -> "pd.DataFrame":
    """Return accuracy by training and test signal, with the word of each cell.

    The words are those of intervals that hold for all 36 cells together.
    """
    from stresslab import analyses

    piece = analyses.get("ood_gap")
    models = tuple(model_of(one, split) for one in lots.SIGNALS)
    tables = [
        piece.run(
            workspace, piece.params(task=TASK, models=models, level=level)
        ).tables["transfer"].set_index(["trained_on", "domain"])
        for level in (0.95, 1 - 0.05 / len(lots.SIGNALS) ** 2)
    ]  # fmt: skip
    order = [(one, two) for one in lots.SIGNALS for two in lots.SIGNALS]
    one, wide = (table.loc[order].reset_index() for table in tables)
    notes = np.where(wide["low"] > chance, WORDS[0], np.where(wide["high"] < chance, WORDS[2],
                     WORDS[1]))  # fmt: skip
    value = one["value"].to_numpy().reshape(6, 6)
    return one.assign(
        split=split, row="trained on " + one["trained_on"], column=one["domain"],
        word=notes, ringed=notes == WORDS[0], asymmetry=np.abs(value - value.T).ravel(),
        note=["" if word == WORDS[1] else word.split(" (")[0] for word in notes], chance=chance,
    )[["split", "row", "column", "value", "low", "high", "n", "n_clusters", "word", "note",
       "ringed", "chance", "asymmetry", "trained_on"]]  # fmt: skip


def gaps(said: dict[tuple[str, str], Array], person: Array, split: str) -> "pd.DataFrame":
    """Return, for each model, accuracy on its own signal minus the mean over the others."""
    own = [said[one, one] for one in lots.SIGNALS]
    others = [
        np.mean([said[one, two] for two in lots.SIGNALS if two != one], axis=0)
        for one in lots.SIGNALS
    ]
    return _differences(own, others, person, rate=False).assign(split=split)


def leaks(
    random: dict[tuple[str, str], Array], grouped: dict[tuple[str, str], Array], person: Array
) -> "pd.DataFrame":
    """Return accuracy under random windows minus by person, on the same windows of own signal."""
    a, b = ([said[one, one] for one in lots.SIGNALS] for said in (random, grouped))
    return _differences(a, b, person, rate=True)


def _differences(a: list[Array], b: list[Array], person: Array, *, rate: bool) -> "pd.DataFrame":
    import pandas as pd

    n = len(person)
    found = paired_differences(
        np.concatenate(a), np.concatenate(b), np.tile(person, len(a)),
        np.repeat(np.arange(len(a)), n), len(a), rate=rate, level=1 - 0.05 / len(a),
        rng=rng_for("cross_modality", "differences"),
    )  # fmt: skip
    return pd.DataFrame(
        {"label": list(lots.SIGNALS), "value": found.difference, "low": found.low,
         "high": found.high, "n": found.n_pairs, "n_clusters": found.n_clusters}
    )  # fmt: skip


def tiers(workspace: "Workspace") -> "pd.DataFrame":
    """Return accuracy over noise, on the own signal and on the others, apart by person."""
    import pandas as pd

    frames = []
    for signal in lots.SIGNALS:
        for panel, sign in (("own signal", "="), ("other signals", "!=")):
            found = _read.means(
                workspace, TASK, [model_of(signal, "by person")], by=("tier",),
                where=f'domain {sign} "{signal}"',
            )  # fmt: skip
            frames.append(found.assign(model=signal, panel=panel, x=found["tier"]))
    return pd.concat(frames, ignore_index=True)


def clouds(workspace: "Workspace", signal: str) -> dict[str, tuple[list[str], Array]]:
    """Return the hidden layer of a signal's network for clean windows of every signal."""
    from stresslab.store.spaces import read_vectors
    from stresslab.store.vectors import space_of as space_named

    ids, vectors = read_vectors(space_named(workspace, space_of(signal)))
    tested = np.array([one.rsplit(" ", 1)[1] for one in ids])  # "EDA#noise:1" is no clean window
    return {
        name: ([ids[place] for place in np.flatnonzero(tested == name)],
               vectors[tested == name].astype(float))
        for name in lots.SIGNALS
    }  # fmt: skip


def distances(workspace: "Workspace", accuracy: Array) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return how far signals lie apart beside the accuracy, and how tight each network's are."""
    import pandas as pd

    rows, ratios = [], []
    for a, signal in enumerate(lots.SIGNALS):
        seen = {name: rows for name, (_, rows) in clouds(workspace, signal).items()}
        ratios.append({"trained_on": signal, "cluster_ratio": moves.cluster_ratio(seen)})
        for test, told in moves.apart(seen, signal).items():
            b = lots.SIGNALS.index(test)
            rows += [
                {"label": f"{signal} to {test}", "trained_on": signal, "tested_on": test,
                 "measure": MEASURES[name], "x": value, "y": float(accuracy[a, b]),
                 "n": len(seen[test])}
                for name, value in told.items()
            ]  # fmt: skip
    table = pd.DataFrame(rows).sort_values("measure", kind="stable", ignore_index=True)
    return table, pd.DataFrame(ratios)


def explained(table: "pd.DataFrame", accuracy: Array) -> "pd.DataFrame":
    """Return how accuracy follows each measure over pairs of signals, with p over their names."""
    import pandas as pd

    rows = []
    for measure in MEASURES.values():
        mine = table[table["measure"] == measure]
        square = np.zeros((len(lots.SIGNALS),) * 2)
        for row in mine.to_dict("records"):
            square[lots.SIGNALS.index(row["trained_on"]), lots.SIGNALS.index(row["tested_on"])] = (
                row["x"]
            )
        rows.append({"measure": measure, **moves.rank_relation(accuracy, square)})
    return pd.DataFrame(rows)


def map_of(workspace: "Workspace", signal: str, labels: Array) -> "pd.DataFrame":
    """Return the first two components of a network's hidden layer, by signal and by label."""
    import pandas as pd

    from stresslab.projections.pca import compute

    seen = clouds(workspace, signal)
    ids = [one for mine, _ in seen.values() for one in mine]
    places = compute(np.concatenate([rows for _, rows in seen.values()]), seed=0)
    window = [int(one.split(" window ")[1].split(" ")[0]) for one in ids]
    base = pd.DataFrame({"label": ids, "x": places[:, 0], "y": places[:, 1], "n": 1})
    tested = np.repeat(list(seen), [len(mine) for mine, _ in seen.values()])
    return pd.concat(
        [base.assign(colour="signal", series=tested),
         base.assign(colour="label", series=np.where(labels[window] == 1, "stress", "calm"))],
        ignore_index=True,
    )  # fmt: skip
