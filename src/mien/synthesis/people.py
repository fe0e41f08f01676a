"""Anybody: what a person's head is shaped like, drawn at random or given, and the head made from it.

A :class:`Shape` is a point in MakeHuman's space of heads: sex, age, descent, muscle and weight, and some
hundred local dials (the width of the nose's bridge, the fullness of the lower lip). Random shapes stay
plausible because dials are drawn in millimetres with spreads about those of living people, because dials of
one family move together, and because no dial goes further than two and a half spreads.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.records import Person
from mien.synthesis.head import MOUTH, TEETH, Head, HeadModel, head_model
from mien.synthesis.mouth import settle_mouth

__all__ = ["DESCENTS", "Descent", "Shape", "build_head", "draw_person", "draw_shape"]

Array = NDArray[np.float32]
Sex = Literal["female", "male"]

YOUNGEST: Final = 18.0
OLDEST: Final = 75.0


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one head, in plain numbers: ``Shape(**shape.to_dict())`` is the same, also by way of JSON.

    Attributes:
        gender: 0 for a man's head, 1 for a woman's, or between.
        age: years.
        ethnicity: shares of MakeHuman's three corners (``african``, ``asian``, ``caucasian``), sum 1.
        muscle, weight: 0 to 1, one half is average.
        local: weight of each local shape, above 0 to 1, by name (``HeadModel.shapes``). ``l-`` or ``r-``
            before the name of a shape that has no sides means its half on the person's left or right.
    """

    gender: float
    age: float
    ethnicity: Mapping[str, float]
    muscle: float = 0.5
    weight: float = 0.5
    local: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ethnicity", dict(self.ethnicity))
        object.__setattr__(self, "local", dict(self.local))

    def to_dict(self) -> dict[str, Any]:
        """All attributes, for JSON."""
        return asdict(self)


# ------------------------------------------------------------------------ who


class Descent(NamedTuple):
    """Where somebody's forebears come from, as far as a face and its skin show it.

    Attributes:
        share: of people drawn.
        african, asian, caucasian: typical shares of MakeHuman's corners.
        tone, spread: mean and standard deviation of the skin tone on the Monk scale.
    """

    share: float
    african: float
    asian: float
    caucasian: float
    tone: float
    spread: float


DESCENTS: Final[Mapping[str, Descent]] = {
    "african": Descent(0.17, 0.85, 0.05, 0.10, 8.0, 1.3),
    "east asian": Descent(0.25, 0.03, 0.87, 0.10, 3.2, 1.0),
    "european": Descent(0.24, 0.04, 0.04, 0.92, 2.4, 1.0),
    "latin american": Descent(0.11, 0.20, 0.30, 0.50, 4.6, 1.4),
    "middle eastern": Descent(0.08, 0.15, 0.08, 0.77, 4.2, 1.2),
    "south asian": Descent(0.15, 0.27, 0.18, 0.55, 6.0, 1.4),
}
"""The words of :attr:`Person.ethnicity` and what they mean here."""


def draw_person(rng: np.random.Generator, number: int) -> tuple[Person, Shape]:
    """Somebody at random and their shape; skin and hair can be drawn from the person."""
    words = list(DESCENTS)
    word = words[int(rng.choice(len(words), p=[d.share for d in DESCENTS.values()]))]
    sex: Sex = "female" if rng.random() < 0.5 else "male"
    age = _draw_age(rng)
    descent = DESCENTS[word]
    skin = int(np.clip(np.rint(rng.normal(descent.tone, descent.spread)), 1, 10))
    shape = draw_shape(rng, age=age, sex=sex, ethnicity=word)
    return Person(number=number, age=round(age, 1), sex=sex, skin=skin, ethnicity=word), shape


def _draw_age(rng: np.random.Generator) -> float:
    """Adults, most of them young, as in laboratories."""
    return float(YOUNGEST + (OLDEST - YOUNGEST) * rng.beta(1.1, 1.9))


# -------------------------------------------------------------------- dials


class _Dial(NamedTuple):
    """A pair of opposite local shapes.

    ``spread`` is the standard deviation in millimetres, measured where the shape moves the skin most;
    ``share`` is the correlation with the family's common number, negative for the opposite direction.
    """

    name: str
    minus: str
    plus: str
    spread: float
    family: str = ""
    share: float = 0.0


_MOST = 2.5  # spreads

_DIALS: Final = tuple(
    _Dial(*row)
    for row in (
        ("head-fat", "decr", "incr", 1.6, "fat", 0.8),
        ("head-angle", "in", "out", 2.0),
        ("head-scale-depth", "decr", "incr", 1.5),
        ("head-scale-horiz", "decr", "incr", 2.5, "wide", 0.6),
        ("head-scale-vert", "decr", "incr", 2.5, "wide", -0.3),
        ("head-back-scale-depth", "decr", "incr", 4.0),
        ("head-age", "decr", "incr", 0.8, "age", 0.8),
        ("forehead-nubian", "decr", "incr", 4.0),
        ("forehead-scale-vert", "decr", "incr", 4.0),
        ("forehead-temple", "decr", "incr", 1.5, "wide", 0.5),
        ("forehead-trans", "backward", "forward", 2.0),
        ("eyebrows-angle", "down", "up", 1.3),
        ("eyebrows-trans", "down", "up", 1.1, "age", -0.3),
        ("eyebrows-trans", "backward", "forward", 1.2),
        ("cheek-bones", "decr", "incr", 1.2, "wide", 0.4),
        ("cheek-inner", "decr", "incr", 1.0, "fat", 0.4),
        ("cheek-trans", "down", "up", 1.3, "age", -0.3),
        ("cheek-volume", "decr", "incr", 1.7, "fat", 0.7),
        ("chin-bones", "decr", "incr", 2.2, "jaw", 0.7),
        ("chin-cleft", "decr", "incr", 0.6),
        ("chin-height", "decr", "incr", 2.5),
        ("chin-jaw-drop", "decr", "incr", 1.2, "jaw", 0.5),
        ("chin-prognathism", "decr", "incr", 0.9),
        ("chin-prominent", "decr", "incr", 1.7),
        ("chin-width", "decr", "incr", 2.0, "jaw", 0.6),
        ("ear-flap", "decr", "incr", 1.8),
        ("ear-lobe", "decr", "incr", 1.6, "age", 0.4),
        ("ear-rot", "backward", "forward", 2.0),
        ("ear-scale", "decr", "incr", 1.8, "age", 0.2),
        ("ear-scale-depth", "decr", "incr", 1.2),
        ("ear-scale-vert", "decr", "incr", 1.5),
        ("ear-shape", "round", "pointed", 1.3),
        ("ear-shape", "square", "triangle", 1.6),
        ("ear-trans", "backward", "forward", 1.5),
        ("ear-trans", "down", "up", 2.0),
        ("ear-wing", "decr", "incr", 2.5),
        ("eye-bag", "", "incr", 0.9, "age", 0.5),
        ("eye-bag-height", "decr", "incr", 0.8),
        ("eye-bag", "in", "out", 0.6),
        ("eye-corner1", "down", "up", 0.5),
        ("eye-corner2", "down", "up", 0.45),
        ("eye-epicanthus", "in", "out", 0.5),
        ("eye-eyefold-angle", "down", "up", 0.5),
        ("eye-eyefold", "down", "up", 0.5),
        ("eye-height1", "decr", "incr", 0.4, "open", 0.7),
        ("eye-height2", "decr", "incr", 0.5, "open", 0.7),
        ("eye-height3", "decr", "incr", 0.4, "open", 0.7),
        ("eye-push1", "in", "out", 0.6),
        ("eye-push2", "in", "out", 0.5),
        ("eye-scale", "decr", "incr", 0.5),
        ("eye-trans", "down", "up", 0.7),
        ("eye-trans", "in", "out", 1.0, "wide", 0.4),
        ("mouth-angles", "down", "up", 0.7, "age", -0.3),
        ("mouth-cupidsbow", "decr", "incr", 0.4),
        ("mouth-cupidsbow-width", "decr", "incr", 0.4),
        ("mouth-dimples", "in", "out", 0.5),
        ("mouth-laugh-lines", "out", "in", 0.7, "age", 0.4),
        ("mouth-lowerlip-ext", "down", "up", 0.5),
        ("mouth-lowerlip-height", "decr", "incr", 0.8, "lips", 0.7),
        ("mouth-lowerlip-middle", "down", "up", 0.4),
        ("mouth-lowerlip-volume", "decr", "incr", 0.7, "lips", 0.7),
        ("mouth-lowerlip-width", "decr", "incr", 0.8),
        ("mouth-philtrum-volume", "decr", "incr", 0.5),
        ("mouth-scale-depth", "decr", "incr", 0.7),
        ("mouth-scale-horiz", "decr", "incr", 1.6),
        ("mouth-scale-vert", "decr", "incr", 0.6, "lips", 0.5),
        ("mouth-trans", "backward", "forward", 0.9),
        ("mouth-trans", "down", "up", 1.1),
        ("mouth-upperlip-ext", "down", "up", 0.4),
        ("mouth-upperlip-height", "decr", "incr", 0.5, "lips", 0.6),
        ("mouth-upperlip-middle", "down", "up", 0.4),
        ("mouth-upperlip-volume", "decr", "incr", 0.6, "lips", 0.7),
        ("mouth-upperlip-width", "decr", "incr", 0.7),
        ("neck-back-scale-depth", "decr", "incr", 2.5, "fat", 0.4),
        ("neck-scale-depth", "decr", "incr", 1.5, "fat", 0.4),
        ("neck-scale-horiz", "decr", "incr", 2.0, "fat", 0.4),
        ("nose-base", "down", "up", 0.9),
        ("nose-compression", "compress", "uncompress", 0.7),
        ("nose-curve", "concave", "convex", 1.0, "hump", 0.6),
        ("nose-flaring", "decr", "incr", 0.8, "nose", 0.5),
        ("nose-greek", "decr", "incr", 0.8),
        ("nose-hump", "decr", "incr", 0.9, "hump", 0.6),
        ("nose-nostrils-angle", "down", "up", 0.8),
        ("nose-nostrils-width", "decr", "incr", 0.7, "nose", 0.5),
        ("nose-point", "down", "up", 1.0, "hump", -0.3),
        ("nose-point-width", "decr", "incr", 0.6, "nose", 0.4),
        ("nose-scale-depth", "decr", "incr", 1.4),
        ("nose-scale-horiz", "decr", "incr", 0.8, "nose", 0.6),
        ("nose-scale-vert", "decr", "incr", 1.4),
        ("nose-septumangle", "decr", "incr", 0.7),
        ("nose-trans", "backward", "forward", 0.7),
        ("nose-trans", "down", "up", 0.8),
        ("nose-volume", "decr", "incr", 0.9, "nose", 0.3),
        ("nose-width1", "decr", "incr", 0.5, "nose", 0.4),
        ("nose-width2", "decr", "incr", 0.6, "nose", 0.5),
        ("nose-width3", "decr", "incr", 0.9, "nose", 0.7),
    )
)
_MIDLINE: Final = (("nose-trans", "in", "out", 0.35), ("mouth-trans", "in", "out", 0.5))
"""Shapes that push what should be on the middle line to one side."""


def draw_shape(
    rng: np.random.Generator,
    age: float | None = None,
    sex: Sex | None = None,
    ethnicity: str | None = None,
    *,
    symmetric: bool = False,
) -> Shape:
    """A plausible head at random.

    Args:
        rng: source of chance; the same state gives the same shape.
        age: years, 18 to 75; drawn when not given.
        sex: drawn when not given.
        ethnicity: a word of :data:`DESCENTS`; drawn when not given.
        symmetric: both sides of the face alike.

    Raises:
        InputError: the age is not an adult's, or the ethnicity is not known.
    """
    if ethnicity is not None and ethnicity not in DESCENTS:
        raise InputError(f"ethnicity is {ethnicity!r}; known are: {', '.join(DESCENTS)}")
    if age is not None and not YOUNGEST <= age <= 90:
        raise InputError(f"age is {age:g}; the studio has adults from {YOUNGEST:g} to 90 years")
    drawn_age, drawn_female = _draw_age(rng), bool(rng.random() < 0.5)
    drawn_word = list(DESCENTS)[int(rng.choice(len(DESCENTS), p=[d.share for d in DESCENTS.values()]))]
    years = round(drawn_age if age is None else float(age), 2)
    female = drawn_female if sex is None else sex == "female"
    descent = DESCENTS[drawn_word if ethnicity is None else ethnicity]
    towards = float(np.clip(rng.beta(9, 1.6), 0.6, 1.0))
    # 14 makes somebody of one descent still a mixture, but a recognisable one
    shares = rng.dirichlet(14 * np.array([descent.african, descent.asian, descent.caucasian]))
    weight = float(np.clip(rng.normal(0.5 + 0.003 * (years - 40), 0.17), 0.1, 0.95))
    muscle = float(np.clip(rng.normal(0.5 - 0.002 * (years - 40), 0.15), 0.15, 0.9))
    common = {f: float(rng.standard_normal()) for f in sorted({d.family for d in _DIALS} - {""})}
    common["age"] = (years - 42) / 18
    common["fat"] = 0.7 * common["fat"] + 0.7 * (weight - 0.5) / 0.17
    local: dict[str, float] = {}
    for dial in _DIALS:
        own = float(rng.standard_normal())
        z = dial.share * common.get(dial.family, 0.0) + np.sqrt(1 - dial.share**2) * own
        tilt = 0.0 if symmetric else float(np.clip(rng.normal(0, 0.07), -0.15, 0.15))
        stray = 0.0 if symmetric else 0.12 * float(rng.standard_normal())  # so that dials at rest differ too
        for side, value in (("l-", z * (1 + tilt) + stray), ("r-", z * (1 - tilt) - stray)):
            _set(local, dial, float(np.clip(value, -_MOST, _MOST)) * dial.spread, side)
    for name, minus, plus, spread in _MIDLINE:
        z = 0.0 if symmetric else float(np.clip(rng.standard_normal(), -2, 2))
        _set(local, _Dial(name, minus, plus, spread), z * spread, "")
    return Shape(
        gender=round(towards if female else 1 - towards, 4),
        age=years,
        ethnicity={
            k: round(float(s), 4) for k, s in zip(("african", "asian", "caucasian"), shares, strict=True)
        },
        muscle=round(muscle, 4),
        weight=round(weight, 4),
        local=local,
    )


def _set(local: dict[str, float], dial: _Dial, millimetres: float, side: str) -> None:
    """Turn one dial on one side of the face (or ``""``: on both)."""
    end = dial.plus if millimetres > 0 else dial.minus
    if not end:
        return
    name = f"{dial.name}-{end}"
    weight = round(min(abs(millimetres) / _size(name), 1.0), 4)
    if weight > 0:
        local[side + name] = weight


@functools.cache
def _size(name: str) -> float:
    """How far a shape moves the vertex that it moves most, in millimetres."""
    shapes = head_model().shapes
    moved = shapes[name] if name in shapes else shapes["l-" + name]
    return 1000 * float(np.linalg.norm(moved, axis=1).max())


# --------------------------------------------------------------------- a head


def build_head(shape: Shape) -> Head:
    """The head of a shape."""
    model = head_model()
    moved = _large(model, shape) + _local(model, shape.local)
    return model.build(settle_mouth(model, (model.vertices + moved).astype(np.float32)))


_YEARS: Final = ((16.0, 25.0, 90.0), (0.5, 0.67, 1.0))
_AGES: Final = (0.5, 0.67, 0.83, 1.0)


def _large(model: HeadModel, shape: Shape) -> Array:
    """Displacement by sex, age, descent, muscle and weight: between the corners that the asset has."""
    at = float(np.interp(shape.age, *_YEARS))
    k = min(max(int(np.searchsorted(_AGES, at)) - 1, 0), len(_AGES) - 2)
    t = (at - _AGES[k]) / (_AGES[k + 1] - _AGES[k])
    # muscle and weight, -1 to 1: out from the average along a ray that ends on the square's edge
    m, w = 2 * shape.muscle - 1, 2 * shape.weight - 1
    out = max(abs(m), abs(w))
    em, ew = ((m / out + 1) / 2, (w / out + 1) / 2) if out else (0.5, 0.5)
    total = np.zeros_like(model.vertices)
    for gender, gender_share in ((0, 1 - shape.gender), (1, shape.gender)):
        for age, age_share in ((_AGES[k], 1 - t), (_AGES[k + 1], t)):
            share = gender_share * age_share
            if not share:
                continue
            corner = {n: model.macros[f"g{gender}-a{age:.2f}-{n}"] for n in ("african", "asian", "caucasian")}
            average = sum(corner.values()) / np.float32(3)
            who = sum(np.float32(shape.ethnicity.get(n, 0.0)) * c for n, c in corner.items())
            body = np.zeros_like(total)
            for muscle, ms in ((0, 1 - em), (1, em)):
                for weight, ws in ((0, 1 - ew), (1, ew)):
                    body += np.float32(ms * ws) * model.macros[f"g{gender}-a{age:.2f}-m{muscle}-w{weight}"]
            total += np.float32(share) * (who + np.float32(out) * (body - average))
    return total


def _local(model: HeadModel, weights: Mapping[str, float]) -> Array:
    """Displacement by local shapes; the teeth go where the flesh around them goes."""
    left = _left_half()[:, None]
    total = np.zeros_like(model.vertices)
    for name, weight in weights.items():
        if name in model.shapes:
            total += np.float32(weight) * model.shapes[name]
        elif name[2:] in model.shapes and name[:2] in ("l-", "r-"):
            total += np.float32(weight) * (left if name[0] == "l" else 1 - left) * model.shapes[name[2:]]
        else:
            raise InputError(f"no local shape is called {name!r}")
    teeth, near, follow = _teeth()
    total[teeth] = follow @ total[near]
    return total


@functools.cache
def _left_half() -> Array:
    """1 on the person's left, 0 on the right, changing softly across the middle."""
    t = np.clip(0.5 + head_model().vertices[:, 0] / 0.03, 0, 1)  # metres
    return np.asarray(t * t * (3 - 2 * t), np.float32)


@functools.cache
def _teeth() -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """The teeth, the inside of the mouth near them, and the affine map between their displacements."""
    model = head_model()
    teeth = np.unique(model.faces[model.part == TEETH]).astype(np.int64)
    inside = np.unique(model.faces[model.part == MOUTH]).astype(np.int64)
    v = model.vertices.astype(np.float64)
    distance = np.linalg.norm(v[inside][:, None] - v[teeth][None], axis=2).min(1)
    near = inside[distance < 0.012]
    a, b = np.c_[v[near], np.ones(len(near))], np.c_[v[teeth], np.ones(len(teeth))]
    return teeth, near, (b @ np.linalg.pinv(a, rcond=1e-3)).astype(np.float32)
