"""How much of the demo is built."""

from dataclasses import dataclass

from stresslab.errors import ParamError


@dataclass(frozen=True)
class Scale:
    """Sizes of the demo; a smaller scale takes part of the items of a larger one.

    Parameters
    ----------
    sentences : int
        Per domain of `sentiment`, half of each label.
    lm_sentences : int
        Of these, per domain, those the language model is asked about.
    embedding_sentences : int
        Training sentences of the embedding classifier.
    mnist, optdigits : int
        Images of each domain.
    tiers, lm_tiers, space_tiers : tuple of int
        Tiers above 0: of everything, of the language model on `sentiment`, of the spaces.
    questions : int
        Per kind and size of `reasoning`.
    epochs : int
        Of the net trained here.
    space_mnist, space_optdigits : int
        Images of each domain that the space of the nets covers.
    """

    sentences: int = 300
    lm_sentences: int = 100
    embedding_sentences: int = 3000
    mnist: int = 1000
    optdigits: int = 500
    tiers: tuple[int, ...] = (1, 2, 3, 4, 5)
    lm_tiers: tuple[int, ...] = (3, 5)
    space_tiers: tuple[int, ...] = (3, 5)
    questions: int = 100
    epochs: int = 4
    space_mnist: int = 150
    space_optdigits: int = 100


SCALES = {
    "full": Scale(),
    "small": Scale(
        sentences=20, lm_sentences=4, embedding_sentences=200, mnist=40, optdigits=20,
        questions=2, epochs=1, space_mnist=10, space_optdigits=10,
    ),
}  # fmt: skip


def scale_called(name: str) -> Scale:
    """Return the scale of that name.

    Raises
    ------
    ParamError
        If there is none.
    """
    if name not in SCALES:
        raise ParamError(f"The scale must be one of {', '.join(sorted(SCALES))}; got {name!r}.")
    return SCALES[name]
