"""A synthetic workspace of any size: 8 models, 4 perturbations x 6 tiers, 5 domains."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stresslab.places import cache_folder
from stresslab.store.workspace import Workspace

MODELS = tuple(f"model-{letter}" for letter in "abcdefgh")
PERTURBATIONS = ("blur", "noise", "swap", "typo")
TIERS = 6
DOMAINS = ("news", "tweets", "reviews", "legal", "code")
A_STEP = 20_000
WORDS = (
    "yes",
    "no",
    "maybe",
    "I cannot say",
    "the answer is",
    "because",
    "it depends",
    "of course",
)
VARIANTS_AN_ITEM = 1 + len(PERTURBATIONS) * TIERS


def workspace(n_outcomes: int) -> Workspace:
    """Return a workspace of about `n_outcomes` outcomes, made once and kept in the cache."""
    n_items = max(50, n_outcomes // (len(MODELS) * VARIANTS_AN_ITEM))
    path = cache_folder() / "bench" / f"synthetic-{n_items}-v1"
    if not (path / "done").exists():
        shutil.rmtree(path, ignore_errors=True)
        made = Workspace.create(path, name=f"synthetic {n_outcomes:,}")
        for place, model in enumerate(MODELS):
            _write(made, model, place, n_items)
        (path / "done").touch()
    return Workspace.open(path)


def _write(made: Workspace, model: str, place: int, n_items: int) -> None:
    rng = np.random.default_rng(place)
    score = {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True}
    source = {"format": "synthetic", "path": "", "sha256": f"{model}-{n_items}", "version": "1"}
    with made.add_run(model=model, task="bench", source=source, measures={"score": score}) as run:
        for first in range(0, n_items, A_STEP):
            numbers = np.arange(first, min(first + A_STEP, n_items))
            ids = _join("bench/", numbers)
            run.write("items", _items(ids, numbers))
            variants = _variants(ids, numbers)
            run.write("variants", variants)
            run.write("outcomes", _outcomes(variants, numbers, place, rng))


def _items(ids: pa.Array, numbers: np.ndarray) -> pa.Table:
    length = 10 + numbers * 7919 % 90
    return pa.table(
        {
            "item_id": ids,
            "item_set": pa.array(["bench"] * len(ids)),
            "input": _join("short text number ", numbers),
            "domain": pa.array(np.array(DOMAINS)[numbers % len(DOMAINS)]),
            "attributes": pc.binary_join_element_wise(
                '{"length": ', pc.cast(pa.array(length), pa.string()), "}", ""
            ),
        }
    )


def _variants(ids: pa.Array, numbers: np.ndarray) -> pa.Table:
    parts = [pa.table({"variant_id": ids, "item_id": ids, "tier": _whole(0, len(ids))})]
    for name in PERTURBATIONS:
        for tier in range(1, TIERS + 1):
            variant = pc.binary_join_element_wise(ids, f"#{name}:{tier}", "")
            parts.append(
                pa.table(
                    {
                        "variant_id": variant,
                        "item_id": ids,
                        "tier": _whole(tier, len(ids)),
                        "perturbation": pa.array([name] * len(ids)),
                    }
                )
            )
    return pa.concat_tables(parts, promote_options="default")


def _outcomes(
    variants: pa.Table, numbers: np.ndarray, place: int, rng: np.random.Generator
) -> pa.Table:
    n, tier = variants.num_rows, variants["tier"].to_numpy()
    ease = np.tile(rng.normal(size=len(numbers)), VARIANTS_AN_ITEM)
    right = ease + rng.normal(size=n) + 1 - place / 10 - tier / 5 > 0
    answered = rng.random(n) > 0.02
    words = np.array(WORDS)[rng.integers(0, len(WORDS), n)]
    output = pc.binary_join_element_wise(
        pa.array(words), " ", pc.cast(pa.array(rng.integers(0, 10_000, n)), pa.string()), ""
    )
    return pa.table(
        {
            "variant_id": variants["variant_id"],
            "status": pa.array(np.where(answered, "answered", "abstained")),
            "score": pa.array(np.where(answered, right, 0.0)),
            "correct": pa.array(right.astype(np.int8), mask=~answered),
            "confidence": pa.array(rng.beta(5, 2, n), mask=~answered),
            "output": output,
        }
    )


def _whole(value: int, n: int) -> pa.Array:
    return pa.array(np.full(n, value, dtype=np.int16))


def _join(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")
