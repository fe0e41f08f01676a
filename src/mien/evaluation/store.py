"""Results on disk: one small file a fold, under a key of everything that decides it.

The key is a digest of the contender's recipe, the clips trained on and tested with their classes and
contents, the classes and the seed. So a finished fold is never computed again, an interrupted run goes on
where it was, and nothing stale is ever taken: whatever is changed has another key. Files appear whole or not
at all. What differs from run to run though nothing was changed, such as times, is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mien.files import write_whole

__all__ = ["FoldResult", "ResultsStore", "digest_of_plain"]

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What one contender, trained in one fold with one seed, says of the fold's test clips.

    Attributes:
        contender: its name.
        seed: of the training.
        fold: its name.
        labels: the K classes.
        clips: key of each of the n test clips.
        subjects: whose each is.
        datasets: of which data set each is.
        truth: the class of each.
        probabilities: n rows of K numbers that sum to 1.
        trained_on: how many clips were trained on.
        notes: what a reader should know.
    """

    contender: str
    seed: int
    fold: str
    labels: tuple[str, ...]
    clips: tuple[str, ...]
    subjects: tuple[str, ...]
    datasets: tuple[str, ...]
    truth: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]
    trained_on: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        sizes = {len(v) for v in (self.clips, self.subjects, self.datasets, self.truth, self.probabilities)}
        if len(sizes) != 1:
            raise ValueError("a fold's result needs a subject, a class and probabilities for each clip")
        for row in self.probabilities:
            if len(row) != len(self.labels) or not all(math.isfinite(p) for p in row):
                raise ValueError("probabilities are finite numbers, one for each class")

    @property
    def predicted(self) -> tuple[str, ...]:
        """The likeliest class of each clip; of equals the first."""
        return tuple(self.labels[row.index(max(row))] for row in self.probabilities)


class ResultsStore:
    """Folds' results in a folder.

    Args:
        folder: made when first written to.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, key: str) -> Path:
        """The file of a key, there or not."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> FoldResult | None:
        """The result under a key; ``None`` where there is none or the file is damaged."""
        try:
            data = json.loads(self.path(key).read_text(encoding="utf-8"))
            if data.pop("schema") != _SCHEMA or data.pop("key") != key:
                return None
            plain = {name: _tuples(value) for name, value in data.items()}
            return FoldResult(**plain)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, key: str, result: FoldResult) -> None:
        """Store a result, whole.

        Raises:
            InputError: the folder cannot be written.
        """
        text = json.dumps({"schema": _SCHEMA, "key": key, **asdict(result)}, sort_keys=True, allow_nan=False)
        write_whole(self.path(key), text + "\n")


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def digest_of_plain(*parts: object) -> str:
    """40 hexadecimal digits that stand for plain data (whatever JSON can hold), the same on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
