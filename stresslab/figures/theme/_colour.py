"""Colours by meaning, for light and dark surfaces, with contrast computed and never guessed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Mode = Literal["light", "dark"]


@dataclass(frozen=True)
class Tokens:
    """The neutral surface and the one accent of a mode."""

    background: str
    surface: str
    text: str
    muted: str
    line: str
    accent: str


LIGHT = Tokens("#ffffff", "#f7f8fa", "#1a1d21", "#5c6570", "#dfe3e8", "#2457d6")
DARK = Tokens("#0f1216", "#171b21", "#e8eaed", "#9aa4af", "#2a313a", "#7aa2ff")

MODEL_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#8c6d31",
)  # fmt: skip
"""Colour-blind-safe; a ninth model starts again with the next dash pattern."""
DASHES = ("solid", "dash", "dot", "dashdot")

RIGHT, WRONG = "#009e73", "#d55e00"
"""Never without a shape or a word beside them."""

_TIERS = {
    "light": ("#d2e21b", "#5ec962", "#21918c", "#3b528b", "#482475"),
    "dark": ("#fde725", "#a0da39", "#4ac16d", "#2db27d", "#277f8e"),
}
_DIVERGING = {
    "light": ("#cf7413", "#e39a3f", "#f4be77", "#fbe1c0", "#f3f4f6",
              "#d3e3f3", "#a6c9e8", "#78aedc", "#4c8fce"),
    "dark": ("#ad5c14", "#88491a", "#63391c", "#402d20", "#20262e",
             "#23384f", "#274b72", "#2f5f95", "#3872b4"),
}  # fmt: skip
"""Clipped so that one text colour reads on every cell of a mode."""
_VERDICTS = {
    "light": {"better": "#2668ae", "worse": "#b35806"},
    "dark": {"better": "#6db0f5", "worse": "#f39a45"},
}


@dataclass(frozen=True)
class Style:
    """How one model is drawn on every page and in every export."""

    name: str
    colour: str
    dash: str = "solid"


def tokens(mode: Mode) -> Tokens:
    """Return the tokens of a mode."""
    return DARK if mode == "dark" else LIGHT


def styles(
    models: Iterable[str],
    *,
    colours: Mapping[str, str | None] | None = None,
    names: Mapping[str, str | None] | None = None,
) -> dict[str, Style]:
    """Return a fixed colour, dash and display name per model, in the order given.

    Parameters
    ----------
    models : iterable of str
        All models of the workspace, not only those on the page, so that colours never move.
    colours, names : mapping, optional
        What the workspace says about a model; it wins over the palette and the plain name.
    """
    found: dict[str, Style] = {}
    for model in dict.fromkeys(models):
        turn, place = divmod(len(found), len(MODEL_COLOURS))
        colour = (colours or {}).get(model) or MODEL_COLOURS[place]
        name = (names or {}).get(model) or model
        found[model] = Style(name, colour, DASHES[turn % len(DASHES)])
    return found


def mix(first: str, second: str, share: float) -> str:
    """Return the colour `share` of the way from `first` to `second`."""
    pairs = zip(_rgb(first), _rgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def contrast(first: str, second: str) -> float:
    """Return the WCAG 2 contrast ratio of two colours, in [1, 21]."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink(fill: str) -> str:
    """Return the text colour that reads best on `fill`."""
    if contrast(LIGHT.text, fill) >= 4.5:
        return LIGHT.text
    return max(("#000000", "#ffffff"), key=lambda colour: contrast(colour, fill))


def readable(colour: str, mode: Mode, at_least: float = 4.5) -> str:
    """Return `colour` moved towards the text colour until it reads as text on the background."""
    surface = tokens(mode)
    steps = (mix(colour, surface.text, step / 20) for step in range(21))
    return next(
        (one for one in steps if contrast(one, surface.background) >= at_least), surface.text
    )


def diverging(position: float, mode: Mode) -> str:
    """Return the colour of a place in [-1, 1]: orange, neutral at 0, blue."""
    return _along(_DIVERGING[mode], (position + 1) / 2)


def sequential(position: float, mode: Mode) -> str:
    """Return the colour of a place in [0, 1] on the neutral-to-blue half of the scale."""
    return _along(_DIVERGING[mode][4:], position)


def verdict_colour(verdict: str, mode: Mode) -> str:
    """Return the colour of a verdict: blue, orange, and grey for everything undecided."""
    return _VERDICTS[mode].get(verdict, tokens(mode).muted)


def tier_colour(tier: int, last: int, mode: Mode) -> str:
    """Return the colour of a tier: one ramp, tier 0 the lightest."""
    return _along(_TIERS[mode], tier / max(last, 1))


def _along(stops: Sequence[str], position: float) -> str:
    place = min(max(position, 0.0), 1.0) * (len(stops) - 1)
    before = min(int(place), len(stops) - 2)
    return mix(stops[before], stops[before + 1], place - before)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = (part / 255 for part in _rgb(colour))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
