"""Show the inputs behind a number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.analyses._value import frame, together
from stresslab.params import Params, setting
from stresslab.result import Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

VARIANTS = {
    "variant_id": "str", "item_id": "str", "domain": "str", "perturbation": "str", "tier": "int64",
    "input": "str", "reference": "str",
}  # fmt: skip
ANSWERS = {
    "variant_id": "str", "model": "str", "trial": "int64", "status": "str", "score": "float64",
    "correct": "float64", "confidence": "float64", "answer": "str",
}  # fmt: skip
EXCERPT = 200
"""Characters of an output that stands in for an answer nobody extracted."""


@dataclass(frozen=True, kw_only=True)
class ItemsParams(Params):
    """Settings of the grid of inputs."""

    sort: str = setting(
        "variant",
        "Order: variant, mean, spread (between models), confidence, or a column such as tier.",
    )
    descending: bool = setting(False, "Largest first.")
    limit: int = setting(50, "Rows of one page.", low=1, high=1000)
    offset: int = setting(0, "Rows to skip.", low=0, high=10**9)


def run(workspace: "Workspace", params: ItemsParams) -> Result:
    """Return one page of the variants of a slice, and every model's answers to them."""
    from stresslab.store import rows

    asked = ask(workspace, params)
    variants, answers, n_total = frame(VARIANTS), frame(ANSWERS), 0
    if not asked.empty:
        page = rows.grid(
            workspace, asked.question, sort=params.sort, descending=params.descending,
            limit=params.limit, offset=params.offset,
        )  # fmt: skip
        variants, answers = page.variants[list(VARIANTS)], _said(page.answers)[list(ANSWERS)]
        n_total = int(page.variants.attrs["n_total"])
    return Result(
        analysis="items",
        params=asked.settings | {"n_total": n_total},
        tables={"items": _plain(variants, VARIANTS), "answers": _plain(answers, ANSWERS)},
        warnings=together(asked.question.warnings, _cautions(asked, params, n_total)),
        data_version=workspace.data_version,
    )


def _said(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Return answers in which the start of the output stands where no answer was extracted."""
    if "output" not in answers:
        return answers
    return answers.assign(answer=answers["answer"].fillna(answers["output"].str.slice(0, EXCERPT)))


def _plain(table: "pd.DataFrame", kinds: dict[str, str]) -> "pd.DataFrame":
    plain = table.reset_index(drop=True).astype(kinds)
    plain.attrs = {}
    return plain


def _cautions(asked: Asked, params: ItemsParams, n_total: int) -> list[Warn]:
    if not n_total:
        return [no_rows(asked)]
    first = params.offset + 1
    last = min(params.offset + params.limit, n_total)
    if first > n_total:
        text = f"The page starts at row {first:,}; the slice has {n_total:,}. Lower the offset."
        return [Warn("past-the-end", text, n_total)]
    if first == 1 and last == n_total:
        return []
    return [Warn("page", f"Rows {first:,} to {last:,} of {n_total:,}.", n_total)]


PIECE = Analysis(
    title="Items",
    question="Which inputs are behind a number?",
    params=ItemsParams,
    run=run,
    source="The rows themselves.",
)
