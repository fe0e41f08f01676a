"""Run the lecture's claims on synthetic data and write ``docs/claims.md``.

    python benchmarks/claims --jobs 2                 everything that has not run, then the page
    python benchmarks/claims --jobs 2 --only L1 L4    these claims alone
    python benchmarks/claims --plan                   what would run, and how long it should take
    python benchmarks/claims --pages                  the page again, from the stored results

Stop it and start it again as you like: finished trainings are kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    from claims.runner import plan, run_all

    options = argparse.ArgumentParser(
        prog="benchmarks/claims", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--jobs", type=int, default=2, help="trainings at once")
    options.add_argument("--only", nargs="+", metavar="CLAIM", default=[], help="L1 to L6")
    options.add_argument("--plan", action="store_true", help="say what is left to do, and do nothing")
    options.add_argument("--pages", action="store_true", help="only write the page, from stored results")
    given = options.parse_args()
    wrong = sorted(set(given.only) - {f"L{n}" for n in range(1, 7)})
    if wrong:
        options.error(f"there is no claim {', '.join(wrong)}; they are L1 to L6")
    if given.plan:
        plan(given.only, given.jobs)
        return
    from claims.page import write_page

    if not given.pages:
        run_all(given.only, given.jobs, after=write_page)
    write_page()


if __name__ == "__main__":
    main()
