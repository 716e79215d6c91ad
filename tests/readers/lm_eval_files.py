"""Tiny results and samples of lm-evaluation-harness, made by code, one kind per version."""

import json

DATE = "2026-01-21T03-44-18.458309"


def choice(doc_id, right=1, likes=(-4.0, -1.0, -3.0), answers=("3", "four", "5"), **more):
    """Return a line of a multiple-choice task; `right` is the place of the right choice."""
    doc = {"question": f"What is {doc_id} and {doc_id}?", "options": list(answers), "key": right}
    prompt = f"Question: {doc['question']}\nAnswer:"
    chosen = max(range(len(likes)), key=lambda place: likes[place])
    pairs = [[str(like), str(place == chosen)] for place, like in enumerate(likes)]
    normal = [like / len(text) for like, text in zip(likes, answers, strict=True)]
    return {
        "doc_id": doc_id,
        "doc": doc | more.pop("doc", {}),
        "target": str(right),
        "arguments": {
            f"gen_args_{place}": {"arg_0": prompt, "arg_1": f" {text}"}
            for place, text in enumerate(answers)
        },
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc", "acc_norm"],
        "doc_hash": f"d{doc_id}", "prompt_hash": f"p{doc_id}", "target_hash": f"t{doc_id}",
        "acc": float(chosen == right),
        "acc_norm": float(max(range(len(normal)), key=lambda place: normal[place]) == right),
        **more,
    }  # fmt: skip


def text(doc_id, output="The answer is 4.", cut="4", score=1.0, name="none", **more):
    """Return a line of a task whose answers are written."""
    return {
        "doc_id": doc_id,
        "doc": {"question": f"How much is {doc_id} and four?"},
        "target": "4",
        "arguments": {
            "gen_args_0": {
                "arg_0": f"Q: One?\nA: 1\n\nQ: How much is {doc_id} and four?\nA:",
                "arg_1": {"until": ["\n"]},
            }
        },
        "resps": [[output]],
        "filtered_resps": [cut],
        "filter": name,
        "metrics": ["exact_match"],
        "doc_hash": f"d{doc_id}", "prompt_hash": f"p{doc_id}", "target_hash": f"t{doc_id}",
        "exact_match": score,
        **more,
    }  # fmt: skip


def rolling(doc_id, loglik=-20.0, words=4, size=40):
    """Return a line of a perplexity task: values are lists of two."""
    return {
        "doc_id": doc_id,
        "doc": {"page": f"A page about number {doc_id}."},
        "target": f"A page about number {doc_id}.",
        "arguments": {"gen_args_0": {"arg_0": f"A page about number {doc_id}."}},
        "resps": [[[str(loglik)]]],
        "filtered_resps": [[str(loglik)]],
        "filter": "none",
        "metrics": ["word_perplexity", "byte_perplexity", "bits_per_byte"],
        "word_perplexity": [loglik, words],
        "byte_perplexity": [loglik, size],
        "bits_per_byte": [loglik, size],
    }


def without(row, *names):
    """Return a line as older versions wrote it."""
    return {name: value for name, value in row.items() if name not in names}


def old(row):
    """Return a line as up to 0.4.2: no hashes, filter or metrics; requests are lists."""
    kept = without(row, "doc_hash", "prompt_hash", "target_hash", "filter", "metrics")
    return kept | {"arguments": [list(one.values()) for one in row["arguments"].values()]}


def config(task, metrics=("acc", "acc_norm"), **more):
    """Return the settings of a task in a results file."""
    return {
        "task": task,
        "dataset_path": "org/sums",
        "test_split": "test",
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "metric_list": [
            {"metric": one, "aggregation": "mean", "higher_is_better": True} for one in metrics
        ],
        "output_type": "multiple_choice",
        "num_fewshot": 0,
        **more,
    }


def results(tasks, configs=None, model_args="pretrained=org/tiny,dtype=float", **more):
    """Return a results file of `{task: {"acc,none": ..}}`."""
    return {
        "results": {task: {"alias": task, **said} for task, said in tasks.items()},
        "group_subtasks": {},
        "configs": configs or {task: config(task) for task in tasks},
        "versions": dict.fromkeys(tasks, 1.0),
        "n-shot": dict.fromkeys(tasks, 0),
        "config": {"model": "hf", "model_args": model_args, "limit": None, "fewshot_seed": 1234},
        "lm_eval_version": "0.4.8",
        "date": 1769000000.5,
        **more,
    }


def write(folder, samples, told=None, date=DATE):
    """Write samples by task, and the results beside them; return the path of the main file."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"samples_{task}_{date}.jsonl" for task in samples]
    for path, rows in zip(paths, samples.values(), strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if told is None:
        return paths[0]
    main = folder / f"results_{date}.json"
    main.write_text(json.dumps(told, indent=2), encoding="utf-8")
    return main


def means(rows, *metrics, name="none"):
    """Return what the harness prints of some rows."""
    found = {}
    for one in metrics:
        found[f"{one},{name}"] = sum(row[one] for row in rows) / len(rows)
        found[f"{one}_stderr,{name}"] = "N/A"
    return found
