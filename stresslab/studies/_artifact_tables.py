"""The tables of study 23: fidelity by generator and scaling, content, curves and a gallery."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry.between.nearest_neighbour import nearest_neighbour
from stresslab.geometry.between.precision_recall import best, curve
from stresslab.rng import rng_for
from stresslab.stats.intervals import wilson
from stresslab.studies import _artifact_fidelity as fidelity
from stresslab.studies._artifact_signals import CLASSES, GENERATORS, RATE, generated, labels

if TYPE_CHECKING:
    import pandas as pd

HIGHEST = 45.0
REAL = "real"
NEIGHBOURS = 5
CLOSE = 0.25
"""Largest relative error of a band that is called close."""

Sets = dict[str, Array]


def content(windows: Array) -> Array:
    """Return what classes are told by: log power up to 45 Hz, of windows scaled one by one."""
    frequency, power = fidelity.spectrum(fidelity.standardised(windows, "per window"), RATE)
    kept = (frequency > 0) & (frequency < HIGHEST)
    found: Array = np.log(power[:, kept] + 1e-6)
    return found


def told(trained: Array, classes: Array, asked: Array) -> Array:
    """Return the class that the five nearest windows have most often, as codes."""
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(NEIGHBOURS).fit(content(trained), classes)
    found: Array = model.predict(content(asked))
    return found


def sets(real: Array) -> Sets:
    """Return the undistorted windows of every generator."""
    return {name: generated(name, real) for name in GENERATORS}


def scores(real: Array, made: Sets) -> "pd.DataFrame":
    """Return every distance of every generator under the three scalings."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for mode in fidelity.MODES:
        known = fidelity.standardised(real, mode)
        true = fidelity.summary(known, RATE)
        for name, windows in made.items():
            fidelity.check_alike(real, windows)
            fake = fidelity.standardised(windows, mode)
            head = {"generator": name, "scaling": mode}
            rows += [head | one for one in fidelity.measured(true, fidelity.summary(fake, RATE))]
            rng = rng_for("artifact", "discrepancy", mode, name)
            value, p = fidelity.discrepancy(known, fake, rng=rng)
            rows.append(head | {"measure": "MMD^2", "value": value, "p_value": p, "n": len(fake)})
            rows.append(head | _near(known, fake, mode, name))
    return pd.DataFrame(rows)


def _near(known: Array, fake: Array, mode: str, name: str) -> dict[str, Any]:
    """Return how often the nearest neighbour of a flattened window is of its own set."""
    a, b = (Evidence(features=one.reshape(len(one), -1)) for one in (known, fake))
    near = nearest_neighbour(a, b, rng=rng_for("artifact", "near", mode, name))["nn_accuracy"]
    asked = 2 * min(len(known), len(fake))
    ends = wilson(near * asked, asked)
    return {"measure": "nearest neighbour", "value": near, "low": float(ends.low),
            "high": float(ends.high), "n": asked}  # fmt: skip


def curves(real: Array, made: Sets) -> "pd.DataFrame":
    """Return precision over recall of every generator, windows scaled one by one, and best F."""
    import pandas as pd

    known = Evidence(features=_flat(real))
    found = []
    for name, windows in made.items():
        rng = rng_for("artifact", "PRD", name)
        precision, recall = curve(known, Evidence(features=_flat(windows)), rng=rng)
        kept = np.linspace(0, len(recall) - 1, 60).astype(int)
        found.append(
            pd.DataFrame({"model": name, "x": recall[kept], "value": precision[kept],
                          "low": np.nan, "high": np.nan, "n": len(windows),
                          "f8": best(precision, recall, 8), "f1_8": best(precision, recall, 1 / 8)})
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def _flat(windows: Array) -> Array:
    return fidelity.standardised(windows, "per window").reshape(len(windows), -1)


def spectra(real: Array, made: Sets) -> "pd.DataFrame":
    """Return power densities in decibels, windows scaled one by one, with intervals of windows."""
    import pandas as pd

    found = []
    for name, windows in {REAL: real, **made}.items():
        frequency, power = fidelity.spectrum(
            fidelity.standardised(windows, "per window"), RATE, windows.shape[-1]
        )
        kept = (frequency >= 0.5) & (frequency < HIGHEST)
        mean = power[:, kept].mean(axis=0)
        half = 1.96 * power[:, kept].std(axis=0, ddof=1) / np.sqrt(len(power))
        ends = (np.maximum(mean + side * half, 1e-12) for side in (0, -1, 1))
        value, low, high = (10 * np.log10(one) for one in ends)
        found.append(
            pd.DataFrame({"model": name, "x": frequency[kept], "value": value, "low": low,
                          "high": high, "n": len(windows)})
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def gallery(real: Array, made: Sets) -> "pd.DataFrame":
    """Return the first channel of one window with bumps, real and of every generator."""
    import pandas as pd

    place = int(np.flatnonzero(labels(len(real)) == CLASSES.index("blink"))[1])
    return pd.concat(
        [
            pd.DataFrame({"panel": name, "model": "", "x": np.arange(0, 500, 2) / RATE,
                          "value": windows[place, 0, ::2], "low": np.nan, "high": np.nan, "n": 10})
            for name, windows in {REAL: real, **made}.items()
        ],
        ignore_index=True,
    )  # fmt: skip


def recovery(real: Array, made: Sets) -> "pd.DataFrame":
    """Return how well classes are told: trained on real and tested on made, and the other ways.

    Half of the real windows are trained on, the other half asked.
    """
    import pandas as pd

    code = labels(len(real))
    first = np.arange(len(real)) // len(CLASSES) % 2 == 0
    rows = []

    def add(name: str, way: str, said: Array, truth: Array) -> None:
        right = said == truth
        ends = wilson(right.sum(), len(right))
        rows.append(
            {"label": way, "model": name, "value": float(right.mean()), "low": float(ends.low),
             "high": float(ends.high), "n": len(right)}
        )  # fmt: skip

    own = told(real[first], code[first], real[~first])
    add(REAL, "real to real", own, code[~first])
    for name, windows in made.items():
        add(name, "real to made", told(real[first], code[first], windows), code)
        add(name, "made to real", told(windows, code, real[~first]), code[~first])
        both = np.concatenate([real[first], windows]), np.concatenate([code[first], code])
        add(name, "both to real", told(*both, real[~first]), code[~first])
    return pd.DataFrame(rows)


def verdicts(found: "pd.DataFrame", classes: "pd.DataFrame", prd: "pd.DataFrame") -> "pd.DataFrame":
    """Return the word for every generator, and the numbers it rests on, by raw error of bands.

    Content is lost where classes of made windows are told less often than half way from chance to
    what real ones reach; a set is collapsed where most windows repeat another; only the scale is
    off where raw bands err by half and scaled ones do not.
    """
    import pandas as pd

    wide: Any = found.pivot_table(index=["generator", "scaling"], columns="measure", values="value")
    own = float(classes.loc[classes["model"] == REAL, "value"].iloc[0])
    kept: Any = classes[classes["label"] == "real to made"].set_index("model")
    best_of: Any = prd.drop_duplicates("model").set_index("model")[["f8", "f1_8"]]
    bands = [f"error of {name}" for name in fidelity.BANDS]
    rows = []
    for name in GENERATORS:
        raw, scaled = (float(wide.loc[(name, mode), bands].max()) for mode in ("raw", "per window"))
        repeats = float(wide.loc[(name, "per window"), "repeats"])
        word = "spectrally apart"
        if kept.loc[name, "high"] < (1 / len(CLASSES) + own) / 2:
            word = "class content lost"
        elif repeats > 0.5:
            word = "collapsed"
        elif scaled < CLOSE:
            word = "scale mismatch only" if raw > 2 * CLOSE else "spectrally close"
        rows.append({"label": name, "verdict": word, "worst_band_raw": raw,
                     "worst_band_scaled": scaled, "repeats": repeats,
                     **best_of.loc[name].to_dict(),
                     **kept.loc[name, ["value", "low", "high", "n"]].to_dict()})  # fmt: skip
    return pd.DataFrame(rows).sort_values("worst_band_raw", ignore_index=True)
