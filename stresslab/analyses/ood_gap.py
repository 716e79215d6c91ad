"""Say what each model loses out of distribution, what that is made of, where it is most."""

from dataclasses import replace
from typing import Any

from stresslab.analyses import (
    _ood_groups,
    _ood_line,
    _ood_parts,
    _ood_sides,
    _ood_split,
    _ood_transfer,
    _ood_valley,
    _paired,
    _sentences,
    _value,
)
from stresslab.analyses import _sentences_ood as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.analyses._ood_params import OodGapParams
from stresslab.result import Result, Warn

NO_SPLIT = "Nobody has said what is in distribution for these models, so gaps are left out."


def run(workspace: Any, params: OodGapParams) -> Result:
    """Return the gap of every model and what stands behind it, as one family of comparisons."""
    asked = ask(workspace, params)
    how = _paired.judge(asked)
    found = [_ood_sides.sides_of(asked, one) for one in _ood_split.splits(asked)]
    lines, against, no_line = _ood_line.lines(asked, found, how)
    moves, no_transfer = _transfers(asked, how)
    batches = [_ood_sides.gaps(asked, one, how) for one in found]
    # every difference here is oriented already: above 0 is a loss, or a gain by pooling
    settled = replace(how, larger_is_better=True).settle(
        [*(one for one in batches if one is not None), *against, *moves]
    )
    groups, by, no_group = _ood_groups.groups(asked)
    parts, crossed = _ood_parts.parts(asked, found)
    valleys, no_valley = _ood_valley.valleys(asked, found, how)
    tables = {
        "ood_gap": _ood_sides.table(asked, found, settled.get("ood_gap")),
        **lines,
        "robustness": _ood_line.table(settled.get("robustness")),
        "decomposition": parts,
        **valleys,
        **groups,
        "transfer": _ood_transfer.matrix(asked),
        "transfer_gaps": _ood_transfer.table(settled.get("transfer_gaps")),
    }
    known = bool((groups["groups"]["n"] > 0).any()) or bool((tables["ood_gap"]["n"] > 0).any())
    facts = rules.Gaps(
        tables=tables, by=by, names=asked.names, titles=asked.titles, rate=how.rate,
        higher=asked.metric.higher_is_better, where=_where(asked, found), settings=_link(asked),
        known=known, by_domain=all(one.split.by_domain for one in found if one.split.whole),
    )  # fmt: skip
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    warnings = [*asked.question.warnings, *_unsaid(asked, found, known)]
    warnings += _ood_sides.cautions(asked, found) + crossed + no_line + no_valley + no_transfer
    return Result(
        analysis="ood_gap",
        params=asked.settings | {"margin": how.margin},
        tables=tables,
        warnings=_value.together([*warnings, *no_group]),
        data_version=workspace.data_version,
        columns={
            "ood_gap": _ood_sides.meanings(asked, how.level),
            "robustness": _ood_line.meanings(how.level),
            "decomposition": _ood_parts.meanings(),
            "transfer_gaps": _ood_transfer.meanings(),
            **_ood_valley.meanings(how.level),
            **_ood_groups.meanings(asked),
        },
    )


def _transfers(asked: Asked, how: _paired.Judge) -> tuple[list[_paired.Batch], list[Warn]]:
    """Return the transfer gaps, unless other sides than those of training were asked for."""
    params: Any = asked.params
    if any((params.in_domains, params.out_domains, params.in_where, params.out_where)):
        return [], []
    return _ood_transfer.gaps(asked, how)


def _unsaid(asked: Asked, found: list[_ood_sides.Sides], known: bool) -> list[Warn]:
    if asked.empty or not known:
        return [no_rows(asked)]
    return [] if found else [Warn("no-split", NO_SPLIT)]


def _where(asked: Asked, found: list[_ood_sides.Sides]) -> str:
    params: Any = asked.params
    if any(one.split.clean is not None for one in found):
        return " on clean inputs"
    mixed = params.inputs == "all" and len(asked.perturbations) > 0
    return " over all tiers" if mixed and not params.in_where else ""


def _link(asked: Asked) -> dict[str, str]:
    """Return the settings a link to other evidence carries; the models as they were chosen."""
    settings = dict(asked.link)
    if not asked.params.models:
        settings.pop("models", None)
    return settings


PIECE = Analysis(
    title="Out of distribution",
    question="What does each model lose outside what it was trained on, and was it to be expected?",
    params=OodGapParams,
    run=run,
    figures=("ood_gap", "on_the_line"),
    source=(
        "Gaps: Agresti and Caffo (2000), Welch; mix and drop: Kitagawa (1955); the line: "
        "Miller et al. (2021); the valley: Qi et al. (2024)."
    ),
)
