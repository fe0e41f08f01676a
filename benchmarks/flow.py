"""Which flow sees a micro-expression? Known motion of 0.25 to 4 pixels on real face crops with sensor noise.

Relative error where the face moves, share of the true motion recovered, and error where nothing moves.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from report_table import put

from mien.face import CROP, FaceTracker, survey
from mien.motion import FLOW_METHODS, make_flow
from mien.video import open_video

CLIPS = Path(os.environ.get("MIEN_CLIPS", Path(__file__).resolve().parent.parent / ".cache" / "clips"))
SIZES = (0.25, 0.5, 1.0, 2.0, 4.0)
PLACES = ((0.7, 0.75, 0.6, -0.8), (0.3, 0.28, 0.2, -1.0), (0.62, 0.3, -0.5, 0.8), (0.7, 0.6, 0.3, -1.0))


def crops() -> list[Any]:
    """Steadied crops of real faces."""
    found = []
    for name, at in (
        ("single_face.mp4", 5),
        ("WolfgangLanger_Pexels.mp4", 8),
        ("WolfgangLanger_Pexels.mp4", 300),
    ):
        with open_video(CLIPS / name) as reader:
            frames = list(reader.read(at, at + 3))
            found.append(FaceTracker(survey(frames)[0]).update(frames[0]).crop)
    return found


def moved(picture: Any, field: Any) -> Any:
    """The picture with every point moved along the field (inverted by fixed-point iteration)."""
    ys, xs = np.mgrid[:CROP, :CROP].astype(np.float32)
    back = np.zeros_like(field)
    for _ in range(8):
        back = cv2.remap(
            field, xs - back[..., 0], ys - back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return cv2.remap(
        picture, xs - back[..., 0], ys - back[..., 1], cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
    )


def main() -> None:
    ys, xs = np.mgrid[:CROP, :CROP] / CROP
    lines = [
        f"Crops of {CROP} pixels (61 between the outer eye corners), noise σ 1.5 grey levels, OpenCV "
        f"{cv2.__version__}. Error relative to the true motion / share recovered, by size of the motion.",
        "",
        "| method | ms | " + " | ".join(f"{s:g} px" for s in SIZES) + " | error where nothing moves |",
        "|---|---|" + "---|" * (len(SIZES) + 1),
    ]
    pictures = crops()
    for method in FLOW_METHODS:
        flow = make_flow(method)
        cells, still, spent, calls = [], [], 0.0, 0
        for size in SIZES:
            errors, shares = [], []
            for number, picture in enumerate(pictures[:1] if method == "tvl1" else pictures):
                rng = np.random.default_rng(number)
                for x, y, dx, dy in PLACES:
                    blob = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * 0.08**2))
                    way = np.array([dx, dy]) / np.hypot(dx, dy)
                    field = (size * blob[..., None] * way).astype(np.float32)
                    pair = [
                        np.clip(p + rng.normal(0, 1.5, p.shape), 0, 255).astype(np.uint8)
                        for p in (picture, moved(picture.astype(np.float32), field))
                    ]
                    start = time.perf_counter()
                    got = flow(*pair)
                    spent, calls = spent + time.perf_counter() - start, calls + 1
                    core, far = blob > 0.5, blob < 0.02
                    off = np.linalg.norm(got - field, axis=2)
                    errors.append(off[core].mean() / np.linalg.norm(field, axis=2)[core].mean())
                    shares.append((got[core] @ way).mean() / (field[core] @ way).mean())
                    if size < 1:
                        still.append(off[far].mean())
            cells.append(f"{np.mean(errors):.2f} / {np.mean(shares):.2f}")
        lines.append(
            f"| `{method}` | {1000 * spent / calls:.1f} | {' | '.join(cells)} | {np.mean(still):.3f} px |"
        )
    text = "\n".join(lines)
    print(text)
    put("flow", text)


if __name__ == "__main__":
    main()
