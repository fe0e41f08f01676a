"""A small exact rasteriser: what each sample of a picture shows, and where the same point is in another.

Everything is compiled by numba, in single precision on the mesh and double precision on the picture plane,
without fast-math: the same input gives the same bits on every run and with any number of processes.
"""

from __future__ import annotations

import numpy as np

from mien.synthesis.compiled import compiled

__all__ = ["locate", "project", "rasterise", "shadow_map", "vertex_normals"]

_CRACK = 1e-9  # rounding must not leave a sample between two triangles


@compiled
def project(vertices, focal, cx, cy, distance):  # type: ignore[no-untyped-def]
    """Picture positions and inverse depths of vertices.

    Args:
        vertices: ``float32`` (V, 3) in outer-eye distances.
        focal: pixels an outer-eye distance at depth 1.
        cx: where the optical axis meets the picture, in pixels (the first pixel's centre is 0.5).
        cy: the same, downwards.
        distance: depth of the plane z = 0.

    Returns:
        ``float64`` (V, 3): x, y in pixels, 1 / depth.
    """
    n = vertices.shape[0]
    out = np.empty((n, 3))
    for i in range(n):
        w = 1.0 / (distance + vertices[i, 2])
        out[i, 0] = cx + focal * vertices[i, 0] * w
        out[i, 1] = cy + focal * vertices[i, 1] * w
        out[i, 2] = w
    return out


@compiled
def rasterise(points, faces, scale, width, height):  # type: ignore[no-untyped-def]
    """The nearest front-facing triangle at every sample.

    Args:
        points: ``float64`` (V, 3) from :func:`project`.
        faces: ``int32`` (F, 3).
        scale: samples a pixel along each axis.
        width: of the result, in samples.
        height: of the result, in samples.

    Returns:
        ``int32`` (height, width), the triangle's number or -1; ``float32`` (height, width), 1 / depth there,
        0 where there is none. Samples lie in the middle of their cells.
    """
    shown = np.full((height, width), -1, np.int32)
    near = np.zeros((height, width), np.float32)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, aw = points[a, 0] * scale, points[a, 1] * scale, points[a, 2]
        bx, by, bw = points[b, 0] * scale, points[b, 1] * scale, points[b, 2]
        cx, cy, cw = points[c, 0] * scale, points[c, 1] * scale, points[c, 2]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area >= 0.0:  # y points down: seen from outside, triangles turn the other way round
            continue
        x0 = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        x1 = min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        y0 = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        y1 = min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        if x0 > x1 or y0 > y1:
            continue
        # edge functions at the box's first sample, and their steps
        inv = 1.0 / area
        ux, uy = (by - cy) * inv, (cx - bx) * inv
        vx, vy = (cy - ay) * inv, (ax - cx) * inv
        u_row = ((bx - x0 - 0.5) * (cy - y0 - 0.5) - (by - y0 - 0.5) * (cx - x0 - 0.5)) * inv
        v_row = ((cx - x0 - 0.5) * (ay - y0 - 0.5) - (cy - y0 - 0.5) * (ax - x0 - 0.5)) * inv
        for y in range(y0, y1 + 1):
            u, v = u_row, v_row
            for x in range(x0, x1 + 1):
                t = 1.0 - u - v
                if u >= -_CRACK and v >= -_CRACK and t >= -_CRACK:
                    w = np.float32(u * aw + v * bw + t * cw)
                    if w > near[y, x]:
                        near[y, x] = w
                        shown[y, x] = f
                u += ux
                v += vx
            u_row += uy
            v_row += vy
    return shown, near


@compiled
def vertex_normals(vertices, faces):  # type: ignore[no-untyped-def]
    """Outward unit normals, ``float32`` (V, 3), weighted by the areas of the triangles around."""
    normals = np.zeros(vertices.shape, np.float32)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = (
            vertices[b, 0] - vertices[a, 0],
            vertices[b, 1] - vertices[a, 1],
            vertices[b, 2] - vertices[a, 2],
        )
        vx, vy, vz = (
            vertices[c, 0] - vertices[a, 0],
            vertices[c, 1] - vertices[a, 1],
            vertices[c, 2] - vertices[a, 2],
        )
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in (a, b, c):
            normals[k, 0] += nx
            normals[k, 1] += ny
            normals[k, 2] += nz
    for i in range(normals.shape[0]):
        length = np.sqrt(normals[i, 0] ** 2 + normals[i, 1] ** 2 + normals[i, 2] ** 2)
        if length > 0:
            for k in range(3):
                normals[i, k] /= length
    return normals


@compiled
def shadow_map(vertices, faces, basis, size, reach):  # type: ignore[no-untyped-def]
    """How far the surface nearest to a distant light is along its rays.

    Args:
        vertices: ``float32`` (V, 3).
        faces: ``int32`` (F, 3).
        basis: ``float32`` (3, 3): right, down and away from the light, orthonormal rows.
        size: samples along each side of the square map.
        reach: half the side of the square that the map covers, about the origin, in outer-eye distances.

    Returns:
        ``float32`` (size, size), distance along the rays; a large number where there is nothing.
    """
    n = vertices.shape[0]
    p = np.empty((n, 3))
    scale = size / (2.0 * reach)
    for i in range(n):
        x, y, z = vertices[i, 0], vertices[i, 1], vertices[i, 2]
        p[i, 0] = (basis[0, 0] * x + basis[0, 1] * y + basis[0, 2] * z + reach) * scale
        p[i, 1] = (basis[1, 0] * x + basis[1, 1] * y + basis[1, 2] * z + reach) * scale
        p[i, 2] = basis[2, 0] * x + basis[2, 1] * y + basis[2, 2] * z
    far = np.full((size, size), np.float32(1e6), np.float32)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, bx, by, cx, cy = p[a, 0], p[a, 1], p[b, 0], p[b, 1], p[c, 0], p[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area >= 0.0:
            continue
        x0, x1 = max(0, int(np.ceil(min(ax, bx, cx) - 0.5))), min(size - 1, int(max(ax, bx, cx) - 0.5))
        y0, y1 = max(0, int(np.ceil(min(ay, by, cy) - 0.5))), min(size - 1, int(max(ay, by, cy) - 0.5))
        inv = 1.0 / area
        for y in range(y0, y1 + 1):
            py = y + 0.5
            for x in range(x0, x1 + 1):
                px = x + 0.5
                u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) * inv
                v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) * inv
                t = 1.0 - u - v
                if u >= 0.0 and v >= 0.0 and t >= 0.0:
                    d = np.float32(u * p[a, 2] + v * p[b, 2] + t * p[c, 2])
                    if d < far[y, x]:
                        far[y, x] = d
    return far


@compiled
def locate(shown, points_a, points_b, faces, shown_b, scale_b):  # type: ignore[no-untyped-def]
    """Where each pixel's point of the surface is in another picture.

    Args:
        shown: ``int32`` (H, W) triangle at each pixel's centre in picture A.
        points_a: ``float64`` (V, 3), projected vertices in A.
        points_b: ``float64`` (V, 3), projected vertices in B.
        faces: ``int32`` (F, 3).
        shown_b: ``int32`` (H·s, W·s) triangle at each sample of B.
        scale_b: samples a pixel in B.

    Returns:
        ``float32`` (H, W, 2), displacement in pixels (0 on the background); ``bool`` (H, W), whether the
        point is seen in B.
    """
    height, width = shown.shape
    flow = np.zeros((height, width, 2), np.float32)
    seen = np.zeros((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            f = shown[y, x]
            if f < 0:
                # the samples round the pixel's middle: one, or four when it lies between them
                i, j = y * scale_b + scale_b // 2, x * scale_b + scale_b // 2
                even = 1 - scale_b % 2
                for k in range(i - even, i + 1):
                    for m in range(j - even, j + 1):
                        seen[y, x] = seen[y, x] or shown_b[k, m] < 0
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            px, py = x + 0.5, y + 0.5
            ax, ay = points_a[a, 0], points_a[a, 1]
            bx, by = points_a[b, 0], points_a[b, 1]
            cx, cy = points_a[c, 0], points_a[c, 1]
            inv = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
            u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) * inv
            v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) * inv
            t = 1.0 - u - v
            # On the surface a corner weighs its picture weight times its inverse depth in A, so in picture B
            # it weighs 1 + ga (gb, gc) times what it does in A, but for the common factor 1 + e. Written as
            # differences, the flow is exactly 0 where nothing moves.
            ga = points_a[a, 2] / points_b[a, 2] - 1.0
            gb = points_a[b, 2] / points_b[b, 2] - 1.0
            gc = points_a[c, 2] / points_b[c, 2] - 1.0
            e = u * ga + v * gb + t * gc
            da, db, dc = u * (ga - e) / (1.0 + e), v * (gb - e) / (1.0 + e), t * (gc - e) / (1.0 + e)
            wa, wb, wc = u + da, v + db, t + dc
            fx = (
                wa * (points_b[a, 0] - ax) + wb * (points_b[b, 0] - bx) + wc * (points_b[c, 0] - cx)
                + da * (ax - px) + db * (bx - px) + dc * (cx - px)
            )  # fmt: skip
            fy = (
                wa * (points_b[a, 1] - ay) + wb * (points_b[b, 1] - by) + wc * (points_b[c, 1] - cy)
                + da * (ay - py) + db * (by - py) + dc * (cy - py)
            )  # fmt: skip
            flow[y, x, 0], flow[y, x, 1] = fx, fy
            near = (u * points_a[a, 2] + v * points_a[b, 2] + t * points_a[c, 2]) / (1.0 + e)
            seen[y, x] = _is_seen(f, px + fx, py + fy, near, points_b, faces, shown_b, scale_b)
    return flow, seen


@compiled
def _is_seen(f, qx, qy, w, points, faces, shown, scale):  # type: ignore[no-untyped-def]
    """Whether nothing lies before a point of triangle ``f`` at (qx, qy) of inverse depth ``w``."""
    rows, columns = shown.shape
    i, j = int(np.floor(qy * scale)), int(np.floor(qx * scale))
    if i < 0 or j < 0 or i >= rows or j >= columns:
        return False
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    area = (points[b, 0] - points[a, 0]) * (points[c, 1] - points[a, 1]) - (points[b, 1] - points[a, 1]) * (
        points[c, 0] - points[a, 0]
    )
    if area >= 0.0:  # turned away
        return False
    for y in range(max(0, i - 1), min(rows, i + 2)):
        for x in range(max(0, j - 1), min(columns, j + 2)):
            g = shown[y, x]
            if g < 0 or g == f:
                continue
            a, b, c = faces[g, 0], faces[g, 1], faces[g, 2]
            ax, ay = points[a, 0], points[a, 1]
            bx, by = points[b, 0], points[b, 1]
            cx, cy = points[c, 0], points[c, 1]
            inv = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
            u = ((bx - qx) * (cy - qy) - (by - qy) * (cx - qx)) * inv
            v = ((cx - qx) * (ay - qy) - (cy - qy) * (ax - qx)) * inv
            t = 1.0 - u - v
            if u >= 0.0 and v >= 0.0 and t >= 0.0:
                other = u * points[a, 2] + v * points[b, 2] + t * points[c, 2]
                if other > w * 1.0002:
                    return False
    return True
