"""Classify texts by the next word a language model would write after a prompt."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stresslab.errors import ParamError
from stresslab.runners._kind import Predict, Prediction, Runner, classified
from stresslab.runners._language_model import LanguageModel, load_language_model
from stresslab.runners._needs import needed


def load(
    *,
    gguf: str | Path,
    cache: str | Path,
    prompt: str,
    labels: Sequence[str],
    dtype: str = "float32",
) -> Predict:
    """Return a classifier that compares the chance of each label as the next word.

    Parameters
    ----------
    gguf, cache, dtype
        As for `load_language_model`.
    prompt : str
        Text with ``{text}`` where the input goes, ending just before the label.
    labels : sequence of str
        The answers; their first tokens, after a blank, must differ.
    """
    return scorer(load_language_model(gguf=gguf, cache=cache, dtype=dtype), prompt, labels)


def scorer(language: LanguageModel, prompt: str, labels: Sequence[str]) -> Predict:
    """Return the classifier for a model that is loaded already (see `load`)."""
    torch, tokenizer = needed("torch"), language.tokenizer
    firsts = [tokenizer(f" {label}", add_special_tokens=False)["input_ids"][0] for label in labels]
    if len(set(firsts)) < len(labels):
        raise ParamError(f"Labels must differ in their first token; got {list(labels)}.")

    def predict(texts: Sequence[str]) -> list[Prediction]:
        if not texts:
            return []
        tokens = tokenizer(
            [prompt.replace("{text}", text) for text in texts],
            padding=True, padding_side="right", return_tensors="pt",
        )  # fmt: skip
        lengths = tokens["attention_mask"].sum(dim=1)
        with torch.inference_mode():
            hidden = language.model.model(**tokens).last_hidden_state
            last = hidden[torch.arange(len(texts)), lengths - 1]
            logits = language.model.lm_head(last)[:, firsts].float().numpy()
        scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
        said = classified(scaled / scaled.sum(axis=1, keepdims=True), list(labels))
        return [
            Prediction(one.answer, confidence=one.confidence, probs=one.probs, tokens_in=int(n))
            for one, n in zip(said, lengths, strict=True)
        ]

    return predict


PIECE = Runner(
    title="zero-shot language model",
    load=load,
    task_types=("classify text",),
    needs=("torch", "transformers", "gguf", "accelerate"),
    batch=16,
    source="ours; softmax over the logits of the labels' first tokens",
)
