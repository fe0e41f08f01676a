"""Handcrafted descriptors of a face crop or clip, one a file.

docs/handcrafted.md says what those of clips measure, and what was decided where the papers leave it open.
"""

from mien.features.hog3d import hog3d, hog3d_names
from mien.features.hoof import hoof, hoof_names
from mien.features.lbp import UNIFORM_BINS, block_histograms, chi_square, uniform_lbp
from mien.features.lbp_top import lbp_top, lbp_top_names
from mien.features.mdmo import mdmo, mdmo_names
from mien.features.mdmo_areas import MDMO_REGIONS, MdmoRegion, mdmo_regions

__all__ = [
    "MDMO_REGIONS",
    "UNIFORM_BINS",
    "MdmoRegion",
    "block_histograms",
    "chi_square",
    "hog3d",
    "hog3d_names",
    "hoof",
    "hoof_names",
    "lbp_top",
    "lbp_top_names",
    "mdmo",
    "mdmo_names",
    "mdmo_regions",
    "uniform_lbp",
]
