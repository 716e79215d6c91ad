"""What a study declares, what it finds, and how its known answers are checked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stresslab.checks import Array
from stresslab.result import Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

Scale = Literal["small", "full"]
SCALES: tuple[Scale, ...] = ("small", "full")

FAMILIES = (
    "results cube", "ratings and ranking", "transfer", "fairness", "perturbation generator",
    "confidence", "geometry", "OOD detector", "label-free estimate", "adaptation", "unlearning",
    "training dynamics", "inductive bias", "mechanistic probe",
)  # fmt: skip


@dataclass(frozen=True)
class KnownAnswer:
    """A number that is known beforehand: by algebra, by a published table, or by a simulation.

    Parameters
    ----------
    says : str
        What it is, in one sentence that a person understands.
    expected : float or tuple of float
        The known answer; NaN means "undefined".
    compute : callable
        Computes it with the code the study uses.
    tolerance : float
        Largest allowed distance; 1e-9 where the answer is exact.
    kind : str
        ``exact``, ``rounded`` (a printed number) or ``simulated`` (the tolerance knows the
        Monte-Carlo error).
    """

    says: str
    expected: float | Sequence[float]
    compute: Callable[[], float | Sequence[float] | Array]
    tolerance: float = 1e-9
    kind: Literal["exact", "rounded", "simulated"] = "exact"

    def found(self) -> Array:
        """Return what the code gives, as an array."""
        return np.atleast_1d(np.asarray(self.compute(), float))

    def holds(self, found: Array) -> bool:
        """Return whether `found` is the known answer."""
        expected = np.atleast_1d(np.asarray(self.expected, float))
        if expected.shape != found.shape:
            return False
        with np.errstate(invalid="ignore"):  # infinite answers are compared below
            near = np.abs(found - expected) <= self.tolerance
        return bool((near | (np.isnan(found) & np.isnan(expected)) | (found == expected)).all())


@dataclass(frozen=True)
class Published:
    """A number the paper prints, for a reference line or a claim check.

    Parameters
    ----------
    label : str
        What it is.
    value : float
        As printed, on the scale of our tables.
    at : mapping
        Where it stands among ours: columns and values, e.g. ``{"model": "R1-7B", "tier": 3}``.
    """

    label: str
    value: float
    at: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """One figure of a study.

    Parameters
    ----------
    figure : str
        Key of a figure piece.
    table : str
        Table of what was found that it draws.
    alt : str
        What it shows, for who cannot see it.
    settings : mapping
        Settings of the figure piece.
    title : str
        Heading over it; the first picture needs none.
    choose : str
        Column of the table whose values a reader chooses from, one at a time; none when empty.
    """

    figure: str
    table: str
    alt: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    choose: str = ""


@dataclass(frozen=True)
class Look:
    """An analysis that is worth opening on the workspace of a study.

    Parameters
    ----------
    analysis : str
        Key of the analysis.
    settings : mapping of str to str
        Its settings, as in a link.
    words : str
        Words of the link.
    """

    analysis: str
    settings: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class Found:
    """What a study found in its workspace.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Tidy tables; the first answers the question.
    verdict : str
        One of the study's verdict words.
    sentences : tuple of str
        The answer in whole sentences, with numbers and intervals; the first stands under the title.
    warnings : tuple of Warn
        What was left out, and why.
    """

    tables: "dict[str, pd.DataFrame]"
    verdict: str
    sentences: tuple[str, ...]
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True)
class Study:
    """A named, reproducible experiment, mostly what one paper showed.

    Parameters
    ----------
    title : str
        A few words for the gallery.
    question : str
        The question, as a person would ask it.
    paper : str
        Title of the paper.
    number : int
        Number of the study.
    family : str
        One of `FAMILIES`.
    build : callable
        ``build(workspace, scale)`` yields a sentence per step; it writes runs into the study's own
        workspace, and a step that is there already adds nothing.
    find : callable
        ``find(workspace) -> Found``: what the runs show.
    verdicts : tuple of str
        The words a verdict may be.
    known_answers : tuple of KnownAnswer
        What the formulas must give; each is a test.
    published : tuple of Published
        What the paper prints, where it may be shown.
    pictures : tuple of Picture
        Figures of what was found, the most important first.
    looks : tuple of Look
        Analyses worth opening on its workspace.
    ours : str
        Which definitions are ours and not the paper's; shown beside the numbers.
    notes : tuple of str
        What a reader must keep in mind.
    seconds : int
        About how long a full build takes on two cores.
    source : str
        Where the paper is.
    export : callable, optional
        ``export()`` yields names of files and their lines: what to ask a model of one's own.
    """

    title: str
    question: str
    paper: str
    number: int
    family: str
    build: "Callable[[Workspace, Scale], Iterator[str]]"
    find: "Callable[[Workspace], Found]"
    verdicts: tuple[str, ...]
    known_answers: tuple[KnownAnswer, ...]
    published: tuple[Published, ...] = ()
    pictures: tuple[Picture, ...] = ()
    looks: tuple[Look, ...] = ()
    ours: str = ""
    notes: tuple[str, ...] = ()
    seconds: int = 10
    source: str = ""
    export: "Callable[[], Iterable[tuple[str, Iterable[str]]]] | None" = None
