import pytest

from stresslab.analyses import _words as words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8, ".80"), (-0.05, "−.05"), (1.0, "1.00"), (0.0, ".00"), (-0.001, ".00"), (0.999, "1.00")],
)
def test_rates_have_two_decimals_and_a_true_minus(value, text):
    assert words.number(value) == text


def test_other_numbers_keep_their_zero():
    assert words.number(0.8, rate=False) == "0.80"
    assert words.number(-12345.6, rate=False) == "−12,346"


def test_an_unknown_number_is_said_to_be_unknown():
    assert words.number(float("nan")) == "not known"


def test_an_estimate_carries_its_interval():
    assert words.estimate(-0.01, -0.04, 0.02) == "−.01 [−.04, .02]"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.134, "13 %"), (0.001, "under 1 %"), (0.999, "over 99 %"), (0, "0 %"), (1, "100 %")],
)
def test_shares_are_whole_percent_and_never_rounded_away(value, text):
    assert words.share(value) == text


def test_what_is_needed_is_rounded_up_to_two_digits():
    assert [words.about(n) for n in (3.2, 87.1, 873, 12345)] == ["4", "88", "880", "13,000"]


def test_a_long_list_counts_its_rest():
    assert words.listing(["a"]) == "a"
    assert words.listing(["a", "b", "c"]) == "a, b and c"
    assert words.listing(list("abcdef")) == "a, b, c and 3 more"


def test_titles_lose_their_capital_unless_they_are_abbreviations():
    assert words.in_sentence("Distractor sentences") == "distractor sentences"
    assert words.in_sentence("OCR noise") == "OCR noise"


def test_an_end_that_only_rounds_to_zero_is_told_from_it():
    assert words.interval(1e-12, 0.4) == "[>.00, .40]"
    assert words.interval(-0.4, -0.002) == "[−.40, <.00]"
    assert words.interval(0.0, 0.4) == "[.00, .40]"
    assert words.interval(-0.001, 0.4) == "[.00, .40]"


def test_what_has_no_interval_says_why():
    nan = float("nan")
    one = "(no interval: it rests on a single item or group of items)"
    assert words.estimate(-0.5, nan, nan, clusters=1) == f"−.50 {one}"
    assert "all items agree" in words.estimate(2.0, nan, nan, rate=False, clusters=9)
    assert words.estimate(nan, nan, nan) == "not known"


def test_a_share_of_few_stands_with_its_interval():
    assert words.shares(0.12, 0.08, 0.17) == "12 % [8 %, 17 %]"
