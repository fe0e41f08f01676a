"""The face networks on OpenCV's DNN module and on LiteRT (``ai-edge-litert``): time and agreement."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from report_table import put

NETWORKS = (
    ("face_detection_short_range.tflite", 128, "detection"),
    ("face_landmark.tflite", 192, "mesh"),
    ("palm_detection_full.tflite", 192, "palm"),
    ("hand_landmark_full.tflite", 224, "hand"),
)
ROUNDS = 40


def clock(run: Callable[[], Any]) -> float:
    """Median milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times[3:]))


def main() -> None:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise SystemExit("This comparison needs LiteRT: pip install ai-edge-litert") from None
    lines = [
        f"OpenCV {cv2.__version__}, both with the threads they choose or two; median of {ROUNDS} passes.",
        "",
        "| network | OpenCV DNN | LiteRT | largest difference of outputs |",
        "|---|---|---|---|",
    ]
    for name, size, what in NETWORKS:
        path = str(files("mien.face") / "assets" / name)
        picture = np.random.default_rng(0).random((1, size, size, 3), np.float32)
        engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
        net = cv2.dnn.readNetFromTFLite(path, **({} if engine is None else {"engine": engine}))
        names = net.getUnconnectedOutLayersNames()

        def opencv(net: Any = net, picture: Any = picture, names: Any = names) -> Any:
            net.setInput(np.ascontiguousarray(picture.transpose(0, 3, 1, 2)))
            return net.forward(names)

        lite = Interpreter(path, num_threads=2)
        lite.allocate_tensors()
        entry = lite.get_input_details()[0]["index"]

        def litert(lite: Any = lite, entry: Any = entry, picture: Any = picture) -> Any:
            lite.set_tensor(entry, picture)
            lite.invoke()
            return [lite.get_tensor(d["index"]) for d in lite.get_output_details()]

        ours, theirs = dict(zip(names, opencv(), strict=True)), litert()
        outputs = [d["name"] for d in lite.get_output_details()]
        off = max(
            float(np.abs(ours[n].ravel() - v.ravel()).max()) for n, v in zip(outputs, theirs, strict=True)
        )
        lines.append(f"| {what} | {clock(opencv):.2f} ms | {clock(litert):.2f} ms | {off:.1e} |")
    text = "\n".join(lines)
    print(text)
    put("networks", text)


if __name__ == "__main__":
    main()
