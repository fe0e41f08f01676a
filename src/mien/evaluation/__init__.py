"""How good something is: spotting and apex metrics."""

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

__all__ = [
    "ApexScores",
    "Matching",
    "SpottingCounts",
    "SpottingScores",
    "apex_scores",
    "attribute_false_alarms",
    "false_alarms_by_distractor",
    "false_alarms_per_minute",
    "iou",
    "match_expressions",
    "match_intervals",
    "spotting_scores",
]
