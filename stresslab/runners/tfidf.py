"""Classify texts by TF-IDF weights and logistic regression."""

from collections.abc import Sequence
from typing import Literal

from stresslab.runners._kind import Predict, Prediction, Runner, classified
from stresslab.runners._needs import needed


def load(
    *, texts: Sequence[str], labels: Sequence[str], unit: Literal["word", "char"] = "word"
) -> Predict:
    """Return a classifier fitted on `texts`.

    Parameters
    ----------
    texts, labels : sequence of str
        Training texts and their labels.
    unit : {"word", "char"}
        Words and pairs of words, or runs of 2 to 5 characters inside word borders.
    """
    features = needed("sklearn.feature_extraction.text")
    linear = needed("sklearn.linear_model")
    shape = {"word": ("word", (1, 2)), "char": ("char_wb", (2, 5))}[unit]
    weigh = features.TfidfVectorizer(
        analyzer=shape[0], ngram_range=shape[1], min_df=2, sublinear_tf=True
    )
    model = linear.LogisticRegression(C=4.0, max_iter=2000).fit(
        weigh.fit_transform(texts), list(labels)
    )
    names = [str(label) for label in model.classes_]

    def predict(batch: Sequence[str]) -> list[Prediction]:
        return classified(model.predict_proba(weigh.transform(batch)), names) if batch else []

    return predict


PIECE = Runner(
    title="TF-IDF and logistic regression",
    load=load,
    task_types=("classify text",),
    needs=("scikit-learn",),
    batch=1000,
    source="ours; scikit-learn TfidfVectorizer (sublinear) and LogisticRegression (C = 4)",
)
