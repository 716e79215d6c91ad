"""Classify texts by the next word a language model would write after a prompt."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.errors import ParamError
from stresslab.runners._kind import Predict, Prediction, Runner, classified
from stresslab.runners._language_model import LanguageModel, load_language_model
from stresslab.runners._needs import needed

ROWS = 16
"""Texts read at a time, of like length."""


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
        Text with ``{text}`` where the input goes, ending just before the label. The lines before
        that of ``{text}`` are read once for all texts.
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

    head, tail = prompt.split("{text}")
    shared, lead = head[: head.rfind("\n") + 1], head[head.rfind("\n") + 1 :]

    def predict(texts: Sequence[str]) -> list[Prediction]:
        asked = [f"{lead}{text}{tail}" for text in texts]
        logits, n_tokens = np.zeros((len(asked), len(labels))), np.zeros(len(asked), dtype=int)
        with torch.inference_mode():
            past, n_shared = _read(language, shared) if shared and asked else (None, 0)
            by_length = sorted(range(len(asked)), key=lambda place: len(asked[place]))
            for start in range(0, len(asked), ROWS):
                rows = by_length[start : start + ROWS]
                last, n_tokens[rows] = _last_hidden(
                    torch, language, [asked[row] for row in rows], past, n_shared
                )
                logits[rows] = language.model.lm_head(last)[:, firsts].float().numpy()
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        said = classified(odds / odds.sum(axis=1, keepdims=True), list(labels))
        return [replace(one, tokens_in=int(n)) for one, n in zip(said, n_tokens, strict=True)]

    return predict


def _read(language: LanguageModel, shared: str) -> tuple[Any, int]:
    """Return the state after the examples that every prompt begins with, and their length."""
    tokens = language.tokenizer([shared], return_tensors="pt")["input_ids"]
    return language.model.model(tokens, use_cache=True).past_key_values, tokens.shape[1]


def _last_hidden(
    torch: Any, language: LanguageModel, asked: Sequence[str], past: Any, n_shared: int
) -> tuple[Any, Any]:
    """Return the hidden state at the end of every text, and the number of tokens before it."""
    tokens = language.tokenizer(
        list(asked), padding=True, padding_side="right", return_tensors="pt"
    )
    ids, mask = tokens["input_ids"], tokens["attention_mask"]
    ends = mask.sum(dim=1) - 1
    if past is not None:
        past = copy.deepcopy(past)
        past.batch_repeat_interleave(len(ids))
        mask = torch.cat([torch.ones(len(ids), n_shared, dtype=mask.dtype), mask], dim=1)
    hidden = language.model.model(
        input_ids=ids, attention_mask=mask, past_key_values=past
    ).last_hidden_state
    return hidden[torch.arange(len(ids)), ends], ends.numpy() + 1 + n_shared


PIECE = Runner(
    title="zero-shot language model",
    load=load,
    task_types=("classify text",),
    needs=("torch", "transformers", "gguf", "accelerate"),
    batch=128,
    source="ours; softmax over the logits of the labels' first tokens",
)
