"""How well a sequence of labels keeps the order of the true segments, whatever their lengths."""

from collections.abc import Hashable, Sequence

from stresslab.errors import ShapeError


def segments(labels: Sequence[Hashable]) -> list[Hashable]:
    """Return the labels with repeats in a row taken together."""
    return [one for place, one in enumerate(labels) if place == 0 or one != labels[place - 1]]


def edit_score(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> float:
    """Return 100 (1 - edit distance of the segments / the longer number of segments).

    Parameters
    ----------
    truth, predicted : sequence
        One label per frame, of equal length.

    Returns
    -------
    float
        100 where the order of segments is right, NaN without frames.

    Raises
    ------
    ShapeError
        If the lengths differ.

    References
    ----------
    Lea et al. (2016), Segmental spatiotemporal CNNs for fine-grained action segmentation.
    """
    if len(truth) != len(predicted):
        raise ShapeError(
            f"Truth and prediction need the same length; got {len(truth)} and {len(predicted)}."
        )
    a, b = segments(truth), segments(predicted)
    if not a:
        return float("nan")
    return 100 * (1 - edit_distance(a, b) / max(len(a), len(b)))


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Return the fewest insertions, deletions and replacements that turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            cost = min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
            diagonal, row[j] = row[j], cost
    return row[-1]
