"""Compute the estimates without labels that take long, and keep them for pages."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from stresslab.jobs._events import Done, Event, Progress

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace


def estimate(
    workspace: "Workspace", settings: "Mapping[str, Any] | None" = None
) -> Iterator[Event]:
    """Yield progress while the analysis `estimate` runs; its result is kept until data change.

    Parameters
    ----------
    settings : mapping, optional
        Settings of the analysis, as texts or values: ``space`` lets estimators read vectors.
    """
    from stresslab import analyses
    from stresslab.saved_slices import expand_params
    from stresslab.store.derived import inputs_of
    from stresslab.store.kept import keep_result, kept_result

    piece = analyses.get("estimate")
    params: Any = expand_params(piece.params.parse(dict(settings or {})), workspace.config.slices)
    if kept_result(workspace, "estimate", params) is not None:
        yield Done("These estimates are kept already, of the same data", {"estimates": 0})
        return
    yield Progress(0, 1, "results", f"estimates{f' by {params.space}' if params.space else ''}")
    inputs = inputs_of(workspace, data=True)
    found = piece.run(workspace, params)
    task = found.params["task"] or "none"
    name = "-".join(["estimates", task, *([params.space] if params.space else [])])
    name = "".join(one if one.isalnum() or one in "._-" else "_" for one in name)[:150]
    keep_result(workspace, name, found, asked=params, inputs=inputs)
    n = len(found.table)
    yield Done(f"{n:,} estimates are kept", {"estimates": n})
