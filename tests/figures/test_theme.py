from itertools import pairwise

import pytest

from stresslab.figures import theme


def test_black_on_white_has_the_largest_contrast():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("place", [step / 10 for step in range(-10, 11)])
def test_text_on_every_cell_colour_reads_at_aa(mode, place):
    fill = theme.diverging(place, mode)
    assert theme.contrast(theme.ink(fill), fill) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", theme.MODEL_COLOURS)
def test_a_model_colour_used_as_text_reads_at_aa(mode, colour):
    surface = theme.tokens(mode).background
    assert theme.contrast(theme.readable(colour, mode), surface) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_quiet_text_reads_at_aa_on_both_surfaces(mode):
    look = theme.tokens(mode)
    for surface in (look.background, look.surface):
        assert theme.contrast(look.muted, surface) >= 4.5
        assert theme.contrast(look.accent, surface) >= 4.5


def test_a_ninth_model_repeats_the_colour_with_another_dash():
    styles = list(theme.styles([f"m{number}" for number in range(9)]).values())
    assert styles[0].colour == styles[8].colour
    assert styles[0].dash != styles[8].dash


def test_tier_zero_is_the_lightest():
    shades = [theme.contrast(theme.tier_colour(tier, 5, "light"), "#ffffff") for tier in range(6)]
    assert shades == sorted(shades)


def test_labels_with_room_stay_where_they_are():
    assert theme.spread([0.1, 0.5, 0.9], 0.05, 0, 1) == [0.1, 0.5, 0.9]


def test_colliding_labels_move_apart_and_keep_their_order():
    moved = theme.spread([0.5, 0.5, 0.51, 0.99], 0.05, 0, 1)
    assert moved == sorted(moved)
    gaps = [later - sooner for sooner, later in pairwise(moved)]
    assert min(gaps) >= 0.05 - 1e-9
    assert max(moved) <= 1


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.8, ".80"), (1.0, "1.00"), (-0.153, "−.15"), (-0.001, ".00"), (float("nan"), "–"),
     (None, "–"), (12.34, "12.3"), (1234.5, "1,234")],
)  # fmt: skip
def test_a_number_has_at_most_two_decimals_and_a_real_minus(value, said):
    assert theme.number(value) == said


def test_user_text_cannot_become_markup():
    assert theme.plain("<b>$x$</b>") == "&lt;b&gt;&#36;x&#36;&lt;/b&gt;"
