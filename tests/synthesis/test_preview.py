"""The look at the studio: a sheet of people and a film beside its motion."""

from __future__ import annotations

from itertools import islice

import numpy as np

from mien.records import Stream
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.preview import contact_sheet, film_frames
from mien.synthesis.script import Conditions, posed_script


def test_the_contact_sheet_has_a_row_a_person_and_a_column_a_pose() -> None:
    sheet = contact_sheet(0, people=2, side=48)
    assert sheet.shape == (2 * 48, 8 * 48, 3)
    assert sheet.dtype == np.uint8
    tiles = sheet.reshape(2, 48, 8, 48, 3).swapaxes(1, 2).astype(int)
    # each is the peak of its pose: happiness comes second
    conditions = Conditions(PerformanceSettings(frequencies="seven"), face=(0.3, 0.38))
    script = posed_script(0, 2, 2, Stream("", 30.0, 48, 48), "happiness", conditions, way="rise")
    assert script.take.expressions[0].apex == script.take.n_frames - 1
    assert (tiles[1, 1] == script.film().frame(script.take.n_frames - 1)).all()
    assert np.abs(tiles[0] - tiles[1]).mean() > 10
    assert (contact_sheet(0, people=1, side=48) == sheet[:48]).all()


def test_the_film_shows_the_face_and_its_motion_in_colours() -> None:
    frames = list(islice(film_frames(0, side=48, fps=50.0, seconds=4.0), 200))
    assert len(frames) == 200
    assert all(f.shape == (48, 96, 3) and f.dtype == np.uint8 for f in frames)
    motion = np.array([f[:, 48:].max() for f in frames])
    assert (motion == 0).any()  # at rest the right half is black
    assert motion.max() > 30
    assert frames[0][:, :48].std() > 10
