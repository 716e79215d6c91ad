"""Studies: what papers on stress-testing generalization showed, each reproduced offline."""

from stresslab.catalog import Catalog
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Study

studies = Catalog("stresslab.studies", Study)
names, get = studies.names, studies.get

__all__ = [
    "Found",
    "KnownAnswer",
    "Look",
    "Picture",
    "Published",
    "Study",
    "get",
    "names",
    "studies",
]
