"""A second, tiny assignment: it shows that the generator knows nothing of the first."""
