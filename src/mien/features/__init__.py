"""Handcrafted descriptors of a face crop or clip, one a file."""

from mien.features.lbp import UNIFORM_BINS, block_histograms, chi_square, uniform_lbp

__all__ = ["UNIFORM_BINS", "block_histograms", "chi_square", "uniform_lbp"]
