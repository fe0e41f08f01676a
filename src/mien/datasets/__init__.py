"""Data sets as they lie on disk: the writers of their layouts (their readers will stand beside them).

>>> from mien.datasets import LAYOUTS, make_layout
>>> list(LAYOUTS)[:3]
['casme', 'casme2', 'smic']
>>> make_layout("casme2").filming.streams[0].fps
200.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, cast

from mien.datasets.layout import Layout
from mien.errors import InputError

__all__ = ["LAYOUTS", "Layout", "make_layout"]

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
