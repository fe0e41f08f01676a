"""Brows, lashes, hair on the head, and caps."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.synthesis.appearance import HAIR_COLOURS, Appearance
from mien.synthesis.atlas import Atlas, Sheet, array, step
from mien.synthesis.head import BODY, SKIN, HeadModel

__all__ = ["lift", "paint_brows", "paint_lashes", "paint_scalp"]

Array = NDArray[np.float32]

_HAIRLINE_Z = np.array([-0.3, 0.05, 0.20, 0.34, 0.46, 0.58, 0.70, 0.82, 1.12, 1.45, 1.75])
_HAIRLINE_Y = np.array([-0.86, -0.88, -0.80, -0.50, -0.30, -0.12, 0.16, 0.20, 0.26, 0.66, 0.80])
_CAPS = ("cap", "beanie")


def paint_brows(picture: Array, page: Atlas, who: Appearance, rng: np.random.Generator) -> None:
    """Eyebrows, hair by hair."""
    hairs, shade = Sheet(page.sheet_scale), Sheet(page.sheet_scale)
    arch, lifted = 0.05 * (who.brow_arch - 0.5), -0.05 * (who.brow_height - 0.5)
    spine = np.array(
        [[0.105, -0.185], [0.20, -0.222], [0.30, -0.248 - 0.5 * arch], [0.41, -0.262 - arch],
         [0.50, -0.235 - 0.7 * arch], [0.585, -0.180]]
    )  # fmt: skip
    spine[:, 1] += lifted
    half = 0.018 + 0.028 * who.brow_thickness
    breadth = np.array([0.85, 1.0, 1.0, 0.85, 0.55, 0.15]) * half
    along = np.arange(6.0)
    for side in (-1, 1):
        count = int(280 + 260 * who.brow_thickness)
        t = np.sort(5 * rng.random(count) ** 0.9)
        offset = np.clip(rng.normal(0, 0.5, count), -1, 1)
        strokes, widths, values = [], [], []
        for place, across in zip(t, offset, strict=True):
            x, y = (np.interp(place, along, spine[:, k]) for k in range(2))
            b = np.interp(place, along, breadth)
            slope = (
                np.interp(place + 0.3, along, spine[:, 1]) - np.interp(place - 0.3, along, spine[:, 1])
            ) / 0.07
            upright = np.interp(place, [0, 0.8, 2, 5], [1.35, 0.95, 0.45, 0.05]) - 0.45 * across
            angle = np.arctan(slope) - upright + rng.normal(0, 0.16)
            length = rng.uniform(0.045, 0.075) * np.interp(place, [0, 1, 5], [0.7, 1, 0.9])
            bend = angle + 0.5
            one = np.array([x, y + across * b])
            middle = one + 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
            end = middle + 0.5 * length * np.array([np.cos(bend), np.sin(bend)])
            strokes.append((np.stack([one, middle, end]) * [side, 1]).astype(np.float32))
            widths.append(0.0030)
            values.append(rng.uniform(0.4, 1.0))
        hairs.lines(strokes, widths, values)
        outline = np.concatenate(
            [spine - np.c_[np.zeros(6), breadth], (spine + np.c_[np.zeros(6), breadth])[::-1]]
        )
        shade.fill((outline * [side, 1]).astype(np.float32))
    shade.soften(0.018)
    hairs.soften(0.0012)
    front = page.front * np.float32(1 / 255)
    dark = 0.35 + 0.65 * who.brow_darkness
    alpha = page.worn(hairs.picture).astype(np.float32) * front * np.float32(min(1.0, 0.35 + 0.7 * dark))
    under = (
        page.worn(shade.picture).astype(np.float32)
        * front
        * np.float32(dark * (0.6 + 0.6 * who.brow_thickness))
    )
    colour = np.sqrt(_brow_colour(who))
    for plane, value in zip(picture, colour, strict=True):
        # between the hairs skin lies in their shade: it keeps its hue
        plane *= 1 - under * np.float32(0.75 * max(0.1, 1 - value / 0.6))
        plane += alpha * (value - plane)


def _brow_colour(who: Appearance) -> Array:
    """Brows are darker than blond hair and grey later."""
    colour = array(HAIR_COLOURS[who.hair_colour])
    if who.hair_colour in ("grey", "white"):
        colour = 0.45 * colour
    elif who.hair_colour in ("blond", "light brown", "red"):
        colour = 0.5 * colour
    return np.asarray(colour, np.float32)


def paint_lashes(picture: Array, page: Atlas, who: Appearance, rng: np.random.Generator) -> None:
    """The dark edge that lashes and eyeliner give the lids."""
    sheet = Sheet(page.sheet_scale)
    for side in (-1, 1):
        rim = page.lids[page.lids[:, 0] * side > 0] * [side, 1]
        order = np.argsort(rim[:, 0])
        rim = rim[order]
        middle = np.interp(rim[:, 0], [rim[0, 0], rim[-1, 0]], [rim[0, 1], rim[-1, 1]])
        upper, lower = rim[rim[:, 1] <= middle], rim[rim[:, 1] > middle]
        flip = [side, 1]
        full = 0.45 + 0.55 * who.lashes
        sheet.line(upper * flip, 0.015 + 0.010 * who.eyeliner, min(1.0, 0.8 * full + 0.5 * who.eyeliner))
        sheet.line(lower * flip, 0.006 + 0.006 * who.eyeliner, 0.30 * full + 0.4 * who.eyeliner)
        strokes, values = [], []
        for which, count, length, sign in ((upper, 42, 0.030, -1), (lower, 30, 0.016, 1)):
            for x in rng.uniform(which[0, 0] + 0.01, which[-1, 0] + 0.005, count):
                y = np.interp(x, which[:, 0], which[:, 1])
                outward = (x - 0.36) * 0.9
                reach = length * (0.6 + 0.5 * who.lashes) * rng.uniform(0.6, 1.0)
                end = [x + outward * reach * 4, y + sign * reach]
                strokes.append((np.array([[x, y], end]) * flip).astype(np.float32))
                values.append((0.55 if sign < 0 else 0.3) * full)
        sheet.lines(strokes, [0.003] * len(strokes), values)
    sheet.soften(0.0016)
    alpha = page.worn(sheet.picture).astype(np.float32) * np.float32(1 / 255) * page.front
    colour = np.sqrt(np.minimum(_brow_colour(who), np.float32(0.03)))
    for plane, value in zip(picture, colour, strict=True):
        plane += alpha * (value - plane)


def _inside(x: Array, y: Array, z: Array, who: Appearance) -> Array:
    """How far a point lies inside the hairline, in outer-eye distances; negative on bare skin."""
    line = np.interp(z, _HAIRLINE_Z, _HAIRLINE_Y).astype(np.float32)
    back = 0.10 * (who.hairline - 0.4)
    temples = np.exp(-np.square((x - 0.50) / 0.20)) * step(0.5, 0.1, z)
    line = line - (back + 0.30 * who.hairline * temples) * step(0.45, 0.2, z)
    if who.hair_style == "bald" and who.hairline > 0.6:  # not even a shadow
        line = np.full_like(line, -9)
    return np.asarray(line - y, np.float32)


def _band(y: Array, z: Array, who: Appearance) -> Array:
    """Distance above the lower edge of a cap, or behind the front edge of a hair band."""
    if who.hair_style == "hairband":
        return np.asarray((z - 0.16) * 0.8 - 0.30 * (y + 1.0), np.float32)
    low = -0.60 if who.hair_style == "cap" else -0.50
    return np.asarray(low + 0.16 * np.clip(z, 0, 1.2) - y, np.float32)


def paint_scalp(picture: Array, page: Atlas, who: Appearance, rng: np.random.Generator) -> None:
    """Hair and headwear on the whole texture, drawn at the size of ``page``."""
    x, y, z = page.planes
    on_head = (page.part == SKIN) & ~((x > 0.845) & (y > -0.10) & (y < 0.60) & (z < 1.16) & (z > 0.70))
    inside = _inside(x, y, z, who)
    strands, curls = _strands(page, who, rng)
    rough = 0.014 * np.clip(strands, -2, 2) + 0.014 * curls
    fade = {"buzz": 0.13, "bald": 0.16}.get(who.hair_style, 0.10)  # thin where it begins
    alpha = step(-0.035, fade, inside + rough)
    if who.hair_style == "buzz":
        alpha = alpha * np.clip(0.80 + 0.12 * curls, 0, 1)
    elif who.hair_style == "bald":
        alpha = alpha * 0.10 * (1 - 0.1 * who.hair_curl)
    if who.hair_style in ("long", "hairband"):  # it falls down the back of the neck
        alpha = np.maximum(alpha, step(1.10, 1.22, z + 0.02 * curls) * (y > -0.2))
    alpha = alpha * on_head
    tone = 0.30 * strands * (1 - 0.6 * who.hair_curl) + 0.22 * curls
    colour = np.sqrt(array(HAIR_COLOURS[who.hair_colour]))[:, None, None]
    layer = colour * np.exp(0.5 * tone)
    if who.hair_style in (*_CAPS, "hairband"):
        above = _band(y, z, who)
        cover = step(-0.008, 0.008, above) * (page.part == SKIN)
        if who.hair_style == "hairband":
            cover = cover * step(0.17, 0.155, above) * step(0.1, -0.1, y)
        knit = 0.10 * curls + (0.12 * np.sin(x * 90) if who.hair_style == "beanie" else 0.0)
        rim = -0.25 * step(0.14, 0.13, above) * (who.hair_style == "beanie")
        cloth = np.sqrt(array(who.headwear_colour))[:, None, None] * np.exp(0.5 * (knit + rim))
        layer = layer + cover * (cloth - layer)
        alpha = np.maximum(alpha, cover)
    shape = picture.shape[:0:-1]
    cover = np.asarray(
        cv2.resize(np.asarray(alpha, np.float32), shape, interpolation=cv2.INTER_LINEAR), np.float32
    )
    for c in range(3):
        coat = cv2.resize(np.asarray(layer[c], np.float32), shape, interpolation=cv2.INTER_LINEAR)
        picture[c] += cover * (np.asarray(coat, np.float32) - picture[c])


def _strands(page: Atlas, who: Appearance, rng: np.random.Generator) -> tuple[Array, Array]:
    """Noise along the hair, which runs outwards from the crown, and noise without direction."""
    p = page.position
    x = p[..., 0] - np.float32(0.4 * who.hair_parting) * step(0.3, -0.9, p[..., 1])
    across = np.arctan2(x, 1.05 - p[..., 2]) * np.float32(1 / (2 * np.pi)) + np.float32(0.5)
    away = np.hypot(x, 1.05 - p[..., 2]) * np.float32(0.7) + (p[..., 1] + np.float32(1.4)) * np.float32(0.8)
    wave = np.float32(0.010 * who.hair_curl) * np.sin(away * np.float32(14))
    total = np.zeros_like(across)
    for count, amount in ((160, 0.55), (420, 0.65), (1100, 0.6)):
        table = rng.standard_normal((12, count), np.float32)
        total += np.float32(amount) * np.asarray(
            cv2.remap(table, (across + wave) * np.float32(count), away * np.float32(3), cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_WRAP), np.float32
        )  # fmt: skip
    shape = page.shape
    curls = np.zeros(shape, np.float32)
    for texels, amount in ((1.0, 0.7), (2.2, 0.7), (5.0, 0.5)):
        raw = rng.standard_normal((int(shape[0] / texels), int(shape[1] / texels)), np.float32)
        curls += np.float32(amount) * np.asarray(cv2.resize(raw, shape[::-1], interpolation=cv2.INTER_LINEAR))
    return total, curls


def lift(model: HeadModel, who: Appearance) -> Array | None:
    """How far hair or headwear lifts each vertex, outer-eye distances."""
    if who.hair_style == "bald":
        return None
    points = model.build(model.vertices).neutral
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    inside = _inside(x, y, z, who)
    volume = 0.5 + who.hair_volume
    height = {"buzz": 0.015, "short": 0.11, "long": 0.14, "cap": 0.05, "beanie": 0.06, "hairband": 0.10}
    up = np.float32(height[who.hair_style] * volume) * step(0.0, 0.38, inside)
    if who.hair_style in ("short", "long", "hairband"):
        up *= 1 + np.float32(0.5 * who.hair_curl) * step(0.0, -0.6, y)
    if who.hair_style in ("long", "hairband"):
        behind = step(1.12, 1.40, z) * step(-0.5, 0.1, y) * step(1.25, 0.45, y)
        up = np.maximum(up, np.float32(0.32 * volume) * behind)
    if who.hair_style in _CAPS:
        above = _band(y, z, who)
        up = np.maximum(
            0.5 * up, np.float32(0.09 if who.hair_style == "beanie" else 0.07) * step(-0.06, 0.06, above)
        )
    ear = (x > 0.845) & (y > -0.10) & (y < 0.60) & (z < 1.16) & (z > 0.70)
    skin = np.zeros(len(points), bool)
    skin[np.unique(model.faces[model.part == SKIN])] = True
    skin[np.unique(model.faces[model.part == BODY])] = False
    up = up * skin * ~ear
    # the mesh is coarse on the scalp: an even lift looks combed
    return np.asarray(_evened(model, up.astype(np.float32)) * skin * ~ear, np.float32)


def _evened(model: HeadModel, values: Array) -> Array:
    total, count = values.copy(), np.ones(len(values), np.float32)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        np.add.at(total, model.faces[:, a], values[model.faces[:, b]])
        np.add.at(count, model.faces[:, a], 1)
    return np.asarray(np.where(values > 0, total / count, values), np.float32)
