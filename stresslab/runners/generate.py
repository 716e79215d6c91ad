"""Let a language model write an answer, greedily, up to the end of the line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.runners._kind import Predict, Prediction, Runner
from stresslab.runners._language_model import LanguageModel, load_language_model
from stresslab.runners._needs import needed


def load(
    *,
    gguf: str | Path,
    cache: str | Path,
    bits: int | None = None,
    without_layers: Sequence[int] = (),
    max_tokens: int = 48,
    dtype: str = "float32",
) -> Predict:
    """Return a model that continues a prompt; its answer is the first line it writes.

    Parameters
    ----------
    gguf, cache, bits, without_layers, dtype
        As for `load_language_model`.
    max_tokens : int
        Longest output.
    """
    language = load_language_model(
        gguf=gguf, cache=cache, bits=bits, without_layers=without_layers, dtype=dtype
    )
    return writer(language, max_tokens)


def writer(language: LanguageModel, max_tokens: int) -> Predict:
    """Return the generating model for one that is loaded already (see `load`)."""
    torch, tokenizer = needed("torch"), language.tokenizer

    def predict(prompts: Sequence[str]) -> list[Prediction]:
        if not prompts:
            return []
        tokens = tokenizer(list(prompts), padding=True, padding_side="left", return_tensors="pt")
        with torch.inference_mode():
            written = _greedy(torch, language, tokens, max_tokens)
        lengths = tokens["attention_mask"].sum(dim=1).tolist()
        return [_prediction(tokenizer, *row, n) for row, n in zip(written, lengths, strict=True)]

    return predict


def _greedy(
    torch: Any, language: LanguageModel, tokens: Any, max_tokens: int
) -> list[tuple[list[int], float]]:
    """Return the tokens of every row up to its end of line, and their joint probability.

    A row that has ended leaves the batch, so that one endless row does not hold up the others.
    """
    mask, ids, past = tokens["attention_mask"], tokens["input_ids"], None
    places = (mask.cumsum(dim=1) - 1).clamp_min(0)
    written: list[tuple[list[int], float]] = [([], 1.0) for _ in ids]
    rows = list(range(len(ids)))
    for _ in range(max_tokens):
        out = language.model(
            input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=past,
            use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        past = out.past_key_values
        chances, best = out.logits[:, -1].float().softmax(dim=1).max(dim=1)
        for row, token, chance in zip(rows, best.tolist(), chances.tolist(), strict=True):
            written[row] = ([*written[row][0], token], written[row][1] * chance)
        going = [at for at, token in enumerate(best.tolist()) if not _ends(language, token)]
        if not going:
            break
        if len(going) < len(rows):
            past.batch_select_indices(torch.tensor(going))
            best, mask, places = best[going], mask[going], places[going]
            rows = [rows[at] for at in going]
        ids, places = best[:, None], places[:, -1:] + 1
        mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
    return written


def _ends(language: LanguageModel, token: int) -> bool:
    tokenizer = language.tokenizer
    return token == tokenizer.eos_token_id or "\n" in tokenizer.decode([token])


def _prediction(tokenizer: Any, written: list[int], chance: float, n_in: int) -> Prediction:
    text = tokenizer.decode(written, skip_special_tokens=True)
    return Prediction(
        text.split("\n", 1)[0].strip(),
        output=text.rstrip(),
        confidence=float(np.float16(chance)),
        tokens_in=n_in,
        tokens_out=len(written),
    )


PIECE = Runner(
    title="language model that writes",
    load=load,
    task_types=("generate",),
    needs=("torch", "transformers", "gguf", "accelerate"),
    batch=50,
    source="ours; greedy decoding, confidence = product of the token probabilities",
)
