import numpy as np
from sklearn.decomposition import PCA

from stresslab.projections.pca import compute


def test_components_are_those_of_scikit_learn_up_to_sign():
    vectors = np.random.default_rng(0).normal(size=(80, 6)) * [5, 3, 1, 1, 1, 1]
    ours, theirs = compute(vectors, seed=0), PCA(2).fit_transform(vectors)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-9)


def test_a_line_lies_on_the_first_axis():
    found = compute(np.outer(np.arange(5.0), [3, 4]), seed=0)
    np.testing.assert_allclose(found, [[-10, 0], [-5, 0], [0, 0], [5, 0], [10, 0]], atol=1e-9)
