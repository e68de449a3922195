"""Somebody's own chain: read, run, and mended where it misses."""
