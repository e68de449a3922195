"""A complete solver for convolution chains: every way, within a stated family, from one (C, H, W) to another."""
