"""The commands of `stresslab`, one file per group."""
