"""Tiny run folders of HELM, made by code."""

import json

FILES = ("run_spec.json", "scenario.json", "scenario_state.json", "per_instance_stats.json")

TYPOS = {"name": "typos", "robustness": True, "fairness": False, "computed_on": "perturbed"}
DIALECT = {
    "name": "dialect",
    "robustness": False,
    "fairness": True,
    "computed_on": "perturbed",
    "prob": 1.0,
    "source_class": "SAE",
    "target_class": "AAVE",
}


def typos(prob, seed=None, computed_on="perturbed"):
    found = TYPOS | {"prob": prob, "computed_on": computed_on}
    return found if seed is None else found | {"seed": seed}


def name(run="mmlu:subject=algebra,method=multiple_choice_joint", model="org_a"):
    return f"{run},model={model}"


def stat(measure, mean, perturbation=None, split="test", count=1):
    named = {"name": measure, "split": split}
    named |= {} if perturbation is None else {"perturbation": perturbation}
    return {
        "name": named, "count": count, "sum": mean * count, "sum_squared": mean * mean * count,
        "min": mean, "max": mean, "mean": mean, "variance": 0.0, "stddev": 0.0,
    }  # fmt: skip


def instance(one, text, right="4", wrong=(), perturbation=None, untouched=None, split="test"):
    made = {
        "input": {"text": text},
        "references": [
            {"output": {"text": right}, "tags": ["correct"]},
            *({"output": {"text": other}, "tags": []} for other in wrong),
        ],
        "split": split,
        "id": one,
    }
    if perturbation is not None:
        made |= {"perturbation": perturbation, "contrast_inputs": [{"text": untouched}]}
    return made


def request(one, output, trial=0, model="org/a", **more):
    return {
        "instance": one,
        "train_trial_index": trial,
        "request": {"model": model, "prompt": "Q"},
        "result": {
            "success": True, "cached": False, "request_time": 0.25,
            "completions": [{"text": output, "logprob": -0.5, "tokens": []}],
        },
        "num_train_instances": 0,
        "prompt_truncated": False,
        **more,
    }  # fmt: skip


def entry(one, scores, perturbation=None, trial=0):
    stats = [stat(measure, value, perturbation) for measure, value in scores.items()]
    made = {"instance_id": one, "train_trial_index": trial, "stats": stats}
    return made if perturbation is None else made | {"perturbation": perturbation}


def spec(run, model="org/a", method="multiple_choice_joint", names=("exact_match", "f1_score")):
    return {
        "name": run,
        "scenario_spec": {"class_name": "x.MMLUScenario", "args": {"subject": "algebra"}},
        "adapter_spec": {
            "method": method, "instructions": "Answer.", "model": model,
            "model_deployment": f"here/{model}", "num_train_trials": 1,
        },
        "metric_specs": [{"class_name": "x.BasicMetric", "args": {"names": list(names)}}],
        "data_augmenter_spec": {"perturbation_specs": []},
        "groups": ["mmlu"],
    }  # fmt: skip


def write(folder, *, states=None, each=None, stats=None, run_spec=None, **more):
    """Write the files of a run that are given; a text is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        "run_spec.json": run_spec, "per_instance_stats.json": each, "stats.json": stats,
        "scenario.json": {"name": "mmlu", "tags": []} if run_spec else None,
        "scenario_state.json": states if states is None or isinstance(states, str)
        else {"adapter_spec": (run_spec or {}).get("adapter_spec", {}), "request_states": states},
        **more,
    }  # fmt: skip
    for name, content in given.items():
        if content is not None:
            text = content if isinstance(content, str) else json.dumps(content)
            (folder / name).write_text(text, encoding="utf-8")
    return folder


KINDS = (typos(0.1), typos(0.3), DIALECT)


def joint(suite, model="org_a", right=(1, 0, 1), kinds=KINDS):
    """Write a complete run: three questions, each as it is and under every kind."""
    choices = {"A": "4", "B": "5"}
    states, each, published = [], [], {None: []}
    for number, score in enumerate(right, start=1):
        one, untouched = f"id{number}", f"What is {number}+{number}?"
        made = instance(one, untouched, right="4", wrong=["5"])
        states.append(request(made, " A" if score else " B", output_mapping=choices))
        each.append(
            entry(
                one,
                {
                    "num_prompt_tokens": 12, "num_output_tokens": 1, "exact_match": score,
                    "f1_score": 0.5 + score / 2, "max_prob": 0.75, "inference_runtime": 0.1,
                },
            )
        )  # fmt: skip
        published[None].append(score)
        for place, kind in enumerate(kinds):
            worse = int(score and place != 1)
            copy = instance(
                one,
                untouched.upper() + str(place),
                wrong=["5"],
                perturbation=kind,
                untouched=untouched,
            )
            states.append(request(copy, " A" if worse else " B", output_mapping=choices))
            each.append(entry(one, {"exact_match": worse, "max_prob": 0.5}, kind))
            published.setdefault(place, []).append(worse)
    n = len(right)
    stats = [stat("exact_match", sum(published[None]) / n), stat("num_instances", n)]
    stats.append(stat("ece_10_bin", 0.125))
    for place, kind in enumerate(kinds):
        on = {"computed_on": "original"}, {"computed_on": "worst"}
        stats += [
            stat("exact_match", sum(published[place]) / n, kind),
            stat("num_instances", n, kind),
            stat("exact_match", sum(right) / n, kind | on[0]),
            stat("exact_match", 0.25, kind | on[1]),
        ]
    stats.append(
        stat("exact_match", 0.2, {"name": "robustness", "robustness": True, "computed_on": "worst"})
    )
    named = name(model=model)
    return write(
        suite / named.replace(":", "-"),
        run_spec=spec(named, model.replace("_", "/")),
        states=states,
        each=each,
        stats=stats,
    )


def separate(suite, calibrated=False, told=False):
    """Write a run with one request per reference, of one question."""
    method = f"multiple_choice_separate_{'calibrated' if calibrated else 'original'}"
    made = instance("id1", "What is 2+2?", right="4", wrong=["5"])
    states = []
    for index, (own, alone) in enumerate([(-2.0, -9.0), (-1.0, -0.5)]):
        for mode, logprob in (("original", own), ("calibration", alone)):
            if mode == "original" or calibrated:
                one = request(made, " 45"[index + 1], reference_index=index, request_mode=mode)
                one["result"]["completions"][0]["logprob"] = logprob
                states.append(one)
    scores = {"exact_match": 1.0} | ({"predicted_index": 0} if told else {})
    named = f"boolq:model=org_a,method={method}"
    return write(
        suite / named.replace(":", "-"),
        run_spec=spec(named, method=method),
        states=states,
        each=[entry("id1", scores)],
        stats=[stat("exact_match", 1.0)],
    )
