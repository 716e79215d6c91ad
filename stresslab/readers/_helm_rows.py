"""Request states and display files of a HELM run as record rows."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from stresslab import lenient
from stresslab.readers import _values as values
from stresslab.readers._helm_stats import COUNTED, InstanceStats, described, entries, key_of
from stresslab.readers._records import broken
from stresslab.store.scan import EXCERPT, Numbered, Reject

CORRECT = "correct"
CALIBRATION = "calibration"
CALIBRATED = "multiple_choice_separate_calibrated"
MAX_HELD = 1 << 28
"""Characters of inputs held to join the display files, which lie in two orders."""

State = tuple[int, dict[str, Any]]


class Requests:
    """Reads ``scenario_state.json``.

    Parameters
    ----------
    stats : InstanceStats
        Numbers of the instances, taken as they are used.
    run : dict
        What is known of the run; its ``model`` and ``method`` are filled in where missing.

    """

    def __init__(self, stats: InstanceStats, run: dict[str, Any]) -> None:
        self.stats, self.run = stats, run

    def read(self, file: BinaryIO, name: str) -> Iterator[Numbered | Reject]:
        """Yield a record row per instance, perturbation and trial."""
        rejects: list[Reject] = []
        for _, group in groupby(self._states(file, name, rejects), lambda one: _key(one[1])):
            row = self._row(list(group))
            yield from rejects
            rejects.clear()
            if row is not None:
                yield row
        yield from rejects

    def _states(self, file: BinaryIO, name: str, rejects: list[Reject]) -> Iterator[State]:
        number = 0
        for path, value in lenient.walk(file, ("request_states",)):
            if path == "adapter_spec" and isinstance(value, dict):
                self.run["model"] = self.run.get("model") or value.get("model")
                self.run["method"] = self.run.get("method") or value.get("method")
                self.run["adapter_spec"] = self.run.get("adapter_spec") or value
            if path != "request_states":
                if isinstance(value, lenient.Broken):
                    rejects.append(broken(name, value))
                continue
            number += 1
            place = f"{name} entry {number}"
            if isinstance(value, lenient.Broken):
                rejects.append(broken(place, value))
            elif not isinstance(value, dict) or not isinstance(value.get("instance"), dict):
                text = (values.as_json(value) or "")[:EXCERPT]
                rejects.append(Reject(place, "instance", "must be an object", text))
            else:
                yield number, value

    def _row(self, group: list[State]) -> Numbered | None:
        kept = [one for one in group if one[1].get("request_mode") != CALIBRATION]
        if not kept:
            return None
        stats = self.stats.take(_key(kept[0][1]))
        state = kept[0][1]
        if len(kept) > 1 and state.get("reference_index") is not None:
            number, state = _chosen(group, kept, stats, self.run.get("method") == CALIBRATED)
        else:
            number = kept[0][0]
        instance = state["instance"]
        read = _of_instance(instance) | _of_result(state) | of_stats(stats)
        request = _object(state.get("request"))
        result = _object(state.get("result"))
        run = self.run
        if not run.get("model"):
            run = run | {"model": request.get("model")}
        row = {
            "run": run, "instance": _light(instance), "stats": stats, "read": read,
            "train_trial_index": state.get("train_trial_index"),
            "annotations": state.get("annotations"),
            "result": {name: result.get(name) for name in ("cached", "request_time", "success")},
        }  # fmt: skip
        return number, row


def displayed(
    folder: dict[str, Path], stats: InstanceStats, run: dict[str, Any]
) -> Iterator[Numbered | Reject]:
    """Yield record rows of the smaller files the web pages of HELM read."""
    known: dict[int, dict[str, Any]] = {}
    held = 0
    if "instances.json" in folder:
        with folder["instances.json"].open("rb") as file:
            for one in entries(file, "instances.json"):
                if isinstance(one, Reject):
                    yield one
                    continue
                _, instance = one
                light = _light(instance) | _of_instance(instance)
                held += sum(len(text) for text in light.values() if isinstance(text, str))
                if held > MAX_HELD:
                    yield Reject("instances.json", "", "longer inputs than can be joined", "")
                    break
                known[hash(_key({"instance": instance}))] = light
    with folder["display_predictions.json"].open("rb") as file:
        for one in entries(file, "display_predictions.json"):
            if isinstance(one, Reject):
                yield one
                continue
            number, shown = one
            perturbation, trial = shown.get("perturbation"), shown.get("train_trial_index")
            key = key_of(shown.get("instance_id"), perturbation, trial)
            stats.add(key, shown.get("stats"))
            own = stats.take(key)
            about = known.get(hash((*key[:2], 0))) or {"id": shown.get("instance_id")}
            text = shown.get("truncated_predicted_text") or shown.get("predicted_text")
            answer = shown.get("mapped_output")
            read = {**about, **described(perturbation), **of_stats(own)}
            read |= {"output": text, "answer": answer}
            yield number, _bare(run, about, own, read, trial)


def leftover(
    file: BinaryIO, name: str, stats: InstanceStats, run: dict[str, Any]
) -> Iterator[Numbered | Reject]:
    """Yield rows of instances that have statistics and no request: there is a score, no text."""
    for one in entries(file, name):
        if isinstance(one, Reject):
            continue  # named when the file was read first
        number, entry = one
        perturbation, trial = entry.get("perturbation"), entry.get("train_trial_index")
        key = key_of(entry.get("instance_id"), perturbation, trial)
        if stats.has(key):
            own = stats.take(key)
            read = described(perturbation) | of_stats(own)
            yield number, _bare(run, {"id": entry.get("instance_id")}, own, read, trial)


def of_stats(stats: dict[str, float]) -> dict[str, Any]:
    """Return what the statistics of an instance say of its outcome."""
    confidence = stats.get("max_prob")
    if confidence is not None and -1e-6 < confidence < 1 + 1e-6:
        confidence = min(max(confidence, 0.0), 1.0)
    tokens = {name: round(stats[name]) for name in COUNTED if name in stats}
    return {
        "confidence": confidence,
        "tokens_in": tokens.get("num_prompt_tokens"),
        "tokens_out": tokens.get("num_output_tokens", tokens.get("num_completion_tokens")),
    }


def _bare(
    run: dict[str, Any], instance: dict[str, Any], stats: dict[str, float], read: dict[str, Any],
    trial: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        "run": run, "instance": instance, "stats": stats, "read": read, "train_trial_index": trial,
        "result": {},
    }  # fmt: skip


def _key(state: dict[str, Any]) -> Any:
    instance = state["instance"]
    return key_of(instance.get("id"), instance.get("perturbation"), state.get("train_trial_index"))


def _light(instance: dict[str, Any]) -> dict[str, Any]:
    """Return an instance without the texts that stand elsewhere in the row."""
    heavy = ("input", "references", "contrast_inputs", "contrast_references")
    return {name: value for name, value in instance.items() if name not in heavy}


def _of_instance(instance: dict[str, Any]) -> dict[str, Any]:
    kind = described(instance.get("perturbation"))
    untouched = _first(instance.get("contrast_inputs")) if kind else None
    references = instance.get("references")
    if kind:  # a copy may have other references, which are no property of the item
        references = _first(instance.get("contrast_references")) or references
    said = [one for one in _list(references) if isinstance(one, dict)]
    texts = [_text(one.get("output")) for one in said]
    right = [
        text for text, one in zip(texts, said, strict=True) if CORRECT in _list(one.get("tags"))
    ]
    return {
        **kind,
        "input": _text(instance.get("input")),
        "original": _text(untouched),
        "reference": right[0] if len(right) == 1 else right or None,
        "choices": texts if len(texts) > len(right) else None,
    }


def _of_result(state: dict[str, Any]) -> dict[str, Any]:
    result = _object(state.get("result"))
    completion = _first(result.get("completions"))
    output = _text(completion)
    read: dict[str, Any] = {"output": output}
    names = state.get("output_mapping")
    index = state.get("reference_index")
    if isinstance(names, dict) and isinstance(output, str):
        read["answer"] = names.get(output.strip())
    elif isinstance(index, int):
        references = _list(state["instance"].get("references"))
        one = references[index] if 0 <= index < len(references) else None
        read["answer"] = _text(_object(one).get("output"))
    if result.get("success") is False or result.get("error"):
        read["error"] = result.get("error") or "the request failed"
    return read


def _chosen(
    group: Iterable[State], kept: list[State], stats: dict[str, float], calibrated: bool
) -> State:
    """Return the request of the reference that a run with one request per reference chose.

    The statistics name it; where they do not, it is the one with the largest log-probability,
    less that of the reference alone where the run was calibrated.
    """
    index = stats.get("predicted_index")
    for one in kept:
        if index is not None and one[1].get("reference_index") == index:
            return one
    alone = {
        state.get("reference_index"): _logprob(state)
        for _, state in group
        if calibrated and state.get("request_mode") == CALIBRATION
    }
    return max(
        kept, key=lambda one: _logprob(one[1]) - alone.get(one[1].get("reference_index"), 0.0)
    )


def _logprob(state: dict[str, Any]) -> float:
    found = _object(_first(_object(state.get("result")).get("completions"))).get("logprob")
    return float(found) if isinstance(found, int | float) else float("-inf")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _text(value: Any) -> str | None:
    """Return the text of an input, an output or a reference, in any of their forms."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else None
    if isinstance(value.get("text"), str) and (value["text"] or len(value) == 1):
        return str(value["text"])
    if isinstance(value.get("messages"), list):
        said = [one for one in _list(value["messages"]) if isinstance(one, dict)]
        return "\n".join(f"{one.get('role')}: {values.text(one.get('content'))}" for one in said)
    media = _object(value.get("multimedia_content")).get("media_objects")
    parts = [one for one in _list(media) if isinstance(one, dict)]
    shown = (
        one["text"] if isinstance(one.get("text"), str) else f"({one.get('content_type', 'media')})"
        for one in parts
    )
    text = value.get("text")
    return "\n".join(shown) if parts else text if isinstance(text, str) else None
