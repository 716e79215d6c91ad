"""Look at what an import would add: read the first rows of every source, add nothing."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import bring, mapping, show, target
from pages.ui.bring import Chosen, Mark
from pages.ui.compute import Open
from pages.ui.words import plain
from stresslab.errors import StresslabError
from stresslab.jobs._walk import Found
from stresslab.jobs.plan_import import plan_import
from stresslab.nouns import STATUSES
from stresslab.readers._mapping import Mapping

FIRST = 2_000
"""Rows of a source that are read for a preview that follows every change."""
MOST_SOURCES = 20
"""Sources that are looked into; the others are listed and imported too."""
ALL = "_all_rows"

Plan = dict[str, Any]


def look(chosen: Chosen) -> list[Plan]:
    """Return, for each of the first sources, what it would add as it is mapped now."""
    mapping.over_a_reload()
    limit = None if st.session_state.get(ALL) else FIRST
    plans = []
    for found in chosen.walked.sources[:MOST_SOURCES]:
        marks = bring.marks_of(found.parts)
        proposed = _plan(found, marks, None, limit)
        if proposed["mapping"]:
            said = mapping.said(str(found.path), proposed["mapping"])
            plan = proposed if said.text is None else _plan(found, marks, said.text, limit)
            plan = plan | {"proposal": proposed["mapping"], "is_valid": said.is_valid}
        else:
            plan = proposed | {"proposal": "", "is_valid": True}
        plans.append(plan | {"name": chosen.name_of(found.path), "unseen": _unseen(chosen, found)})
    return plans


def _unseen(chosen: Chosen, found: Found) -> list[str]:
    """Return the sources of the same kind that are imported without being looked into."""
    rest = chosen.walked.sources[MOST_SOURCES:]
    return [str(one.path) for one in rest if one.reader == found.reader]


def header(chosen: Chosen, plans: list[Plan], opened: Open, head: show.Head) -> None:
    """Say in one sentence what would come in."""
    runs = [run for plan in plans for run in plan["runs"]]
    outcomes = sum(run["outcomes"] for run in runs)
    whole = all(plan["is_whole"] for plan in plans)
    more = len(chosen.walked.sources) - len(plans)
    place = "" if target.why_not(opened) else f" to **{plain(opened.workspace.name)}**"
    least = "" if whole else "at least "
    models = _n(len({run["model"] for run in runs}), "model")
    words = f"**{plain(chosen.label)}** would add {_n(len(runs), 'run')} with {least}"
    if outcomes:
        words += f"{_n(outcomes, 'outcome')} of {models}{place}; {_tiers_in_words(plans)}."
    else:
        printed = _n(sum(plan["published"] for plan in plans), "published number")
        words += f"{printed} of {models}{place}, and no outcomes: they are kept to compare with."
    if not runs:
        words = f"Nothing in **{plain(chosen.label)}** can be imported as it is mapped now."
    notes = []
    if not whole:
        notes.append(f"This is what the first {FIRST:,} rows of a source say; an import reads all.")
    if more > 0:
        notes.append(f"{more:,} more sources of the same folder were not looked into; they come "
                     "in as proposed, or with a mapping used for all of their kind.")  # fmt: skip
    with head.answer:
        st.markdown(words)
        if notes:
            st.caption(" ".join(notes))


def choose(plans: list[Plan]) -> Plan:
    """Draw the list of sources, if there are several; return the one to look at."""
    if len(plans) == 1:
        return plans[0]
    st.subheader("Sources", anchor=False)
    st.dataframe(
        pd.DataFrame([_source_row(plan) for plan in plans]), hide_index=True, key="sources",
        height=bring.height(len(plans)), placeholder="–",
        column_config={"source": st.column_config.TextColumn("source", width=260)},
    )  # fmt: skip
    names = {plan["path"]: plan["name"] for plan in plans}
    path = st.selectbox("Look into", list(names), format_func=names.get, key="source")
    return next(plan for plan in plans if plan["path"] == path)


def draw(plan: Plan, plans: list[Plan]) -> None:
    """Draw what one source becomes, with its mapping."""
    if not plan["error"]:
        left, right = show.side_by_side(3, 2)
        with left:
            _tiers(plan)
        with right:
            _domains(plan)
    if plan["proposal"]:
        alike = [one["path"] for one in plans
                 if one["reader"] == plan["reader"] and one["path"] != plan["path"]]  # fmt: skip
        mapping.draw(plan["path"], plan["proposal"], [*alike, *plan["unseen"]])
    if plan["error"]:
        st.error(plain(_short(plan)))
        st.caption("Nothing was added. Change the mapping above, or repair the file.")
        return
    st.subheader("Runs", anchor=False)
    st.dataframe(_runs(plan), hide_index=True, key="runs", placeholder="–")
    st.subheader("The first rows, as they will be", anchor=False)
    first = pd.DataFrame(plan["first_rows"])
    st.dataframe(first, hide_index=True, key="first", placeholder="–")
    _rejects(plan)


def left_out(chosen: Chosen) -> None:
    """List the files that are no source, and why."""
    walked = chosen.walked
    rows = [{"file": chosen.name_of(path), "why": why} for path, why in walked.refused.items()]
    rows += [{"file": chosen.name_of(path), "why": "known to no reader"}
             for path in walked.unclaimed]  # fmt: skip
    if rows:
        st.subheader(f"Left out: {_n(len(rows), 'file')}", anchor=False)
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="left_out")


def mappings(plans: list[Plan]) -> dict[Path, Mapping]:
    """Return the mapping of every source that was looked into or spoken of, by its path."""
    fits = [plan for plan in plans if plan["mapping"] and not plan["error"]]
    seen = {Path(plan["path"]): Mapping.parse(plan["mapping"]) for plan in fits}
    # A source that fails with the user's words must fail on import, not be read with a guess.
    others = [plan["path"] for plan in plans if plan["error"]]
    others += dict.fromkeys(path for plan in plans for path in plan["unseen"])
    told = {Path(path): mapping.spoken(path) for path in others}
    return {path: found for path, found in told.items() if found is not None} | seen


def texts(plans: list[Plan]) -> list[str]:
    """Return the different mappings, as TOML."""
    return list(dict.fromkeys(plan["mapping"] for plan in plans if not plan["error"]))


def button(plans: list[Plan], opened: Open) -> bool:
    """Draw the button that imports; return whether it was pressed."""
    unseen = [path for plan in plans for path in plan["unseen"] if not mapping.can_be_read(path)]
    if unseen:
        st.error(
            f"The mapping spread to {len(unseen)} more sources cannot be read. Mend it where it "
            "is shown and use it for the others again."
        )
    fits = all(plan["is_valid"] for plan in plans) and any(plan["runs"] for plan in plans)
    fits = fits and not unseen
    return st.button(f"Import into {plain(opened.workspace.name)}", type="primary", key="import",
                     icon=":material/download:", disabled=not fits)  # fmt: skip


def all_rows(plans: list[Plan]) -> None:
    """Draw the switch that reads every row for the preview, if not all were read."""
    if st.session_state.get(ALL) or not all(plan["is_whole"] for plan in plans):
        st.toggle("Look at all rows", key=ALL, help="Takes as long as an import.")


@st.cache_data(show_spinner="Reading the first rows …", max_entries=300)
def _plan(found: Found, marks: tuple[Mark, ...], text: str | None, limit: int | None) -> Plan:
    """Return what a source would add; `marks` tell the same files at another time apart."""
    empty = {"path": str(found.path), "reader": found.reader, "parts": list(map(str, found.parts)),
             "bytes": found.bytes, "mapping": "", "runs": [], "domains": {}, "tiers": [],
             "rejects": 0, "rejects_by_reason": {}, "first_rejects": [], "published": 0,
             "first_rows": [], "is_whole": True}  # fmt: skip
    try:
        given = None if text is None else Mapping.parse(text)
        *_, done = plan_import([found.path], mapping=given, limit=limit)
        sources = done.report["sources"]  # type: ignore[union-attr]  # the last event is Done
        return sources[0] if sources else empty | {"error": "No reader knows it with this mapping."}
    except (StresslabError, OSError) as error:
        guess = text or getattr(error, "proposal", "")
        return empty | {"mapping": guess, "error": str(error)}


def _source_row(plan: Plan) -> dict[str, Any]:
    return {
        "source": plan["name"],
        "models": ", ".join(sorted({run["model"] for run in plan["runs"]})),
        "outcomes": sum(run["outcomes"] for run in plan["runs"]), "rejected": plan["rejects"],
        "trouble": _short(plan) or None, "kind": plan["reader"], "files": len(plan["parts"]),
        "size": bring.size(plan["bytes"]),
    }  # fmt: skip


def _tiers(plan: Plan) -> None:
    st.subheader("What is made harder, and by how much", anchor=False)
    rows = pd.DataFrame(plan["tiers"], columns=["perturbation", "tier", "variants"])
    if rows.empty:
        st.caption("No inputs come in.")
        return
    rows["perturbation"] = rows["perturbation"].fillna("untouched")
    table = rows.pivot_table(index="perturbation", columns="tier", values="variants",
                             aggfunc="sum", sort=False)  # fmt: skip
    table = table.reindex(sorted(table.columns), axis=1)
    table.columns = [f"tier {tier}" for tier in table.columns]
    st.dataframe(table.reset_index(), hide_index=True, key="tiers", placeholder="–")
    if list(rows["tier"].unique()) == [0]:
        st.caption("Every input counts as untouched. Say below which field holds the perturbation "
                   "or the tier, if some are made harder.")  # fmt: skip
    else:
        st.caption("Number of inputs at each tier; tier 0 is the untouched input.")


def _domains(plan: Plan) -> None:
    st.subheader("Where inputs come from", anchor=False)
    rows = pd.DataFrame(list(plan["domains"].items()), columns=["domain", "items"])
    if rows.empty and not plan["tiers"]:
        st.caption("No inputs come in.")
        return
    if rows.empty:
        st.caption("No field says where an input comes from. Choose one as Domain below, if there "
                   "is one.")  # fmt: skip
        return
    most = int(rows["items"].max())
    bar = st.column_config.ProgressColumn("items", format="localized", min_value=0, max_value=most,
                                          color="primary")  # fmt: skip
    st.dataframe(rows, hide_index=True, key="domains", column_config={"items": bar},
                 height=bring.height(len(rows), 6))  # fmt: skip


def _runs(plan: Plan) -> pd.DataFrame:
    rows = [
        {name: run[name] for name in ("model", "task", "items", "variants", "outcomes")}
        | run["by_status"]
        for run in plan["runs"]
    ]
    table = pd.DataFrame(rows)
    counts = [name for name in STATUSES if name in table]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _rejects(plan: Plan) -> None:
    if not plan["rejects"]:
        return
    some = "" if plan["is_whole"] else " so far"
    st.subheader(f"Not readable{some}: {plan['rejects']:,}", anchor=False)
    reasons = [f"{n:,} × {plain(why)}" for why, n in list(plan["rejects_by_reason"].items())[:5]]
    st.caption("What is listed here is left out and kept as rejected entries; all else comes in. "
               + "; ".join(reasons))  # fmt: skip
    rows = pd.DataFrame(plan["first_rejects"])
    if len(rows):
        shown = rows[["file", "line", "field", "reason", "excerpt"]]
        shown = shown.rename(columns={"excerpt": "it begins with"})
        st.dataframe(shown, hide_index=True, key="rejects", placeholder="–",
                     height=bring.height(len(shown)))  # fmt: skip


def _tiers_in_words(plans: list[Plan]) -> str:
    tiers = [row for plan in plans for row in plan["tiers"]]
    kinds = {row["perturbation"] for row in tiers} - {None}
    if not kinds:
        return "all inputs count as untouched"
    highest = max(row["tier"] for row in tiers)
    named = ", ".join(plain(one) for one in sorted(kinds)[:3])
    more = f" and {len(kinds) - 3} more" if len(kinds) > 3 else ""
    rejected = sum(plan["rejects"] for plan in plans)
    said = f"inputs are made harder by {named}{more}, up to tier {highest}"
    cannot = "1 entry" if rejected == 1 else f"{rejected:,} entries"
    return said + (f"; {cannot} cannot be read" if rejected else "")


def _short(plan: Plan) -> str:
    """Return what is wrong with a source, which is called as the user calls it."""
    text: str = plan["error"]
    return text.replace(plan["path"], plan["name"])


def _n(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
