"""From a sample to the place where its clip lies."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets import READERS, make_layout, read_dataset
from mien.datasets.manifest import DataSet, Footage, Problem, Sample
from mien.errors import InputError
from mien.sources import FeatureFile, FlowPicture, PictureClip

FILM = Footage(
    "x", "", "x/1", "film", Path("f"), tuple(f"{n}.png" for n in range(3, 9)), tuple(range(3, 9)), 50.0
)
SAMPLE = Sample("x", "", "x/1", "clip", FILM.key, "micro", 100.0, 1, 2, 4, 4, 5, 7)
POSED = replace(SAMPLE, onset=None, apex=None, offset=None, onset_number=None, apex_number=None)
POSED = replace(POSED, offset_number=None, kind="macro")


def of(*samples: Sample, **more: object) -> DataSet:
    return DataSet("x", Path("root"), (FILM,), samples, **more)  # type: ignore[arg-type]


def clip(data: DataSet, at: int = 0) -> PictureClip:
    source = data.source(data.samples[at])
    assert isinstance(source, PictureClip)
    return source


class TestPictures:
    def test_all_of_the_footage_and_where_the_clip_lies_in_it(self) -> None:
        paths = tuple(Path("f") / f"{n}.png" for n in range(3, 9))
        assert clip(of(SAMPLE)) == PictureClip("x/1/clip", paths, 100.0, 1, 2, 4, False)
        assert clip(of(SAMPLE, cropped=True)).cropped

    def test_frame_rate_of_the_footage_where_the_sample_has_none(self) -> None:
        assert clip(of(replace(SAMPLE, fps=None))).fps == 50.0

    def test_a_posed_sequence_is_the_whole_footage(self) -> None:
        for sample in (
            POSED,
            replace(POSED, onset=0),
            replace(POSED, onset=0, apex=5),
            replace(POSED, apex=2),
        ):
            found = clip(of(sample))
            assert (found.onset, found.apex, found.offset) == (0, sample.apex, 5)

    def test_two_clips_of_one_recording(self) -> None:
        data = of(SAMPLE, replace(SAMPLE, clip="other", onset=3, apex=None, offset=5))
        assert [(clip(data, n).onset, clip(data, n).apex, clip(data, n).offset) for n in (0, 1)] == [
            (1, 2, 4),
            (3, None, 5),
        ]

    @pytest.mark.parametrize(
        ("sample", "words"),
        [
            (replace(SAMPLE, footage=""), "its files are not there or were not read"),
            (replace(SAMPLE, footage="x/1/lost"), "its files are not there or were not read"),
            (replace(SAMPLE, offset=None, offset_number=None), "the offset is missing"),
            (replace(SAMPLE, onset=None, onset_number=None), "the onset is missing"),
            (replace(POSED, offset=4), "the onset is missing"),
            (replace(SAMPLE, offset=None), "the offset 7 cannot be used"),
            (
                replace(SAMPLE, onset=None, apex=None, offset=None),
                "the onset 4 cannot be used and the offset 7 cannot be used",
            ),
            (replace(SAMPLE, apex=5), r"onset, apex and offset \(1, 5, 4\) are out of order within 0 to 5"),
            (replace(SAMPLE, apex=0), "out of order"),
            (replace(SAMPLE, onset=4, apex=None, offset=1), "out of order"),
            (replace(SAMPLE, offset=6), "out of order within 0 to 5"),
            (replace(SAMPLE, onset=-1), "out of order"),
        ],
    )
    def test_what_is_no_clip(self, sample: Sample, words: str) -> None:
        data = of(sample)
        with pytest.raises(InputError, match=rf"^x/1 clip: .*{words}.*\.$"):
            data.source(sample)

    def test_no_interval_of_its_own(self) -> None:
        data = of(POSED, SAMPLE)
        with pytest.raises(InputError, match=r"x/1 clip: it has no interval of its own in x/1/film"):
            data.source(POSED)
        assert clip(data, 1).onset == 1

    def test_marks_that_could_not_be_read_are_not_made_up(self) -> None:
        unread = Problem("broken", "frame-cell", "the onset reads 'x'", "x/1", "clip")
        with pytest.raises(InputError, match="x/1 clip: its onset and offset cannot be read"):
            of(POSED, problems=(unread,)).source(POSED)
        assert clip(of(POSED, problems=(replace(unread, clip="other"),))).offset == 5

    def test_what_it_remembers_travels(self) -> None:
        data = of(SAMPLE)
        data.source(SAMPLE)
        again = pickle.loads(pickle.dumps(data))
        assert again == data
        assert again.source(SAMPLE) == data.source(SAMPLE)


def test_ready_made_ones() -> None:
    one = replace(FILM, files=("a.png",), numbers=(1,))
    data = replace(of(SAMPLE), footage=(one,), form="flow")
    assert data.source(SAMPLE) == FlowPicture("x/1/clip", Path("f/a.png"))
    data = replace(data, form="features", key="m")
    assert data.source(SAMPLE) == FeatureFile("x/1/clip", Path("f/a.png"), "m")


@pytest.mark.parametrize("name", [n for n in READERS if n not in ("flow", "features")])
def test_every_sample_of_a_clean_copy_is_a_clip(name: str, make_takes, write_layout, tmp_path: Path) -> None:
    layout = make_layout(name)
    write_layout(layout, make_takes(layout.filming), tmp_path)
    data = read_dataset(name, tmp_path)
    lost = {
        (p.subject, p.clip) for p in data.problems if p.topic in ("outside-folder", "no-offset", "under-way")
    }
    clips = [s for s in data.samples if (s.subject, s.clip) not in lost]
    assert len(clips) >= 0.8 * len(data.samples) > 0
    for sample in clips:
        source = data.source(sample)
        assert isinstance(source, PictureClip)
        assert source.key == sample.key
        assert all(path.is_file() for path in source.files)
        assert 0 <= source.onset <= source.offset < len(source.files)
        assert source.apex is None or source.onset <= source.apex <= source.offset
        assert source.cropped is (name == "mmew")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("casme", "Cropped"),
        ("casme2", "Cropped"),
        ("smic", "SMIC_all_cropped"),
        ("smic", "SMIC_all_cropped/HS"),
        ("oulu-casia", "PreProcess_Img"),
    ],
)
def test_faces_cut_out(name: str, folder: str, make_takes, write_layout, tmp_path: Path) -> None:
    layout = make_layout(name)
    write_layout(layout, make_takes(layout.filming), tmp_path)
    assert not read_dataset(name, tmp_path).cropped
    data = read_dataset(name, tmp_path, pictures="cropped")
    assert data.cropped
    assert clip(data).cropped
    if name == "oulu-casia":
        return
    pointed = read_dataset(name, tmp_path / folder)  # the tree itself, by its name
    assert pointed.cropped
    assert clip(pointed).files[0] in {path for f in data.footage for path in f.paths}
