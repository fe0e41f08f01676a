"""Light on the face: colours of the samples that the rasteriser found, in linear light."""

from __future__ import annotations

import numpy as np
from numba import njit

from mien.synthesis.head import EYE, TEETH

__all__ = ["shade"]


@njit(nogil=True, cache=True, fastmath=False)
def shade(  # type: ignore[no-untyped-def]
    shown,  # noqa: ANN001
    points,  # noqa: ANN001
    vertices,  # noqa: ANN001
    normals,  # noqa: ANN001
    faces,  # noqa: ANN001
    part,  # noqa: ANN001
    uv,  # noqa: ANN001
    openness,  # noqa: ANN001
    side,  # noqa: ANN001
    albedo,  # noqa: ANN001
    wrinkles,  # noqa: ANN001
    wrinkling,  # noqa: ANN001
    eye,  # noqa: ANN001
    teeth,  # noqa: ANN001
    gloss,  # noqa: ANN001
    lights,  # noqa: ANN001
    colours,  # noqa: ANN001
    sky,  # noqa: ANN001
    ground,  # noqa: ANN001
    far,  # noqa: ANN001
    basis,  # noqa: ANN001
    reach,  # noqa: ANN001
    camera_distance,  # noqa: ANN001
    background,  # noqa: ANN001
    scale,  # noqa: ANN001
    flat,  # noqa: ANN001
):  # noqa: ANN201
    """A picture from the samples of a mesh.

    Args:
        shown: ``int32`` (H·s, W·s), triangle at each sample or -1.
        points: ``float64`` (V, 3), projected vertices.
        vertices, normals: ``float32`` (V, 3).
        faces, part, uv: of the head's mesh.
        openness: ``float32`` (V,), how much of the surroundings' light reaches a vertex at rest (ambient occlusion).
        side: ``float32`` (V,), 0 on the person's right, 1 on the left.
        albedo: ``uint8`` (h, w, 3), square root of the reflectance × 255.
        wrinkles: ``uint8`` (h', w', K), depth of each family of wrinkles.
        wrinkling: ``float32`` (K, 2), how strongly each shows now, right and left.
        eye: ``uint8`` (n, n, 3), the eyeball's front seen from its axis, as ``albedo``.
        teeth: ``float32`` (3,), reflectance.
        gloss: shine of the skin, 0 to 1.
        lights: ``float32`` (L, 3), unit vectors towards the lights; the first casts shadows.
        colours: ``float32`` (L, 3), their strengths.
        sky, ground: ``float32`` (3,), light from above and below.
        far, basis, reach: the first light's shadow map; ``far`` of shape (0, 0): no shadows.
        camera_distance: where the camera is on the z axis (negative side).
        background: ``float32`` (H, W, 3), linear.
        scale: samples a pixel along each axis.
        flat: albedo alone, no light: for tests of the geometry.

    Returns:
        ``float32`` (H, W, 3), linear light.
    """
    height, width = background.shape[0], background.shape[1]
    out = np.empty((height, width, 3), np.float32)
    n_lights = lights.shape[0]
    th, tw = albedo.shape[0], albedo.shape[1]
    wh, ww = wrinkles.shape[0], wrinkles.shape[1]
    families = wrinkles.shape[2]
    en = eye.shape[0]
    size = far.shape[0]
    wrinkled = False
    for k in range(wrinkling.shape[0]):
        wrinkled = wrinkled or wrinkling[k, 0] > 0 or wrinkling[k, 1] > 0
    share = np.float32(1.0 / (scale * scale))
    inv255 = np.float32(1.0 / 255.0)
    colour = np.empty(3, np.float32)
    for y in range(height):
        for x in range(width):
            r, g, b = np.float32(0), np.float32(0), np.float32(0)
            for sy in range(scale):
                for sx in range(scale):
                    f = shown[y * scale + sy, x * scale + sx]
                    if f < 0:
                        r += background[y, x, 0]
                        g += background[y, x, 1]
                        b += background[y, x, 2]
                        continue
                    i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
                    px, py = x + (sx + 0.5) / scale, y + (sy + 0.5) / scale
                    ax, ay = points[i, 0], points[i, 1]
                    bx, by = points[j, 0], points[j, 1]
                    cx, cy = points[k, 0], points[k, 1]
                    inv = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
                    u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) * inv
                    v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) * inv
                    p, q, s = u * points[i, 2], v * points[j, 2], (1.0 - u - v) * points[k, 2]
                    total = p + q + s
                    wa, wb, wc = np.float32(p / total), np.float32(q / total), np.float32(s / total)
                    what = part[f]
                    tu = wa * uv[f, 0, 0] + wb * uv[f, 1, 0] + wc * uv[f, 2, 0]
                    tv = wa * uv[f, 0, 1] + wb * uv[f, 1, 1] + wc * uv[f, 2, 1]
                    # -- reflectance
                    if what == TEETH:
                        for c in range(3):
                            colour[c] = teeth[c]
                    else:
                        if what == EYE:
                            fx, fy = tu * en - np.float32(0.5), tv * en - np.float32(0.5)
                            mx, my = en - 2, en - 2
                        else:
                            fx, fy = tu * tw - np.float32(0.5), tv * th - np.float32(0.5)
                            mx, my = tw - 2, th - 2
                        x0 = min(max(int(np.floor(fx)), 0), mx)
                        y0 = min(max(int(np.floor(fy)), 0), my)
                        dx = min(max(fx - x0, np.float32(0)), np.float32(1))
                        dy = min(max(fy - y0, np.float32(0)), np.float32(1))
                        for c in range(3):
                            if what == EYE:
                                top = eye[y0, x0, c] * (1 - dx) + eye[y0, x0 + 1, c] * dx
                                low = eye[y0 + 1, x0, c] * (1 - dx) + eye[y0 + 1, x0 + 1, c] * dx
                            else:
                                top = albedo[y0, x0, c] * (1 - dx) + albedo[y0, x0 + 1, c] * dx
                                low = albedo[y0 + 1, x0, c] * (1 - dx) + albedo[y0 + 1, x0 + 1, c] * dx
                            value = (top + (low - top) * dy) * inv255
                            colour[c] = value * value
                    if flat:
                        r += colour[0]
                        g += colour[1]
                        b += colour[2]
                        continue
                    open_ = wa * openness[i] + wb * openness[j] + wc * openness[k]
                    if wrinkled and what == 0:
                        fx, fy = tu * ww - np.float32(0.5), tv * wh - np.float32(0.5)
                        x0 = min(max(int(np.floor(fx)), 0), ww - 2)
                        y0 = min(max(int(np.floor(fy)), 0), wh - 2)
                        dx, dy = fx - x0, fy - y0
                        left = wa * side[i] + wb * side[j] + wc * side[k]
                        depth = np.float32(0)
                        for m in range(families):
                            strength = wrinkling[m, 0] * (1 - left) + wrinkling[m, 1] * left
                            if strength > 0:
                                top = wrinkles[y0, x0, m] * (1 - dx) + wrinkles[y0, x0 + 1, m] * dx
                                low = wrinkles[y0 + 1, x0, m] * (1 - dx) + wrinkles[y0 + 1, x0 + 1, m] * dx
                                depth += strength * (top + (low - top) * dy) * inv255
                        open_ *= max(np.float32(1) - depth, np.float32(0.4))
                    # -- light
                    nx = wa * normals[i, 0] + wb * normals[j, 0] + wc * normals[k, 0]
                    ny = wa * normals[i, 1] + wb * normals[j, 1] + wc * normals[k, 1]
                    nz = wa * normals[i, 2] + wb * normals[j, 2] + wc * normals[k, 2]
                    length = np.float32(1) / np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-12))
                    nx, ny, nz = nx * length, ny * length, nz * length
                    wx = wa * vertices[i, 0] + wb * vertices[j, 0] + wc * vertices[k, 0]
                    wy = wa * vertices[i, 1] + wb * vertices[j, 1] + wc * vertices[k, 1]
                    wz = wa * vertices[i, 2] + wb * vertices[j, 2] + wc * vertices[k, 2]
                    vx, vy, vz = -wx, -wy, -camera_distance - wz
                    length = np.float32(1) / np.sqrt(vx * vx + vy * vy + vz * vz)
                    vx, vy, vz = vx * length, vy * length, vz * length
                    up = np.float32(0.5) - np.float32(0.5) * ny
                    lr = (sky[0] * up + ground[0] * (1 - up)) * open_
                    lg = (sky[1] * up + ground[1] * (1 - up)) * open_
                    lb = (sky[2] * up + ground[2] * (1 - up)) * open_
                    shine_r, shine_g, shine_b = np.float32(0), np.float32(0), np.float32(0)
                    for m in range(n_lights):
                        lx, ly, lz = lights[m, 0], lights[m, 1], lights[m, 2]
                        cosine = nx * lx + ny * ly + nz * lz
                        lit = np.float32(1)
                        if m == 0 and size > 0:
                            sxp = (basis[0, 0] * wx + basis[0, 1] * wy + basis[0, 2] * wz + reach) * (
                                size / (2 * reach)
                            ) - np.float32(0.5)
                            syp = (basis[1, 0] * wx + basis[1, 1] * wy + basis[1, 2] * wz + reach) * (
                                size / (2 * reach)
                            ) - np.float32(0.5)
                            d = basis[2, 0] * wx + basis[2, 1] * wy + basis[2, 2] * wz
                            bias = np.float32(0.03) + np.float32(0.05) * (1 - max(cosine, np.float32(0)))
                            ix, iy = int(np.floor(sxp)), int(np.floor(syp))
                            if ix >= 1 and iy >= 1 and ix < size - 2 and iy < size - 2:
                                ex, ey = sxp - ix, syp - iy
                                lit = np.float32(0)
                                for oy in range(-1, 3):
                                    wy_ = (1 - ey) if oy == -1 else (ey if oy == 2 else np.float32(1))
                                    for ox in range(-1, 3):
                                        wx_ = (1 - ex) if ox == -1 else (ex if ox == 2 else np.float32(1))
                                        # soft: from lit to dark over one bias
                                        gap = (far[iy + oy, ix + ox] - d + bias + bias) / bias
                                        lit += wx_ * wy_ * min(max(gap, np.float32(0)), np.float32(1))
                                lit /= np.float32(9)
                        # skin lets light seep round the edge, red most
                        if what == EYE or what == TEETH:
                            dr = dg = db = max(cosine, np.float32(0))
                        else:
                            dr = max((cosine + np.float32(0.22)) / np.float32(1.22), np.float32(0))
                            dg = max((cosine + np.float32(0.10)) / np.float32(1.10), np.float32(0))
                            db = max((cosine + np.float32(0.06)) / np.float32(1.06), np.float32(0))
                        near = lit * (np.float32(0.55) + np.float32(0.45) * open_)
                        lr += colours[m, 0] * dr * near
                        lg += colours[m, 1] * dg * near
                        lb += colours[m, 2] * db * near
                        hx, hy, hz = lx + vx, ly + vy, lz + vz
                        length = np.float32(1) / np.sqrt(hx * hx + hy * hy + hz * hz + np.float32(1e-12))
                        half = (nx * hx + ny * hy + nz * hz) * length
                        if half > 0 and cosine > 0:
                            h2 = half * half
                            h4 = h2 * h2
                            h8 = h4 * h4
                            h16 = h8 * h8
                            if what == EYE:
                                h64 = h16 * h16 * h16 * h16
                                h = np.float32(1.6) * h64 * h64 * h64 * h64
                            elif what == TEETH:
                                h = np.float32(0.25) * h16 * h16
                            else:
                                h = gloss * (np.float32(0.16) * h8 + np.float32(0.14) * h16 * h16)
                            h *= lit * open_
                            shine_r += colours[m, 0] * h
                            shine_g += colours[m, 1] * h
                            shine_b += colours[m, 2] * h
                    r += colour[0] * lr + shine_r
                    g += colour[1] * lg + shine_g
                    b += colour[2] * lb + shine_b
            out[y, x, 0] = r * share
            out[y, x, 1] = g * share
            out[y, x, 2] = b * share
    return out
