"""What the page says of L2 and L3, which are told by the same trainings."""

from __future__ import annotations

from claims.figures import dots
from claims.telling import Part, Results, Section, dot_rows, guesses, part_rows, score_table
from claims.verdict import averaged, compared, recognised

NETWORKS = {"macro2micro": "ResNet10", "micro_attention": "with micro-attention"}
APEXES = ("annotated", "spotted", "middle", "random")


def l2(results: Results) -> Section:
    apex, posed = results.get("L2-apex"), results.get("L2-posed")
    rows = [
        (f"{said}, {words}", recognised(apex, f"{key}, {how}"))
        for key, said in NETWORKS.items()
        for how, words in (("fresh", "fresh"), ("annotated", "from posed expressions"))
    ]
    learned = [
        (f"{said}, posed expressions of people held out (7 classes)", recognised(posed, f"posed, {key}"))
        for key, said in NETWORKS.items()
    ]
    parts = [
        Part(
            f"{said}: from posed expressions − fresh",
            compared(recognised(apex, f"{key}, fresh"), recognised(apex, f"{key}, annotated")),
            counts=key == "macro2micro",
        )
        for key, said in NETWORKS.items()
    ]
    figures = (
        {"l2-pretraining.svg": dots("UF1 on the apex frame", drawn)} if (drawn := dot_rows(rows)) else {}
    )
    return Section(
        "L2",
        (score_table([*rows, *learned]), guesses(rows), guesses(learned, 7)),
        parts,
        figures,
        {"l2-pretraining.svg": "UF1 with and without macro pretraining, with 95 % intervals"},
    )


def l3(results: Results) -> Section:
    apex = results.get("L2-apex")
    rows = [
        (f"{said}, {how} apex", recognised(apex, f"{key}, {how}"))
        for how in APEXES
        for key, said in NETWORKS.items()
    ]
    configuration = "micro_attention, annotated"
    shares = {
        words: averaged(apex, configuration, lambda _, run, i, f=name: run[f][i], needs=name)
        for name, words in (
            ("on", "share of the attention on the regions that move"),
            ("area", "share of the face that they cover"),
            ("other", "share on the regions of another class"),
            ("other_area", "share of the face that those cover"),
        )
    }
    excess = averaged(apex, configuration, lambda _, run, i: run["on"][i] - run["area"][i], needs="on")
    foreign = averaged(
        apex, configuration, lambda _, run, i: run["other"][i] - run["other_area"][i], needs="other"
    )
    nothing = averaged(apex, configuration, lambda _, run, i: 0.0, needs="on")
    plain, attentive = (recognised(apex, f"{key}, annotated") for key in NETWORKS)
    parts = [
        Part("annotated apex: with micro-attention − ResNet10", compared(plain, attentive)),
        Part(
            "attention on the moving regions − their share of the face",
            compared(nothing, excess),
            form="+.4f",
        ),
        Part(
            "the same − that on regions of another class",
            compared(foreign, excess),
            counts=False,
            form="+.4f",
        ),
    ]
    parts += [
        Part(
            f"{said}: annotated − {how}",
            compared(recognised(apex, f"{key}, {how}"), recognised(apex, f"{key}, annotated")),
            counts=False,
        )
        for how in APEXES[1:]
        for key, said in NETWORKS.items()
    ]
    figures = {}
    if drawn := dot_rows(rows):
        figures["l3-apexes.svg"] = dots("UF1 by the frame that stands for the apex", drawn)
    if told := part_rows(parts[1:3]):
        figures["l3-attention.svg"] = dots(
            "Attention beyond what an even spread would reach",
            [
                ("on the moving regions", told[0][1]),
                *([("less that of another class", told[1][1])] if len(told) > 1 else []),
            ],
            zero=True,
        )
    return Section(
        "L3",
        (score_table(rows), guesses(rows), score_table(list(shares.items()), "share", ".4f")),
        parts,
        figures,
        {
            "l3-apexes.svg": "UF1 by the way in which the apex was found, with 95 % intervals",
            "l3-attention.svg": "Share of the attention on the moving regions less their share of the face",
        },
    )
