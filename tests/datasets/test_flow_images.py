from __future__ import annotations

import pickle
import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mien.datasets.flow_images import PEOPLE, FlowImagesLayout, flow_as_image

LAYOUT = FlowImagesLayout()


def labels(root: Path) -> pd.DataFrame:
    return pd.read_csv(root / "labels.csv", dtype=str)


def test_people_of_the_composite() -> None:
    assert Counter(dataset for dataset, _ in PEOPLE) == {"smic": 16, "casme2": 24, "samm": 28}
    assert len(set(PEOPLE)) == 68
    assert PEOPLE[:4] == (("smic", "s01"), ("casme2", "sub01"), ("samm", "006"), ("smic", "s02"))


def test_tree_and_table(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    files = set(all_files(tmp_path))
    assert files == {"labels.csv"} | {shot.pictures[0].paths[0] for shot in shots}
    table = labels(tmp_path)
    assert list(table.columns) == [
        *("dataset", "sub", "filename_o", "label", "onset", "apex", "offset", "imagename")
    ]
    rows = {(row.sub, row.filename_o): row for row in table.itertuples()}
    assert len(rows) == len(shots)
    for shot in shots:
        (event,), row = shot.take.expressions, rows[shot.subject, shot.clip]
        assert ("negative", "positive", "surprise")[int(row.label)] == event.emotion
        assert (int(row.onset), int(row.apex), int(row.offset)) == (
            *(event.onset + 1, event.apex + 1, event.offset + 1),
        )
        assert shot.pictures[0].frames == (event.apex,)


def test_names_differ_from_files_in_the_known_ways(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=6, takes=3))
    ways = Counter()
    for shot in shots:
        file = Path(shot.pictures[0].paths[0]).name
        name = str(shot.more["imagename"])
        ways[(" .png" in file, name.endswith(".jpg"))] += 1
        plain = file.replace(" .png", ".png")
        assert plain.endswith(".png")
        if Path(name).stem != Path(plain).stem:
            without = {"smic": r"(s\d\d_s)0(\d_)", "samm": r"^()00?(\d+_)"}[str(shot.more["dataset"])]
            assert name == re.sub(without, r"\1\2", plain).replace(".png", ".jpg")
            ways["zeros"] += 1
    assert all(ways[way] for way in [(False, False), (False, True), (True, False), (True, True), "zeros"])


def test_example(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=1, takes=4))
    shot = shots[3]
    assert shot.pictures[0].paths == (f"images/s01_{shot.clip} .png",)
    assert shot.clip.startswith("s01_")
    assert shot.more["imagename"] == f"s01_{shot.clip.replace('s01', 's1')}.jpg"


def test_picture_is_the_stretched_flow(make_takes, write_layout, tmp_path: Path) -> None:
    (shot,) = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=1, takes=1), tmp_path)
    data = np.frombuffer((tmp_path / shot.pictures[0].paths[0]).read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert image.shape == (30, 32, 3)
    assert [(int(c.min()), int(c.max())) for c in np.moveaxis(image, 2, 0)] == [(0, 255)] * 3


def test_channels_are_red_green_blue() -> None:
    field = np.zeros((4, 5, 3), np.float32)
    field[0, 0] = (2, 0, 0)
    field[1, 1] = (0, 4, 0)
    field[2, 2] = (0, 0, 8)
    image = cv2.imdecode(np.frombuffer(flow_as_image(field, ".png"), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert image[0, 0].tolist() == [255, 0, 0]
    assert image[1, 1].tolist() == [0, 255, 0]
    assert image[2, 2].tolist() == [0, 0, 255]


@given(arrays.arrays(np.float32, (3, 4, 3), elements=st.floats(-50, 50, width=32)))
def test_order_is_kept_in_each_channel(field) -> None:
    image = cv2.imdecode(np.frombuffer(flow_as_image(field, ".png"), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    for channel in range(3):
        order = np.argsort(field[..., channel], axis=None, kind="stable")
        assert (np.diff(image[..., channel].ravel()[order].astype(int)) >= 0).all()
        flat = np.ptp(field[..., channel]) == 0
        assert image[..., channel].max() == (0 if flat else 255)


def test_shots_travel_to_other_processes(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=1))
    assert pickle.loads(pickle.dumps(shots)) == shots
