"""A mapping says where each value comes from, and round-trips through its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stresslab.errors import ReadError
from stresslab.readers._mapping import Mapping, Source, look_up


def got(written, row):
    return Source.parse("item_from", written).getter()(row)


def test_a_field_is_the_value_of_a_column():
    assert got("field:id", {"id": 7}) == 7


def test_a_dotted_field_looks_into_tables():
    assert got("field:doc.meta.id", {"doc": {"meta": {"id": 7}}}) == 7
    assert got("field:doc.meta.id", {"doc": {"meta": None}}) is None


def test_a_column_whose_name_has_a_dot_goes_before_nesting():
    assert look_up({"a.b": 1, "a": {"b": 2}}, "a.b") == 1


def test_a_pattern_gives_its_first_group():
    assert got(r"regex:_t(\d+)$ on id", {"id": "q12_t3"}) == "3"
    assert got(r"regex:^\w\d+ on id", {"id": "q12_t3"}) == "q12"
    assert got(r"regex:_t(\d+)$ on id", {"id": "q12"}) is None


def test_a_pattern_may_hold_the_word_on():
    assert got("regex:a on (b) on id", {"id": "a on b"}) == "b"


def test_a_constant_is_the_same_in_every_row():
    assert got("const:sentiment", {}) == "sentiment"
    assert got("const:3", {}) == 3
    assert got(True, {}) is True


def test_several_fields_give_a_list():
    assert got("fields:p_a, p_b", {"p_a": 0.2, "p_b": 0.8}) == [0.2, 0.8]


def test_values_translate_and_the_default_covers_the_rest():
    written = {"field": "level", "values": {"low": 1, "high": 2}, "default": 0}
    assert [got(written, {"level": one}) for one in ("low", "high", "odd", None)] == [1, 2, 0, 0]


def test_values_meet_booleans_and_whole_floats():
    assert got({"field": "x", "values": {"true": "refused"}}, {"x": True}) == "refused"
    assert got({"field": "x", "values": {"2": "two"}}, {"x": 2.0}) == "two"


@pytest.mark.parametrize(
    "written", ["id", "column:id", "field:", ["id"], "regex:(on id", "regex:a"]
)
def test_an_unknown_form_names_the_key_and_the_forms(written):
    with pytest.raises(ReadError, match="item_from"):
        Source.parse("item_from", written)


def test_a_bad_pattern_is_refused_when_the_mapping_is_read():
    with pytest.raises(ReadError, match="must hold a regular expression"):
        Mapping.parse("item_from = 'regex:( on id'")


def test_an_unknown_key_brings_near_ones():
    with pytest.raises(ReadError, match=r"'modell_from'.*model_from"):
        Mapping.parse("modell_from = 'field:model'")
    with pytest.raises(ReadError, match=r"'measures.f1.higher_is'.*higher_is_better"):
        Mapping.parse("[measures.f1]\nfrom = 'field:f1'\nhigher_is = true")


def test_what_is_not_toml_is_refused():
    with pytest.raises(ReadError, match="must be TOML"):
        Mapping.parse("model_from = ")


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]),
    min_size=1,
)
CONSTANTS = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["3", "true", "1e5"]) | NAMES,
)
SOURCES = st.one_of(
    st.builds(lambda name: Source(fields=(name,)), NAMES),
    st.builds(lambda value: Source(const=value), CONSTANTS),
    st.builds(
        lambda name, table, default: Source(
            fields=(name,), values=tuple(table.items()), default=default
        ),
        NAMES,
        st.dictionaries(NAMES, CONSTANTS, max_size=3),
        st.none() | NAMES,
    ),
)


@given(
    st.dictionaries(st.sampled_from(["model", "item", "tier"]), SOURCES),
    st.dictionaries(NAMES, SOURCES),
)
def test_the_text_of_a_mapping_says_the_same(sources, attributes):
    mapping = Mapping(sources=sources, attributes=attributes)
    assert Mapping.parse(mapping.to_toml()) == mapping


def test_another_mapping_has_another_hash():
    one, other = (Mapping.parse(f"model_from = 'const:{name}'") for name in "ab")
    assert one.sha256 != other.sha256
    assert one.sha256 == Mapping.parse(one.to_toml()).sha256


def test_a_task_argument_is_a_field_of_its_table():
    assert got("task_arg:tier", {"task_args": {"tier": 2}}) == 2
    assert Source.parse("tier_from", "task_arg:tier").written() == "field:task_args.tier"


def test_several_groups_of_a_pattern_are_joined():
    source = "regex:^(.+?)(?:_hard(_.*)?)?$ on id"
    seen = [got(source, {"id": one}) for one in ("math", "math_hard", "math_hard_full")]
    assert seen == ["math", "math", "math_full"]


def named(text, **row):
    mapping = Mapping.parse(text)
    return mapping.getter(mapping.sources["tier"])(row)


@pytest.mark.parametrize(
    ("written", "row", "expected"),
    [
        ('task_from = "field:eval.task"', {"eval": {"task": "math_3"}}, "3"),
        ('task_from = "const:math_4"', {}, "4"),
        ('task_from = "regex:^[a-z]+ on eval"', {"eval": "math_5"}, "5"),
        ('task_from = "const:math_4"', {"task": "own_7"}, "7"),
        ("", {"task": "own_7"}, "7"),
        ("", {}, None),
    ],
)
def test_a_pattern_on_the_task_is_searched_in_what_is_made_the_task(written, row, expected):
    assert named(f"{written}\ntier_from = 'regex:_(\\d+)$ on task'", **row) == expected


def test_a_pattern_on_id_or_condition_is_searched_in_the_item_or_the_perturbation():
    text = "item_from = 'field:n'\ntier_from = 'regex:(\\d)$ on id'"
    assert named(text, n="q1_2") == "2"
    text = "perturbation_from = 'field:how'\ntier_from = 'regex:(\\d)$ on condition'"
    assert named(text, how="blur3") == "3"


def test_the_fields_of_a_mapping_are_those_a_file_must_have():
    text = "task_from = 'const:t'\nitem_from = 'field:id'\ntier_from = 'regex:(\\d)$ on task'"
    assert Mapping.parse(text).fields() == {"id"}
    assert Mapping.parse("tier_from = 'regex:(\\d)$ on task'").fields() == {"task"}


def test_a_measure_may_say_why():
    mapping = Mapping.parse("[measures.f1]\nfrom = 'field:f1'\nexplanation = 'field:why'")
    assert mapping.measures["f1"]["explanation"] == Source(fields=("why",))
    assert Mapping.parse(mapping.to_toml()) == mapping
