"""Ages of shells from their measures: familiarity where the answer is a number."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._familiarity import Code, combined, empirical_p
from stresslab.rng import rng_for
from stresslab.stats.neighbours import nearest

N_ROWS, N_TRAIN, N_CALIBRATION = 2000, 1000, 500
DIMENSION, K = 4, 10
NOISE_SD = 0.1
"""Noise on standardised measures, per tier."""


def shells(n: int = N_ROWS) -> tuple[Array, Array]:
    """Return measures of shape (n, 8) and ages: growth slows down, weight goes with length cubed.

    Length, diameter and height in cm; weights whole, of meat, gut and shell, in g / 100; sex
    as 0, 1, 2. Ages are 1 to about 29 rings.
    """
    rng = rng_for("sage", "shells")
    age = 1 + rng.gamma(4.0, 2.3, n)
    sex = rng.integers(0, 3, n).astype(float)
    length = 6.5 * (1 - np.exp(-0.18 * age)) * np.exp(0.08 * rng.standard_normal(n))
    diameter = 0.8 * length * np.exp(0.03 * rng.standard_normal(n))
    height = 0.28 * length * np.exp(0.08 * rng.standard_normal(n))
    whole = length * diameter * height * np.exp(0.08 * rng.standard_normal(n)) / 20
    meat = (0.45 - 0.008 * age) * whole * np.exp(0.1 * rng.standard_normal(n))
    gut = 0.2 * whole * np.exp(0.12 * rng.standard_normal(n))
    shell = (0.24 + 0.008 * age) * whole * np.exp(0.1 * rng.standard_normal(n))
    table = np.column_stack([length, diameter, height, whole, meat, gut, shell, sex])
    return table, age


@dataclass(frozen=True, eq=False)
class Ages:
    """A linear head on a code of measures, and what is usual for it.

    Parameters
    ----------
    centre, spread : ndarray of shape (8,)
        Of the measures that were fitted on.
    code : Code
        Principal components of the standardised measures.
    ages : ndarray of shape (n_fit,)
        Of the fit rows.
    weights : ndarray of shape (m + 1,)
        Of the head; the first is its constant.
    usual : ndarray of shape (n_calibration, 3)
        Sorted scores of the calibration rows.
    """

    centre: Array
    spread: Array
    code: Code
    ages: Array
    weights: Array
    usual: Array

    def predict(self, features: Array) -> Array:
        """Return ages of standardised measures, shape (n,)."""
        codes = self.code.of(features)
        found: Array = self.weights[0] + codes @ self.weights[1:]
        return found

    def raw(self, features: Array) -> Array:
        """Return the three scores; the third is |age told - mean age of the k neighbours|."""
        distance, error = self.code.strangeness(features, K)
        near = nearest(self.code.codes, self.code.of(features), K)[1]
        gap = np.abs(self.predict(features) - self.ages[near].mean(axis=1))
        return np.column_stack([distance, error, gap])

    def parts(self, features: Array) -> Array:
        """Return the three p, shape (n, 3)."""
        return empirical_p(self.raw(features), self.usual)


def fit_ages(measures: Array, ages: Array, held: Array) -> Ages:
    """Return the head fitted on measures and ages; `held` measures calibrate."""
    centre, spread = measures.mean(axis=0), measures.std(axis=0)
    features = (measures - centre) / spread
    code = Code.fit(features, DIMENSION)
    design = np.column_stack([np.ones(len(ages)), code.codes])
    weights = np.linalg.lstsq(design, ages, rcond=None)[0]
    empty = Ages(centre, spread, code, ages, weights, np.empty((0, 3)))
    usual = np.sort(empty.raw((held - centre) / spread), axis=0)
    return Ages(centre, spread, code, ages, weights, usual)


def asked(tier: int) -> tuple[Array, Array, Array, Array]:
    """Return ages, ages told, the three p and SAGE of the 500 test rows at a tier of noise."""
    measures, ages = shells()
    stop = N_TRAIN + N_CALIBRATION
    model = fit_ages(measures[:N_TRAIN], ages[:N_TRAIN], measures[N_TRAIN:stop])
    features = (measures[stop:] - model.centre) / model.spread
    noise = NOISE_SD * tier * rng_for("sage ages", tier).standard_normal(features.shape)
    parts = model.parts(features + noise)
    return ages[stop:], model.predict(features + noise), parts, combined(parts, "geometric")
