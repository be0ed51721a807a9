"""How good predictions are: average precision of masks and boxes, as COCO computes it."""

from minimask.evaluation.coco import CocoEvaluation
from minimask.evaluation.mask_ap import mask_average_precision
from minimask.evaluation.results import coco_results
from minimask.evaluation.scores import Precision, Scores

__all__ = ["CocoEvaluation", "Precision", "Scores", "coco_results", "mask_average_precision"]
