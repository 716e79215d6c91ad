"""Evidence of a slice: vectors of a space beside labels, probabilities and correctness."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.evidence import Evidence
from stresslab.predicate import Predicate, all_of
from stresslab.result import Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.contents import Question
    from stresslab.store.spaces import SpaceInfo
    from stresslab.store.vectors import SpaceRows
    from stresslab.store.workspace import Workspace

PLAIN = ("domain", "perturbation", "tier")


@dataclass(frozen=True, eq=False)
class Gathered:
    """Evidence of a slice and who its rows are.

    Parameters
    ----------
    evidence : Evidence
        features (float32), labels, and of the model probs, logits, correct, head.
    rows : DataFrame
        In the order of the evidence: variant, variant_id, item, item_id, cluster (codes), domain,
        perturbation (None for originals), tier, and per model ``correct.<model>`` (mean over
        trials, NaN where unknown) and ``confidence.<model>``.
    classes : tuple of str
        What the labels stand for; the columns of probabilities come first.
    space : SpaceInfo
        Where the vectors are from.
    model : str or None
        Whose probabilities and correctness the evidence holds.
    warnings : tuple of Warn
        What was left out or is odd about the vectors.
    """

    evidence: Evidence
    rows: "pd.DataFrame"
    classes: tuple[str, ...]
    space: "SpaceInfo"
    model: str | None
    warnings: tuple[Warn, ...] = ()

    def meeting(
        self, workspace: "Workspace", question: "Question", side: Predicate | None
    ) -> Array:
        """Return a mask of shape (n,): rows that a condition holds for, too."""
        from stresslab.store.engine import reading
        from stresslab.store.vectors import variants_of

        if side is None:
            return np.ones(len(self.rows), dtype=bool)
        with reading(workspace) as engine:
            asked = replace(question, where=all_of(question.where, side))
            found: Array = np.isin(self.rows["variant"].to_numpy(), variants_of(engine, asked))
        return found


def gather(
    workspace: "Workspace",
    question: "Question",
    space: str,
    model: str | None = None,
    *,
    layer: str | None = None,
) -> Gathered:
    """Return the evidence of the rows of a slice that have a vector.

    Parameters
    ----------
    question : Question
        From `contents.resolve`: the slice and its models.
    space : str
        Name of the space.
    model : str, optional
        Model whose probabilities and correctness are wanted; by default the one the space says
        it is of, else the first of the question.
    layer : str, optional
        Layer, where the space holds several.

    Raises
    ------
    ParamError
        If there is no such space or model.
    """
    from stresslab.store.vectors import head_of, space_of, space_rows

    info = space_of(workspace, space)
    model = _model(question, info, model)
    found = space_rows(
        workspace, question, space, run_id=run_of(workspace, question, info, model), layer=layer
    )
    rows = rows_of(workspace, question, found)
    probs, answers = _probs(workspace, question, model, found.variants)
    labels, classes = labels_of(workspace, question, found.variants, probs, answers)
    features = np.asarray(found.matrix, dtype=np.float32)
    head = head_of(info)
    logits = features if info.manifest["kind"] == "logits" else None
    if head is not None:
        logits = features @ head[0] + head[1]
    correct = rows[f"correct.{model}"].to_numpy() if model else None
    if probs is None and logits is not None:
        probs = _softmax(logits)
    evidence = Evidence(features, labels, logits, probs, correct, head)
    return Gathered(evidence, rows, classes, info, model, tuple(_cautions(found, features)))


def _model(question: "Question", info: "SpaceInfo", model: str | None) -> str | None:
    if model is not None:
        if model not in question.models:
            raise ParamError(
                f"model must be one of {', '.join(question.models) or 'none'}; got {model!r}."
            )
        return model
    said = (info.manifest.get("settings") or {}).get("model")
    return said if said in question.models else next(iter(question.models), None)


def run_of(
    workspace: "Workspace", question: "Question", info: "SpaceInfo", model: str | None
) -> str | None:
    """Return the run whose vectors belong to a model, where a space holds several runs'."""
    from stresslab.store.vectors import mapped_space

    runs = set(mapped_space(workspace, info).keys["run_id"].dropna())
    mine = [
        run.run_id
        for run in workspace.runs()
        if run.model == model and run.task == question.task and run.run_id in runs
    ]
    return mine[-1] if mine and len(runs) > 1 else None


def rows_of(workspace: "Workspace", question: "Question", found: "SpaceRows") -> "pd.DataFrame":
    """Return who the rows of a space are: the columns of `Gathered.rows`."""
    import pandas as pd

    from stresslab.store.engine import reading

    if not len(found.variants):
        names = ("variant_id", "item_id", "domain", "perturbation")
        table = pd.DataFrame({name: pd.Series(dtype="object") for name in names})
        for name in ("variant", "item", "cluster", "tier"):
            table[name] = pd.Series(dtype="int64")
    else:
        with reading(workspace) as engine:
            table = engine.sql(
                """SELECT v.variant, n.variant_id, v.item, i.item_id, v.cluster, d.name AS domain,
                    p.name AS perturbation, v.tier::BIGINT AS tier
                FROM (SELECT * FROM variant_cells WHERE task = $task) v
                JOIN (SELECT variant, variant_id FROM variants WHERE task = $task) n USING (variant)
                JOIN (SELECT item, item_id FROM items WHERE task = $task) i ON i.item = v.item
                LEFT JOIN domains d ON d.code = v.domain
                LEFT JOIN perturbations p ON p.code = v.perturbation ORDER BY v.variant""",
                {"task": engine.dims.tasks.index(question.task)},
            )
        table = table.iloc[np.searchsorted(table["variant"], found.variants)]
        table = table.reset_index(drop=True)
    for measure in ("correct", "confidence"):
        values = values_of(workspace, question, measure, table["variant"].to_numpy())
        for column, name in enumerate(question.models):
            table[f"{measure}.{name}"] = values[:, column]
    return table


def values_of(workspace: "Workspace", question: "Question", measure: str, variants: Array) -> Array:
    """Return a measure of the question's models (mean over trials), shape (n, n_models)."""
    from stresslab.store.pairs import pairs

    values = np.full((len(variants), len(question.models)), np.nan)
    if not len(variants):
        return values
    asked = replace(
        question, measure=measure, numerator="total", denominator="n_scored", population="each"
    )
    found = pairs(workspace, asked)
    place = np.searchsorted(found.variant, variants)
    there = place < len(found.variant)
    there[there] = found.variant[place[there]] == variants[there]
    values[there] = found.values[place[there]]
    return values


def _probs(
    workspace: "Workspace", question: "Question", model: str | None, variants: Array
) -> tuple[Array | None, Array | None]:
    """Return the probabilities of a model, mean over trials, and its answers; NaN where none."""
    from stresslab.store.engine import reading

    if model is None or not len(variants):
        return None, None
    with reading(workspace) as engine:
        table = engine.sql(
            """SELECT variant, probs, answer FROM facts
            WHERE task = ? AND model = ? AND latest AND probs IS NOT NULL ORDER BY variant""",
            [engine.dims.tasks.index(question.task), engine.dims.models.index(model)],
        )
    table = table[np.isin(table["variant"], variants)]
    if not len(table):
        return None, None
    lengths = table["probs"].map(len)
    width = int(lengths.mode().iloc[0])
    table = table[lengths == width]
    place = np.searchsorted(variants, table["variant"])
    sums, counts = np.zeros((len(variants), width)), np.zeros(len(variants))
    np.add.at(sums, place, np.array(table["probs"].tolist()))
    np.add.at(counts, place, 1)
    answers = np.full(len(variants), None, dtype=object)
    answers[place] = table["answer"].to_numpy()
    with np.errstate(invalid="ignore"):
        means = sums / counts[:, None]
        return means / means.sum(axis=1, keepdims=True), answers


def labels_of(
    workspace: "Workspace",
    question: "Question",
    variants: Array,
    probs: Array | None,
    answers: Array | None,
) -> tuple[Array, tuple[str, ...]]:
    """Return class codes of the references, -1 where unknown, and what they stand for."""
    if not len(variants):
        return np.zeros(0, dtype=np.int64), ()
    from stresslab.store.engine import reading

    with reading(workspace) as engine:
        table = engine.sql(
            """SELECT v.variant, i.reference FROM variant_cells v
            JOIN items i ON i.task = v.task AND i.item = v.item WHERE v.task = ?
            ORDER BY v.variant""",
            [engine.dims.tasks.index(question.task)],
        )
    texts = table["reference"].to_numpy(dtype=object)[np.searchsorted(table["variant"], variants)]
    named = [_reference(one) for one in texts]
    first = _columns_named(probs, answers)
    rest = sorted({one for one in named if one is not None} - set(first))
    if probs is not None and not first and len(rest) == probs.shape[1]:
        first, rest = rest, []
    classes = tuple(first) + tuple(rest)
    code = {name: number for number, name in enumerate(classes)}
    return np.array([code.get(one, -1) if one is not None else -1 for one in named]), classes


def _columns_named(probs: Array | None, answers: Array | None) -> list[str]:
    """Return the class of every column of probabilities, as answers show it; empty if unclear."""
    if probs is None or answers is None:
        return []
    known = np.isfinite(probs).all(axis=1) & np.array([one is not None for one in answers])
    top = probs[known].argmax(axis=1)
    said = answers[known]
    names: list[str] = []
    for column in range(probs.shape[1]):
        here, counts = np.unique([str(one) for one in said[top == column]], return_counts=True)
        names.append(str(here[counts.argmax()]) if len(here) else "")
    seen = [name for name in names if name]
    if len(set(seen)) < len(seen):
        return []
    return [name or f"class {number}" for number, name in enumerate(names)] if seen else []


def _reference(text: Any) -> str | None:
    import json

    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return None if value is None or isinstance(value, dict) else str(value)


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Array = shifted / shifted.sum(axis=1, keepdims=True)
    return found


def _cautions(found: "SpaceRows", features: Array) -> list[Warn]:
    """Return what must be known of the vectors."""
    warnings = []
    name = found.space.space_id
    if found.n_without_vector:
        some = _some(found.without_vector, found.n_without_vector)
        text = f"No vector in {name}, so left out: {some}."
        warnings.append(Warn("without-vector", text, found.n_without_vector))
    if found.n_without_outcome:
        some = _some(found.without_outcome, found.n_without_outcome)
        text = f"Vectors of {name} whose variant is in no run: {some}."
        warnings.append(Warn("without-outcome", text, found.n_without_outcome))
    if not len(features):
        return warnings
    n, dimension = features.shape
    if n <= dimension:
        text = f"{n:,} points in {dimension:,} dimensions: covariances rest on shrinkage."
        warnings.append(Warn("few-points", text, n))
    zero = int((~features.any(axis=1)).sum())
    if zero:
        text = f"{zero:,} vectors are zero: they have no direction, so cosine leaves them out."
        warnings.append(Warn("zero-vectors", text, zero))
    n_same = len(features) - len(np.unique(_marks(features)))
    if n_same:
        text = f"{n_same:,} vectors repeat another one exactly."
        warnings.append(Warn("duplicate-vectors", text, n_same))
    constant = int((features == features[0]).all(axis=0).sum()) if n > 1 else 0
    if constant:
        text = f"{constant:,} of {dimension:,} features are the same everywhere."
        warnings.append(Warn("constant-features", text, constant))
    return warnings


def _marks(features: Array) -> Array:
    """Return one value per row, equal for equal rows."""
    rows = np.ascontiguousarray(features)
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()


def _some(names: Sequence[str], n: int) -> str:
    return ", ".join(names) + (f" and {n - len(names):,} more" if n > len(names) else "")
