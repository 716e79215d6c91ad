"""What a job says while it runs: jobs are generators of these events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Parameters
    ----------
    done : int
        Units finished so far, those of an earlier, interrupted attempt included.
    total : int or None
        Units in all; None while that is not known.
    unit : str
        What is counted, in the plural: ``"rows"``, ``"MB"``.
    message : str
        What is being worked on, for people.
    rows : int
        Rows brought in so far, where the job counts them: what a rate is made of.
    """

    done: int
    total: int | None
    unit: str
    message: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Done:
    """A job, or a step of one, is finished.

    Parameters
    ----------
    message : str
        What was done, in one or two sentences.
    counts : mapping
        How much of what.
    report : mapping
        What a program wants to know beside the counts; JSON-able.
    """

    message: str
    counts: Mapping[str, int] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)


Event = Progress | Done
