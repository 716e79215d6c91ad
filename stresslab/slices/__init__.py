"""Slices that stand out: searched exactly, cleared of echoes, measured on rows not searched."""
