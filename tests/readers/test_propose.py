"""A mapping is proposed from what the columns are called and what stands in them."""

from stresslab.readers._mapping import Source
from stresslab.readers._propose import propose


def rows(header, *lines):
    names = header.split(",")
    return [dict(zip(names, line, strict=True)) for line in lines]


def field(name):
    return Source(fields=(name,))


def test_usual_names_are_known_in_any_case():
    found = propose(rows("Sample ID,System,Is_Correct", ("1", "a", "1")), stem="x").sources
    assert (found["item"], found["model"]) == (field("Sample ID"), field("System"))
    assert found["correct"] == field("Is_Correct")


def test_the_surer_name_wins():
    found = propose(rows("idx,item_id,model", (0, "q1", "m")), stem="x")
    assert found.sources["item"] == field("item_id")


def test_the_name_of_an_image_is_an_item_where_nothing_else_is():
    found = propose(rows("filename,prediction", ("a.png", "cat")), stem="x").sources
    assert found["item"] == field("filename")
    found = propose(rows("file_name,id,prediction", ("a.png", "1", "cat")), stem="x").sources
    assert found["item"] == field("id")


def test_file_name_stands_for_a_missing_model_and_task():
    found = propose(rows("id,score", ("1", "1")), stem="bert").sources
    assert found["model"] == found["task"] == Source(const="bert")


def test_nested_names_are_found_by_their_last_part():
    found = propose([{"doc": {"id": 1, "label": "a"}, "model": "m"}], stem="x").sources
    assert (found["item"], found["reference"]) == (field("doc.id"), field("doc.label"))


def test_scores_of_zero_and_one_are_right_or_wrong_too():
    found = propose(rows("id,model,score", ("1", "m", 1), ("2", "m", 0)), stem="x")
    assert found.sources["correct"] == field("score")
    assert found.measures["score"] == {"rate": True, "low": 0.0, "high": 1.0}


def test_partial_credit_is_not_right_or_wrong():
    found = propose(rows("id,model,score", ("1", "m", 1), ("2", "m", 0.5)), stem="x")
    assert "correct" not in found.sources


def test_without_a_score_answers_are_compared_with_references():
    assert propose(rows("id,label,prediction", ("1", "a", "b")), stem="x").grade == "exact"
    assert propose(rows("id,prediction", ("1", "a")), stem="x").grade == ""


def test_words_for_tiers_become_numbers():
    found = propose(rows("id,level", ("1", "none"), ("1", "high")), stem="x").sources
    assert found["tier"].values == (("none", 0), ("high", 3))


def test_strengths_become_tiers_in_their_order():
    lines = [("1", one) for one in ("0.5", "0.0", "0.1")]
    found = propose(rows("id,epsilon", *lines), stem="x").sources
    assert found["tier"] == Source(fields=("epsilon",), values=(("0.0", 0), ("0.1", 1), ("0.5", 2)))


def test_items_that_stand_at_one_tier_each_are_graded():
    lines = [("1", 1), ("2", 2), ("3", 3)]
    assert propose(rows("id,hops,tier", *[(a, 0, b) for a, b in lines]), stem="x").sources[
        "axis"
    ] == Source(const="graded")


def test_items_that_stand_at_two_tiers_are_paired():
    found = propose(rows("id,tier", ("1", 1), ("1", 2), ("2", 1)), stem="x")
    assert "axis" not in found.sources


def test_a_refused_column_gives_the_status():
    found = propose(rows("id,refused", ("1", True)), stem="x").sources
    assert found["status"].getter()({"refused": True}) == "refused"
    assert found["status"].getter()({"refused": False}) is None


def test_other_columns_go_where_they_are_constant():
    found = propose(
        rows(
            "id,model,tier,n_words,edit,loss,note",
            ("1", "a", 0, 5, "x", 0.1, "p"),
            ("1", "a", 1, 5, "y", 0.2, "q"),
            ("1", "b", 1, 5, "y", 0.3, "r"),
        ),
        stem="x",
    )
    assert list(found.attributes) == ["n_words"]
    assert list(found.variant_attributes) == ["edit"]
    assert found.measures["loss"]["higher_is_better"] is False
    assert found.ignored == ("note",)


def test_class_probabilities_are_gathered():
    found = propose(rows("id,prob_neg,prob_pos", ("1", 0.2, 0.8)), stem="x").sources
    assert found["probs"] == Source(fields=("prob_neg", "prob_pos"))
