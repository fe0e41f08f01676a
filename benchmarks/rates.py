"""Events a minute, in words."""

from __future__ import annotations

from scipy.stats import chi2


def a_minute(count: int, seconds: float) -> str:
    """A rate with its 95 % interval, if each event comes by chance (Poisson, exact)."""
    minutes = seconds / 60
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    return f"{count / minutes:.1f} ({low / minutes:.1f}–{high / minutes:.1f})"
