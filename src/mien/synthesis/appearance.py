"""What somebody looks like, apart from the shape of the head: drawn at random, and recorded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["HAIR_COLOURS", "HAIR_STYLES", "IRISES", "Appearance", "draw_appearance"]

Sex = Literal["female", "male"]
Colour = tuple[float, float, float]

HAIR_STYLES = ("bald", "buzz", "short", "long", "cap", "beanie", "hairband")
HAIR_COLOURS: dict[str, Colour] = {
    "black": (0.012, 0.0105, 0.010),
    "dark brown": (0.030, 0.020, 0.014),
    "brown": (0.062, 0.038, 0.024),
    "light brown": (0.125, 0.083, 0.050),
    "blond": (0.29, 0.21, 0.125),
    "red": (0.15, 0.062, 0.026),
    "grey": (0.25, 0.245, 0.24),
    "white": (0.48, 0.47, 0.45),
}
"""Reflectance of hair, linear RGB."""
IRISES: dict[str, Colour] = {
    "dark brown": (0.030, 0.016, 0.009),
    "brown": (0.075, 0.036, 0.016),
    "hazel": (0.125, 0.085, 0.034),
    "green": (0.115, 0.135, 0.070),
    "blue": (0.105, 0.165, 0.205),
    "grey": (0.150, 0.170, 0.180),
}
"""Reflectance of irises, linear RGB."""
_FABRICS: tuple[Colour, ...] = (
    (0.62, 0.61, 0.58), (0.03, 0.03, 0.035), (0.045, 0.06, 0.13), (0.18, 0.19, 0.21), (0.32, 0.05, 0.05),
    (0.06, 0.15, 0.09), (0.10, 0.20, 0.40), (0.45, 0.36, 0.24), (0.25, 0.12, 0.26), (0.55, 0.42, 0.10),
    (0.42, 0.22, 0.24), (0.09, 0.06, 0.045),
)  # fmt: skip


@dataclass(frozen=True)
class Appearance:
    """Looks of one person. Numbers without unit run from 0 to 1.

    Attributes:
        skin: tone on the Monk scale, 1 (lightest) to 10 (darkest), continuous.
        undertone: −1 olive to 1 rosy.
        age: years.
        sex: ``female`` or ``male``.
        redness: of cheeks, nose and ears.
        blemishes, freckles, pores: how strong.
        moles: how many.
        wrinkles: how deep lines are, at rest and in motion.
        lip_redness: natural colour of the lips.
        lipstick, eyeliner, blush: make-up.
        lipstick_colour: linear RGB.
        brow_thickness, brow_arch, brow_height, brow_darkness: of the eyebrows.
        lashes: how dark and long.
        stubble: beard shadow.
        iris: a name of ``IRISES``.
        hair_colour: a name of ``HAIR_COLOURS``.
        hair_style: one of ``HAIR_STYLES``.
        hair_curl: 0 straight to 1 coily.
        hairline: 0 low to 1 receding.
        hair_volume: how far hair stands off.
        hair_parting: −1 on the person's right to 1 on the left; 0 is the middle.
        headwear_colour, clothes_colour: linear RGB.
        clothes_pattern: ``plain``, ``stripes`` or ``checks``.
        neckline: 0 close to the neck to 1 wide.
        gloss: shine of the skin.
        teeth: 0 yellowish to 1 white.
    """

    skin: float = 3.0
    undertone: float = 0.0
    age: float = 28.0
    sex: Sex = "female"
    redness: float = 0.4
    blemishes: float = 0.2
    freckles: float = 0.0
    pores: float = 0.5
    moles: int = 3
    wrinkles: float = 0.3
    lip_redness: float = 0.5
    lipstick: float = 0.0
    lipstick_colour: Colour = (0.36, 0.06, 0.08)
    eyeliner: float = 0.0
    blush: float = 0.0
    brow_thickness: float = 0.5
    brow_arch: float = 0.5
    brow_height: float = 0.5
    brow_darkness: float = 0.6
    lashes: float = 0.6
    stubble: float = 0.0
    iris: str = "brown"
    hair_colour: str = "dark brown"
    hair_style: str = "short"
    hair_curl: float = 0.2
    hairline: float = 0.3
    hair_volume: float = 0.5
    hair_parting: float = 0.3
    headwear_colour: Colour = (0.18, 0.19, 0.21)
    clothes_colour: Colour = (0.045, 0.06, 0.13)
    clothes_pattern: str = "plain"
    neckline: float = 0.3
    gloss: float = 0.4
    teeth: float = 0.6

    def to_json(self) -> dict[str, Any]:
        """Every attribute, as a manifest and a fairness audit want them."""
        return asdict(self)


_FAIR = {"european": 1.1, "latin american": 0.4, "middle eastern": 0.4, "south asian": 0.05}
_COILY = {
    "african": 0.85,
    "latin american": 0.08,
    "middle eastern": 0.04,
    "south asian": 0.03,
    "european": 0.01,
}


def draw_appearance(
    rng: np.random.Generator,
    age: float | None = None,
    sex: Sex | None = None,
    skin: float | None = None,
    ethnicity: str | None = None,
) -> Appearance:
    """Somebody at random.

    Skin tones are drawn evenly over the whole scale, ages mostly from 18 to 70; colours of hair and eyes,
    freckles, curls, grey hair, receding hairlines, stubble and make-up go with tone, age and sex as they tend
    to do.

    Args:
        rng: source of all randomness.
        age: years.
        sex: ``female`` or ``male``.
        skin: tone on the Monk scale.
        ethnicity: a word of ``people.DESCENTS``, so that hair and eyes go with the shape of the head.
    """
    drawn_age = 18 + 57 * rng.beta(1.1, 2.0)
    drawn_sex: Sex = "female" if rng.random() < 0.5 else "male"
    drawn_skin = rng.uniform(1.0, 10.0)
    age = float(np.clip(drawn_age if age is None else age, 5, 95))
    sex = sex or drawn_sex
    skin = float(np.clip(drawn_skin if skin is None else skin, 1, 10))
    fair = 1.0 if ethnicity is None else _FAIR.get(ethnicity, 0.0)
    light = float(np.clip((5.5 - skin) / 3, 0, 1)) * min(1.0, 0.2 + fair)  # room for what only light skin has
    old = float(np.clip((age - 30) / 45, 0, 1))
    male, adult = sex == "male", age >= 15
    hair, iris = _colours(rng, skin, age, fair)
    style, recession = _style(rng, male, age)
    made_up = adult and (rng.random() < (0.03 if male else 0.5))
    red_hair = hair == "red"
    freckles = rng.beta(1.2, 3) if rng.random() < light * (0.9 if red_hair else 0.3) else 0.0
    coils = float(np.clip((skin - 5) / 3.5, 0, 0.85)) if ethnicity is None else _COILY.get(ethnicity, 0.0)
    coily = rng.random() < coils
    return Appearance(
        skin=_round(skin),
        undertone=_round(np.clip(rng.normal(0, 0.45), -1, 1)),
        age=_round(age),
        sex=sex,
        redness=_round(np.clip(rng.beta(2, 3) + 0.15 * old, 0, 1)),
        blemishes=_round(rng.beta(1.2, 3.5) * (1.2 if age < 28 else 0.8)),
        freckles=_round(freckles),
        pores=_round(np.clip(rng.beta(3, 3) + 0.1 * male + 0.15 * old, 0, 1)),
        moles=int(rng.poisson(3 + 4 * old)),
        wrinkles=_round(np.clip((age - 18) / 62 + rng.normal(0, 0.06), 0.03, 1)),
        lip_redness=_round(rng.beta(3, 3)),
        lipstick=_round(rng.beta(2, 3) if made_up else 0.0),
        lipstick_colour=_varied(rng, [(0.36, 0.06, 0.08), (0.40, 0.15, 0.15), (0.22, 0.05, 0.09)]),
        eyeliner=_round(rng.beta(2, 3) if made_up else 0.0),
        blush=_round(0.6 * rng.beta(2, 3) if made_up else 0.0),
        brow_thickness=_round(np.clip(rng.beta(3, 3) + (0.15 if male else -0.1), 0, 1)),
        brow_arch=_round(np.clip(rng.beta(3, 3) + (-0.15 if male else 0.12), 0, 1)),
        brow_height=_round(rng.beta(4, 4)),
        brow_darkness=_round(np.clip(rng.beta(4, 3) - 0.15 * old, 0.25, 1)),
        lashes=_round(np.clip(rng.beta(3, 3) + (-0.1 if male else 0.1) + 0.2 * made_up, 0, 1)),
        stubble=_round(rng.beta(1.2, 2.2) if male and age >= 17 else 0.0),
        iris=iris,
        hair_colour=hair,
        hair_style=style,
        hair_curl=_round(rng.uniform(0.75, 1) if coily else 0.6 * rng.beta(1.2, 2.5)),
        hairline=_round(recession),
        hair_volume=_round(rng.beta(2.5, 2.5)),
        hair_parting=_round(rng.uniform(-1, 1)),
        headwear_colour=_varied(rng, list(_FABRICS)),
        clothes_colour=_varied(rng, list(_FABRICS)),
        clothes_pattern=str(rng.choice(["plain", "stripes", "checks"], p=[0.7, 0.15, 0.15])),
        neckline=_round(np.clip(rng.beta(1.5, 3) + (0 if male else 0.12), 0, 1)),
        gloss=_round(np.clip(0.12 + 0.45 * rng.beta(2.5, 3) - 0.012 * (skin - 4), 0.08, 0.7)),
        teeth=_round(np.clip(rng.beta(3, 2) - 0.3 * old, 0, 1)),
    )


def _colours(rng: np.random.Generator, skin: float, age: float, fairness: float) -> tuple[str, str]:
    """Hair and iris."""
    fair = float(np.clip((5.0 - skin) / 3.5, 0, 1)) * 0.75 * fairness
    hairs = ["black", "dark brown", "brown", "light brown", "blond", "red"]
    weight = np.array([1.6 - 1.2 * fair, 0.8, 1.2 * fair, fair, 0.9 * fair, 0.18 * fair])
    if skin > 6.5:
        weight[1] *= 0.4
    hair = str(rng.choice(hairs, p=weight / weight.sum()))
    shade = hairs.index(hair)
    irises = ["dark brown", "brown", "hazel", "green", "blue", "grey"]
    pale = fair if shade else 0.12 * fair  # light eyes seldom go with black hair
    weight = np.array([1.2 - pale, 0.9 - 0.3 * pale, 0.7 * pale, 0.45 * pale, 1.1 * pale, 0.3 * pale])
    if shade == 0 or skin > 6:
        weight[0] += 1.5
    if shade >= 4:
        weight[0] *= 0.15
    iris = str(rng.choice(irises, p=weight / weight.sum()))
    turning = rng.random()
    if turning < np.clip((age - 38) / 35, 0, 0.92):
        hair = "white" if age > 62 and rng.random() < (age - 58) / 40 else "grey"
    return hair, iris


def _style(rng: np.random.Generator, male: bool, age: float) -> tuple[str, float]:
    """Hair style, and how far the hairline has gone back."""
    if male:
        recession = float(np.clip(rng.beta(2, 4) + max(0.0, age - 28) / 55 * rng.beta(2, 2), 0, 1))
        weight = np.array([0.03 + 0.25 * recession**2, 0.22, 0.55, 0.07, 0.07, 0.06, 0.0])
        if recession > 0.75:
            weight[3] = 0
    else:
        recession = float(0.5 * rng.beta(2, 3))
        weight = np.array([0.0 if age < 50 else 0.01, 0.02, 0.18, 0.55, 0.05, 0.06, 0.14])
    return str(rng.choice(HAIR_STYLES, p=weight / weight.sum())), _round(recession)


def _varied(rng: np.random.Generator, colours: list[Colour]) -> Colour:
    """One of some colours, a little changed."""
    colour = np.array(colours[int(rng.integers(len(colours)))]) * np.exp(rng.normal(0, 0.18, 3))
    red, green, blue = (round(float(c), 4) for c in np.clip(colour, 0.01, 0.8))
    return red, green, blue


def _round(value: Any) -> float:
    """Few enough digits that a manifest stays readable and reading it back gives the same person."""
    return round(float(value), 4)
