"""Controls made from the Params of an analysis and from what the workspace holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.ui import slices, state
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab import analyses, metrics
from stresslab.analyses._found_columns import PLAIN
from stresslab.errors import StresslabError
from stresslab.params import Params, describe
from stresslab.store.text_features import FEATURES

RARE = ("baseline", "population", "level", "margin", "power", "correction", "seed")
"""Settings behind one button; the others stand in the row."""

FITTING = ("share", "dropped", "detectors")
"""Settings of detectors that go behind the button."""

SIDES = ("inputs", "in_domains", "out_domains", "in_where", "out_where", "complexity")
"""Settings that say what is in and what is out of distribution."""

WIDTHS = {"task": 185, "models": 205, "metric": 125, "by": 185, "sort": 190, "target": 185}

ORDERS = {
    "spread": "models differ most", "mean": "hardest first", "confidence": "surest first",
    "tier": "by tier", "domain": "by domain", "variant": "as stored",
}  # fmt: skip
TARGETS = {
    "score": "the score is low", "sure_and_wrong": "sure and wrong",
    "difference": "two models differ", "tier_drop": "tiers cost most",
}  # fmt: skip
FALLING = ("spread", "confidence")
"""Orders of the grid that put the largest value first."""


def params(
    analysis: str,
    opened: Open,
    *,
    hide: Sequence[str] = (),
    flags: Mapping[str, str] | None = None,
    **fixed: Any,
) -> Params:
    """Draw one row of controls and return the settings of the analysis.

    Parameters
    ----------
    analysis : str
        Name of the piece.
    opened : Open
        The workspace.
    hide : sequence of str
        Settings that go behind the button on this page.
    flags : mapping, optional
        Switches of the page itself, with their labels; `state.is_on` tells how they stand.
    **fixed
        Settings the page decides, which have no control.
    """
    piece = analyses.get(analysis)
    declared = {
        one["name"]: one | {"analysis": analysis}
        for one in describe(piece.params)
        if one["name"] not in fixed
    }
    values: dict[str, Any] = dict(fixed)
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        task = values["task"] = _task(opened)
        hidden = [name for name in declared if name in (*RARE, *hide)]
        for name, make in _MAKE.items():
            if name in declared and name not in hidden:
                values[name] = make(opened, task, declared[name])
        values["where"] = slices.control(opened.contents, task, slices.saved(opened.workspace))
        if hidden or flags:
            with st.popover("Settings", icon=":material/tune:"):
                for name, label in (flags or {}).items():
                    flag(name, label)
                for name in hidden:
                    make = _MAKE.get(name, _generic)
                    values[name] = make(opened, task, declared[name])
    try:
        return piece.params(**values)
    except StresslabError as error:
        st.error(plain(error))
        st.stop()


def _task(opened: Open) -> str:
    table = opened.contents.tasks
    tasks = list(table["task"])
    default = opened.contents.default_task
    if len(tasks) == 1:
        return str(default)
    said = state.told("task") or default
    about = table.loc[table["task"] == said, "description"].dropna()
    return str(
        state.bound(
            "task",
            lambda key: st.selectbox(
                "Task", tasks, key=key, format_func=opened.title, width=WIDTHS["task"],
                help=plain(next(iter(about), "")) or None,
            ),
            default=default,
            read=_one_of(tasks),
        )
    )  # fmt: skip


def _models(opened: Open, task: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    models = opened.models(task)
    names = {model: opened.styles[model].name for model in models}
    default = models[:2] if about["analysis"] == "compare" else []
    chosen = state.bound(
        "models",
        lambda key: st.multiselect(
            "Models", models, key=key, format_func=lambda one: names.get(one, one),
            placeholder=f"all {len(models)}", width=WIDTHS["models"], help=about["help"],
        ),
        default=default, read=_some_of(models),
    )  # fmt: skip
    return tuple(chosen)


def _metric(opened: Open, task: str, about: Mapping[str, Any]) -> str:
    titles = metric_titles(opened, task)
    return str(
        state.bound(
            "metric",
            lambda key: st.selectbox(
                "Metric", list(titles), key=key, width=WIDTHS["metric"],
                format_func=lambda one: titles.get(one, one),
            ),
            default="score", read=_one_of(list(titles)),
        )
    )  # fmt: skip


def metric_titles(opened: Open, task: str) -> dict[str, str]:
    """Return the metrics that can be asked of a task, with the names people read."""
    table = opened.contents.measures
    measures = list(table.loc[table["task"] == task, "measure"])
    pieces = {name: metrics.get(name) for name in metrics.names()}
    found = {
        name: piece.title
        for name, piece in pieces.items()
        if piece.ratio is not None and (piece.measure or "score") in measures
    }
    others = {one: f"mean {one}" for one in measures if one not in (*found, "correct")}
    order = ["score", *(name for name in found if name != "score")]
    return {name: found[name] for name in order if name in found} | others


def _by(opened: Open, task: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    table = opened.contents.attributes
    attributes = table[(table["task"] == task) & (table["n_values"] <= 12)]["name"].tolist()
    options = ["domain", "perturbation", "tier", *attributes]
    options = [one for one in options if one != "tier" or "tier is always" not in about["help"]]
    default = _there(opened, task, about["default"])
    chosen = state.bound(
        "by",
        lambda key: st.multiselect(
            "By", options, key=key, width=WIDTHS["by"], help=about["help"], max_selections=2
        ),
        default=default,
        read=_some_of(options),
    )
    return tuple(chosen)


def _there(opened: Open, task: str, default: Sequence[str]) -> list[str]:
    """Return what to group by at first: harder inputs where items have no domains."""
    domains, harder = (
        table[table["task"] == task] for table in (opened.contents.domains,
                                                   opened.contents.perturbations)
    )  # fmt: skip
    if "domain" not in default or domains["domain"].notna().any():
        return list(default)
    rest = [one for one in default if one != "domain"]
    return rest or ([] if harder.empty else ["perturbation"])


def _baseline(opened: Open, task: str, about: Mapping[str, Any]) -> str | None:
    models = opened.models(task)
    names = {model: opened.styles[model].name for model in models}
    chosen: str = state.bound(
        "baseline",
        lambda key: st.selectbox(
            "Baseline", ["", *models], key=key, help=about["help"],
            format_func=lambda one: names.get(one, "none: all pairs"),
        ),
        default="", read=_one_of(models),
    )  # fmt: skip
    return chosen or None


def _domains(opened: Open, task: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    table = opened.contents.domains
    options = [str(one) for one in table.loc[table["task"] == task, "domain"]]
    side = "In" if about["name"] == "in_domains" else "Out of"
    chosen = state.bound(
        about["name"],
        lambda key: st.multiselect(
            f"{side} distribution", options, key=key, help=about["help"],
            placeholder="as the workspace says",
        ),
        default=[], read=_some_of(options),
    )  # fmt: skip
    return tuple(chosen)


def _text(opened: Open, task: str, about: Mapping[str, Any]) -> str:
    name, default = about["name"], str(about["default"])
    label = name.replace("_", " ").capitalize()
    said = state.bound(
        name, lambda key: st.text_input(label, key=key, help=about["help"]), default=default,
        read=lambda texts: texts[0],
    )  # fmt: skip
    return str(said).strip() or default


def _sort(opened: Open, task: str, about: Mapping[str, Any]) -> str:
    names = ORDERS
    return str(
        state.bound(
            "sort",
            lambda key: st.selectbox(
                "Order", list(names), key=key, width=WIDTHS["sort"], format_func=names.get
            ),
            default=next(iter(names)), read=_one_of(list(names)),
        )
    )  # fmt: skip


def _target(opened: Open, task: str, about: Mapping[str, Any]) -> str:
    return str(
        state.bound(
            "target",
            lambda key: st.selectbox(
                "Where", list(TARGETS), key=key, width=WIDTHS["target"], help=about["help"],
                format_func=lambda one: TARGETS.get(one, one),
            ),
            default=about["default"], read=_one_of(list(TARGETS)),
        )
    )  # fmt: skip


def _space(opened: Open, task: str, about: Mapping[str, Any]) -> str | None:
    """Choose among the spaces that hold vectors of the task, or do not say of which."""
    spaces = [
        one.space_id
        for one in opened.workspace.spaces()
        if (one.manifest.get("settings") or {}).get("task") in (None, task)
    ]
    if not spaces:
        return None
    return str(
        state.bound(
            "space",
            lambda key: st.selectbox("Space", spaces, key=key, help=about["help"], width=160),
            default=spaces[0], read=_one_of(spaces),
        )
    )  # fmt: skip


def _model(opened: Open, task: str, about: Mapping[str, Any]) -> str | None:
    models = opened.models(task)
    names = {model: opened.styles[model].name for model in models}
    chosen = state.bound(
        "model",
        lambda key: st.selectbox(
            "Model", ["", *models], key=key, help=about["help"], width=180,
            format_func=lambda one: names.get(one, "the one of the space"),
        ),
        default="", read=_one_of(models),
    )  # fmt: skip
    return str(chosen) or None


def _detectors(opened: Open, task: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    from stresslab.detectors import detectors

    titles = {name: piece.title for name, piece in detectors}
    chosen = state.bound(
        "detectors",
        lambda key: st.multiselect(
            "Detectors", list(titles), key=key, help=about["help"], placeholder="all that are kept",
            format_func=titles.get,
        ),
        default=[], read=_some_of(list(titles)),
    )  # fmt: skip
    return tuple(chosen)


def _columns(opened: Open, task: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    table = opened.contents.attributes
    attributes = table.loc[(table["task"] == task) & (table["n_values"] >= 2), "name"].tolist()
    options = [*PLAIN, *attributes, *(f"input.{name}" for name in FEATURES)]
    chosen = state.bound(
        "columns",
        lambda key: st.multiselect(
            "Columns", options, key=key, help=about["help"], placeholder="all of them"
        ),
        default=[], read=_some_of(options),
    )  # fmt: skip
    return tuple(chosen)


def _estimators(opened: Open, task: str, about: Mapping[str, Any]) -> tuple[str, ...]:
    from stresslab import estimators

    titles = {name: estimators.get(name).title for name in estimators.names()}
    chosen = state.bound(
        "estimators",
        lambda key: st.multiselect(
            "Estimators", list(titles), key=key, help=about["help"], format_func=titles.get,
            placeholder="all quick ones",
        ),
        default=[], read=_some_of(list(titles)),
    )  # fmt: skip
    return tuple(chosen)


def _descending(opened: Open, task: str, about: Mapping[str, Any]) -> bool:
    return (state.told("sort") or next(iter(ORDERS))) in FALLING


_MAKE: dict[str, Callable[[Open, str, Mapping[str, Any]], Any]] = {
    "models": _models, "metric": _metric, "by": _by, "baseline": _baseline, "sort": _sort,
    "descending": _descending, "in_domains": _domains, "out_domains": _domains,
    "in_where": _text, "out_where": _text, "complexity": _text, "target": _target,
    "columns": _columns, "space": _space, "model": _model, "detectors": _detectors,
    "estimators": _estimators,
}  # fmt: skip


def flag(name: str, label: str, *, default: bool = False, help: str | None = None) -> bool:
    """Draw a switch that stands in the address."""
    return bool(
        state.bound(
            name, lambda key: st.toggle(label, key=key, help=help), default=default,
            read=lambda texts: texts[0] == "true",
        )
    )  # fmt: skip


def page_number(n_total: int, per_page: int) -> int:
    """Draw page buttons and return the number of rows to skip."""
    pages = max(-(-n_total // per_page), 1)
    chosen = state.bound(
        "page", lambda key: st.pagination(pages, key=key), default=1,
        read=lambda texts: min(max(int(texts[0]), 1), pages),
    )  # fmt: skip
    return (int(chosen) - 1) * per_page


def offset(per_page: int) -> int:
    """Return the rows to skip of the page the address names."""
    text = state.told("page") or "1"
    return (max(int(text), 1) - 1) * per_page if text.isdecimal() else 0


def _generic(opened: Open, task: str, about: Mapping[str, Any]) -> Any:
    name, default = about["name"], about["default"]
    label = name.replace("_", " ").capitalize()
    if about["choices"]:
        return state.bound(
            name,
            lambda key: st.selectbox(label, about["choices"], key=key, help=about["help"]),
            default=default, read=_one_of(list(about["choices"])),
        )  # fmt: skip
    whole = isinstance(default, int) and not isinstance(default, bool)
    chosen = state.bound(
        name,
        lambda key: st.number_input(
            label, value=None, key=key, help=about["help"], placeholder="automatic",
            step=1 if whole else 0.01, format=None if whole else "%.3f",
        ),
        default=default, read=lambda texts: int(texts[0]) if whole else float(texts[0]),
    )  # fmt: skip
    return default if chosen is None else chosen


def _one_of(options: list[str]) -> Callable[[list[str]], str]:
    return lambda texts: options[options.index(texts[0])]


def _some_of(options: list[str]) -> Callable[[list[str]], list[str]]:
    return lambda texts: [options[options.index(one)] for one in texts if one]
