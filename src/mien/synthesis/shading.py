"""Light on the face: colours of what the rasteriser found, in linear light.

A pixel all of whose samples show one smooth patch of one material is lit once, at its middle; at edges every
sample is lit by itself.
"""

from __future__ import annotations

import numpy as np

from mien.synthesis.compiled import compiled, spliced
from mien.synthesis.head import EYE, SKIN, TEETH

__all__ = ["shade"]

_SMOOTH = 1.004  # ratio of depths within a pixel that still counts as one patch


@spliced
def _weights(points, a, b, c, px, py):  # type: ignore[no-untyped-def]
    """Weights of a triangle's corners for its point seen at (px, py), perspective allowed for."""
    ax, ay, bx, by, cx, cy = (
        points[a, 0],
        points[a, 1],
        points[b, 0],
        points[b, 1],
        points[c, 0],
        points[c, 1],
    )
    inv = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
    u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) * inv
    v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) * inv
    p, q, s = u * points[a, 2], v * points[b, 2], (1.0 - u - v) * points[c, 2]
    scale = 1.0 / (p + q + s)
    return np.float32(p * scale), np.float32(q * scale), np.float32(s * scale)


@spliced
def _texel(texture, u, v):  # type: ignore[no-untyped-def]
    """Reflectance from a texture that holds square roots × 255, between its four nearest texels."""
    height, width = texture.shape[0], texture.shape[1]
    fx, fy = u * width - np.float32(0.5), v * height - np.float32(0.5)
    x = min(max(int(fx), 0), width - 2)
    y = min(max(int(fy), 0), height - 2)
    dx = min(max(fx - np.float32(x), np.float32(0)), np.float32(1))
    dy = min(max(fy - np.float32(y), np.float32(0)), np.float32(1))
    one, inv = np.float32(1), np.float32(1 / 255)
    aa, ab, ba, bb = (one - dx) * (one - dy), dx * (one - dy), (one - dx) * dy, dx * dy
    r = (texture[y, x, 0] * aa + texture[y, x + 1, 0] * ab) + (
        texture[y + 1, x, 0] * ba + texture[y + 1, x + 1, 0] * bb
    )
    g = (texture[y, x, 1] * aa + texture[y, x + 1, 1] * ab) + (
        texture[y + 1, x, 1] * ba + texture[y + 1, x + 1, 1] * bb
    )
    b = (texture[y, x, 2] * aa + texture[y, x + 1, 2] * ab) + (
        texture[y + 1, x, 2] * ba + texture[y + 1, x + 1, 2] * bb
    )
    r, g, b = np.float32(r * inv), np.float32(g * inv), np.float32(b * inv)
    return r * r, g * g, b * b


@compiled
def _wrinkle(wrinkles, wrinkling, u, v, left):  # type: ignore[no-untyped-def]
    """Light that wrinkles leave, 0.4 to 1."""
    height, width = wrinkles.shape[0], wrinkles.shape[1]
    fx, fy = u * width - np.float32(0.5), v * height - np.float32(0.5)
    x = min(max(int(fx), 0), width - 2)
    y = min(max(int(fy), 0), height - 2)
    dx, dy = fx - np.float32(x), fy - np.float32(y)
    depth = np.float32(0)
    for k in range(wrinkles.shape[2]):
        strength = wrinkling[k, 0] * (1 - left) + wrinkling[k, 1] * left
        if strength > 0:
            top = wrinkles[y, x, k] * (1 - dx) + wrinkles[y, x + 1, k] * dx
            low = wrinkles[y + 1, x, k] * (1 - dx) + wrinkles[y + 1, x + 1, k] * dx
            depth += strength * (top + (low - top) * dy) * np.float32(1 / 255)
    return max(np.float32(1) - depth, np.float32(0.4))


@compiled
def _lit(far, basis, reach, wx, wy, wz, cosine):  # type: ignore[no-untyped-def]
    """Share of the first light that reaches a point, softened over a few samples of the shadow map."""
    size = far.shape[0]
    one, zero = np.float32(1), np.float32(0)
    scale = np.float32(size) / (np.float32(2) * reach)
    x = (basis[0, 0] * wx + basis[0, 1] * wy + basis[0, 2] * wz + reach) * scale - np.float32(0.5)
    y = (basis[1, 0] * wx + basis[1, 1] * wy + basis[1, 2] * wz + reach) * scale - np.float32(0.5)
    ix, iy = int(np.floor(x)), int(np.floor(y))
    if ix < 1 or iy < 1 or ix >= size - 2 or iy >= size - 2:
        return one
    depth = basis[2, 0] * wx + basis[2, 1] * wy + basis[2, 2] * wz
    bias = np.float32(0.03) + np.float32(0.05) * (one - max(cosine, zero))
    ex, ey = x - np.float32(ix), y - np.float32(iy)
    inv = one / bias
    start = np.float32(2) - depth * inv
    total = zero
    for oy in range(4):
        weight_y = (one - ey) if oy == 0 else (ey if oy == 3 else one)
        row = zero
        for ox in range(4):
            weight_x = (one - ex) if ox == 0 else (ex if ox == 3 else one)
            gap = far[iy + oy - 1, ix + ox - 1] * inv + start  # from lit to dark over one bias
            row += weight_x * min(max(gap, zero), one)
        total += weight_y * row
    return total * np.float32(1 / 9)


@compiled
def _shown_at(px, py, shown, column, row, scale, points, faces):  # type: ignore[no-untyped-def]
    """Which of the triangles that a pixel's samples show covers its middle; -1: none of them."""
    last = -1
    for y in range(row, row + scale):
        for x in range(column, column + scale):
            f = shown[y, x]
            if f == last:
                continue
            last = f
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            ax, ay, bx, by = points[a, 0], points[a, 1], points[b, 0], points[b, 1]
            cx, cy = points[c, 0], points[c, 1]
            inv = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
            u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) * inv
            v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) * inv
            if u >= -1e-9 and v >= -1e-9 and u + v <= 1.0 + 1e-9:
                return f
    return -1


@spliced
def _point(  # type: ignore[no-untyped-def]
    f, px, py, points, vertices, normals, faces, part, uv, openness, side, albedo, wrinkles, wrinkling,
    wrinkled, eye, teeth, gloss, lights, colours, sky, ground, far, basis, reach, distance, flat,
):  # fmt: skip
    """Colour of the point of triangle ``f`` that is seen at (px, py)."""
    zero, one = np.float32(0), np.float32(1)
    i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
    wa, wb, wc = _weights(points, i, j, k, px, py)
    what = part[f]
    tu = wa * uv[f, 0, 0] + wb * uv[f, 1, 0] + wc * uv[f, 2, 0]
    tv = wa * uv[f, 0, 1] + wb * uv[f, 1, 1] + wc * uv[f, 2, 1]
    if what == TEETH:
        r, g, b = teeth[0], teeth[1], teeth[2]
    elif what == EYE:
        r, g, b = _texel(eye, tu, tv)
    else:
        r, g, b = _texel(albedo, tu, tv)
    if flat:
        return r, g, b
    openly = wa * openness[i] + wb * openness[j] + wc * openness[k]
    if wrinkled and what == SKIN:
        openly *= _wrinkle(wrinkles, wrinkling, tu, tv, wa * side[i] + wb * side[j] + wc * side[k])
    nx = wa * normals[i, 0] + wb * normals[j, 0] + wc * normals[k, 0]
    ny = wa * normals[i, 1] + wb * normals[j, 1] + wc * normals[k, 1]
    nz = wa * normals[i, 2] + wb * normals[j, 2] + wc * normals[k, 2]
    length = one / np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-12))
    nx, ny, nz = nx * length, ny * length, nz * length
    wx = wa * vertices[i, 0] + wb * vertices[j, 0] + wc * vertices[k, 0]
    wy = wa * vertices[i, 1] + wb * vertices[j, 1] + wc * vertices[k, 1]
    wz = wa * vertices[i, 2] + wb * vertices[j, 2] + wc * vertices[k, 2]
    vx, vy, vz = -wx, -wy, -distance - wz
    length = one / np.sqrt(vx * vx + vy * vy + vz * vz)
    vx, vy, vz = vx * length, vy * length, vz * length
    up = np.float32(0.5) - np.float32(0.5) * ny
    lr = (sky[0] * up + ground[0] * (one - up)) * openly
    lg = (sky[1] * up + ground[1] * (one - up)) * openly
    lb = (sky[2] * up + ground[2] * (one - up)) * openly
    shine_r, shine_g, shine_b = zero, zero, zero
    soft = what != EYE and what != TEETH
    for m in range(lights.shape[0]):
        lx, ly, lz = lights[m, 0], lights[m, 1], lights[m, 2]
        cosine = nx * lx + ny * ly + nz * lz
        if cosine <= np.float32(-0.22):
            continue
        lit = one
        if m == 0 and far.shape[0] > 0:
            lit = _lit(far, basis, reach, wx, wy, wz, cosine)
        near = lit * (np.float32(0.55) + np.float32(0.45) * openly)
        if soft:  # skin lets light seep round the edge, red most
            lr += colours[m, 0] * near * max((cosine + np.float32(0.22)) * np.float32(1 / 1.22), zero)
            lg += colours[m, 1] * near * max((cosine + np.float32(0.10)) * np.float32(1 / 1.10), zero)
            lb += colours[m, 2] * near * max((cosine + np.float32(0.06)) * np.float32(1 / 1.06), zero)
        else:
            near *= max(cosine, zero)
            lr += colours[m, 0] * near
            lg += colours[m, 1] * near
            lb += colours[m, 2] * near
        hx, hy, hz = lx + vx, ly + vy, lz + vz
        half = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz + np.float32(1e-12))
        if half > zero and cosine > zero:
            h4 = half * half * half * half
            h8 = h4 * h4
            h32 = h8 * h8 * h8 * h8
            if what == EYE:  # a wet, narrow glint
                shine = h32 * h32 * h32 * h32
                shine = np.float32(1.6) * shine * shine
            elif what == TEETH:
                shine = np.float32(0.25) * h32
            else:
                # hair and brows, which are part of the same surface, do not shine like skin
                shine = np.float32(0.16) * h8 + np.float32(0.14) * h32
                shine *= gloss * min(r * np.float32(25), one)
            shine *= lit * openly
            shine_r += colours[m, 0] * shine
            shine_g += colours[m, 1] * shine
            shine_b += colours[m, 2] * shine
    if what == EYE:  # in the shade of lids and lashes, which the mesh has too few vertices to show
        lr, lg, lb = lr * np.float32(0.68), lg * np.float32(0.66), lb * np.float32(0.66)
    return r * lr + shine_r, g * lg + shine_g, b * lb + shine_b


@compiled
def shade(  # type: ignore[no-untyped-def]
    shown, depths, points, vertices, normals, faces, part, uv, openness, side, albedo, wrinkles, wrinkling,
    eye, teeth, gloss, lights, colours, sky, ground, far, basis, reach, distance, background, scale, flat,
):  # fmt: skip
    """A picture from the samples of a mesh.

    Args:
        shown: ``int32`` (H·s, W·s), triangle at each sample or -1.
        depths: ``float32`` (H·s, W·s), inverse depth there.
        points: ``float64`` (V, 3), projected vertices.
        vertices: ``float32`` (V, 3).
        normals: ``float32`` (V, 3), unit.
        faces: ``int32`` (F, 3).
        part: ``uint8`` (F,), the material.
        uv: ``float32`` (F, 3, 2), texture coordinates of the corners.
        openness: ``float32`` (V,), how much of the surroundings' light reaches a vertex at rest.
        side: ``float32`` (V,), 0 on the person's right, 1 on the left.
        albedo: ``uint8`` (h, w, 3), square root of the reflectance × 255.
        wrinkles: ``uint8`` (h', w', K), depth of each family of wrinkles.
        wrinkling: ``float32`` (K, 2), how strongly each shows now, right and left.
        eye: ``uint8`` (n, n, 3), the eyeball's front seen along its axis, as ``albedo``.
        teeth: ``float32`` (3,), reflectance.
        gloss: shine of the skin, 0 to 1.
        lights: ``float32`` (L, 3), unit vectors towards the lights; the first casts shadows.
        colours: ``float32`` (L, 3), their strengths.
        sky: ``float32`` (3,), light from above.
        ground: ``float32`` (3,), light from below.
        far: the first light's shadow map; of shape (0, 0): no shadows.
        basis: ``float32`` (3, 3), the shadow map's axes.
        reach: half the shadow map's side.
        distance: of the camera from the origin, on the negative z axis.
        background: ``float32`` (H, W, 3), linear.
        scale: samples a pixel along each axis.
        flat: albedo alone, no light: for tests of the geometry.

    Returns:
        ``float32`` (H, W, 3), linear light.
    """
    height, width = background.shape[0], background.shape[1]
    out = np.empty((height, width, 3), np.float32)
    wrinkled = False
    for k in range(wrinkling.shape[0]):
        wrinkled = wrinkled or wrinkling[k, 0] > 0 or wrinkling[k, 1] > 0
    for y in range(height):
        for x in range(width):
            first = shown[y * scale, x * scale]
            smooth, empty = first >= 0, first < 0
            low = high = depths[y * scale, x * scale]
            for sy in range(scale):
                for sx in range(scale):
                    f = shown[y * scale + sy, x * scale + sx]
                    empty = empty and f < 0
                    smooth = smooth and f >= 0 and part[f] == part[first]
                    d = depths[y * scale + sy, x * scale + sx]
                    low, high = min(low, d), max(high, d)
            if empty:
                for c in range(3):
                    out[y, x, c] = background[y, x, c]
                continue
            middle = -1
            if smooth and high <= low * np.float32(_SMOOTH):
                middle = _shown_at(x + 0.5, y + 0.5, shown, x * scale, y * scale, scale, points, faces)
            n = 1 if middle >= 0 else scale * scale
            r, g, b = np.float32(0), np.float32(0), np.float32(0)
            for sample in range(n):
                f, px, py = middle, x + 0.5, y + 0.5
                if middle < 0:
                    sy, sx = sample // scale, sample % scale
                    f = shown[y * scale + sy, x * scale + sx]
                    px, py = x + (sx + 0.5) / scale, y + (sy + 0.5) / scale
                if f < 0:
                    r, g, b = r + background[y, x, 0], g + background[y, x, 1], b + background[y, x, 2]
                    continue
                p, q, s = _point(
                    f, px, py, points, vertices, normals, faces, part, uv, openness, side, albedo, wrinkles,
                    wrinkling, wrinkled, eye, teeth, gloss, lights, colours, sky, ground, far, basis, reach,
                    distance, flat,
                )  # fmt: skip
                r, g, b = r + p, g + q, b + s
            share = np.float32(1.0 / n)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r * share, g * share, b * share
    return out
