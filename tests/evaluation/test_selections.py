"""The rules behind the challenges' lists, on samples with the published counts and anomalies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from mien.datasets.manifest import Sample
from mien.errors import InputError
from mien.evaluation import (
    Selection,
    select,
    select_by_rule,
    select_casme2_five,
    select_megc2018,
    select_megc2019,
    select_prepared,
    select_samm_five,
)

Samples = Sequence[Sample]


def margins(selection: Selection) -> dict[str, list[int]]:
    return {str(name): [int(x) for x in row] for name, row in zip(*_rows(selection), strict=True)}


def _rows(selection: Selection) -> tuple[list[str], list[list[int]]]:
    table = selection.counts()
    return list(table.index), table.to_numpy().tolist()


def reasons(selection: Selection) -> dict[str, str]:
    return {one.sample.key: one.reason for one in selection.excluded}


def test_the_fake_workbook_has_the_published_margins(casme2_2014: Samples, casme2_2019: Samples) -> None:
    assert Counter(s.emotion for s in casme2_2014) == {
        "others": 99,
        "disgust": 63,
        "happiness": 32,
        "repression": 27,
        "surprise": 25,
        "sadness": 7,
        "fear": 2,
    }
    assert Counter(s.emotion for s in casme2_2019)["surprise"] == 28
    assert len({s.key for s in casme2_2014}) == 255
    assert len({s.subject for s in casme2_2014}) == 26


@pytest.mark.parametrize("coding", ["2014", "2019"])
def test_megc2019_of_casme2_is_145_by_the_rule(coding: str, request: pytest.FixtureRequest) -> None:
    samples = request.getfixturevalue(f"casme2_{coding}")
    selection = select_megc2019(samples)
    assert margins(selection)["casme2"] == [88, 32, 25, 145, 24]
    assert len(selection) + len(selection.excluded) == 255
    why = reasons(selection)
    assert "no apex" in why["casme2/sub04/EP12_01f"]
    assert "on the onset" in why["casme2/sub05/EP09_05f"]
    for clip in ("EP07_01", "EP07_04f", "EP10_03"):
        word = "2019" if coding == "2019" else "sadness is left out"
        assert word in why[f"casme2/sub24/{clip}"]
    # An apex on the offset is no reason to leave a clip out
    kept = {s.key for s in selection.samples}
    assert {"casme2/sub05/EP16_04f", "casme2/sub12/EP09_06", "casme2/sub25/EP18_04f"} <= kept
    # Two people have no clip left, and are still known
    assert set(selection.people) - set(selection.subjects) == {"casme2/sub10", "casme2/sub18"}


def test_megc2019_is_442_clips_of_68_people(
    casme2_2014: Samples,
    smic_samples: Samples,
    samm_samples: Samples,
    clips_per_subject: dict[str, int],
) -> None:
    selection = select_megc2019([*smic_samples, *casme2_2014, *samm_samples])
    assert margins(selection) == {
        "smic": [70, 51, 43, 164, 16],
        "casme2": [88, 32, 25, 145, 24],
        "samm": [92, 26, 15, 133, 28],
        "all": [250, 109, 83, 442, 68],
    }
    assert Counter(selection.subjects) == clips_per_subject
    assert selection.notes == ()
    assert {why for key, why in reasons(selection).items() if key.startswith("smic")} == {
        "SMIC's VIS part is not in MEGC 2019; only HS is",
        "SMIC's NIR part is not in MEGC 2019; only HS is",
    }


def test_a_frame_that_this_copy_lacks_changes_no_list(casme2_2014: Samples) -> None:
    # The apex is annotated, but its picture is missing: the published list has the clip all the same
    samples = [replace(s, apex=None) if s.emotion == "surprise" else s for s in casme2_2014]
    assert len(select_megc2019(samples)) == 145
    # Without frame numbers (a reader that has positions only) the positions decide
    samples = [replace(s, onset_number=None, apex_number=None) for s in casme2_2014]
    assert len(select_megc2019(samples)) == 145


def test_megc2019_notes_what_differs(casme2_2014: Samples) -> None:
    selection = select_megc2019([s for s in casme2_2014 if s.emotion != "happiness"])
    assert selection.notes == (
        "smic is missing: published results of megc2019 are not comparable",
        "casme2: 113 clips (88/0/25), published are 145 (88/32/25)",
        "samm is missing: published results of megc2019 are not comparable",
    )
    assert margins(selection)["all"] == [88, 0, 25, 113, 24 - lost_people(casme2_2014)]


def lost_people(samples: Samples) -> int:
    """People of the list all of whose clips are happy."""
    everyone = select_megc2019(samples)
    of: dict[str, set[str]] = {}
    for subject, label in zip(everyone.subjects, everyone.classes, strict=True):
        of.setdefault(subject, set()).add(label)
    return sum(labels == {"positive"} for labels in of.values())


def test_megc2018_is_253_clips_of_47_people(
    casme2_2014: Samples, samm_samples: Samples, samm_people_2018: set[str]
) -> None:
    selection = select_megc2018([*casme2_2014, *samm_samples])
    assert margins(selection) == {
        "casme2": [25, 15, 99, 26, 20, 185, 26],
        "samm": [24, 13, 20, 8, 3, 68, 21],
        "all": [49, 28, 119, 34, 23, 253, 47],
    }
    assert selection.notes == ()
    assert {s for s in selection.subjects if s.startswith("samm")} == samm_people_2018
    assert Counter(one.reason for one in selection.excluded) == {
        "objective class VI is left out by MEGC 2018": 8,
        "objective class VII is left out by MEGC 2018": 153,
    }


def test_megc2018_knows_the_wrong_column(casme2_2014: Samples, samm_samples: Samples) -> None:
    # The column of the coding of 2019: 30/18/93/15/18/2/79
    column = [
        c
        for c, n in zip(("I", "II", "III", "IV", "V", "VI", "VII"), (30, 18, 93, 15, 18, 2, 79), strict=True)
        for _ in range(n)
    ]
    assert len(column) == 255
    wrong = [replace(s, objective=c) for s, c in zip(casme2_2014, column, strict=True)]
    (note,) = select_megc2018([*wrong, *samm_samples]).notes
    assert note.startswith("casme2: 174 clips (30/18/93/15/18), published are 185")
    assert "CASME2-ObjectiveClasses.xlsx" in note


def test_the_five_classes_of_either(
    casme2_2014: Samples, casme2_2019: Samples, samm_samples: Samples
) -> None:
    five = select_casme2_five(casme2_2014)
    assert (len(five), five.notes) == (246, ())
    assert five.labels[0] == "happiness"
    assert margins(five)["casme2"][:5] == [32, 63, 27, 25, 99]
    later = select_casme2_five(casme2_2019)
    assert len(later) == 249
    assert later.notes == (
        "casme2: 249 clips (32/63/27/28/99), published are 246 (32/63/27/25/99); that is what the coding of "
        "2019 gives",
    )
    assert len(select_samm_five(samm_samples)) == 136
    assert {e.reason for e in select_samm_five(casme2_2014[:3]).excluded} == {"not samm"}


def test_nothing_is_lost_and_nothing_counts_twice(make_sample: Callable[..., Sample]) -> None:
    twice = [
        make_sample("samm", "006", "a", emotion="anger"),
        make_sample("samm", "006", "a", emotion="anger"),
    ]
    other = make_sample("casme", "sub01", "x", emotion="tense")
    blank = make_sample("samm", "007", "b")
    selection = select_megc2019([*twice, other, blank])
    assert [s.key for s in selection.samples] == ["samm/006/a"]
    assert [e.reason for e in selection.excluded] == [
        "a clip of this subject and name is there already",
        "casme is not part of MEGC 2019",
        "no emotion is annotated",
    ]


def test_any_rule_any_data_set(make_sample: Callable[..., Sample]) -> None:
    samples = [
        make_sample("cas-me-3", "spNO.1", "a", part="A", emotion="fear"),
        make_sample("cas-me-3", "spNO.1", "b", part="A", emotion="fear", kind="macro"),
        make_sample("cas-me-3", "spNO.2", "c", part="C", emotion="happiness"),
        make_sample("cas-me-3", "spNO.2", "d", part="A", emotion="happiness", kind=None),
    ]
    selection = select_by_rule(samples, "three", kind="micro", parts={"A"})
    assert selection.classes == ("negative",)
    assert [e.reason for e in selection.excluded] == [
        "not a micro-expression",
        "part C was not asked for",
        "a neutral take",
    ]
    assert len(select(samples, "three")) == 4
    assert "not for cas-me-3" in select_by_rule(samples, "megc2019").excluded[0].reason
    with pytest.raises(InputError, match="no label rule 'nonsense'"):
        select_by_rule(samples, "nonsense")


def test_prepared_lists_are_taken_as_they_are(make_sample: Callable[..., Sample]) -> None:
    samples = [
        make_sample("casme2", "sub01", "a", emotion="negative", apex=None, apex_number=None),
        make_sample("casme2", "sub01", "b", emotion="others"),
        make_sample("casme2", "sub01", "c"),
    ]
    selection = select_prepared(samples)
    assert selection.classes == ("negative",)
    assert [e.reason for e in selection.excluded] == [
        "others is none of negative, positive, surprise",
        "it has no label",
    ]


def test_subjects_must_say_their_data_set(make_sample: Callable[..., Sample]) -> None:
    bare = replace(make_sample("samm", "1", "a", emotion="anger"), subject="1")
    with pytest.raises(InputError, match="subject '1' does not say its data set"):
        select_megc2019([bare])
    stranger = replace(bare, subject="casme2/1")
    with pytest.raises(InputError, match="named as if of another data set"):
        select_megc2019([stranger])
