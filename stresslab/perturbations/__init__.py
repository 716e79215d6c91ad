"""Perturbations: named, seeded ways to make an input harder, in tiers."""

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations._remake import perturb, perturbations, remake

names, get = perturbations.names, perturbations.get

__all__ = ["Perturbation", "get", "names", "perturb", "perturbations", "remake"]
