import io

import pandas as pd
import pytest

from pages.ui import cells, diff, grid, item, quality, slices, words


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_csv_cell_cannot_start_a_formula(start):
    table = pd.DataFrame({"answer": [f"{start}1+1"], "n": [-1]})
    back = pd.read_csv(io.BytesIO(words.csv(table)))
    assert back["answer"][0] == f"'{start}1+1"
    assert back["n"][0] == -1


def test_parquet_comes_back_equal():
    table = pd.DataFrame({"answer": ["=1"], "value": [0.5]})
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(words.parquet(table))), table)


def test_markdown_is_shown_as_written():
    assert words.plain("**a** [b](c)") == r"\*\*a\*\* \[b\]\(c\)"


def test_only_plain_images_are_images():
    assert words.is_image("data:image/png;base64,AAAA")
    assert not words.is_image("data:image/svg+xml;base64,AAAA")
    assert not words.is_image('data:image/png;base64,AA"onerror=x')
    assert not words.is_image(None)


def test_equal_texts_have_no_marks():
    assert diff.marked("one two", "one two") == "one two"


def test_what_was_added_and_taken_away_is_marked():
    assert diff.marked("a good film", "a god film") == "a <del>good</del><ins>god</ins> film"


def test_text_stays_text_in_a_comparison():
    marked = diff.marked("<b>", "<b> <script>")
    assert "<script" not in marked
    assert "&lt;" in marked


def test_a_condition_comes_apart_and_together():
    parts = slices.clauses('domain = "a" and tier >= 3')
    assert parts == ['domain = "a"', "tier >= 3"]
    assert slices.without(parts, 0) == "tier >= 3"
    assert slices.without(parts[:1], 0) == ""


def test_a_condition_is_narrowed_by_what_was_chosen():
    assert slices.narrowed("tier > 0", "domain", ["a", "b"]) == 'tier > 0 and domain in ("a", "b")'


def test_a_row_of_a_table_leads_to_its_items():
    row = {"model": "m", "perturbation": "typos", "tier": 3, "value": 0.5, "domain": "a"}
    query = cells.items_query(
        row, {"workspace": ["w"], "task": ["t"], "where": ["item.length > 2"]}
    )
    assert query["models"] == ["m"]
    assert query["workspace"] == ["w"]
    assert query["where"] == (
        'item.length > 2 and perturbation = "typos" and tier = 3 and domain = "a"'
    )


def test_interval_pictures_share_one_scale_and_say_their_numbers():
    import base64

    pictures = cells.intervals([0.5, 0.8], [0.4, 0.7], [0.6, 0.9], "light")
    texts = [base64.b64decode(one.split(",")[1]).decode() for one in pictures]
    assert ".50 [.40, .60]" in texts[0]
    assert all('x2="112"' in one for one in texts)


def test_no_interval_is_no_picture():
    assert cells.intervals([0.5], [float("nan")], [float("nan")], "light") == [None]


def test_a_reference_loses_its_quotes():
    assert cells.readable('"yes"') == "yes"
    assert cells.readable('["a", "b"]') == "a, b"
    assert cells.readable("plain") == "plain"


def test_an_answer_nobody_extracted_is_the_output_cut_to_one_line():
    row = {"status": "answered", "answer": "I think\nso " + "x" * 100, "correct": 1.0}
    shown = grid.mark(row)
    assert shown.startswith("✓ I think so xxx")
    assert len(shown) <= 62
    answers = pd.DataFrame(
        [{"status": "answered", "answer": None, "output": "yes & no", "correct": None,
          "score": None, "confidence": None}]
    )  # fmt: skip
    assert item._cell(answers) == "yes &amp; no"


def test_the_best_model_is_first_where_smaller_is_better():
    table = pd.DataFrame({"model": ["a", "b"], "tier": [0, 0], "value": [0.3, 0.1]})
    assert list(quality.ranked(table)["model"]) == ["a", "b"]
    assert list(quality.ranked(table, higher_is_better=False)["model"]) == ["b", "a"]
