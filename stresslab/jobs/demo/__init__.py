"""The parts of the demo workspace: what each task holds and which models answer it."""
