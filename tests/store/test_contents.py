"""Contents list what there is; a resolved question leaves nothing at its default."""

import pytest

from stresslab import Workspace
from stresslab.errors import ParamError
from stresslab.store.contents import contents, resolve
from tests.factory import steady, toy_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    path = tmp_path_factory.mktemp("contents") / "w"
    return toy_workspace(path, n_items=10, part_of={"gamma": 0.3})


def test_models_carry_their_coverage_and_the_names_people_gave(workspace):
    workspace.set_config("models", "alpha", {"alias": "Alpha!", "family": "greek"})
    models = contents(workspace).models.set_index("model")
    assert models.loc["gamma", "coverage"] == pytest.approx(0.3)
    assert models.loc["alpha", ["alias", "family"]].tolist() == ["Alpha!", "greek"]
    assert models.loc["alpha", "n_variants_total"] == 70


def test_a_paired_perturbation_has_tier_zero(workspace):
    rows = contents(workspace).perturbations.set_index("perturbation")
    assert rows.loc["noise", "tiers"] == [0, 1, 2, 3]
    assert rows.loc["noise", "strengths"] == [None, 0.1, 0.2, 0.3]


def test_attributes_have_types_and_values(workspace):
    rows = contents(workspace).attributes.set_index("name")
    assert rows.loc["item.even", "values"] == [False, True]
    assert rows.loc["item.length", "type"] == "integer"


def test_a_model_of_low_coverage_stands_below_the_line(workspace):
    question = resolve(workspace)
    assert question.models == ("alpha", "beta")
    assert question.below == ("gamma",)
    assert [warning.code for warning in question.warnings] == ["low-coverage"]


def test_a_named_model_is_never_below_the_line(workspace):
    assert resolve(workspace, models=("gamma",)).models == ("gamma",)


def test_the_task_of_the_workspace_comes_first(tmp_path):
    workspace = toy_workspace(tmp_path / "w", n_items=4, models={"a": steady(0.5)})
    toy = {"n_items": 9, "task": "bigger", "models": {"a": steady(0.5)}}
    from tests.factory import fill

    fill(workspace, **toy)
    assert resolve(workspace).task == "bigger"
    workspace.set_config("", "default_task", "toy")
    assert resolve(workspace).task == "toy"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "tox"}, "No task is called 'tox'. Did you mean: toy"),
        ({"models": ("alpa",)}, "No model is called 'alpa'. Did you mean: alpha"),
        ({"measure": "scroe"}, "No measure is called 'scroe'. Did you mean: score"),
        ({"ratio": ("total", "rows")}, "A ratio is two of"),
        ({"population": "all"}, "common or each; got 'all'"),
    ],
)
def test_unknown_names_are_refused_with_near_ones(workspace, settings, message):
    with pytest.raises(ParamError, match=message):
        resolve(workspace, **settings)


def test_rows_a_condition_cannot_judge_are_counted(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    with workspace.add_run(model="m", task="t") as run:
        run.write("items", [{"item_id": f"t/{n}", "domain": ["x", None][n % 2]} for n in range(4)])
        run.write(
            "outcomes",
            [{"variant_id": f"t/{n}", "score": 1.0, "confidence": [0.5, None][n // 3]}
             for n in range(4)],
        )  # fmt: skip
    for where, n in (
        ("confidence > 0.1", 1),
        ('confidence > 0.1 and domain = "x"', 2),
        ("confidence is null", 0),
        ("score = 1", 0),
    ):
        found = [one.n for one in resolve(workspace, where=where).warnings]
        assert found == ([n] if n else [])


def test_a_damaged_run_is_named_beside_every_answer(tmp_path):
    workspace = toy_workspace(tmp_path / "w")
    file = workspace.runs()[0].path / "outcomes.parquet"
    file.write_bytes(file.read_bytes()[:-10])
    workspace.verify()
    [warning] = [one for one in resolve(workspace).warnings if one.code == "damaged"]
    assert warning.n == 1
    assert file.parent.name in warning.message


def test_a_task_of_published_numbers_only_is_no_default_and_says_so(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    source = {"format": "published", "path": "t.csv", "sha256": "0" * 64, "version": "1"}
    with workspace.add_run(model="m", task="leaderboard", source=source) as run:
        rows = [{"measure": "accuracy", "slice": "", "value": 0.5, "stderr": None, "n": 10}]
        run.write("published", rows)
    assert contents(workspace).default_task is None
    assert resolve(workspace).task == ""
    with pytest.raises(ParamError, match=r"leaderboard.*parity"):
        resolve(workspace, task="leaderboard")
