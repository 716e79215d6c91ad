"""The task `sentiment`: short texts of four domains with the mean rating of twenty people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stresslab.jobs.demo._rows import item_row, variant_rows
from stresslab.jobs.packages import RATINGS, fetch, find, unpack_tar
from stresslab.nouns import item_id
from stresslab.rng import rng_for

ITEM_SET = "hutto2014"
FILES = {
    "tweets": "tweets",
    "movies": "movieReviewSnippets",
    "amazon": "amazonReviewSnippets",
    "nyt": "nytEditorialSnippets",
}
PIECES = ("text.typos", "text.distractors")
LABELS = ("negative", "positive")


@dataclass(frozen=True)
class Sentence:
    """One rated sentence.

    Parameters
    ----------
    domain, source_id, text : str
        Where it stands in the data set, and what it says.
    valence : float
        Mean rating in [-4, 4].
    disagreement : float
        Standard deviation of the ratings.
    raters : int
        Number of ratings.
    """

    domain: str
    source_id: str
    text: str
    valence: float
    disagreement: float
    raters: int

    @property
    def label(self) -> str:
        """Return the sign of the mean rating in words."""
        return LABELS[int(self.valence > 0)]


@dataclass(frozen=True)
class Sentiment:
    """The sentences of the task, and those models may learn from (movies only)."""

    test: tuple[Sentence, ...]
    train: tuple[Sentence, ...]

    @property
    def texts(self) -> dict[str, str]:
        """Return the full text of every item, by item id."""
        return {_id(one): one.text for one in self.test}

    def training(self, n: int | None = None) -> tuple[list[str], list[str]]:
        """Return texts and labels of the first `n` training sentences (all when None)."""
        chosen = self.train[:n]
        return [one.text for one in chosen], [one.label for one in chosen]

    def items(self) -> list[dict[str, Any]]:
        """Return the rows of the table of items, with full texts."""
        return [_item(one) for one in self.test]

    def variants(self, tiers: Mapping[str, tuple[int, ...]]) -> Iterator[dict[str, Any]]:
        """Yield originals and variants of every item; `tiers` by perturbation piece."""
        return variant_rows([_id(one) for one in self.test], tiers)


def load(per_domain: int = 300) -> Sentiment:
    """Return `per_domain` sentences of every domain, half of them positive.

    A sentence is eligible if its mean rating is at least 1 away from 0, it has four words or more,
    and no sentence before it says the same. The draw depends on the domain alone, so a smaller set
    is part of a larger one.
    """
    seen: set[str] = set()
    test: list[Sentence] = []
    train: list[Sentence] = []
    for domain in FILES:
        rng = rng_for(0, "demo", ITEM_SET, domain)
        eligible = []
        for one in read(domain):
            said = " ".join(one.text.lower().split())
            if abs(one.valence) >= 1 and len(one.text.split()) >= 4 and said not in seen:
                eligible.append(one)
                seen.add(said)
        shuffled = [eligible[place] for place in rng.permutation(len(eligible))]
        by_label = {label: [one for one in shuffled if one.label == label] for label in LABELS}
        for label in LABELS:
            test += by_label[label][: per_domain // 2]
        if domain == "movies":
            held_out = {one.source_id for label in LABELS for one in by_label[label][:150]}
            train = [one for one in shuffled if one.source_id not in held_out]
    return Sentiment(tuple(test), tuple(train))


def read(domain: str, folder: Path | None = None) -> list[Sentence]:
    """Return every sentence of one domain, in file order.

    Parameters
    ----------
    domain : str
        A key of `FILES`.
    folder : path, optional
        Where the two files of the domain are; by default they are fetched.
    """
    where = folder or unpack_tar(
        find(fetch(RATINGS), "additional_resources/hutto_ICWSM_2014.tar.gz")
    )
    stem = FILES[domain]
    ratings = {}
    for line in _lines(find(where, f"{stem}_anonDataRatings.txt")):
        source_id, _, spread, raw = line.split("\t", 3)
        ratings[source_id] = (float(spread), raw.count(",") + 1)
    found = []
    for line in _lines(find(where, f"{stem}_GroundTruth.txt")):
        source_id, mean, text = line.split("\t", 2)
        disagreement, n = ratings[source_id]
        found.append(Sentence(domain, source_id, text.strip(), float(mean), disagreement, n))
    return found


def _lines(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    return [line for line in text.split("\n") if line.strip()]


def _id(one: Sentence) -> str:
    return item_id(ITEM_SET, f"{one.domain}-{one.source_id}")


def _item(one: Sentence) -> dict[str, Any]:
    review, part, _ = one.source_id.partition("_")
    return item_row(
        item=_id(one),
        item_set=ITEM_SET,
        task="sentiment",
        text=one.text,
        reference=one.label,
        domain=one.domain,
        group=item_id(ITEM_SET, f"{one.domain}-{review}") if part else None,
        attributes={
            "length": len(one.text),
            "words": len(one.text.split()),
            "valence": round(one.valence, 3),
            "disagreement": round(one.disagreement, 3),
            "raters": one.raters,
        },
    )
