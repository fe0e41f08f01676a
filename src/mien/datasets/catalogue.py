"""The data sets that are read, in one line each, and how to ask for them.

What stands here is in each reader's docstring as well, at greater length. Where no address is certain, the
institution is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["CATALOGUE", "HEADINGS", "Entry", "catalogue_table"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A data set in one line.

    Attributes:
        title: its name for people.
        kind: what it is.
        people: how many.
        holds: how many clips or recordings.
        fps: frames a second.
        request: how to get it.
        citation: of the paper that describes it.
    """

    title: str
    kind: str
    people: int
    holds: str
    fps: str
    request: str
    citation: str


_CAS = "licence agreement, signed by a permanent member of a research institution: http://casme.psych.ac.cn/"
_MMU = (
    "release agreement, signed by a permanent member of a research institution: "
    "http://www2.docm.mmu.ac.uk/STAFF/M.Yap/dataset.php"
)
_OULU = "licence agreement: Center for Machine Vision and Signal Analysis, University of Oulu"

CATALOGUE: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "casme": Entry(
            *("CASME", "micro-expressions", 19, "189 clips", "60", _CAS),
            "Yan, Wu, Liu, Wang & Fu, IEEE FG 2013",
        ),
        "casme2": Entry(
            *("CASME II", "micro-expressions", 26, "255 clips", "200", _CAS),
            "Yan, Li, Wang, Zhao, Liu, Chen & Fu, PLoS ONE 9(1), 2014",
        ),
        "smic": Entry(
            *("SMIC", "micro-expressions", 16, "164 clips (HS), 71 (VIS), 71 (NIR)", "100, 25", _OULU),
            "Li, Pfister, Huang, Zhao & Pietikäinen, IEEE FG 2013",
        ),
        "smic-e-long": Entry(
            *("SMIC-E long", "recordings with micro-expressions", 16),
            *("157 recordings (HS), 71 (VIS)", "100, 25", f"with SMIC; {_OULU}"),
            "Li, Hong, Moilanen, Huang, Pfister, Zhao & Pietikäinen, IEEE Trans. Affective Computing 9(4), "
            "2018",
        ),
        "samm": Entry(
            *("SAMM", "micro-expressions", 29, "159 clips", "200", _MMU),
            "Davison, Lansley, Costen, Tan & Yap, IEEE Trans. Affective Computing 9(1), 2018",
        ),
        "samm-lv": Entry(
            *("SAMM Long Videos", "recordings with micro- and macro-expressions", 32),
            *("147 recordings", "200", _MMU, "Yap, Kendrick & Yap, IEEE FG 2020"),
        ),
        "cas-me-2": Entry(
            *("CAS(ME)^2", "recordings with micro- and macro-expressions", 22),
            *("87 to 98 recordings", "30", _CAS),
            "Qu, Wang, Yan, Li, Wu & Fu, IEEE Trans. Affective Computing 9(4), 2018",
        ),
        "cas-me-3": Entry(
            *("CAS(ME)^3", "recordings with micro- and macro-expressions, in colour and depth", 131),
            *("1,300 recordings (part A), 31 (part C)", "30"),
            "licence agreement: http://casme.psych.ac.cn/casme/e4",
            "Li, Dong, Lu, Wang, Yan, Ma, Liu, Huang & Fu, IEEE Trans. PAMI 45(3), 2023",
        ),
        "mmew": Entry(
            *(
                "MMEW",
                "micro-expressions, pictures of macro-expressions",
                36,
                "300 clips, 900 pictures",
                "90",
            ),
            "licence agreement, from the authors: http://www.dpailab.com/database.html",
            "Ben, Ren, Zhang, Wang, Kpalma, Meng & Liu, IEEE Trans. PAMI 44(9), 2022",
        ),
        "4dme": Entry(
            *("4DME", "micro-expressions", 41, "267 clips", "60", _OULU),
            "Li, Cheng, Li, Behzad, Shen, Zafeiriou, Pantic & Zhao, IEEE Trans. Affective Computing 14(4), "
            "2023",
        ),
        "dfme": Entry(
            *("DFME", "micro-expressions", 259, "2,629 clips", "500, 300, 200"),
            "agreement, from the authors: https://mea-lab-421.github.io",
            "Zhao, Tang, Mao, Liu, Zhang, Wang, Xu & Chen, IEEE Trans. Affective Computing 15(3), 2024",
        ),
        "ck-plus": Entry(
            *("CK+", "posed expressions, neutral to peak", 123, "593 sequences", "30"),
            "agreement: http://www.jeffcohn.net/Resources/",
            "Lucey, Cohn, Kanade, Saragih, Ambadar & Matthews, CVPR Workshops 2010",
        ),
        "oulu-casia": Entry(
            *("Oulu-CASIA NIR&VIS", "posed expressions, neutral to peak", 80, "2,880 sequences", "25", _OULU),
            "Zhao, Huang, Taini, Li & Pietikäinen, Image and Vision Computing 29(9), 2011",
        ),
        "jaffe": Entry(
            *("JAFFE", "posed expressions, single pictures", 10, "213 pictures", "-"),
            "on request: https://doi.org/10.5281/zenodo.3451524",
            "Lyons, Akamatsu, Kamachi & Gyoba, FG 1998",
        ),
        "mug": Entry(
            *("MUG", "posed expressions, neutral to peak and back", 52, "1,032 sequences", "19"),
            "licence agreement: https://mug.ee.auth.gr/fed/",
            "Aifanti, Papachristou & Delopoulos, WIAMIS 2010",
        ),
        "flow": Entry(
            *("Flow images", "ready-made: a picture of the motion from onset to apex a clip", 68),
            *("442 pictures (MEGC 2019)", "-"),
            "made from SMIC, CASME II and SAMM, each to be asked for",
            "See, Yap, Li, Hong & Wang, IEEE FG 2019",
        ),
        "features": Entry(
            *("Feature files", "ready-made: a matrix a clip", 68, "442 matrices (MEGC 2019)", "-"),
            "made from SMIC, CASME II and SAMM, each to be asked for",
            "See, Yap, Li, Hong & Wang, IEEE FG 2019",
        ),
    }
)
"""Name on the command line -> the data set."""

HEADINGS: Final = ("name", "title", "what it is", "people", "holds", "fps", "how to get it")
"""Of :func:`catalogue_table`'s columns."""


def catalogue_table() -> str:
    """All of them as plain text, one a line, uncut."""
    rows = [
        (name, e.title, e.kind, str(e.people), e.holds, e.fps, e.request) for name, e in CATALOGUE.items()
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (HEADINGS, *rows)
    )
