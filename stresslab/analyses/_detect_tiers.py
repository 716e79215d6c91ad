"""Whether scores rise with the tier of the same item."""

from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses._detect_tables import Judged
from stresslab.checks import Array

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "detector", "label", "perturbation", "value", "low", "high", "n", "n_clusters", "p_value",
    "p_adjusted", "verdict",
)  # fmt: skip


def response(of: Judged, graded: tuple[str, ...]) -> "pd.DataFrame":
    """Return, per detector and perturbation, how often a higher tier of an item scores higher.

    ``value`` is the mean over items of Kendall's tau between tier and score: 1 where every step
    scores higher, 0 where steps go both ways alike; ties count 0. The interval is of clusters, the
    p value of a sign flip of their sums, all corrected as one family.
    """
    import pandas as pd
    from scipy.stats import t

    from stresslab.stats.correct import adjust
    from stresslab.stats.signflip import signflip_p

    rng = np.random.default_rng(0)
    made = []
    for perturbation in sorted(set(of.rows["perturbation"].dropna()) - set(graded)):
        items, clusters, taus = _taus(of, perturbation)
        if not len(items):
            continue
        codes = np.unique(clusters, return_inverse=True)[1]
        sizes = np.bincount(codes)
        for place, name in enumerate(of.names):
            mean = float(taus[:, place].mean())
            sums = np.bincount(codes, taus[:, place] - mean)
            k = len(sizes)
            error = np.sqrt(k / (k - 1) * (sums**2).sum()) / len(items) if k > 1 else np.nan
            half = float(t.ppf(0.5 + of.level / 2, max(k - 1, 1))) * error
            p_value = signflip_p(np.bincount(codes, taus[:, place]), rng=rng)[0]
            ends = (mean, max(mean - half, -1.0), min(mean + half, 1.0))
            made.append((name, of.titles[name], perturbation, *ends, len(items), k, p_value))
    found = pd.DataFrame(made, columns=list(COLUMNS[:9]))
    found["p_adjusted"] = adjust(found["p_value"].to_numpy(float), "auto")
    sure = found["p_adjusted"] < 1 - of.level
    words = np.where(found["value"] > 0, "rises", "falls")
    found["verdict"] = np.where(sure, words, "cannot tell").astype(str)
    return found[list(COLUMNS)]


def _taus(of: Judged, perturbation: str) -> tuple[Array, Array, Array]:
    """Return items, clusters and tau per detector, shape (n_items, k), of items with two tiers."""
    rows = of.rows
    changed = (rows["perturbation"] == perturbation).to_numpy()
    mine = np.isin(rows["item"], rows.loc[changed, "item"].unique())
    places = np.flatnonzero(changed | (mine & rows["perturbation"].isna().to_numpy()))
    order = np.argsort(rows["item"].to_numpy()[places], kind="stable")
    places = places[order]
    item, tier = (rows[name].to_numpy()[places] for name in ("item", "tier"))
    scores = of.scores.to_numpy()[places]
    starts = np.flatnonzero(np.append(True, item[1:] != item[:-1]))
    size = np.diff(np.append(starts, len(item)))
    agree = np.zeros((len(starts), scores.shape[1]))
    pairs = np.zeros(len(starts))
    for lag in range(1, int(size.max(initial=1))):  # as many steps as an item has tiers
        same = np.flatnonzero(item[lag:] == item[:-lag])
        apart = np.sign(tier[same + lag].astype(float) - tier[same])
        at = np.searchsorted(starts, same, side="right") - 1
        np.add.at(agree, at, apart[:, None] * np.sign(scores[same + lag] - scores[same]))
        np.add.at(pairs, at, apart != 0)
    used = pairs > 0
    clusters = rows["cluster"].to_numpy()[places][starts][used]
    return item[starts][used], clusters, agree[used] / pairs[used, None]
