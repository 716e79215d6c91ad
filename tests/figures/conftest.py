import pandas as pd
import pytest


@pytest.fixture
def tiers():
    rows = [
        {"model": model, "perturbation": perturbation, "tier": tier, "value": value,
         "low": value - 0.05, "high": value + 0.05, "n": 100, "n_abstained": 0, "axis": "paired"}
        for model, start in (("alpha", 0.9), ("beta", 0.6))
        for perturbation in ("typos", "noise")
        for tier, value in ((0, start), (1, start - 0.1), (2, start - 0.2))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def differences():
    def row(domain, difference, verdict, needed):
        return {
            "model_a": "alpha", "model_b": "beta", "domain": domain, "difference": difference,
            "low": difference - 0.03, "high": difference + 0.03,
            "low_adjusted": difference - 0.05, "high_adjusted": difference + 0.05,
            "n_pairs": 200, "n_discordant": 30, "verdict": verdict, "n_needed": needed,
        }  # fmt: skip

    return pd.DataFrame(
        [row("news", 0.1, "better", None), row("tweets", -0.2, "worse", None),
         row("mail", 0.01, "cannot tell", 900.0), row("shop", 0.0, "equivalent", None)]
    )  # fmt: skip


def texts(picture):
    """Everything a reader can see as text in a figure."""
    seen = [note.text or "" for note in picture.layout.annotations]
    for trace in picture.data:
        seen += list(trace.text) if trace.text is not None else []
    return seen
