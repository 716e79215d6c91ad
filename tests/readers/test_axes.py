"""Tiers, kinds, domains and base items are found among the fields of a log."""

import json
from pathlib import Path

import pytest

from stresslab.readers._axes import propose_axes
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete, propose

LOGS = Path(__file__).parents[2].parent / "shared" / "logs"


def field(name):
    return Source(fields=(name,))


KNOWN = {"model": field("model"), "task": field("task"), "item": field("id")}


def log(**levels):
    """Return record rows of two items in two domains, one per kind."""
    return [
        {
            "model": "m", "task": "t", "id": f"{base}-{kind}",
            "metadata": {"base_id": base, "tier": kind, "tier_level": level, "domain": base[0]},
        }
        for base in ("a1", "b1")
        for kind, level in levels.items()
    ]  # fmt: skip


def test_kinds_and_levels_that_stand_side_by_side():
    rows = log(clean=0, typo=1, paraphrase=2)
    assert propose_axes(rows, KNOWN, ("metadata",)) == {
        "item": field("metadata.base_id"),
        "tier": field("metadata.tier_level"),
        "perturbation": field("metadata.tier"),
        "domain": field("metadata.domain"),
    }


def test_kinds_without_levels_need_no_tier():
    rows = [
        row | {"metadata": {"tier": row["metadata"]["tier"]}} for row in log(clean=0, distractor=1)
    ]
    found = propose_axes(rows, KNOWN, ("metadata",))
    assert found["perturbation"] == field("metadata.tier")
    assert "tier" not in found
    assert [found["item"].getter()(row) for row in rows] == ["a1", "a1", "b1", "b1"]


def test_levels_at_the_end_of_an_id_are_cut_off():
    rows = [
        {"model": "m", "task": "t", "id": f"q{n}_t{tier}", "tier": tier}
        for n in range(2)
        for tier in range(3)
    ]
    found = propose_axes(rows, KNOWN)
    assert {found["item"].getter()(row) for row in rows} == {"q0", "q1"}


def test_a_base_that_would_make_rows_collide_is_not_taken():
    rows = log(clean=0, typo=1)
    twice = rows + [row | {"id": row["id"] + "-again"} for row in rows]
    assert "item" not in propose_axes(twice, KNOWN, ("metadata",))


def test_what_is_known_is_kept():
    known = KNOWN | {"tier": Source(const=2), "domain": field("x")}
    found = propose_axes(log(clean=0, typo=1), known, ("metadata",))
    assert not {"tier", "domain"} & found.keys()


def test_arguments_of_the_task_hold_for_all_rows():
    rows = [{"id": str(n), "task": "t", "task_args": {"tier": 2, "seed": 7}} for n in range(3)]
    found = propose_axes(rows, {"task": field("task"), "item": field("id")}, ("task_args",))
    assert (found["tier"], found["seed"]) == (field("task_args.tier"), field("task_args.seed"))


@pytest.mark.parametrize(
    ("task", "base", "kind", "tier"),
    [
        ("math_perturbed", "math", "perturbed", None),
        ("gsm8k_typo_3", "gsm8k", "typo", "3"),
        ("math_rephrased_full", "math_full", "rephrased", None),
        ("gsm8k", "gsm8k", None, None),
        ("typo", "typo", None, None),
    ],
)
def test_the_name_of_a_task_ends_with_the_kind(task, base, kind, tier):
    rows = [{"id": "1", "task": name} for name in ("x_perturbed", "x_rephrased", "x_typo_1", task)]
    known = {"task": field("task"), "item": field("id")}
    found = known | propose_axes(rows, known)
    got = [found[role].getter()(rows[-1]) for role in ("task", "perturbation", "tier")]
    assert got == [base, kind, tier]


def test_a_hard_task_is_not_a_harder_copy():
    known = {"task": field("task"), "item": field("id")}
    assert propose_axes([{"id": "1", "task": "leaderboard_math_hard"}], known) == {}


def test_a_style_is_a_kind_only_where_it_says_so():
    rows = [{"id": str(n), "meta": {"style": one}} for n, one in enumerate(("formal", "casual"))]
    assert "perturbation" not in propose_axes(rows, {"item": field("id")}, ("meta",))
    rows = [{"id": str(n), "meta": {"style": one}} for n, one in enumerate(("original", "casual"))]
    assert propose_axes(rows, {"item": field("id")}, ("meta",))["perturbation"]


def test_the_rest_of_the_metadata_become_attributes():
    rows = log(clean=0, typo=1)
    for n, row in enumerate(rows):
        row["metadata"] |= {"length": row["metadata"]["base_id"], "edit": row["id"], "note": [n]}
    found = complete(Mapping(sources=KNOWN, reader="x"), rows, ("metadata",))
    assert list(found.attributes) == ["length"]
    assert list(found.variant_attributes) == ["edit"]
    assert found.ignored == ("metadata.note",)
    assert Mapping.parse(found.to_toml()) == found


def test_a_table_with_words_for_kinds_in_its_tier_column_reads():
    rows = [{"id": f"q-{kind}", "model": "m", "tier": kind} for kind in ("clean", "typo")]
    found = propose(rows, stem="x").sources
    assert found["perturbation"] == field("tier")
    assert "tier" not in found
    assert {found["item"].getter()(row) for row in rows} == {"q"}


@pytest.mark.skipif(not LOGS.is_dir(), reason="the genuine logs are not here")
def test_axes_of_genuine_logs():
    (path,) = (LOGS / "inspect").glob("*.json")
    log = json.loads(path.read_text())
    rows = [{**one, "model": "m", "task": "t", "trial": one["epoch"]} for one in log["samples"]]
    known = KNOWN | {"trial": field("trial")}
    found = propose_axes(rows, known, ("metadata",))
    assert found["item"] == field("metadata.base_id")
    assert found["perturbation"] == field("metadata.tier")
    (path,) = (LOGS / "lm_eval" / "tiny-a").glob("samples_arith_tiers_mc_*")
    rows = [{**json.loads(one), "model": "m", "task": "t"} for one in path.read_text().splitlines()]
    found = propose_axes(rows, KNOWN | {"item": field("doc_id")}, ("doc",))
    assert (found["item"], found["domain"]) == (field("doc.base_id"), field("doc.domain"))
    assert (found["perturbation"], found.get("tier")) == (field("doc.tier"), None)
