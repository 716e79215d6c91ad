"""Settings of analyses that hold what is in distribution against what is not."""

from dataclasses import dataclass
from typing import Literal

from stresslab.params import ByParams, setting


@dataclass(frozen=True, kw_only=True)
class OodGapParams(ByParams):
    """Settings of gaps out of distribution."""

    by: tuple[str, ...] = setting(
        (),
        "Groups a gap is split by and the worst one is looked for in: domain, an attribute ... "
        "Empty: every attribute of items by itself, and the worst domain.",
    )
    inputs: Literal["clean", "all"] = setting(
        "clean", "clean: untouched inputs only, where sides are domains; all: harder ones, too."
    )
    in_domains: tuple[str, ...] = setting(
        (), "Domains that are in distribution; what workspace.toml says of each model when empty."
    )
    out_domains: tuple[str, ...] = setting(
        (), "Domains that are out of distribution; all others when empty."
    )
    in_where: str = setting("", "Condition for what is in distribution, in place of domains.")
    out_where: str = setting("", "Condition for what is out of distribution; the rest when empty.")
    complexity: str = setting(
        "tier", "What the gap is followed over: tier, or a number of items such as item.words."
    )
    margin: float | None = setting(
        None, "Gaps below it count as none (0.02 for 0-1 scores).", low=0.0
    )
    correction: Literal["auto", "holm", "bh", "none"] = setting(
        "auto", "auto: holm up to 20 comparisons, else bh."
    )
