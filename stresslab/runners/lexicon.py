"""Judge sentiment by a word list: VADER or TextBlob."""

from collections.abc import Callable, Sequence

import numpy as np

from stresslab.errors import ParamError
from stresslab.runners._kind import Predict, Prediction, Runner
from stresslab.runners._needs import needed

LABELS = ("negative", "positive")


def load(*, name: str, calibrate_on: tuple[Sequence[str], Sequence[str]] | None = None) -> Predict:
    """Return a judge whose answer is the sign of the lexicon's value; 0 is an abstention.

    Parameters
    ----------
    name : {"vader", "textblob"}
        Which lexicon.
    calibrate_on : tuple of (texts, labels), optional
        Sentences with a known label. A lexicon's value is not a probability, so the confidence is
        the share right at that distance from 0, by a logistic fit on these sentences. Without them
        the confidence is unknown.
    """
    valence = _valence(name)
    curve = None if calibrate_on is None else _calibration(valence, *calibrate_on)

    def predict(texts: Sequence[str]) -> list[Prediction]:
        said = []
        for text in texts:
            value = round(valence(text), 4)
            output = f"{value:+.4f}"
            if value == 0:
                said.append(Prediction(None, status="abstained", output="0"))
                continue
            sure = None if curve is None else float(np.float16(curve(abs(value))))
            said.append(Prediction(LABELS[int(value > 0)], output=output, confidence=sure))
        return said

    return predict


def _valence(name: str) -> Callable[[str], float]:
    if name == "vader":
        analyzer = needed("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
        return lambda text: float(analyzer.polarity_scores(text)["compound"])
    if name == "textblob":
        blob = needed("textblob").TextBlob
        return lambda text: float(blob(text).sentiment.polarity)
    raise ParamError(f"A lexicon must be vader or textblob; got {name!r}.")


def _calibration(
    valence: Callable[[str], float], texts: Sequence[str], labels: Sequence[str]
) -> Callable[[float], float]:
    linear = needed("sklearn.linear_model")
    values = np.array([valence(text) for text in texts])
    told = values != 0
    right = (values > 0) == (np.asarray(labels) == "positive")
    fit = linear.LogisticRegression().fit(np.abs(values[told])[:, None], right[told])
    slope, offset = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return lambda distance: 1.0 / (1.0 + float(np.exp(-(offset + slope * distance))))


PIECE = Runner(
    title="sentiment lexicon",
    load=load,
    task_types=("classify text",),
    needs=("vaderSentiment", "textblob", "scikit-learn"),
    batch=500,
    source="Hutto & Gilbert (2014), VADER; Loria, TextBlob (pattern lexicon)",
)
