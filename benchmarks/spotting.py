"""Does the spotter hold still, and what does it call an event? Writes its part of benchmarks/README.md.

1. A face that does not move: one real frame repeated for 10 s with noise, exposure drift, mains flicker.
2. Pasted head motion: real footage shifted, turned by up to 2° and scaled slowly; score curve and events are
   compared with those of the untouched footage.
3. Somebody who talks to the camera (``scripts/fetch_clips.py --talk`` fetches the clips).
4. Eyelid closures in the real clips, and what happened at each.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rates import a_minute
from report_table import put
from several import Several

import mien
from mien.events import Analysis
from mien.video import open_video, write_video

CLIPS = Path(os.environ.get("MIEN_CLIPS", Path(__file__).resolve().parent.parent / ".cache" / "clips"))
TALK = ("testMovie.mp4", "jwpIntro.mp4")
FACES = ("WolfgangLanger_Pexels.mp4", "single_face.mp4", "face_noface.mov", "noface_face.mov")


BOTH = ("region-net", "region-flow")
PLAIN: dict[str, Any] = {"spotter": "region-flow", "recognizer": "au-rules"}
"""Without trained models."""


def pasted(i: int, fps: float, size: tuple[int, int], fast: float = 1.0) -> np.ndarray[Any, Any]:
    """A slow camera motion: up to 2° of turn, 2 % of scale, 8 pixels of shift."""
    t = 2 * np.pi * i / fps * fast
    turn, scale = 2.0 * np.sin(0.21 * t), 1 + 0.02 * np.sin(0.17 * t + 1)
    matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), float(turn), float(scale))
    matrix[:, 2] += 8 * np.sin(0.23 * t), 6 * np.sin(0.19 * t + 2)
    return matrix


def changed(clip: Path, out: Path, change: Callable[[int, Any, float], Any]) -> Path:
    """A lossless copy of a clip with each picture changed."""
    with open_video(clip) as reader:
        fps = reader.info.fps
        frames: Iterable[Any] = (change(i, f.rgb, fps) for i, f in enumerate(reader))
        times = None
        return write_video(out, frames, fps, lossless=True, times=times)


def still(clip: Path, at: int, out: Path, fps: float, sigma: float) -> Path:
    """One real frame for 10 s with noise, 10 % of exposure drift and 2 % of 100 Hz flicker."""
    with open_video(clip) as reader:
        face = next(iter(reader.read(at, at))).rgb.astype(np.float32)
    rng = np.random.default_rng(1)

    def frames() -> Iterable[Any]:
        for i in range(round(10 * fps)):
            light = (1 + 0.01 * i / fps) * (1 + 0.02 * np.sin(2 * np.pi * 100.3 * i / fps))
            noise = rng.normal(0, sigma, (*face.shape[:2], 1)).astype(np.float32)
            yield np.clip(face * light + noise, 0, 255).astype(np.uint8)

    return write_video(out, frames(), fps)


def matched(original: Analysis, other: Analysis) -> tuple[int, int]:
    """How many events of the original have one of the same kind that overlaps by half (IoU >= 0.5)."""
    hits, free = 0, list(other.found)
    for event in original.found:
        for candidate in free:
            both = min(event.offset, candidate.offset) - max(event.onset, candidate.onset) + 1
            union = max(event.offset, candidate.offset) - min(event.onset, candidate.onset) + 1
            if both / union >= 0.5 and candidate.kind == event.kind:
                free.remove(candidate)
                hits += 1
                break
    return hits, len(original.found)


def correlation(a: Analysis, b: Analysis) -> float:
    """Correlation of two score curves over the frames that both score."""
    n = min(len(a.timeline), len(b.timeline))
    x, y = a.timeline.score[:n], b.timeline.score[:n]
    good = np.isfinite(x) & np.isfinite(y)
    return float(np.corrcoef(x[good], y[good])[0, 1])


def talk() -> list[str]:
    """What is found where somebody talks, a table."""
    lines = [
        "Two clips of a man who talks to the camera, which nobody has annotated. He speaks as people do, and "
        "moves brows and head with it: a macro-expression may well be one. That there is no micro-expression "
        "in them is an assumption. Intervals: 95 %, if events come by chance; 14 seconds say little.",
        "",
        "| film | seconds | frames/s | spotter | micro | a minute | macro | a minute |",
        "|---|---|---|---|---|---|---|---|",
    ]
    seconds, total = 0.0, {name: [0, 0] for name in BOTH}
    for clip in TALK:
        both = Several(BOTH)
        made = mien.analyze(CLIPS / clip, spotter=both, pictures=False)
        seconds += made.source.duration_s
        for name, told in both.results.items():
            counts = [sum(e.kind == kind for e in told.events) for kind in ("micro", "macro")]
            total[name] = [a + b for a, b in zip(total[name], counts, strict=True)]
            lines.append(_talked(clip, made.source.duration_s, f"{made.source.fps:.0f}", name, counts))
    return lines + [_talked("both", seconds, "30", name, counts) for name, counts in total.items()]


def _talked(film: str, seconds: float, fps: str, spotter: str, counts: list[int]) -> str:
    cells = " | ".join(f"{n} | {a_minute(n, seconds)}" for n in counts)
    return f"| {film} | {seconds:.1f} | {fps} | {spotter} | {cells} |"


def main() -> None:
    lines = ["### A face that does not move", ""]
    lines += [
        "| frame of | frames/s | noise σ | spotter | highest score (1 = threshold) | events |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "film.mkv"
        for clip, at in ((FACES[1], 5), (FACES[0], 245), (FACES[0], 330)):
            for fps, sigma in ((30.0, 1.0), (30.0, 2.0), (100.0, 2.0)):
                film = still(CLIPS / clip, at, out, fps, sigma)
                for spotter in BOTH:
                    result = mien.analyze(film, spotter=spotter, pictures=False)
                    peak = float(np.nanmax(result.timeline.score))
                    lines.append(
                        f"| {clip}, {at} | {fps:.0f} | {sigma:.0f} | {spotter} | {peak:.2f} "
                        f"| {len(result.found)} |"
                    )
        lines += ["", "### Ordinary talk", "", *talk(), "", "### Pasted head motion", ""]
        lines += [
            "Shift up to 8 pixels, turn up to 2°, scale up to 2 %, slowly (periods of 4 to 6 s). The "
            "untouched film went through the same lossless copying.",
            "",
            "| film | correlation of the score curves | events matched | events in all |",
            "|---|---|---|---|",
        ]
        originals = {}
        for clip in FACES:
            base = mien.analyze(changed(CLIPS / clip, out, lambda i, p, fps: p), pictures=False, **PLAIN)
            originals[clip] = base

            def paste(i: int, picture: Any, fps: float) -> Any:
                size = (picture.shape[1], picture.shape[0])
                return cv2.warpAffine(
                    picture, pasted(i, fps, size), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
                )

            other = mien.analyze(changed(CLIPS / clip, out, paste), pictures=False, **PLAIN)
            hits, total = matched(base, other)
            lines.append(
                f"| {clip} | {correlation(base, other):.3f} | {hits} of {total} | {len(other.found)} |"
            )
    lines += ["", "### Eyelid closures in the real clips", ""]
    lines += ["| film | frames | listed as | what happened there |", "|---|---|---|---|"]
    for clip in FACES:
        result = mien.analyze(CLIPS / clip, pictures=False, **PLAIN)
        for b in result.blinks:
            lines.append(f"| {clip} | {b.first}–{b.last} | {b.reason} | {b.note or 'no event'} |")
    lines += ["", "### Events in the real clips", ""]
    lines += [
        "By what `mien analyze` takes (region-net, three-emotions), and without trained models.",
        "",
        "| film | by | kind | onset, apex, offset | emotion (confidence) | action units |",
        "|---|---|---|---|---|---|",
    ]
    for clip in FACES:
        for words, options in (("region-net", {}), ("region-flow", PLAIN)):
            for e in mien.analyze(CLIPS / clip, pictures=False, **options).found:
                sides = [("" if u.side == "both" else u.side[0].upper()) + str(u.au) for u in e.action_units]
                where = f"{e.onset}, {e.apex}, {e.offset}"
                emotion = f"{e.emotion} ({e.confidence:.2f})"
                lines.append(f"| {clip} | {words} | {e.kind} | {where} | {emotion} | {' '.join(sides)} |")
    text = "\n".join(lines)
    print(text)
    put("spotting", text)


if __name__ == "__main__":
    main()
