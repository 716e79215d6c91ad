"""Tiny predictions of OpenCompass, made by code: written, by perplexity, by probability."""

import json

DATE = "20260121_034418"


def written(number, given="4", gold="4"):
    """Return one prediction of a generation task."""
    return {
        "origin_prompt": [
            {"role": "HUMAN", "prompt": "Q: 1+1?"}, {"role": "BOT", "prompt": "2"},
            {"role": "HUMAN", "prompt": f"Q: {number}+4?"},
        ],
        "prediction": given, "gold": gold, "res_length": 3,
    }  # fmt: skip


def perplexity(number, losses=(2.0, 0.5), gold="B"):
    """Return one prediction of a task that compares losses of labels."""
    text = f"Is {number} even?\nAnswer: "
    found = {
        f"label: {label}": {"testing input": text + said, "prompt": text + said, "PPL": loss}
        for label, said, loss in zip("AB", ("yes", "no"), losses, strict=True)
    }
    chosen = "AB"[losses.index(min(losses))]
    return {"origin_prompt": text + "yes", **found, "prediction": chosen, "gold": gold}


def probability(number, shares=(0.75, 0.25), gold=0):
    """Return one prediction of a task that reads off probabilities of single tokens."""
    return {
        "testing input": f"Is {number} even?", "prompt": f"Is {number} even?",
        "choices": ["yes", "no"], "prediction": list(shares),
        "pred_label": int(shares[1] > shares[0]), "gold": gold,
    }  # fmt: skip


def write(root, dataset, entries, results=None, model="tiny"):
    """Write predictions under their indices, and the results where there are some."""
    folder = root / DATE / "predictions" / model
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dataset}.json"
    numbered = {str(place): one for place, one in enumerate(entries)}
    path.write_text(json.dumps(numbered, indent=4, ensure_ascii=False), encoding="utf-8")
    if results is not None:
        beside = root / DATE / "results" / model / f"{dataset}.json"
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(results), encoding="utf-8")
    return path
