"""What the page says of L5."""

from __future__ import annotations

from claims.figures import dots
from claims.telling import Part, Results, Section, dot_rows, guesses, score_table
from claims.verdict import compared, recognised

STREAMS = {"spatial": "apex", "temporal": "temporal", "fusion": "fusion"}
DOMAINS = {"fast": "200 frames/s", "slow": "60 frames/s"}


def section(results: Results) -> Section:
    across, within = results.get("L5-across"), results.get("L5-within")
    rows = [
        (f"{kind}, {said}", recognised(found, f"{kind}, {key}"))
        for kind, found in (("across", across), ("within", within))
        for key, said in STREAMS.items()
    ]
    single = [
        (f"{kind}, tested on {name}, {said}", recognised(found, f"{kind}, {key}", domain))
        for kind, found in (("across", across), ("within", within))
        for domain, name in DOMAINS.items()
        for key, said in STREAMS.items()
    ]
    apex, temporal, fusion = (recognised(across, f"across, {key}") for key in STREAMS)
    inside = {key: recognised(within, f"within, {key}") for key in STREAMS}
    parts = [
        Part("across: temporal − fusion", compared(fusion, temporal)),
        Part("across: fusion − apex", compared(apex, fusion)),
        Part("across: temporal − apex", compared(apex, temporal)),
        Part("within: fusion − temporal", compared(inside["temporal"], inside["fusion"]), counts=False),
        Part("within: fusion − apex", compared(inside["spatial"], inside["fusion"]), counts=False),
    ]
    figures = {"l5-streams.svg": dots("UF1 by stream", drawn)} if (drawn := dot_rows(rows)) else {}
    return Section(
        "L5",
        (score_table([*rows, *single]), guesses([*rows, *single])),
        parts,
        figures,
        {"l5-streams.svg": "UF1 of each stream, across and within domains, with 95 % intervals"},
    )
