"""Run one model over the variants of one task into a workspace, in parts that survive a kill."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab import runners
from stresslab.jobs._events import Done, Event, Progress
from stresslab.runners import Predict

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

SECONDS_A_PART = 20.0


@dataclass(frozen=True)
class Plan:
    """One model over one set of variants.

    Parameters
    ----------
    model, task : str
        Names in the workspace.
    runner : str
        Key of the runner piece.
    load : callable
        Returns the loaded model; called only if there is something left to run.
    items, variants : sequence of dict
        Rows of the two tables as they shall be kept.
    input_of : callable
        Makes the input of a variant from its row; called batch by batch.
    settings : dict
        Everything that decides the outcomes, JSON-able: it is the identity of the run.
    model_info : dict
        Family, what it was trained on, notes.
    revision : str or None
        Version of the weights.
    notes : dict
        Kept with the settings but no part of the identity, e.g. how texts are shipped.
    batch : int or None
        Inputs at a time; the runner's own default when None.
    """

    model: str
    task: str
    runner: str
    load: Callable[[], Predict]
    items: Sequence[Mapping[str, Any]]
    variants: Sequence[Mapping[str, Any]]
    input_of: Callable[[Mapping[str, Any]], Any]
    settings: Mapping[str, Any]
    model_info: Mapping[str, Any] = field(default_factory=dict)
    revision: str | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    batch: int | None = None

    @property
    def identity(self) -> str:
        """Return the SHA-256 of all that decides the outcomes."""
        chosen = [
            self.model, self.task, self.runner, self.revision, dict(self.settings),
            [(row["item_id"], row["content_hash"]) for row in self.items],
            [(row["variant_id"], row["strength"], row["seed"]) for row in self.variants],
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def run_plan(
    workspace: "Workspace", plan: Plan, *, seconds_a_part: float = SECONDS_A_PART
) -> Iterator[Event]:
    """Yield progress while the plan runs; its run is sealed at the end.

    A plan that was sealed before adds nothing. One that was interrupted goes on behind its last
    durable part: no variant is answered twice in the workspace and none is left out.

    Parameters
    ----------
    workspace : Workspace
        Where the run goes.
    plan : Plan
        What to run.
    seconds_a_part : float
        How often finished rows are made durable: what a kill can cost.
    """
    total = len(plan.variants)
    source = {"format": "runner", "path": plan.runner, "sha256": plan.identity, "version": "1"}
    if any(
        run.model == plan.model
        and run.task == plan.task
        and run.state == "live"
        and run.source.get("sha256") == plan.identity
        for run in workspace.runs()
    ):
        yield Done(f"{plan.model} on {plan.task} is there already", {"outcomes": 0})
        return
    references = {row["item_id"]: json.loads(row["reference"]) for row in plan.items}
    with workspace.add_run(
        model=plan.model, task=plan.task, source=source, reader=f"runner:{plan.runner}",
        settings={**plan.settings, **plan.notes}, measures=_MEASURES, revision=plan.revision,
        model_info=dict(plan.model_info),
    ) as writer:  # fmt: skip
        _write_rest(writer, "items", "item_id", plan.items)
        _write_rest(writer, "variants", "variant_id", plan.variants)
        writer.flush()
        done = {key[0] if isinstance(key, tuple) else key for key in writer.done()}
        n_done = len(done)
        yield Progress(n_done, total, "rows", f"{plan.model} on {plan.task}")
        if n_done < total:
            jobs = (
                (row["variant_id"], plan.input_of(row), references[row["item_id"]])
                for row in plan.variants
                if row["variant_id"] not in done
            )
            batch = plan.batch or runners.get(plan.runner).batch
            last = time.monotonic()
            for rows in runners.outcomes(plan.load(), jobs, batch=batch):
                writer.write("outcomes", rows)
                n_done += len(rows)
                if time.monotonic() - last >= seconds_a_part:
                    writer.flush()
                    last = time.monotonic()
                yield Progress(n_done, total, "rows", f"{plan.model} on {plan.task}")
    yield Done(f"{plan.model} on {plan.task}", {"outcomes": total})


_MEASURES = {
    "score": {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True},
    "correct": {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True},
    "confidence": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True},
}


def _write_rest(writer: Any, table: str, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    there = {one[0] if isinstance(one, tuple) else one for one in writer.done(table)}
    rest = [dict(row) for row in rows if row[key] not in there]
    if rest:
        writer.write(table, rest)
