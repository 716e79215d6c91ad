"""How long does a map of a million points take to answer a zoom and a lasso?"""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from stresslab import Workspace, analyses
from stresslab.store.derived import inputs_of, seal_derived
from tests.bench._kind import Asked, Bench, Row, once

WANTED = "< 2 s"


def run(asked: Asked) -> Iterator[Row]:
    """Yield the first drawing, a zoom and a lasso."""
    n = asked.n(1e6)
    with tempfile.TemporaryDirectory() as folder:
        made = workspace(Path(folder) / "w", n)
        piece = analyses.get("embedding_map")
        turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        lasso = [[float(3 * np.cos(one)), float(3 * np.sin(one))] for one in turn]
        for what, settings in (
            ("the first drawing", {}),
            ("a zoom", {"view": "-1, 2, -1, 2"}),
            ("a lasso of 60 corners", {"region": str(lasso)}),
        ):
            took = once(partial(piece.run, made, piece.params(**settings)))
            yield Row(what, n, took, wanted="" if not settings else WANTED)


def workspace(path: Path, n: int) -> Workspace:
    """Return a workspace of n untouched inputs, one model, a map and 12 clusters."""
    import pyarrow as pa

    rng = np.random.default_rng(0)
    made = Workspace.create(path)
    ids = pa.array([f"big/{one}" for one in range(n)])
    cluster = rng.integers(0, 12, n)
    score = (rng.random(n) < 0.7).astype(float)
    with made.add_run(
        model="m",
        task="big",
        source={"format": "bench", "path": "b", "sha256": "b", "version": "1"},
    ) as writer:
        for start in range(0, n, 100_000):
            part = ids[start : start + 100_000].to_pylist()
            held = score[start : start + 100_000]
            writer.write(
                "items", [{"item_id": one, "item_set": "big", "task": "big"} for one in part]
            )
            writer.write(
                "variants", [{"variant_id": one, "item_id": one, "tier": 0} for one in part]
            )
            writer.write(
                "outcomes",
                [
                    {
                        "variant_id": one,
                        "trial": 0,
                        "status": "answered",
                        "score": value,
                        "correct": int(value),
                    }
                    for one, value in zip(part, held, strict=True)
                ],
            )
    with made.add_space("s", encoder="bench", dimension=2, kind="features") as space:
        space.write(["big/0"], np.ones((1, 2)))
    centres = rng.normal(size=(12, 2)) * 4
    places = centres[cluster] + rng.normal(size=(n, 2))
    how = {"recipe": {"space": "s"}, "seed": 0, "inputs": inputs_of(made, spaces=["s"])}
    names = ids.to_pylist()
    table = pd.DataFrame({"variant_id": names, "x": places[:, 0], "y": places[:, 1]})
    seal_derived(made, "s.umap", kind="projection", table=table, **how)
    table = pd.DataFrame({"variant_id": names, "value": cluster})
    seal_derived(made, "s.hdbscan", kind="clusters", table=table, **how)
    return made


PIECE = Bench("a map of a million points", run)
