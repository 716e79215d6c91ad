from dataclasses import FrozenInstanceError, dataclass
from typing import Literal

import pytest

from stresslab.errors import ParamError
from stresslab.params import ByParams, PairedParams, Params, describe, setting


@dataclass(frozen=True, kw_only=True)
class Odd(Params):
    whole: bool = setting(False, "A switch.")
    step: int = setting(1, "A count.", low=1, high=9)
    kind: Literal["a", "b"] = setting("a", "A choice.")


def test_nothing_set_gives_the_defaults():
    assert Params.parse({}) == Params()
    assert Params().population == "common"
    assert Params().level == 0.95


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("models", "a,b", ("a", "b")),
        ("models", " a , b ,", ("a", "b")),
        ("models", "", ()),
        ("models", '["a,b", "c"]', ("a,b", "c")),
        ("models", '"a,b"', ("a,b",)),
        ("models", "a,b,a", ("a", "b")),
        ("by", "domain,item.length", ("domain", "item.length")),
        ("task", "", None),
        ("task", '"sentiment"', "sentiment"),
        ("task", "[odd", "[odd"),
        ("task", "[1]", "[1]"),
        ("where", 'domain = "news"', 'domain = "news"'),
        ("level", "0.9", 0.9),
        ("level", ".9e0", 0.9),
        ("seed", "7", 7),
        ("margin", "", None),
        ("margin", "0.05", 0.05),
        ("correction", "bh", "bh"),
    ],
)
def test_a_text_is_read_by_the_declared_type(name, text, value):
    assert getattr(PairedParams.parse({name: text}), name) == value


def test_true_and_false_are_read_in_any_case():
    assert Odd.parse({"whole": "True"}).whole is True
    assert Odd.parse({"whole": "false"}).whole is False


def test_an_unknown_setting_is_refused_with_near_names_however_it_is_given():
    for make in (lambda: Params(modles=("a",)), lambda: Params.parse({"modles": "a"})):
        with pytest.raises(ParamError, match=r"'modles'.* models"):
            make()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("modles", "a", "models"),
        ("models", "[a", "starts like JSON"),
        ("models", "[null]", "holds None"),
        ("models", '{"a": 1}', "list of names"),
        ("level", "high", "level must be a number; got 'high'"),
        ("level", "1.5", r"level must lie in \[0.5, 0.999\]; got 1.5"),
        ("level", "nan", "finite"),
        ("level", "[0.9]", "level must be a number"),
        ("margin", "inf", "finite"),
        ("margin", "-1", "margin must be at least 0.0; got -1.0"),
        ("seed", "1.5", "whole number"),
        ("step", "0", r"lie in \[1, 9\]"),
        ("whole", "yes", "true or false"),
        ("kind", "c", "one of a, b; got 'c'"),
        ("population", "all", "one of common, each"),
    ],
)
def test_a_wrong_setting_is_named_with_the_rule_and_the_value(name, text, message):
    @dataclass(frozen=True, kw_only=True)
    class Both(PairedParams, Odd):
        pass

    with pytest.raises(ParamError, match=message):
        Both.parse({name: text})


@pytest.mark.parametrize(
    "settings", [{"models": "a"}, {"seed": True}, {"level": True}, {"task": 3}, {"where": None}]
)
def test_python_values_are_checked_like_texts(settings):
    with pytest.raises(ParamError, match=next(iter(settings))):
        Params(**settings)


def test_lists_become_tuples_and_whole_numbers_floats():
    params = PairedParams(models=["a"], margin=0)
    assert params.models == ("a",)
    assert isinstance(params.margin, float)


def test_settings_can_be_hashed_and_not_changed():
    assert hash(ByParams(by=("tier",))) == hash(ByParams.parse({"by": "tier"}))
    with pytest.raises(FrozenInstanceError):
        Params().seed = 1


def test_to_dict_comes_back_through_parse():
    params = PairedParams(models=("a", "b"), where="tier > 0", margin=0.1, by=("domain",))
    assert PairedParams.parse(params.to_dict()) == params


def test_describe_tells_what_controls_need():
    about = {one["name"]: one for one in describe(Odd)}
    assert about["kind"]["choices"] == ["a", "b"]
    assert about["step"]["type"] == "a whole number"
    assert about["models"]["type"] == "a list"
    assert all(one["help"] for one in about.values())
