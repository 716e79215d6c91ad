"""In against out of distribution: what a gap is made of, and what should have been expected."""
