"""Painting a face: skin, lips, make-up, lines of age, the inside of the mouth, clothes.

All of it is drawn from noise and curves; hair, eyes and wrinkles have modules of their own. Skin is told by
two pigments, melanin and blood, each of which takes its share of red, green and blue light (after Tsumura et
al., 1999).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.synthesis.appearance import Appearance, draw_appearance
from mien.synthesis.atlas import HEIGHT, WIDTH, Atlas, Sheet, array, atlas, blob, noise, step
from mien.synthesis.creases import draw_creases
from mien.synthesis.eyes import paint_eye
from mien.synthesis.hair import lift, paint_brows, paint_lashes, paint_scalp
from mien.synthesis.head import BODY, MOUTH, SOCKET, TONGUE, HeadModel
from mien.synthesis.scene import Surface

__all__ = ["Appearance", "draw_appearance", "paint", "skin_colour"]

Array = NDArray[np.float32]
Planes = tuple[Array, Array, Array]

_TONES = np.array(
    [
        [71.0, 9.0, 13.0], [68.0, 9.5, 14.5], [65.0, 10.0, 16.0], [61.0, 10.8, 17.5], [55.5, 11.5, 18.8],
        [49.0, 11.8, 19.0], [42.5, 11.3, 17.0], [36.5, 10.5, 14.2], [31.0, 9.3, 11.3], [26.5, 8.0, 9.0],
    ]
)  # fmt: skip
"""CIELAB of skin by Monk tone, as spectrophotometers find it on cheeks: less vivid than the swatches."""
_MELANIN = array([0.42, 0.62, 0.80])  # what one unit takes of the logarithm of the reflectance
_BLOOD = array([0.08, 0.46, 0.36])
_FINE = array([0.85, 1.0, 1.1])


def skin_colour(tone: float, undertone: float = 0.0) -> Array:
    """Reflectance of plain skin, linear RGB."""
    k = np.arange(1, 11)
    light, a, b = (np.interp(tone, k, _TONES[:, i]) for i in range(3))
    lab = array([[[light, a + 1.6 * undertone, b - 1.8 * undertone]]])
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2LRGB), np.float32)
    return array(np.maximum(rgb[0, 0], 0.008))


def paint(
    appearance: Appearance, model: HeadModel, seed: int, size: tuple[int, int] = (HEIGHT, WIDTH)
) -> Surface:
    """The surface of somebody's head.

    Args:
        appearance: what it looks like.
        model: the mesh.
        seed: of everything that ``appearance`` leaves open: which pores, where the moles.
        size: rows and columns of the albedo. Full size is for outer-eye distances of 120 pixels and more;
            half does for 60 to 120, and for less a third.
    """
    page = atlas(model, *size)
    small = atlas(model, max(size[0] // 4, 60), max(size[1] // 4, 90))
    mel, blood = _pigments(appearance, small, seed)
    melanin = _up(mel, page.shape)
    hb = _up(blood, page.shape)
    fine = _fine(appearance, small, page.shape, seed)
    window = page.window
    creases = draw_creases(appearance, page.sheet_scale, _rng(seed, 11))
    _spots(appearance, page, melanin[window], hb[window], seed)
    lips = _lips(appearance, page, hb[window], fine[window], seed)
    nostrils = blob(page.near, (0.108, 0.497, -0.255), (0.042, 0.024, 0.045), 1.5)
    fine[window] -= np.float32(1.7) * nostrils
    old = np.float32(0.5 * max(0.0, appearance.wrinkles - 0.12))
    fine[window] -= old * _worn(page, np.max(creases, axis=0))
    picture = _develop(appearance, melanin, hb, fine)
    if appearance.lipstick > 0:
        colour = array(np.sqrt(appearance.lipstick_colour) * (1 - 0.035 * (appearance.skin - 1)))
        _over(picture[:, *window], 0.75 * appearance.lipstick * lips, colour)
    paint_lashes(picture[:, *window], page, appearance, _rng(seed, 5))
    paint_brows(picture[:, *window], page, appearance, _rng(seed, 6))
    paint_scalp(picture, atlas(model, size[0] // 2, size[1] // 2), appearance, _rng(seed, 7))
    _inner(picture, page, _rng(seed, 8))
    _clothes(picture, page, appearance, _rng(seed, 9))
    picture *= np.float32(255)
    albedo = np.asarray(cv2.merge([np.maximum(cv2.convertScaleAbs(plane), 1) for plane in picture]), np.uint8)
    half = atlas(model, size[0] // 2, size[1] // 2)
    wrinkles = np.zeros((*half.shape, 4), np.uint8)
    depth = 0.25 + 0.75 * appearance.wrinkles
    sheet = Sheet(half.sheet_scale).picture.shape
    for k in range(4):
        wrinkles[half.window][..., k] = (
            150
            * depth
            * _worn(
                half, np.asarray(cv2.resize(creases[k], sheet[::-1], interpolation=cv2.INTER_AREA), np.uint8)
            )
        )
    white = appearance.teeth
    return Surface(
        albedo=albedo,
        wrinkles=wrinkles,
        eye=paint_eye(appearance, _rng(seed, 10)),
        teeth=(0.52 + 0.14 * white, 0.47 + 0.17 * white, 0.36 + 0.22 * white),
        gloss=appearance.gloss,
        puff=lift(model, appearance),
    )


def _rng(seed: int, purpose: int) -> np.random.Generator:
    """One generator a purpose, so that a change to one part of the face leaves the others alone."""
    return np.random.default_rng([seed, purpose])


def _up(field: Array, shape: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _worn(page: Atlas, picture: NDArray[np.uint8]) -> Array:
    """A sheet's picture on the face's front, 0 to 1, faded out towards the sides."""
    return np.asarray(page.worn(picture).astype(np.float32) * np.float32(1 / 255) * page.front, np.float32)


def _over(picture: Array, alpha: Array, colour: Array) -> None:
    """Cover a picture (of square roots of reflectance) with a colour."""
    for plane, value in zip(picture, colour, strict=True):
        plane += alpha * (value - plane)


def _pigments(who: Appearance, small: Atlas, seed: int) -> tuple[Array, Array]:
    """Large-scale melanin and blood, above or below those of plain skin."""
    p = small.planes
    x, y, z = p
    rng = _rng(seed, 1)
    patches = noise(rng, small.shape, 60.0)
    wide = noise(rng, small.shape, 150.0)
    old = max(0.0, who.wrinkles - 0.25)
    dark = (who.skin - 1) / 9
    red = 0.35 + 0.8 * who.redness
    blood = (
        red * 0.75 * blob(p, (0.50, 0.42, 0.0), (0.24, 0.20, 0.35))
        + red * 0.70 * blob(p, (0.0, 0.43, -0.42), (0.15, 0.12, 0.25))
        + red * 0.45 * blob(p, (0.19, 0.50, -0.2), (0.07, 0.09, 0.2))
        + red * 0.80 * step(0.84, 0.93, x) * step(-0.12, 0.0, y) * step(0.6, 0.45, y) * step(1.2, 1.1, z)
        + red * 0.35 * blob(p, (0.0, 1.10, -0.2), (0.26, 0.15, 0.3))
        + 0.35 * blob(p, (0.36, -0.02), (0.17, 0.10))
        + 0.30 * blob(p, (0.36, 0.10), (0.16, 0.05))
        + 0.35 * blob(p, (0.23, 0.01), (0.05, 0.04))
        - 0.20 * blob(p, (0.0, -0.45, -0.2), (0.5, 0.22, 0.4))
        + 0.42 * who.blush * blob(p, (0.56, 0.36, 0.05), (0.20, 0.13, 0.3))
        + (0.07 + 0.08 * who.redness) * patches
    )
    melanin = (
        (0.24 + 0.25 * old) * blob(p, (0.33, 0.115), (0.15, 0.050))
        + 0.16 * blob(p, (0.25, -0.03), (0.07, 0.08))
        + 0.12 * blob(p, (0.37, -0.09), (0.18, 0.05))
        + 0.10 * blob(p, (0.24, 0.58), (0.08, 0.10))
        + 0.10 * blob(p, (0.31, 0.76), (0.07, 0.05))
        + 0.10 * dark * blob(p, (0.0, 0.82), (0.42, 0.22))
        + 0.08 * blob(p, (0.0, -0.45, -0.2), (0.55, 0.28, 0.4))
        - 0.10 * blob(p, (0.45, 0.25, 0.0), (0.20, 0.10, 0.3))
        + (0.05 + 0.03 * dark) * wide
        + (0.035 + 0.05 * old) * patches[::-1, ::-1]
    )
    blood = blood * np.float32(1 - 0.55 * dark)
    melanin = melanin * np.float32(1.0 - 0.25 * dark)
    return np.asarray(melanin, np.float32), np.asarray(blood, np.float32)


def _fine(who: Appearance, small: Atlas, shape: tuple[int, int], seed: int) -> Array:
    """Logarithm of the fine texture of lightness: pores, blotches, beard shadow."""
    rng = _rng(seed, 2)
    p = small.planes
    strength = 0.65 + 0.7 * who.pores
    smooth = 1 - 0.75 * np.maximum(
        blob(p, (0.37, -0.03), (0.17, 0.09), 2.0), 0.8 * blob(p, (0.0, 0.77), (0.30, 0.11), 2.0)
    )
    smooth *= 1 - 0.6 * (small.part == BODY)  # stretched there
    grain = _up((strength * smooth).astype(np.float32), shape)
    full = np.zeros(shape, np.float32)
    scale = HEIGHT / shape[0]
    for texels, amount in ((1.6, 0.034), (3.0, 0.034), (6.0, 0.028), (12.0, 0.026), (26.0, 0.026)):
        layer = noise(rng, shape, max(texels, scale))
        full += np.float32(amount) * layer
        if texels == 3.0:  # pores: the deepest of the noise, on nose and cheeks most of all
            where = 0.35 + blob(p, (0.0, 0.40, -0.35), (0.2, 0.2, 0.3))
            where = where + 0.8 * blob(p, (0.38, 0.36, -0.1), (0.2, 0.2, 0.3))
            full -= 0.05 * _up(where, shape) * np.maximum(layer - 0.9, 0)
    full *= grain
    if who.stubble > 0:
        zone = _beard(p)
        hairs = noise(rng, shape, max(2.0, scale))
        dots = np.float32(0.22) + np.float32(0.22) * np.clip(hairs, 0, 3)
        pale = {"blond": 0.3, "red": 0.55, "light brown": 0.6, "white": 0.25, "grey": 0.5}.get(
            who.hair_colour, 1.0
        )
        full -= _up(np.float32(1.5 * who.stubble * pale) * zone, shape) * dots
    return full


def _beard(p: Planes) -> Array:
    """Where a beard grows."""
    x, y, z = p
    jaw = step(0.62, 0.86, y + 0.30 * step(0.45, 0.80, x)) * step(1.62, 1.36, y) * step(0.85, 0.68, z)
    lip = blob(p, (0.12, 0.615, -0.25), (0.17, 0.055, 0.25), 1.5)
    bare = 1 - 0.8 * blob(p, (0.22, 0.87), (0.09, 0.05), 1.5)
    mouth = 1 - blob(p, (0.0, 0.765), (0.28, 0.095), 3.0)
    front = step(0.95, 0.7, z)
    return np.asarray(np.maximum(jaw * bare, 0.85 * lip) * mouth * front, np.float32)


def _develop(who: Appearance, melanin: Array, blood: Array, fine: Array) -> Array:
    """Square root of the reflectance, one plane a colour, from pigments."""
    base = np.log(skin_colour(who.skin, who.undertone))
    picture = np.empty((3, *melanin.shape), np.float32)
    part = np.empty_like(melanin)
    for c in range(3):
        log = picture[c]
        np.multiply(fine, np.float32(0.5 * _FINE[c]), out=log)
        log -= np.multiply(melanin, np.float32(0.5 * _MELANIN[c]), out=part)
        log -= np.multiply(blood, np.float32(0.5 * _BLOOD[c]), out=part)
        log += np.float32(0.5 * base[c])
        np.exp(log, out=log)
    return picture


_UPPER = array(
    [[-0.285, 0.757], [-0.22, 0.722], [-0.15, 0.690], [-0.085, 0.666], [-0.05, 0.661], [0.0, 0.673]]
)
_LOWER = array([[0.285, 0.763], [0.22, 0.812], [0.15, 0.848], [0.08, 0.868], [0.0, 0.875]])


def _lips(who: Appearance, page: Atlas, blood: Array, fine: Array, seed: int) -> Array:
    """Colour the lips; returns where they are."""
    sheet = Sheet(page.sheet_scale)
    flip = array([-1, 1])
    outline = np.concatenate([_UPPER, (_UPPER * flip)[-2::-1], _LOWER[1:], (_LOWER * flip)[-2::-1]])
    sheet.fill(outline)
    sheet.soften(0.009)
    lips = _worn(page, sheet.picture)
    rng = _rng(seed, 4)
    lines = Sheet(page.sheet_scale)
    strokes = []
    for x in rng.uniform(-0.26, 0.26, 90):
        y = 0.77 + rng.uniform(-0.10, 0.10)
        bend = 0.25 * x * (1 if y > 0.77 else -1)
        strokes.append(array([[x, y - 0.03], [x + 0.06 * bend, y + 0.03]]))
    lines.lines(strokes, [0.004] * 90, [0.5] * 90)
    lines.soften(0.002)
    dark = (who.skin - 1) / 9
    upper = step(0.78, 0.72, page.near[1])
    amount = (1.15 + 0.9 * who.lip_redness) * (1 - 0.35 * dark)
    blood += np.float32(amount) * lips * (1 + np.float32(0.25) * upper)
    seam = np.float32(0.55) * blob(page.near, (0.0, 0.762), (0.27, 0.014), 2.0)
    shade = np.float32(0.04 + 0.10 * dark) * upper + np.float32(0.05)
    fine -= lips * (shade + np.float32(0.22) * _worn(page, lines.picture)) + seam * page.front
    return lips


def _spots(who: Appearance, page: Atlas, melanin: Array, blood: Array, seed: int) -> None:
    """Freckles, moles and blemishes."""
    rng = _rng(seed, 3)
    brown, red = Sheet(page.sheet_scale), Sheet(page.sheet_scale)
    for _ in range(int(700 * who.freckles)):
        x = rng.normal(0, 0.42)
        y = 0.22 + rng.normal(0, 0.24)
        brown.spot(x, y, rng.uniform(0.0025, 0.008), rng.uniform(0.12, 0.42))
    brown.soften(0.0022)
    for _ in range(who.moles):
        x, y = rng.uniform(-0.75, 0.75), rng.uniform(-0.7, 1.2)
        radius, depth = rng.uniform(0.005, 0.014), rng.uniform(0.45, 1.0)
        if not (abs(y - 0.77) < 0.14 and abs(x) < 0.33) and not (abs(abs(x) - 0.37) < 0.18 and abs(y) < 0.1):
            brown.spot(x, y, radius, depth)
    brown.soften(0.0015)
    for _ in range(int(24 * who.blemishes)):
        x, y = rng.normal(0, 0.5), rng.uniform(-0.7, 1.2)
        red.spot(x, y, rng.uniform(0.008, 0.024), rng.uniform(0.2, 0.75))
    red.soften(0.007)
    melanin += np.float32(1.9) * _worn(page, brown.picture)
    blood += np.float32(1.1) * _worn(page, red.picture)


def _inner(picture: Array, page: Atlas, rng: np.random.Generator) -> None:
    """Mouth, tongue and eye sockets."""
    rows = slice(int(0.835 * page.shape[0]), None)
    part, p = page.part[rows], tuple(plane[rows] for plane in page.planes)
    x, y, z = p
    rough = noise(rng, page.shape, 8.0)[rows]
    view = picture[:, rows]
    deep = step(-0.2, 0.25, z)
    colours = {
        MOUTH: (0.34 - 0.24 * deep, 0.085 - 0.06 * deep, 0.075 - 0.055 * deep),
        TONGUE: (0.40 - 0.2 * deep, 0.15 - 0.08 * deep, 0.13 - 0.07 * deep),
    }
    for which, colour in colours.items():
        mask = part == which
        for c in range(3):
            view[c][mask] = (np.sqrt(colour[c]) * (1 + 0.04 * rough))[mask]
    mask = part == SOCKET  # the lids' wet rims, then darkness
    near = np.zeros_like(x)
    at = np.stack([x[mask], y[mask]], 1)
    lids = page.lids[page.lids[:, 0] > 0]
    gap = np.full(len(at), np.float32(9))
    for point in lids:
        gap = np.minimum(gap, np.hypot(at[:, 0] - point[0], at[:, 1] - point[1]))
    near[mask] = step(0.10, 0.02, gap)
    for c, (rim, inside) in enumerate(((0.40, 0.20), (0.20, 0.06), (0.17, 0.05))):
        view[c][mask] = np.sqrt(inside + (rim - inside) * near[mask])


def _clothes(picture: Array, page: Atlas, who: Appearance, rng: np.random.Generator) -> None:
    """Fabric below the neckline."""
    rows, columns = slice(int(0.835 * page.shape[0]), None), slice(0, int(0.51 * page.shape[1]))
    window = (rows, columns)
    x, y, z = (plane[window] for plane in page.planes)
    line = 1.72 + 0.14 * who.neckline - 0.33 * step(0.0, 1.3, z)
    inside = y - line
    cover = step(-0.006, 0.006, inside) * (page.part[window] == BODY)
    weave = 0.04 * noise(rng, page.shape, 2.0)[window] + 0.03 * noise(rng, page.shape, 30.0)[window]
    if who.clothes_pattern == "stripes":
        weave = weave + 0.3 * np.clip(4 * np.sin(50 * (y - 0.3 * z)), -1, 1)
    elif who.clothes_pattern == "checks":
        weave = (
            weave
            + 0.18 * np.clip(4 * np.sin(40 * (y - 0.3 * z)), -1, 1)
            + 0.18 * np.clip(4 * np.sin(40 * x), -1, 1)
        )
    weave = weave - 0.25 * step(0.05, 0.03, inside) * step(0.0, 0.01, inside)  # the collar's seam
    colour = np.sqrt(array(who.clothes_colour))[:, None, None] * np.exp(0.5 * weave)
    _over(picture[:, *window], cover, np.asarray(colour, np.float32))
