"""What a job says while it runs: jobs are generators of these events."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    """

    done: int
    total: int | None
    unit: str
    message: str = ""


@dataclass(frozen=True)
class Done:
    """A job, or a step of one, is finished."""

    message: str
    counts: Mapping[str, int] = field(default_factory=dict)


Event = Progress | Done
