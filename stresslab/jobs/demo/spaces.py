"""The spaces of the demo: vectors of sentences, and of images inside the MNIST net."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.jobs._events import Done, Event, Progress
from stresslab.jobs.demo import digits, plans, sentiment
from stresslab.jobs.demo.scale import Scale
from stresslab.jobs.packages import MINILM, NETS

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

BATCH = 512
NAMES = ("minilm", "mnist-net")
"""The spaces, in the order they are made."""

DERIVED = (
    ("minilm", "umap"), ("minilm", "pca"), ("minilm", "hdbscan"),
    ("mnist-net", "umap"), ("mnist-net", "hdbscan"),
)  # fmt: skip
"""Maps and clusters the demo comes with."""


@dataclass(frozen=True)
class SpacePlan:
    """Vectors of one encoder for chosen variants."""

    space_id: str
    encoder: str
    layer: str
    dimension: int
    load: Callable[[], Callable[[Sequence[Any]], Any]]
    variants: Sequence[Mapping[str, Any]]
    input_of: Callable[[Mapping[str, Any]], Any]
    settings: Mapping[str, Any]
    head: Callable[[], tuple[Any, Any]] | None = None
    """What makes logits of these vectors."""


def space_plans(scale: Scale) -> Iterator[SpacePlan]:
    """Yield the two spaces of the demo."""
    texts = sentiment.load(scale.sentences)
    yield SpacePlan(
        "minilm", MINILM.pin, "sentence", 384, _minilm,
        list(texts.variants(dict.fromkeys(sentiment.PIECES, scale.space_tiers))),
        plans.making(texts.texts),
        {"task": "sentiment", "normalised": True,
         "subset": f"all sentences, tiers {plans.tiers_in_words(scale.space_tiers)}"},
    )  # fmt: skip
    images = digits.load(scale.space_mnist, scale.space_optdigits)
    yield SpacePlan(
        "mnist-net", NETS.pin, "penultimate", 128, _mnist_net,
        list(images.variants(dict.fromkeys(digits.PIECES, scale.space_tiers))),
        plans.making(images.images),
        {"task": "digits", "model": "mnist-net",
         "subset": f"{scale.space_mnist} MNIST and {scale.space_optdigits} optdigits images, "
                   f"tiers {plans.tiers_in_words(scale.space_tiers)}"},
        head=_mnist_head,
    )  # fmt: skip


def add_space(workspace: "Workspace", plan: SpacePlan) -> Iterator[Event]:
    """Yield progress while the vectors of `plan` are computed; the space is sealed at the end."""
    if (workspace.path / "spaces" / plan.space_id / "manifest.json").exists():
        yield Done(f"space {plan.space_id} is there already", {"vectors": 0})
        return
    total = len(plan.variants)
    with workspace.add_space(
        plan.space_id, encoder=plan.encoder, layer=plan.layer, dimension=plan.dimension,
        kind="features", dtype="float16", settings=dict(plan.settings),
    ) as writer:  # fmt: skip
        encode = plan.load()
        for start in range(0, total, BATCH):
            rows = plan.variants[start : start + BATCH]
            vectors = np.asarray(encode([plan.input_of(row) for row in rows]), dtype=np.float16)
            writer.write([str(row["variant_id"]) for row in rows], vectors)
            yield Progress(start + len(rows), total, "vectors", f"space {plan.space_id}")
        if plan.head is not None:
            writer.head(*plan.head())
    yield Done(f"space {plan.space_id}", {"vectors": total})


def _minilm() -> Callable[[Sequence[Any]], Any]:
    from stresslab.runners.embedding import encoder

    return encoder(plans.minilm())


def _mnist_net() -> Callable[[Sequence[Any]], Any]:
    from stresslab.runners.torch_images import read_net

    return read_net("mnist", plans.net("mnist")).penultimate


def _mnist_head() -> tuple[Any, Any]:
    from stresslab.runners.torch_images import read_net

    return read_net("mnist", plans.net("mnist")).last_layer()
