"""Turn one sample of an Inspect log into a record row a mapping reads from."""

import math
from collections.abc import Collection
from typing import Any

from stresslab.readers import _inspect_scores as scores
from stresslab.readers._inspect_scores import JsonObject, is_number, listed, table
from stresslab.readers._mapping import look_up

CUT = "...\n(content truncated)"
"""How a text ends that the summary of a sample does not hold whole."""

GONE = "Key removed from summary (> 1k)"
ATTACHMENT = "attachment://"
HEAVY = frozenset(
    {
        "messages", "output", "events", "events_data", "store", "attachments", "transcript",
        "timelines", "error_retries", "message_pool",
    }
)  # fmt: skip
"""What makes up nearly all of a sample; kept only where a mapping names it."""

WHOLE = HEAVY | {"read.output", "read.confidence", "read.probs"}
"""What the summary of a sample does not say."""

MAX_DEPTH = 100
NESTED = frozenset({dict, list})
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _is_deep(value: Any) -> bool:
    level = [value] if type(value) in NESTED else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        below = [one.values() if type(one) is dict else one for one in level]
        level = [one for inside in below for one in inside if type(one) in NESTED]
    return bool(level)


def needs_whole(fields: Collection[str]) -> bool:
    """Return whether a mapping reads what only the whole sample says."""
    return any(name in WHOLE or name.partition(".")[0] in WHOLE for name in fields)


def is_cut(summary: JsonObject) -> bool:
    """Return whether a summary holds less of the question than the sample does."""
    get = summary.get
    return _has_cut(get("input")) or _has_cut(get("target")) or _has_cut(get("choices"))


def _has_cut(value: Any) -> bool:
    if type(value) is str:
        return value.endswith(CUT) or value.startswith(ATTACHMENT)
    if value is None:
        return False
    if isinstance(value, list):
        return any(map(_has_cut, value))
    return isinstance(value, dict) and _has_cut(value.get("content", value.get("text")))


def resolved(value: Any, attachments: JsonObject, levels: int = 3 * MAX_DEPTH) -> Any:
    """Return a value with the texts that are kept apart put in their places."""
    if isinstance(value, str):
        if value.startswith(ATTACHMENT):
            return attachments.get(value.removeprefix(ATTACHMENT), value)
        return value
    if not levels:
        return value
    if isinstance(value, list):
        return [resolved(one, attachments, levels - 1) for one in value]
    if isinstance(value, dict):
        return {key: resolved(one, attachments, levels - 1) for key, one in value.items()}
    return value


def text_of(content: Any) -> str | None:
    """Return what a message says; what is no text stands as ``(Image)``."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    parts = []
    for part in content:
        kind = part.get("type", "text") if isinstance(part, dict) else "text"
        said = part.get("text") if isinstance(part, dict) else part
        parts.append(str(said or "") if kind == "text" else f"({str(kind).capitalize()})")
    return "\n".join(parts)


def input_of(asked: Any) -> str | None:
    """Return the input of a sample as one text: a single message, or each with its role."""
    if not isinstance(asked, list):
        return asked if isinstance(asked, str) else None
    turns = [one for one in asked if isinstance(one, dict)]
    if len(turns) == 1:
        return text_of(turns[0].get("content"))
    return "\n\n".join(f"{one.get('role')}: {text_of(one.get('content')) or ''}" for one in turns)


class Records:
    """Makes record rows of the samples of one log: flat, with what a mapping reads and no more.

    Parameters
    ----------
    header : dict
        The log without its samples.
    fields : collection of str
        What the mapping reads.
    primary : str
        The measure the status of a row is decided by.
    """

    def __init__(self, header: JsonObject, fields: Collection[str], primary: str) -> None:
        told, config = header["eval"], table(header["eval"].get("config"))
        common = {
            "eval": told,
            "task_args": told.get("task_args") or {},
            "config": config,
            "tags": header.get("tags") or told.get("tags") or [],
        }
        self.common = {
            name: look_up(common, name) for name in fields if name.partition(".")[0] in common
        }
        plain = set(fields) - self.common.keys()
        self._measures = _after("read.measures.", plain)
        self._explanations = _after("read.explanations.", plain)
        self._tops = [name for name in plain if "." not in name]
        self._belows: dict[str, list[tuple[str, str]]] = {}
        for name in plain - set(self._tops):
            top, _, below = name.partition(".")
            if top != "read":
                self._belows.setdefault(top, []).append((name, below))
        self._kept = {name.partition(".")[0] for name in fields}
        self._is_whole = needs_whole(fields)
        self._primary, self._model = primary, str(told.get("model"))
        self._scored_on_error = bool(config.get("score_on_error"))
        steps = listed(table(header.get("plan")).get("steps"))
        self._is_shuffled = any(table(table(one).get("params")).get("shuffle") for one in steps)
        self._header = header

    def row(self, sample: JsonObject) -> tuple[JsonObject, list[str]]:
        """Return the record row of a sample or of its summary.

        Returns
        -------
        row : dict
        lost : list of str
            Fields that are nested too deeply to be kept.
        """
        sample, lost = self._plain(sample)
        row = self.common.copy()
        for name in self._tops:
            row[name] = sample.get(name)
        for top, names in self._belows.items():
            inside = table(sample.get(top))
            for name, below in names:
                row[name] = inside[below] if below in inside else look_up(inside, below)
        given = table(sample.get("scores"))
        raw = scores.values_of(given)
        for name, measure in self._measures:
            row[name] = scores.number(raw.get(measure))
        for name, scorer in self._explanations:
            row[name] = table(given.get(scorer)).get("explanation")
        first, score = raw.get(self._primary), scores.scorer_of(self._primary, given)
        found = scores.number(first)
        usage = self._usage(table(sample.get("model_usage")))
        asked, epoch = sample.get("input"), sample.get("epoch")
        row["read.correct"] = scores.right_or_wrong(first, found)
        row["read.explanation"], row["read.answer"] = score.get("explanation"), score.get("answer")
        row["read.status"], row["read.error"] = self._status(sample, first, found, score)
        row["read.trial"] = epoch - 1 if isinstance(epoch, int) and epoch > 0 else epoch
        row["read.input"] = None if _has_cut(asked) else input_of(asked)
        row["read.messages"] = asked if isinstance(asked, list) else None
        row["read.seconds"] = sample.get("working_time", sample.get("total_time"))
        row["read.tokens_in"] = usage.get("input_tokens")
        row["read.tokens_out"] = usage.get("output_tokens")
        if self._is_whole:
            output = table(sample.get("output"))
            row["read.output"] = _said(output)
            row["read.confidence"], row["read.probs"] = self._probs(sample, score, output)
        if not NESTED.isdisjoint(map(type, row.values())):
            deep = [name for name, value in row.items() if _is_deep(value)]
            row, lost = row | dict.fromkeys(deep), lost + deep
        return row, lost

    def _plain(self, sample: JsonObject) -> tuple[JsonObject, list[str]]:
        """Return a sample with what is kept apart in its place, without what is lost, and that."""
        if "score" in sample:
            sample = scores.of_today(sample, self._header)
        kept_apart = sample.get("attachments")
        if "transcript" in sample and not kept_apart:
            kept_apart = table(sample["transcript"]).get("content")
        if kept_apart:
            names = [key for key in sample if key not in HEAVY or key in self._kept | {"output"}]
            sample = sample | {key: resolved(sample[key], table(kept_apart)) for key in names}
        metadata = table(sample.get("metadata"))
        said = metadata.values()
        is_flat = NESTED.isdisjoint(map(type, said))
        if is_flat and GONE not in said:
            return sample, []
        lost = [key for key, one in metadata.items() if _is_deep(one)]
        if lost or GONE in said:
            whole = {k: v for k, v in metadata.items() if k not in lost and v != GONE}
            sample = sample | {"metadata": whole}
        return sample, [f"metadata.{key}" for key in lost]

    def _status(
        self, sample: JsonObject, raw: Any, found: Any, score: JsonObject
    ) -> tuple[str, str | None]:
        error, limit, said = sample.get("error"), sample.get("limit"), None
        if error:
            text = str(error.get("message")) if isinstance(error, dict) else str(error)
            is_scored = self._scored_on_error and isinstance(found, float)
            return ("answered" if is_scored else "errored"), text
        if limit:
            kind = limit.get("type") if isinstance(limit, dict) else limit
            most = f" {limit.get('limit'):g}" if is_number(table(limit).get("limit")) else ""
            said = f"stopped by the limit of {kind}{most}"
        if found is None:
            return "unscored", said
        if found == 0 and (score.get("reason") == "refusal" or _is_filtered(sample)):
            return "refused", said
        return ("abstained" if raw == scores.NO_ANSWER else "answered"), said

    def _usage(self, usage: JsonObject) -> JsonObject:
        """Return the tokens of the model under test; of all together where it is not named."""
        known = usage.get(self._model)
        if isinstance(known, dict):
            return known
        every = [one for one in usage.values() if isinstance(one, dict)]
        if len(every) < 2:
            return every[0] if every else {}
        return {
            key: sum(one[key] for one in every if is_number(one.get(key)))
            for key in ("input_tokens", "output_tokens")
        }

    def _probs(
        self, sample: JsonObject, score: JsonObject, output: JsonObject
    ) -> tuple[float | None, list[float] | None]:
        """Return the probability of the letter answered, and of every choice.

        Choices are told apart where the log keeps the log-probability of each of their letters; it
        is then a share of those; else it is the probability of the letter as the model gave it.
        """
        options, answer = sample.get("choices"), score.get("answer")
        if not isinstance(options, list) or not isinstance(answer, str) or len(answer) != 1:
            return None, None
        letters = LETTERS[: len(options)] if len(options) <= len(LETTERS) else ""
        token = next((one for one in reversed(_tokens(output)) if _letter(one) == answer), None)
        if token is None or answer not in letters or self._is_shuffled:
            return None, None
        known = {answer: token["logprob"]}
        for one in listed(token.get("top_logprobs")):
            if isinstance(one, dict) and is_number(one.get("logprob")) and _letter(one) in letters:
                known.setdefault(_letter(one), one["logprob"])
        shares = {letter: math.exp(min(value, 0.0)) for letter, value in known.items()}
        if len(shares) < len(letters) or not sum(shares.values()):
            return shares[answer], None
        probs = [shares[letter] / sum(shares.values()) for letter in letters]
        return probs[letters.index(answer)], probs


def _first_choice(output: JsonObject) -> JsonObject:
    choices = listed(output.get("choices"))
    return table(choices[0]) if choices else {}


def _is_filtered(sample: JsonObject) -> bool:
    return _first_choice(table(sample.get("output"))).get("stop_reason") == "content_filter"


def _tokens(output: JsonObject) -> list[JsonObject]:
    found = listed(table(_first_choice(output).get("logprobs")).get("content"))
    return [one for one in found if isinstance(one, dict) and is_number(one.get("logprob"))]


def _letter(token: JsonObject) -> str:
    text = str(token.get("token", "")).strip(" \n\t*().:\"'`_▁Ġ")
    return text if len(text) == 1 else "-"


def _said(output: JsonObject) -> str | None:
    completion = output.get("completion")
    if isinstance(completion, str):
        return completion
    return text_of(table(_first_choice(output).get("message")).get("content"))


def _after(prefix: str, fields: Collection[str]) -> list[tuple[str, str]]:
    return [(name, name.removeprefix(prefix)) for name in fields if name.startswith(prefix)]
