"""The rows estimators read: evidence by model, which are labelled, who else answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import estimators
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_split import Split
from stresslab.checks import Array
from stresslab.estimators import Estimator
from stresslab.evidence import Evidence

if TYPE_CHECKING:
    from stresslab.store.answers import Answers


@dataclass(frozen=True, eq=False)
class ModelRows:
    """Rows of one model that it answered.

    Parameters
    ----------
    model, words : str
        The model, and what its labelled side is called.
    base : Evidence
        Probabilities, confidence, correctness, answers; of other models, too.
    classed : Evidence
        The same rows with labels, answers in the codes of the labels, and features.
    variant, cluster, domain, perturbation, tier : ndarray of int, shape (n,)
        Who they are.
    inside : ndarray of bool, shape (n,)
        Rows of the labelled side.
    domain_names, perturbation_names : tuple of str
        By code.
    """

    model: str
    words: str
    base: Evidence
    classed: Evidence
    variant: Array
    cluster: Array
    domain: Array
    perturbation: Array
    tier: Array
    inside: Array
    domain_names: tuple[str, ...]
    perturbation_names: tuple[str, ...]

    @property
    def right(self) -> Array:
        """Return whether the model was right, NaN where that is not known."""
        return np.asarray(self.base.correct, float)

    @property
    def source(self) -> Array | None:
        """Return the places of the labelled rows; None where there are none."""
        return np.flatnonzero(self.inside) if self.inside.any() else None

    def evidence(self, piece: Estimator) -> Evidence:
        """Return the evidence a piece reads: that with labels where it reads some."""
        return self.classed if _reads_classes(piece) else self.base


def twins(asked: Asked) -> dict[str, str]:
    """Return for every model another of its family, one trained on the same before others."""
    info = asked.workspace.config.models or {}

    def said(model: str, field: str) -> Any:
        one = info.get(model)
        return one.get(field) if isinstance(one, Mapping) else None

    found = {}
    for model in asked.models:
        kin = [one for one in asked.models if one != model and said(one, "family")]
        kin = [one for one in kin if said(one, "family") == said(model, "family")]
        same = [one for one in kin if said(one, "trained_on") == said(model, "trained_on")]
        if same or kin:
            found[model] = (same or kin)[0]
    return found


def rows(
    asked: Asked, splits: Sequence[Split], names: Sequence[str], space: str | None
) -> list[ModelRows]:
    """Return the rows of every model that has some, in the order of the splits."""
    from stresslab.store.answers import answers

    question = replace(asked.question, population="each")
    found = answers(asked.workspace, question)
    said = {model: _answered(one) for model, one in found.items()}
    classes = any(_reads_classes(estimators.get(name)) for name in names)
    twin, table = twins(asked), _answers_by_variant(said)
    made = []
    for split in splits:
        inside = _inside(asked, split)
        for model in split.models:
            if model not in said or not len(said[model].variant):
                continue
            one = said[model]
            base = _base(one, model, twin.get(model), table)
            classed = _classed(asked, base, model, one, space) if classes else base
            made.append(_model_rows(asked, model, split, one, base, classed, inside))
    return made


def _model_rows(
    asked: Asked, model: str, split: Split, one: "Answers", base: Evidence, classed: Evidence,
    inside: Array,
) -> ModelRows:  # fmt: skip
    from stresslab.store.engine import reading

    with reading(asked.workspace) as engine:
        names = engine.dims.domains, engine.dims.perturbations
    return ModelRows(
        model, split.in_words, base, classed, one.variant, one.cluster, one.domain,
        one.perturbation, one.tier, np.isin(one.variant, inside), *names,
    )  # fmt: skip


def _answered(one: "Answers") -> "Answers":
    """Return the rows with an answer or a confidence: those a model abstained on have neither."""
    from dataclasses import fields

    kept = (one.answer >= 0) | np.isfinite(one.confidence)
    if one.probs is not None:
        kept |= np.isfinite(one.probs).all(axis=1)
    if kept.all():
        return one
    parts: dict[str, Any] = {
        part.name: value[kept] for part in fields(one)
        if isinstance(value := getattr(one, part.name), np.ndarray)
    }  # fmt: skip
    return replace(one, **parts)


def _answers_by_variant(said: "Mapping[str, Answers]") -> dict[str, Array]:
    """Return the first answer of every model by code of the variant; -1 is none."""
    n = max((int(one.variant.max()) + 1 for one in said.values() if len(one.variant)), default=0)
    found = {}
    for model, one in said.items():
        found[model] = np.full(n, -1, dtype=np.int64)
        found[model][one.variant[one.first]] = one.answer[one.first]
    return found


def _base(one: "Answers", model: str, twin: str | None, table: Mapping[str, Array]) -> Evidence:
    others = [codes[one.variant] for name, codes in table.items() if name != model]
    confidence = one.confidence if np.isfinite(one.confidence).any() else None
    return Evidence(
        probs=one.probs, correct=one.correct, confidence=confidence, answers=one.answer,
        twin=table[twin][one.variant] if twin is not None and twin in table else None,
        others=np.column_stack(others) if others else None,
    )  # fmt: skip


def _inside(asked: Asked, split: Split) -> Array:
    """Return the codes of the variants on the labelled side."""
    from stresslab.store.engine import reading
    from stresslab.store.vectors import variants_of

    if split.inside is None:
        return np.zeros(0, np.int64)
    with reading(asked.workspace) as engine:
        return variants_of(engine, split.question(asked, split.inside))


def _classed(
    asked: Asked, base: Evidence, model: str, one: "Answers", space: str | None
) -> Evidence:
    """Return evidence with labels, answers in their codes, and features of a space."""
    from stresslab.analyses._evidence import labels_of

    variants, place = np.unique(one.variant, return_inverse=True)
    first = np.searchsorted(one.variant, variants)
    texts = np.array([*one.texts, None], dtype=object)[one.answer]
    probs = None if one.probs is None else one.probs[first]
    labels, classes = labels_of(asked.workspace, asked.question, variants, probs, texts[first])
    code = {name: number for number, name in enumerate(classes)}
    answers = None
    if one.probs is None:
        answers = np.array([code.get(text, -1) for text in texts])
    return replace(
        base, labels=labels[place], answers=answers, features=_features(asked, one, model, space)
    )


def _features(asked: Asked, one: "Answers", model: str, space: str | None) -> Array | None:
    """Return the vectors of rows, NaN where the space has none."""
    if space is None:
        return None
    from stresslab.analyses._evidence import run_of
    from stresslab.store.vectors import space_of, space_rows

    info = space_of(asked.workspace, space)
    run_id = run_of(asked.workspace, asked.question, info, model)
    question = replace(asked.question, models=(model,))
    found = space_rows(asked.workspace, question, space, run_id=run_id)
    features = np.full((len(one.variant), found.matrix.shape[1]), np.nan, dtype=np.float32)
    if len(found.variants):
        place = np.minimum(np.searchsorted(found.variants, one.variant), len(found.variants) - 1)
        there = found.variants[place] == one.variant
        features[there] = found.matrix[place[there]]
    return features


def _reads_classes(piece: Estimator) -> bool:
    return "labels" in piece.of_source or "features" in piece.needs
