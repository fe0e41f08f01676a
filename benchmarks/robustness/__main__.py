"""Measure what worse cameras and harder takes cost, and write ``docs/robustness.md``.

    python benchmarks/robustness --jobs 2                          all that has not run, then the page
    python benchmarks/robustness --jobs 2 --only noise face-size   these curves alone
    python benchmarks/robustness --jobs 2 --only spotting          this task alone
    python benchmarks/robustness --plan                            what would run, and how long it should take
    python benchmarks/robustness --pages                           the page again, from the stored results

Stop it and start it again as you like: what is finished is kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    from robustness.levels import AXES
    from robustness.runner import TASKS, plan, run_all

    names = [*AXES, *TASKS]
    options = argparse.ArgumentParser(
        prog="benchmarks/robustness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--jobs", type=int, default=2, help="recordings at once")
    options.add_argument("--only", nargs="+", metavar="NAME", default=[], help=", ".join(names))
    options.add_argument("--plan", action="store_true", help="say what is left to do, and do nothing")
    options.add_argument("--pages", action="store_true", help="only write the page, from stored results")
    given = options.parse_args()
    wrong = sorted(set(given.only) - set(names))
    if wrong:
        options.error(f"there is no {', '.join(wrong)}; there are {', '.join(names)}")
    if given.plan:
        plan(given.only, given.jobs)
        return
    if not given.pages:
        run_all(given.only, given.jobs)
    from robustness.page import write_page

    write_page()


if __name__ == "__main__":
    main()
