"""How long does every analysis take after a setting changed, on the demo and on 10 M outcomes?"""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from stresslab import analyses
from stresslab.errors import WorkspaceError
from stresslab.params import Params
from stresslab.places import demo_workspace
from stresslab.store import recent
from stresslab.store.contents import contents
from stresslab.store.workspace import Workspace
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, best

TIMES = 3
INSIDE, OUTSIDE = _synthetic.DOMAINS[:2], _synthetic.DOMAINS[2:]
SHOWN = ("compare", "tier_curve", "slices", "overlap", "rankings", "ood_gap", "claim_check")
"""Those that a page answers at once; `find_slices` searches and has a benchmark of its own."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield the time of each analysis with the settings its page begins with, nothing kept."""
    places = [("10 M", _synthetic.workspace(asked.n(10e6)), "< 500 ms")]
    with suppress(WorkspaceError):
        places.insert(0, ("demo", Workspace.open(demo_workspace()), "< 200 ms"))
    for name, made, wanted in places:
        known = contents(made).tasks
        for task in known["task"] if len(known) > 1 else (None,):
            n = known["n_outcomes"].sum() if task is None else _n_of(known, task)
            for one in SHOWN:
                for what, params in _asked(made, one, task):
                    work = partial(analyses.get(one).run, made, params)
                    took = best(work, TIMES, recent.forget)
                    label = ": ".join((f"{name} {task or ''}".strip(), one)) + what
                    yield Row(label, n, took, wanted=wanted)


def _n_of(known: Any, task: str) -> int:
    return int(known.loc[known["task"] == task, "n_outcomes"].iloc[0])


def _asked(made: Workspace, analysis: str, task: str | None) -> Iterator[tuple[str, Params]]:
    """Yield the settings a page begins with, and wider ones where a page begins narrow."""
    make, known = analyses.get(analysis).params, contents(made)
    of = task or known.default_task
    models = tuple(known.models.loc[known.models["task"] == of, "model"])
    if analysis == "compare":
        yield "", make(task=task, models=models[:2])
        yield ", all models", make(task=task)
    elif analysis == "claim_check":
        yield "", make(task=task, claims=f'[[claim]]\norder = "{" > ".join(models[:3])}"\n')
    elif analysis == "ood_gap" and set(INSIDE) <= set(known.domains["domain"]):
        yield ", sides given", make(in_domains=INSIDE, out_domains=OUTSIDE)
    else:
        yield "", make(task=task)


PIECE = Bench("every analysis after a setting changed", run)
