"""Data sets as they lie on disk: per data set one file with its reader and the writer of its layout.

>>> from mien.datasets import CASME2, LAYOUTS, make_layout
>>> CASME2("/data/CASME2").samples[0].emotion                          # doctest: +SKIP
'happiness'
>>> list(LAYOUTS)[:3]
['casme', 'casme2', 'smic']
>>> make_layout("casme2").filming.streams[0].fps
200.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from mien.datasets.layout import Layout
from mien.datasets.manifest import DataSet, Footage, Problem, Sample, manifest
from mien.errors import InputError

__all__ = [
    "CASME",
    "CASME2",
    "CAS_ME_2",
    "CAS_ME_3",
    "CK_PLUS",
    "DFME",
    "FEATURES",
    "FLOW",
    "FOUR_DME",
    "JAFFE",
    "LAYOUTS",
    "MMEW",
    "MUG",
    "OULU_CASIA",
    "READERS",
    "SAMM",
    "SAMM_LV",
    "SMIC",
    "SMIC_E",
    "DataSet",
    "Footage",
    "Layout",
    "Problem",
    "Sample",
    "make_layout",
    "manifest",
    "read_dataset",
    "reader_of",
]

LAYOUTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "casme": "casme:CasmeLayout",
        "casme2": "casme2:Casme2Layout",
        "smic": "smic:SmicLayout",
        "smic-e-long": "smic_e_long:SmicELongLayout",
        "samm": "samm:SammLayout",
        "samm-lv": "samm_lv:SammLvLayout",
        "cas-me-2": "cas_me_2:CasMe2Layout",
        "cas-me-3": "cas_me_3:CasMe3Layout",
        "mmew": "mmew:MmewLayout",
        "4dme": "four_dme:FourDmeLayout",
        "dfme": "dfme:DfmeLayout",
        "ck-plus": "ck_plus:CkPlusLayout",
        "oulu-casia": "oulu_casia:OuluCasiaLayout",
        "jaffe": "jaffe:JaffeLayout",
        "mug": "mug:MugLayout",
        "flow": "flow_images:FlowImagesLayout",
        "features": "feature_files:FeatureFilesLayout",
    }
)
"""Name on the command line -> ``file:class`` in this package; loaded when it is first made."""


def make_layout(name: str, **options: Any) -> Layout:
    """The layout of a data set.

    Args:
        name: a key of :data:`LAYOUTS`.
        options: what its class takes (which release, which key); none is needed.

    Raises:
        InputError: there is no layout of that name.
    """
    if name not in LAYOUTS:
        raise InputError(f"There is no data set {name!r}; choose one of {', '.join(LAYOUTS)}.")
    file, kind = LAYOUTS[name].split(":")
    make = cast(Callable[..., Layout], getattr(import_module(f"mien.datasets.{file}"), kind))
    return make(**options)


READERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "casme": "casme:read_casme",
        "casme2": "casme2:read_casme2",
        "smic": "smic:read_smic",
        "smic-e-long": "smic_e_long:read_smic_e_long",
        "samm": "samm:read_samm",
        "samm-lv": "samm_lv:read_samm_lv",
        "cas-me-2": "cas_me_2:read_cas_me_2",
        "cas-me-3": "cas_me_3:read_cas_me_3",
        "mmew": "mmew:read_mmew",
        "4dme": "four_dme:read_four_dme",
        "dfme": "dfme:read_dfme",
        "ck-plus": "ck_plus:read_ck_plus",
        "oulu-casia": "oulu_casia:read_oulu_casia",
        "jaffe": "jaffe:read_jaffe",
        "mug": "mug:read_mug",
        "flow": "flow_images:read_flow",
        "features": "feature_files:read_features",
    }
)
"""Name on the command line -> ``file:function`` in this package; loaded when it is first called."""

_PYTHON_NAMES = {"SMIC_E": "smic-e-long", "FOUR_DME": "4dme"}
_PYTHON_NAMES |= {
    name.upper().replace("-", "_"): name for name in READERS if name not in _PYTHON_NAMES.values()
}


def read_dataset(name: str, root: str | Path, **options: Any) -> DataSet:
    """Read a copy of a data set; nothing in it is changed.

    Args:
        name: a key of :data:`READERS`.
        root: its folder, or the folder of its pictures.
        options: what its reader takes (which pictures, which workbook, ``key`` of feature files); none is
            needed.

    Raises:
        InputError: there is no reader of that name, or the copy cannot be read at all. What is wrong in
            parts is in :attr:`DataSet.problems`.
    """
    if name not in READERS:
        raise InputError(f"There is no data set {name!r} to read; choose one of {', '.join(READERS)}.")
    return reader_of(name)(root, **options)


def reader_of(name: str) -> Callable[..., DataSet]:
    """The function that reads a data set, by a key of :data:`READERS`."""
    file, function = READERS[name].split(":")
    return cast(Callable[..., DataSet], getattr(import_module(f"mien.datasets.{file}"), function))


def __getattr__(name: str) -> Callable[..., DataSet]:
    """Readers in capitals: ``CASME2`` is :func:`mien.datasets.casme2.read_casme2`."""
    if name in _PYTHON_NAMES:
        return reader_of(_PYTHON_NAMES[name])
    raise AttributeError(f"module 'mien.datasets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PYTHON_NAMES])
