"""Options are read, checked and written in one way only."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import pytest

from mien.contenders.options import (
    Choice,
    Extent,
    Kind,
    Number,
    Whole,
    YesNo,
    check_options,
    option,
    options,
    parse_options,
    spell,
)
from mien.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """A recipe with an option of each kind."""

    kernel: str = field(default="linear", metadata=option(Choice(("linear", "rbf")), "the kernel"))
    C: float | str = field(default=1.0, metadata=option(Number(auto=True), "price of an error"))
    bins: int = field(default=8, metadata=option(Whole(2, 64), "bins"))
    balanced: bool = field(default=True, metadata=option(YesNo(), "weights"))
    radii: tuple[int, ...] = field(default=(3, 3, 3), metadata=option(Extent(3), "radii"))
    inside: int = 7

    def __post_init__(self) -> None:
        check_options(self)


@pytest.mark.parametrize(
    ("kind", "text", "value", "spelt"),
    [
        (Whole(), "12", 12, "12"),
        (Whole(0), "0", 0, "0"),
        (Whole(), "007", 7, "7"),
        (Number(), "10", 10.0, "10"),
        (Number(), "1e1", 10.0, "10"),
        (Number(), "0.50", 0.5, "0.5"),
        (Number(), "1e-3", 0.001, "0.001"),
        (Number(), "0.00001", 1e-5, "1e-05"),
        (Number(auto=True), "auto", "auto", "auto"),
        (Choice(("a", "b")), "b", "b", "b"),
        (YesNo(), "no", False, "no"),
        (Extent(3), "3", (3, 3, 3), "3"),
        (Extent(3), "3x3x3", (3, 3, 3), "3"),
        (Extent(3), "1x1x4", (1, 1, 4), "1x1x4"),
    ],
)
def test_a_value_is_read_and_written_in_one_way(kind: Kind, text: str, value: object, spelt: str) -> None:
    assert kind.parse(text) == value
    assert type(kind.parse(text)) is type(value)
    assert kind.spell(value) == spelt
    assert kind.parse(spelt) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Whole(), ["0", "-1", "1.5", "x", "1_0", "²", "+3"]),
        (Whole(2, 4), ["1", "5"]),
        (Number(), ["0", "-1", "nan", "inf", "auto", "x"]),
        (Number(auto=True), ["Auto", "0"]),
        (Choice(("a", "b")), ["c", "A"]),
        (YesNo(), ["true", "1", "Yes"]),
        (Extent(2), ["1x2x3", "0", "1x", "1x0", "1.5"]),
    ],
)
def test_what_is_not_allowed_is_refused(kind: Kind, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=r".*"):
            kind.parse(text)


def test_options_from_text() -> None:
    given = parse_options(Recipe, "it", " kernel=rbf, radii=1x1x4 ,C=auto,balanced=no")
    assert Recipe(**given) == Recipe("rbf", "auto", balanced=False, radii=(1, 1, 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour=red", "it has no option 'colour'; its options are kernel, C, bins, balanced, radii$"),
        ("inside=3", "no option 'inside'"),
        ("kernel=cubic", "it: option kernel must be one of linear, rbf, not 'cubic'"),
        ("C=0", "option C must be a positive number or auto, not '0'"),
        ("bins=65", "option bins must be a whole number from 2 to 64, not '65'"),
        ("balanced=maybe", "option balanced must be yes or no, not 'maybe'"),
        ("radii=1x2", r"a whole number of at least 1, or 3 of them such as 2x3x2, not '1x2'"),
        ("C=1,C=2", "option C is given twice"),
        ("rbf", "written key=value,key=value; 'rbf' is not"),
        ("C=", "'C=' is not"),
        ("", "'' is not"),
        ("C=1,", "'' is not"),
    ],
)
def test_wrong_options_are_explained(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_options(Recipe, "it", text)


def test_an_object_without_options_says_so() -> None:
    @dataclass(frozen=True)
    class Bare:
        pass

    with pytest.raises(InputError, match="no option 'C'; it has none"):
        parse_options(Bare, "it", "C=1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kernel": "cubic"},
        {"kernel": 3},
        {"C": -1},
        {"C": True},
        {"C": None},
        {"bins": 1},
        {"bins": 3.0},
        {"bins": True},
        {"balanced": 1},
        {"radii": (1, 2)},
        {"radii": (1, 2, 0)},
        {"radii": ()},
        {"radii": None},
    ],
)
def test_values_of_code_go_through_the_same_check(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"option {next(iter(wrong))} must be"):
        Recipe(**wrong)  # type: ignore[arg-type]


def test_equal_options_are_equal_however_they_are_given() -> None:
    assert Recipe(C=10, radii=2) == Recipe(C=10.0, radii=(2, 2, 2))  # type: ignore[arg-type]
    assert Recipe(radii=[1, 1, 4]).radii == (1, 1, 4)  # type: ignore[arg-type]


def test_only_what_differs_is_spelt_in_the_order_of_the_fields() -> None:
    assert spell(Recipe()) == ""
    assert spell(Recipe(radii=(1, 1, 4), kernel="rbf", C=0.1)) == "kernel=rbf,C=0.1,radii=1x1x4"
    again = Recipe(**parse_options(Recipe, "it", "balanced=no,C=1,bins=9"))
    assert spell(again) == "bins=9,balanced=no"


def test_options_for_the_help() -> None:
    found = options(Recipe)
    assert [one.name for one in found] == [f.name for f in fields(Recipe) if f.name != "inside"]
    assert found[1].default == "1"
    assert found[1].allowed == "a positive number or auto"
    assert found[4].default == "3"
    assert found[0].words == "the kernel"
