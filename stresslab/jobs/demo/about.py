"""What people read about the demo: titles, descriptions, families, colours, caveats."""

from collections.abc import Mapping
from typing import Any

TITLE = "Real models under stress"

TASKS: Mapping[str, Mapping[str, Any]] = {
    "sentiment": {
        "title": "Sentiment of sentences",
        "chance": 0.5,
        "description": "Is a sentence positive or negative? 300 sentences, half of each, from each "
        "of four domains (Hutto & Gilbert 2014), rated by about twenty people; typos and "
        "distractor sentences in five tiers. A lexicon that finds no opinion word abstains. "
        "SmolLM2 was asked about 100 sentences per domain at tiers 0, 3 and 5.",
    },
    "digits": {
        "title": "Handwritten digits",
        "chance": 0.1,
        "description": "Which digit is it? 1,000 MNIST images that our own models never saw and "
        "500 optdigits, six image perturbations in five tiers. The shipped MNIST net did see these "
        "MNIST images in training: judge it on optdigits.",
    },
    "reasoning": {
        "title": "Small exact tasks",
        "description": "Adding, copying, reversing and remembering, in four sizes each; an answer "
        "counts only if it is exact. Sizes are different questions, so tiers are not paired.",
    },
}

DOMAINS: Mapping[str, Mapping[str, Any]] = {
    "tweets": {"title": "Tweets"},
    "movies": {"title": "Movie reviews"},
    "amazon": {"title": "Amazon reviews"},
    "nyt": {"title": "New York Times editorials"},
    "mnist": {"title": "MNIST"},
    "optdigits": {"title": "Optdigits (8 x 8, enlarged)"},
    "addition": {"title": "Addition"},
    "copy": {"title": "List copy"},
    "reverse": {"title": "List reverse"},
    "recall": {"title": "Key-value recall"},
}

_MOVIES = "8,714 movie-review sentences of the same source"
_MNIST_4K = "4,000 MNIST images, none of them tested on"
_WEB = "2 T tokens of web text, code and instructions"

MODELS: Mapping[str, Mapping[str, Any]] = {
    "vader": {
        "alias": "VADER", "family": "lexicon", "colour": "#0072b2",
        "trained_on": ["a word list rated by people, tuned on these tweets"],
        "in_domains": ["tweets"],
        "caveat": "The authors of the lexicon also made these tweets: that domain favours it.",
    },
    "textblob": {
        "alias": "TextBlob", "family": "lexicon", "colour": "#56b4e9",
        "trained_on": ["adjectives frequent in product reviews (pattern lexicon)"],
        "in_domains": [],
    },
    "tfidf-word": {
        "alias": "Words + LR", "family": "tf-idf", "colour": "#e69f00", "trained_on": [_MOVIES],
        "in_domains": ["movies"],
        "caveat": "Movie sentences are split by sentence: near neighbours may stand on both sides.",
    },
    "tfidf-char": {
        "alias": "Characters + LR", "family": "tf-idf", "colour": "#d55e00",
        "trained_on": [_MOVIES], "in_domains": ["movies"],
        "caveat": "Movie sentences are split by sentence: near neighbours may stand on both sides.",
    },
    "minilm-lr": {
        "alias": "MiniLM + LR", "family": "embedding", "colour": "#009e73",
        "trained_on": ["3,000 movie-review sentences of the same source"],
        "in_domains": ["movies"],
        "note": "all-MiniLM-L6-v2 is frozen; only the classifier on top is trained.",
    },
    "smollm2-135m": {
        "alias": "SmolLM2", "family": "language model", "colour": "#cc79a7", "trained_on": [_WEB],
        "note": "SmolLM2-135M-Instruct from its 4-bit GGUF file, computed in float32.",
    },
    "mnist-net": {
        "alias": "MNIST net", "family": "pretrained net", "colour": "#d55e00",
        "trained_on": ["all 60,000 MNIST training images"], "in_domains": ["mnist"],
        "caveat": "Contaminated on mnist: its training images include the ones tested here.",
    },
    "usps-net": {
        "alias": "USPS net", "family": "pretrained net", "colour": "#cc79a7",
        "trained_on": ["USPS postcodes"], "in_domains": [],
    },
    "svhn-net": {
        "alias": "SVHN net", "family": "pretrained net", "colour": "#009e73",
        "trained_on": ["SVHN house numbers in colour"], "in_domains": [],
    },
    "cnn-4k": {
        "alias": "Small CNN", "family": "trained here", "colour": "#0072b2",
        "trained_on": [_MNIST_4K], "in_domains": ["mnist"],
    },
    "logreg": {
        "alias": "Logistic regression", "family": "trained here", "colour": "#7f7f7f",
        "trained_on": [_MNIST_4K], "in_domains": ["mnist"],
    },
    "forest": {
        "alias": "Random forest", "family": "trained here", "colour": "#8c6d31",
        "trained_on": [_MNIST_4K], "in_domains": ["mnist"],
    },
    "smollm2-3bit": {
        "alias": "SmolLM2, 3 bits", "family": "language model", "colour": "#0072b2",
        "trained_on": [_WEB],
        "note": "Linear layers rounded to 3 bits in groups of 64 weights, nothing retrained.",
    },
    "smollm2-27-layers": {
        "alias": "SmolLM2, 27 of 30 layers", "family": "language model", "colour": "#e69f00",
        "trained_on": [_WEB],
        "note": "Layers 20, 22 and 24 left out, nothing retrained.",
    },
}  # fmt: skip


def perturbation_titles() -> dict[str, dict[str, str]]:
    """Return the section ``[perturbations]``: titles by the short name."""
    from stresslab import perturbations
    from stresslab.jobs.demo.reasoning import GRADES

    titles = {
        name.rpartition(".")[2]: {"title": perturbations.get(name).title}
        for name in perturbations.names()
    }
    return titles | {grade.perturbation: {"title": grade.title} for grade in GRADES.values()}
