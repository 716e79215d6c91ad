"""What can be told from a text at sight is the same as a field, as a column and in Python."""

import re

import pytest

from stresslab import Workspace
from stresslab.errors import ParamError, UnknownColumnError
from stresslab.jobs.import_logs import import_logs
from stresslab.store import query
from stresslab.store.columns import columns
from stresslab.store.contents import resolve
from stresslab.store.text_features import FEATURES

TEXTS = {
    "en": "This is the best of all that you are",
    "no": "I don't like it at all, and it isn't for the cat",
    "de": "Der Hund und die Katze sind nicht da, mit dem Kind",
    "fr": "Le chat est dans la maison et les enfants aussi pour la nuit",
    "ru": "Это не так просто",
    "zh": "猫喜欢鱼",
    "ja": "猫が好きです",
    "q": "What is 3 + 4?",
    "web": "SEE https://example.org NOW",
    "one": "word",
    "image": "data:image/png;base64,iVBORw0KGgo",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    lines = [f'{name},m,"{text}",1' for name, text in TEXTS.items()]
    (folder / "t.csv").write_text("\n".join(["item_id,model,input,score", *lines]))
    list(import_logs(folder / "w", [folder / "t.csv"]))
    return Workspace.open(folder / "w")


@pytest.fixture(scope="module")
def told(workspace):
    """Return {feature: {item: value}}."""
    question = resolve(workspace)
    variant, found = columns(workspace, question, [f"input.{name}" for name in FEATURES])
    names = query.ids(workspace, question.task, variant.tolist())["item_id"]
    names = [name.rpartition("/")[2] for name in names]
    return {
        name.removeprefix("input."): dict(zip(names, column.values.tolist(), strict=True))
        for name, column in found.items()
    }


def test_lengths_are_those_of_python(told):
    for name, text in TEXTS.items():
        if name != "image":
            assert told["characters"][name] == len(text)
            assert told["words"][name] == len(re.findall(r"\S+", text))


def test_marks_are_seen(told):
    assert {name for name, met in told["digits"].items() if met == 1} == {"q"}
    assert {name for name, met in told["question"].items() if met == 1} == {"q"}
    assert {name for name, met in told["link"].items() if met == 1} == {"web"}
    assert {name for name, met in told["capitals"].items() if met == 1} == {"web"}
    assert {name for name, met in told["negation"].items() if met == 1} == {"no", "de"}


def test_languages_are_named_by_script_or_stop_words(told):
    language = told["language"]
    assert language["en"] == language["no"] == "English"
    assert (language["de"], language["fr"]) == ("German", "French")
    assert (language["zh"], language["ja"]) == ("Chinese", "Japanese")
    assert language["ru"] == "Cyrillic script"
    assert language["one"] is None


def test_an_image_is_no_text(told):
    assert told["language"]["image"] is None
    assert told["words"]["image"] != told["words"]["image"]  # not known


def test_conditions_may_speak_of_them(workspace):
    for where, n in {
        "input.words > 7": 4, 'input.language = "German"': 1, "input.digits = true": 1,
        "input.question = false and input.words = 1": 3, "input.words is null": 1,
    }.items():  # fmt: skip
        assert query.cells(workspace, resolve(workspace, where=where))["n"].sum() == n, where


def test_what_is_no_feature_is_unknown(workspace):
    with pytest.raises(UnknownColumnError, match=r"input\.words"):
        resolve(workspace, where="input.wordz > 3")
    with pytest.raises(ParamError, match="differs by answer"):
        columns(workspace, resolve(workspace), ["score"])
