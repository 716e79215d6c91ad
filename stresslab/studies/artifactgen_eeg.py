"""Study 23: whether generated signals match real ones, and which number is one of scaling only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry.between.nearest_neighbour import nearest_neighbour
from stresslab.geometry.between.precision_recall import curve
from stresslab.result import Warn
from stresslab.rng import rng_for
from stresslab.studies import _artifact_fidelity as fidelity
from stresslab.studies import _artifact_tables as tables
from stresslab.studies import _read
from stresslab.studies._artifact_signals import (
    CHANNELS,
    CLASSES,
    DISTORTION,
    GENERATORS,
    LENGTH,
    N_WINDOWS,
    RATE,
    SCALE,
    TIERS,
    generated,
    labels,
    reference,
)
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "class of a generated window"


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Ask a classifier of real windows for the class of every generated one, at every tier."""
    import pandas as pd

    n, tiers = (N_WINDOWS, TIERS) if scale == "full" else (100, TIERS[::3])
    real, code = reference(n), labels(n)
    for name in GENERATORS:
        frames = [
            _rows(tables.told(real, code, generated(name, real, tier)), code, tier)
            for tier in tiers
        ]
        record(
            workspace, pd.concat(frames, ignore_index=True), model=name, task=TASK,
            settings={"study": "artifactgen_eeg", "windows": n, "tiers": list(tiers)},
        )  # fmt: skip
        yield f"{name}: {len(frames)} tiers of {n} windows"


def _rows(said: Array, code: Array, tier: int) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "item": [f"window {place:03d}" for place in range(len(code))],
            "domain": [CLASSES[one] for one in code], "reference": [CLASSES[one] for one in code],
            "perturbation": "distortion" if tier else None, "axis": "graded" if tier else None,
            "tier": tier, "strength": DISTORTION * tier if tier else None,
            "unit": "sd of the set" if tier else None, "answer": [CLASSES[one] for one in said],
            "correct": (said == code).astype(int),
        }
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return fidelity under three scalings, what classes survive, spectra, curves, a gallery."""
    [n] = {(run.settings or {})["windows"] for run in workspace.runs()}
    real = reference(int(n))
    made = tables.sets(real)
    scores, recovery = tables.scores(real, made), tables.recovery(real, made)
    prd = tables.curves(real, made)
    verdicts = tables.verdicts(scores, recovery, prd)
    cells = _read.means(workspace, TASK, tuple(GENERATORS), by=("tier",))
    errors = scores[scores["measure"].str.startswith("error of")]
    bands = errors.assign(label=errors["measure"].str.removeprefix("error of "))
    return Found(
        tables={
            "verdicts": verdicts, "spectra": tables.spectra(real, made),
            "bands": bands[bands["scaling"] == "per window"].assign(
                model=lambda rows: rows["generator"]
            ),
            "bands_raw": bands[bands["scaling"] == "raw"].assign(
                model=lambda rows: rows["generator"]
            ),
            "recovery": recovery, "prd": prd, "gallery": tables.gallery(real, made),
            "tiers": cells.assign(x=DISTORTION * cells["tier"]), "scores": scores,
        },
        verdict=str(verdicts["verdict"].iloc[-1]), sentences=_sentences(verdicts, scores),
        warnings=_short(LENGTH / RATE),
    )  # fmt: skip


def _short(seconds: float) -> tuple[Warn, ...]:
    """Return a warning where windows are too short for the slowest band."""
    if seconds >= 2:
        return ()
    text = f"Windows of {seconds:g} s hold too few delta waves: take at least 2 s for their power."
    return (Warn("short-windows", text),)


def _sentences(verdicts: "pd.DataFrame", scores: "pd.DataFrame") -> tuple[str, ...]:
    last = verdicts.iloc[-1]
    alike = scores[(scores["measure"] == "nearest neighbour") & (scores["scaling"] == "per window")]
    near = alike.set_index("generator")
    head = (
        f"Judged by raw power {last['label']} is the worst of {len(verdicts)} generators (a band "
        f"is off by a factor of {last['worst_band_raw']:.1f}), scaled window by window by "
        f"{last['worst_band_scaled']:.2f}: {last['verdict']} (n = {int(last['n'])} windows)."
    )
    return (
        head,
        *(
            f"Made by {row['label']}: {row['verdict']}; classes are told in {measured(row)}, a "
            f"nearest neighbour tells made from real in "
            f"{measured(near.loc[row['label']])}."
            for row in verdicts.to_dict("records")
        ),
    )


def _closed_form() -> list[float]:
    """Return MMD^2 of two normal clouds 1 apart in 8 dimensions by formula, and its estimate."""
    d, s2 = 8, 4.0
    exact = 2 * (s2 / (s2 + 2)) ** (d / 2) * (1 - np.exp(-1 / (2 * (s2 + 2))))
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 1500, d))
    b[:, 0] += 1
    return [exact, fidelity.discrepancy(a, b, rng=rng, draws=0, width=2.0)[0]]


def _sine() -> float:
    """Return 1 where at least .99 of the power of a 10 Hz sine lies in alpha."""
    wave = np.sin(2 * np.pi * 10 * np.arange(LENGTH) / RATE)[None, None, :]
    frequency, power = fidelity.spectrum(wave, RATE)
    bands = fidelity.band_power(frequency, power)
    share = bands["alpha"][0] / power.sum() / (frequency[1] - frequency[0])
    return float(share >= 0.99)


def _white() -> list[float]:
    """Return the shares of the bands of white noise, segments of a second, 200 s of it."""
    noise = np.random.default_rng(0).normal(size=(1, 1, 200 * RATE))
    bands = fidelity.band_power(*fidelity.spectrum(noise, RATE, RATE))
    shares = np.array([bands[name][0] for name in fidelity.BANDS])
    return [float(one) for one in shares / shares.sum()]


def _same() -> list[float]:
    """Return precision, recall, distance of spectra and error of a band of a set and itself."""
    windows = reference(60)
    known = fidelity.summary(windows, RATE)
    found = fidelity.distances(known, known)
    flat = Evidence(features=windows.reshape(60, -1))
    precision, recall = curve(flat, flat, rng=np.random.default_rng(0))
    middle = len(recall) // 2
    return [precision[middle], recall[middle], found["spectra"], found["error of alpha"]]


def _halves() -> float:
    windows = reference()
    order = rng_for("artifact", "halves").permutation(len(windows))
    sides = (Evidence(features=windows[one].reshape(250, -1)) for one in (order[:250], order[250:]))
    return nearest_neighbour(*sides, rng=np.random.default_rng(0))["nn_accuracy"]


def _tripled() -> list[float]:
    """Return the error of alpha of windows three times as large, raw and scaled either way."""
    windows = reference(60)
    found = []
    for mode in fidelity.MODES:
        plain, large = (
            fidelity.summary(fidelity.standardised(one, mode), RATE)
            for one in (windows, SCALE * windows)
        )
        found.append(fidelity.distances(plain, large)["error of alpha"])
    return found


PIECE = Study(
    title="Generated signals",
    question="Do generated signals match real ones, and which number is only one of scale?",
    paper="ArtifactGen: Benchmarking WGAN-GP vs Diffusion for Label-Aware EEG Artifact Synthesis",
    number=23,
    family="perturbation generator",
    build=build,
    find=find,
    verdicts=(
        "spectrally close", "scale mismatch only", "collapsed", "class content lost",
        "spectrally apart",
    ),
    known_answers=(
        KnownAnswer(
            "MMD^2 of normal clouds 1 apart, d = 8, s = 2: .03159, and estimated .0314 +- .004",
            (0.03159, 0.0314), _closed_form, 4e-3, "simulated",
        ),
        KnownAnswer("a sine of 10 Hz: at least 99 % in alpha (1: so it is)", 1, _sine),
        KnownAnswer(
            "white noise: shares of bands by number of bins, delta less for its mean",
            (0.062, 0.087, 0.109, 0.399, 0.343), _white, 0.02, "simulated",
        ),
        KnownAnswer("a set and itself: precision 1, recall 1, no distance", (1, 1, 0, 0), _same),
        KnownAnswer("two halves of one set: a neighbour tells .5", 0.5, _halves, 0.05, "simulated"),
        KnownAnswer(
            "three times as large: raw error 8, scaled 0", (8, 0, 0), _tripled, 1e-6
        ),
    ),
    published=(
        *(
            Published(f"error of {band}, {model}", value)
            for model, values in (
                ("diffusion", (197.0, 1570.0, 4720.0, 507.0, 21900.0)),
                ("WGAN", (129.0, 275.0, 443.0, 38.0, 1610.0)),
            )
            for band, value in zip(fidelity.BANDS, values, strict=True)
        ),
        Published("MMD, real and diffusion", 0.588), Published("MMD, real and WGAN", 0.396),
        Published("MMD, diffusion and WGAN", 0.0848),
        Published("distance of spectra, diffusion", 533.0),
        Published("distance of spectra, WGAN", 82.7),
        Published("diversity, diffusion", 1.0), Published("diversity, WGAN", 0.957),
        Published("diversity, real", 1.0),
        *(Published(f"subjects, part {part}", n) for part, n in ((1, 149), (2, 32), (3, 32))),
    ),
    pictures=(
        Picture(
            "lines", "spectra", "Power density of real and made windows, scaled one by one",
            {"x_title": "Hz", "y_title": "power density (dB)",
             "marks": ((4.0, "theta"), (8.0, "alpha"), (13.0, "beta"), (30.0, "gamma"))},
        ),
        Picture(
            "dots", "bands", "Relative error of every band, windows scaled one by one",
            {"series": "model", "x_title": "relative error, scaled windows (smaller is better)"},
            "Bands, without the scale",
        ),
        Picture(
            "dots", "bands_raw", "Relative error of every band of raw windows",
            {"series": "model", "x_title": "relative error, raw windows (smaller is better)"},
            "Bands, as they come",
        ),
        Picture(
            "dots", "recovery", "How often classes are told, by what was trained on",
            {"series": "model", "x_title": "share of classes told", "bounds": (0.0, 1.0),
             "lines": ((1 / len(CLASSES), "chance"),)},
            "Is the content there?",
        ),
        Picture(
            "lines", "prd", "Precision over recall of every generator",
            {"x_title": "recall: how much of the real set is made",
             "y_title": "precision: how much of the made set is real", "bounds": (0.0, 1.0)},
            "What is made, and what is left out",
        ),
        Picture(
            "lines", "tiers", "Share of classes told over distortion",
            {"x_title": "noise added, sd of the set", "y_title": "share of classes told",
             "bounds": (0.0, 1.0)},
            "Distorted on top",
        ),
        Picture(
            "lines", "gallery", "One window with bumps, real and from every generator",
            {"panel": "panel", "x_title": "seconds", "y_title": "first channel"},
            "What they look like",
        ),
    ),
    looks=(Look("tier_curve", {"task": TASK, "by": "domain"}, "See classes by distortion"),),
    ours=f"Signals are invented: {CHANNELS} channels at {RATE} Hz, {len(CLASSES)} kinds of "
    "artefact; ends of the bands and the words of the verdict are ours.",
    notes=(
        "Generators trained on other scales make every number of amplitude incomparable: never "
        "rank by raw errors alone.",
        "The verdict is that of the generator that raw errors rank last.",
        "Clinical recordings need an agreement and are not bundled.",
    ),
    seconds=60,
    source="Numbers of the paper are of its own scaling; they are not compared with ours.",
)  # fmt: skip
