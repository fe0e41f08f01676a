"""The pages on the networks: everyone has one, with the right numbers and commands that are understood.

So are the commands of the pages that show how models are trained, compared and used.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from mien.cli import app, main
from mien.cli.bench import contender, spotting_contender, spread
from mien.datasets import READERS, make_layout
from mien.errors import InputError
from mien.evaluation import PROTOCOLS
from mien.evaluation.selections import SELECTIONS
from mien.labels import RULES
from mien.models import CARDS
from mien.training.produce import check_out
from mien.training.spotters import SmeconvnetSpotting
from mien.training.systems import make_system
from mien.weights import SHIPPED, shipped

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((DOCS / "systems").glob("*.md"))}
TABLE = (DOCS / "systems.md").read_text(encoding="utf-8")
FURTHER = {
    "bench.md": (DOCS / "bench.md").read_text(encoding="utf-8"),
    "README.md": (DOCS.parent / "README.md").read_text(encoding="utf-8"),
}


def commands() -> Iterator[tuple[str, str]]:
    """(page, command) of each line in a block of code."""
    for name, text in {"systems.md": TABLE, **PAGES, **FURTHER}.items():
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for line in block.splitlines() if not language else ():
                if line.startswith("mien synth ") and name in FURTHER:
                    continue  # without a layout
                if line.startswith(("mien train ", "mien bench ", "mien synth ")):
                    yield name, line


def understood(line: str) -> None:
    """Raise unless options, recipes, data sets, rule and protocol of a command exist."""
    word, *arguments = spread(shlex.split(line)[1:])
    command = typer.main.get_command(app).commands[word]  # type: ignore[attr-defined]
    if word == "synth":
        product, *arguments = arguments
        with command.commands[product].make_context(product, list(arguments)) as context:
            layout = make_layout(context.params["layout"])
        assert layout.filming.product == product
        return
    with command.make_context(word, list(arguments)) as context:
        given = context.params
    if word == "bench" and given["compare"] and not given["data"]:
        return
    for text in given["data"]:
        name = text.partition("=")[0]
        assert name in READERS or name in ("flow", "features"), name
    assert (given["rule"] or "three") in {**RULES, **SELECTIONS}, given["rule"]
    assert given["kind"] in (None, "micro", "macro")
    if word == "train":
        check_out(Path(given["out"]))
        if given["recipe"].partition(":")[0] == "smeconvnet":
            spotter = spotting_contender(given["recipe"])
            assert isinstance(spotter, SmeconvnetSpotting)
            assert spotter.rule == "window"  # foils are there to be compared with
            assert (given["rule"], given["kind"], given["init"]) == ("three", None, None)
            return
        system = make_system(given["recipe"])
        assert not (system.base == "dtscnn" and "head=softmax" not in given["recipe"])
        return
    assert given["protocol"] in PROTOCOLS, given["protocol"]
    for text in given["model"]:
        if text.endswith(".onnx"):  # a file that the reader has made
            continue
        if text in SHIPPED:
            assert shipped(text).is_file()
            continue
        if given["protocol"] == "spotting":
            spotting_contender(text)
        else:
            contender(text)


def test_every_network_has_a_page_and_every_page_a_network() -> None:
    assert set(PAGES) == set(CARDS)


@pytest.mark.parametrize("name", CARDS)
def test_the_table_says_what_the_cards_say(name: str) -> None:
    (row,) = [
        line
        for line in TABLE.splitlines()
        if line.startswith(f"| `{name}` | ") and f"](systems/{name}.md)" in line
    ]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    card = CARDS[name]
    assert cells[1] == (card.lecture or "–")
    assert cells[4] == f"{card.parameters:,} ({card.classes} classes)"
    assert cells[6] == f"[{card.title}](systems/{name}.md)"


@pytest.mark.parametrize("name", CARDS)
def test_a_page_has_its_figures_and_a_place_for_what_was_measured(name: str) -> None:
    page = PAGES[name]
    assert page.startswith(f"# {CARDS[name].title}\n")
    assert str(CARDS[name].year) in page
    # benchmarks/systems.py writes between these
    assert re.search(rf"<!-- measured {name} -->\n.*?<!-- /measured {name} -->", page, re.DOTALL)
    figures = re.findall(r"!\[[^\]]+\]\((\.\./images/[^)]+)\)", page)
    assert [Path(figure).name for figure in figures] == [f"{name}.svg", f"{name}-input.svg"]
    for figure in figures:
        assert (DOCS / "systems" / figure).is_file()
    drawn = (DOCS / "images" / "systems" / f"{name}.svg").read_text(encoding="utf-8")
    assert f"{CARDS[name].parameters:,} parameters with {CARDS[name].classes} classes" in drawn


@pytest.mark.parametrize("path", ["systems.md", *(f"systems/{name}.md" for name in CARDS)])
def test_links_lead_somewhere(path: str) -> None:
    page = DOCS / path
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(#[^)]*)?\)", page.read_text(encoding="utf-8")):
        file = (page.parent / target).resolve() if target else page
        assert file.is_file(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor[1:] in {heading.lower().replace(" ", "-") for heading in headings}, anchor


@pytest.mark.parametrize(("page", "line"), list(commands()))
def test_commands_are_understood(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "macro.safetensors").touch()
    understood(line)


@pytest.mark.slow
def test_from_macro_to_micro_as_the_page_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The three commands of the default, with few people, small pictures and one epoch."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    lines = [line for page, line in commands() if page == "macro2micro"][:3]
    assert [line.split()[1] for line in lines] == ["synth", "train", "train"]
    clips = (
        "mien synth clips --layout casme2 --out CASME2 --subjects 3 --takes 7 --emotions seven --scale 0.4 -q"
    )
    lines.insert(2, clips)
    small = {
        "--subjects 60": "--subjects 3",
        "--scale 0.5": "--scale 0.4",
        "macro2micro": "macro2micro:epochs=1",
    }
    for line in lines:
        for long, short in small.items():
            line = line.replace(long, short)
        cache = ("--cache", "cache") if "train" in line else ()
        assert main([*shlex.split(line)[1:], *cache]) == 0, line
    shown = capsys.readouterr().out
    assert "63 of 65 tensors taken" in shown
    assert "left: fc.weight is " in shown
    assert "fresh: fc.weight" in shown
    assert Path("apex.onnx").is_file()


def test_every_page_shows_commands() -> None:
    assert {page for page, _ in commands()} == {"systems.md", *CARDS, *FURTHER}


@pytest.mark.parametrize(
    "line",
    [
        "mien train smeconvnet:preset=paper,epochs=3 --data samm-lv=SAMMLV cas-me-2=CASME2LONG --out s.onnx",
        "mien train smeconvnet --data samm-lv=SAMMLV --out spotter.safetensors",
    ],
)
def test_recipes_of_spotters_are_understood(line: str) -> None:
    understood(line)


@pytest.mark.parametrize(
    "line",
    [
        "mien train ststnet:streams=both --data flow=maps --out x.onnx",
        "mien bench --data smic=SMIC --protocol loso --model atnet:stream=both --out run",
        "mien bench --data smic=SMIC --protocol spotting --model atnet --out run",
        "mien train smeconvnet:colour=red --data samm-lv=SAMMLV --out x.onnx",
        "mien train smeconvnet --data samm-lv=SAMMLV --out x.pt",
    ],
)
def test_commands_that_are_not(line: str) -> None:
    with pytest.raises(InputError):
        understood(line)


@pytest.mark.parametrize(
    "line",
    [
        "mien train smeconvnet:rule=first --data samm-lv=SAMMLV --out x.onnx",
        "mien train smeconvnet --data samm-lv=SAMMLV --rule seven --out x.onnx",
    ],
)
def test_commands_that_training_would_refuse(line: str) -> None:
    with pytest.raises(AssertionError):
        understood(line)
