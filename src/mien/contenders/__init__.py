"""What takes part in ``mien bench``: handcrafted baselines, plain classifiers, model files.

A contender says how a clip becomes its input (:meth:`step_for`) and makes an estimator in scikit-learn's
manner (:meth:`make`); :mod:`mien.evaluation` knows no more of it. docs/contenders.md lists them.

Nothing here needs scikit-learn until a classifier is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from mien.contenders.options import Option, options, parse_options
from mien.errors import InputError
from mien.weights import SHIPPED, shipped

if TYPE_CHECKING:
    from mien.contenders.model import ModelContender
    from mien.contenders.recipe import Recipe

__all__ = ["CONTENDERS", "Option", "make_contender", "options_of", "words_of"]

CONTENDERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lbptop-svm": "lbp_top:LbpTopSvm",
        "hoof-svm": "hoof:HoofSvm",
        "mdmo-svm": "mdmo:MdmoSvm",
        "hog3d-svm": "hog3d:Hog3dSvm",
        "flow-logreg": "flow_logreg:FlowLogreg",
        "svm": "plain:PlainSvm",
        "logreg": "plain:PlainLogistic",
    }
)
"""Name -> file of this room and the class in it, which is loaded when it is asked for."""

_MODEL = ".onnx"


def make_contender(text: str) -> Recipe | ModelContender:
    """A contender from what a user writes.

    Args:
        text: ``NAME``, ``NAME:key=value,key=value``, the path of a model file, which ends in ``.onnx``, or
            the name of one that comes with mien (:data:`mien.weights.SHIPPED`).

    Returns:
        The contender, with the options given and its own defaults for the rest.

    Raises:
        InputError: no contender of that name, an option it does not have or a value that is not allowed (the
            message lists what there is), or a model file that cannot be used.
    """
    if text in SHIPPED:
        text = str(shipped(text))
    if text.lower().endswith(_MODEL):
        from mien.contenders.model import open_model

        return open_model(text)
    name, colon, given = text.partition(":")
    cls = _recipe(name.strip())
    return cls(**parse_options(cls, cls.base, given)) if colon else cls()


def options_of(name: str) -> tuple[Option, ...]:
    """What can be set on a contender, for the help.

    Raises:
        InputError: there is none of that name.
    """
    return options(_recipe(name))


def words_of(name: str) -> str:
    """A contender in one line: the method and its paper.

    Raises:
        InputError: there is none of that name.
    """
    return _recipe(name).words


def _recipe(name: str) -> type[Recipe]:
    if name not in CONTENDERS:
        from mien.contenders.spotters import SPOTTING_CONTENDERS

        if name in SPOTTING_CONTENDERS:
            raise InputError(f"{name} finds expressions in long videos: ask for --protocol spotting")
        raise InputError(
            f"there is no contender {name!r}; choose one of {', '.join((*CONTENDERS, *SHIPPED))}, or give a "
            f"model file, which ends in {_MODEL}"
        )
    file, _, factory = CONTENDERS[name].partition(":")
    return cast("type[Recipe]", getattr(import_module(f"mien.contenders.{file}"), factory))
