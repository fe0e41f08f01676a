"""Make macro-faces: first weights for networks on one frame, learned from posed expressions.

The same training as the claims' pretraining (benchmarks/claims, L2): Macro-to-Micro's ResNet10, `small`
preset, on the last three pictures of posed sequences of synthetic people, seven emotions. A tenth of the
people is set apart and gives the card its figures; nothing is chosen by them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from safetensors.numpy import save as saved
from sklearn.metrics import f1_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from claims.data import POSES, shots  # noqa: E402
from claims.l2 import POSED, posed, prepare_posed, weights  # noqa: E402
from claims.runner import STORE  # noqa: E402

from mien.files import write_whole  # noqa: E402
from mien.models import CARDS  # noqa: E402
from mien.training.estimators import METADATA  # noqa: E402
from mien.weights import SHIPPED  # noqa: E402

NAME = "macro-faces"
HERE = ROOT / "src" / "mien" / "weights"


def main() -> None:
    """Film, train, write weights and card."""
    (cell,) = (c for c in POSED.cells if c.part == SHIPPED[NAME].network and c.seed == 0)
    made = weights(cell.part, cell.seed)
    said = STORE.get(POSED, cell)
    if said is None or not made.is_file():  # the claims have not been run here
        prepare_posed(2)
        said = posed(cell)
    ((_, found),) = said.items()
    with safe_open(str(made), "np") as file:
        told = json.loads(file.metadata()[METADATA])
    items = POSED.items()
    tested = dict(found["probabilities"])
    truth = {item["key"]: POSES.index(item["truth"]) for item in items}
    y = np.array([truth[key] for key in tested])
    right = np.array([int(np.argmax(shares)) for shares in tested.values()])
    people = {item["person"] for item in items}
    apart = {item["person"] for item in items if item["key"] in tested}
    told |= {
        "data": f"{len(items)} posed sequences of {len(people)} synthetic people, {len(apart)} of them apart",
        "subjects": [],  # nobody of them is in anybody's data set
    }
    half = {name: value.astype(np.float16) for name, value in load_file(made).items()}
    write_whole(
        HERE / SHIPPED[NAME].begin, saved(half, metadata={METADATA: json.dumps(told, sort_keys=True)})
    )
    one = SHIPPED[NAME]
    paper = CARDS[one.network].paper
    accuracy, uf1 = (y == right).mean(), f1_score(y, right, average="macro")
    lines = [
        f"# {NAME}",
        "",
        f"{one.words[0].upper()}{one.words[1:]}. Network: ResNet10, `small` preset ({paper}). Half "
        f"precision. Licence: {one.licence}. Made by `{one.script}`, which writes this page, too.",
        "",
        f"**Data.** The last three pictures of {len(shots('posed'))} posed sequences of {len(people)} "
        f"synthetic people: {', '.join(POSES)}. No real face, no licensed data.",
        "",
        f"**Measured** on the {len(y)} sequences of {len(apart)} people who were set apart, by the last "
        f"picture: accuracy {accuracy:.3f}, UF1 {uf1:.3f}; guessing would be right {1 / len(POSES):.2f} of "
        "the time. Nothing was chosen on them.",
        "",
        "**Limits.** A single picture shows who somebody is more than what the face does; these weights are "
        "a start for networks on one frame, not a recogniser of posed expressions. Whether they help: "
        "[the claims](../../../docs/claims.md).",
        "",
    ]
    write_whole(HERE / f"{NAME}.md", "\n".join(lines))


if __name__ == "__main__":
    main()
