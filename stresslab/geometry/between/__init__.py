"""Measures of two clouds: of the same inputs in two spaces, or of two sets of inputs."""
