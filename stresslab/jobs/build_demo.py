"""Build the demo workspace again from the packages that carry its data and weights."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import MissingPackageError, ParamError
from stresslab.jobs._events import Done, Event
from stresslab.jobs.demo import about, plans, spaces
from stresslab.jobs.demo.scale import Scale, scale_called
from stresslab.jobs.project import project
from stresslab.jobs.run_plan import run_plan

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

TASKS = ("sentiment", "digits", "reasoning", "spaces", "derived")


def build_demo(
    path: str | Path, only: str | None = None, scale: str = "full", provenance: str = "rebuilt"
) -> Iterator[Event]:
    """Yield progress while the demo is built; what is there already is not built again.

    Parameters
    ----------
    path : path
        Folder of the workspace, made if needed. An interrupted build goes on where it was.
    only : str, optional
        ``sentiment``, ``digits``, ``reasoning``, ``spaces``, ``derived``, a model or a space: the
        rest is left out.
    scale : {"full", "small"}
        `small` takes about two minutes and serves tests.
    provenance : str
        What the app says about where the outcomes come from.

    Raises
    ------
    ParamError
        If `only` or `scale` names nothing.
    MissingPackageError
        If nothing could be built because packages are missing. If only some models could not, the
        last event names them.
    """
    sizes = scale_called(scale)
    _check_only(only)
    workspace = _workspace(Path(path), provenance)
    missing: list[str] = []
    n_built = 0
    for step in _steps(workspace, only, sizes):
        try:
            for event in step():
                n_built += isinstance(event, Done)
                yield event
        except MissingPackageError as error:
            if str(error) not in missing:
                missing.append(str(error))
    if missing and not n_built:
        raise MissingPackageError(missing[0])
    left_out = f" Left out: {' '.join(missing)}" if missing else ""
    yield Done(
        f"The demo is in {workspace.path}.{left_out}",
        {"built": n_built, "left_out": len(missing)},
    )


def _check_only(only: str | None) -> None:
    known = (*TASKS, *about.MODELS, *spaces.NAMES)
    if only is not None and only not in known:
        raise ParamError(f"--only must be one of {', '.join(dict.fromkeys(known))}; got {only!r}.")


def _workspace(path: Path, provenance: str) -> "Workspace":
    from stresslab.store.workspace import Workspace

    if (path / "workspace.toml").exists():
        return Workspace.open(path)
    workspace = Workspace.create(path, name="demo")
    for key, value in (
        ("title", about.TITLE), ("provenance", provenance), ("default_task", "sentiment"),
    ):  # fmt: skip
        workspace.set_config("", key, value)
    sections: dict[str, Any] = {
        "tasks": about.TASKS, "models": about.MODELS, "domains": about.DOMAINS,
        "perturbations": about.perturbation_titles(),
    }  # fmt: skip
    for section, entries in sections.items():
        for key, values in entries.items():
            workspace.set_config(section, key, dict(values))
    return workspace


def _steps(
    workspace: "Workspace", only: str | None, sizes: Scale
) -> Iterator[Callable[[], Iterator[Event]]]:
    """Yield the runs and spaces asked for, as functions that start them."""
    makers = {
        "sentiment": plans.sentiment_plans,
        "digits": plans.digits_plans,
        "reasoning": plans.reasoning_plans,
    }
    for task, plans_of in makers.items():
        if only in (None, task, *plans.MODELS_OF[task]):
            for plan in plans_of(sizes):
                if only in (None, task, plan.model):
                    yield partial(run_plan, workspace, plan)
    if only in (None, "spaces", *spaces.NAMES):
        for space in spaces.space_plans(sizes):
            if only in (None, "spaces", space.space_id):
                yield partial(spaces.add_space, workspace, space)
    if only in (None, "derived"):
        for name, recipe in spaces.DERIVED:
            yield partial(project, workspace, name, recipe)
