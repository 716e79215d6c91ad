"""Tiny results and details of lighteval, made by code: nested columns, flat ones, written text."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

DATE = "2026-01-21T03-44-18.458309"
CHOICE, WRITTEN = "suite|sums|0", "suite|words|3"


def choice(number, right=1, likes=(-4.0, -1.0, -3.0), **doc):
    """Return a doc with log-likelihoods of its choices."""
    chosen = max(range(len(likes)), key=lambda place: likes[place])
    return {
        "doc": {
            "query": f"What is {number}?", "choices": [" 3", " 4", " 5"], "gold_index": [right],
            "id": str(number), "task_name": CHOICE, "num_effective_few_shots": 0,
            "specific": {"topic": "sums"}, **doc,
        },
        "model_response": {
            "input": f"Q: What is {number}?", "text": [], "logprobs": list(likes),
            "argmax_logits_eq_gold": [True, False, False], "input_tokens": [1] * 7,
            "output_tokens": [[2], [3], [4]],
        },
        "metric": {"acc": float(chosen == right), "nll": 0.5 * number},
    }  # fmt: skip


def written(number, text="four", score=1.0):
    """Return a doc with a written answer."""
    return {
        "doc": {
            "query": f"Say {number}",
            "choices": ["four"],
            "gold_index": [0],
            "id": str(number),
        },
        "model_response": {
            "input": f"Say {number}",
            "text": [text],
            "logprobs": [],
            "input_tokens": [1, 2],
            "output_tokens": [[5, 6, 7]],
        },
        "metric": {"em": score},
    }


def flat(number, right=1, likes=(-4.0, -1.0, -3.0)):
    """Return a doc as versions with flat columns wrote it."""
    chosen = max(range(len(likes)), key=lambda place: likes[place])
    return {
        "choices": [" 3", " 4", " 5"], "cont_tokens": [[2], [3], [4]], "example": f"What is {number}?",
        "full_prompt": f"Q: What is {number}?", "gold": [" 4"], "gold_index": [right],
        "input_tokens": [1] * 7, "instruction": "", "metrics": {"acc": float(chosen == right)},
        "num_effective_few_shots": 0, "pred_logits": [], "predictions": [[one, False] for one in likes]
        if number < 0 else list(likes), "specifics": {"topic": "sums"},
    }  # fmt: skip


def results(tasks, model="org/tiny", **more):
    """Return a results file of `{task: {metric: value}}`."""
    return {
        "config_general": {"lighteval_sha": "a1b2", "max_samples": None, "model_name": model,
                           "model_sha": "c3", "model_dtype": "bfloat16"},
        "results": {**tasks, "all": {"acc": 0.5}},
        "versions": dict.fromkeys(tasks, 0),
        "config_tasks": {
            task.rpartition("|")[0]: {"hf_repo": "org/sums", "hf_subset": "default",
                                      "effective_num_docs": 4}
            for task in tasks
        },
        "summary_tasks": {task: {"hashes": {"hash_full_prompts": "f00"}} for task in tasks},
        **more,
    }  # fmt: skip


def as_text(row):
    """Return a row as it is written where its types do not fit a table."""
    return {name: str(value) for name, value in row.items()}


def write(root, tasks, told=None, model="org/tiny", date=DATE):
    """Write details by task and the results beside them; return the path of the main file."""
    folder = root / "details" / model / date
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for task, rows in tasks.items():
        paths.append(folder / f"details_{task}_{date}.parquet")
        pq.write_table(pa.Table.from_pylist(rows), paths[-1])
    if told is None:
        return paths[0]
    main = root / "results" / model / f"results_{date}.json"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(json.dumps(told, indent=2), encoding="utf-8")
    return main
