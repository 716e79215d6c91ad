"""Perturbations of texts."""
