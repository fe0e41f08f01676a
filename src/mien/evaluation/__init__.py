"""How good something is, and how sure that is, for recognition and for spotting.

:mod:`~mien.evaluation.scores` (recognition), :mod:`~mien.evaluation.metrics` (spotting, apex) and
:mod:`~mien.evaluation.strs` (both at once); :mod:`~mien.evaluation.uncertainty` for intervals and tests.
"""

from mien.evaluation.metrics import (
    ApexScores,
    Matching,
    SpottingCounts,
    SpottingScores,
    apex_scores,
    attribute_false_alarms,
    false_alarms_by_distractor,
    false_alarms_per_minute,
    iou,
    match_expressions,
    match_intervals,
    spotting_scores,
)
from mien.evaluation.scores import (
    ALL,
    Confusion,
    Pooled,
    ScoreName,
    Scores,
    confusion,
    confusion_by_part,
    pool_folds,
)
from mien.evaluation.strs import STRS, Spotted, strs_scores
from mien.evaluation.uncertainty import (
    Comparison,
    Interval,
    McNemar,
    bootstrap_scores,
    compare_models,
    mcnemar,
)

__all__ = [
    "ALL",
    "STRS",
    "ApexScores",
    "Comparison",
    "Confusion",
    "Interval",
    "Matching",
    "McNemar",
    "Pooled",
    "ScoreName",
    "Scores",
    "Spotted",
    "SpottingCounts",
    "SpottingScores",
    "apex_scores",
    "attribute_false_alarms",
    "bootstrap_scores",
    "compare_models",
    "confusion",
    "confusion_by_part",
    "false_alarms_by_distractor",
    "false_alarms_per_minute",
    "iou",
    "match_expressions",
    "match_intervals",
    "mcnemar",
    "pool_folds",
    "spotting_scores",
    "strs_scores",
]
