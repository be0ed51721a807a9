"""The exercises of chapter 2, needles in a haystack: anchors, their IoUs, the box coder, suppression and matching."""

from minimask.exercises.needles_in_a_haystack.cell_anchors import CELL_ANCHORS
from minimask.exercises.needles_in_a_haystack.count_anchors import COUNT_ANCHORS
from minimask.exercises.needles_in_a_haystack.encode_decode import ENCODE_DECODE
from minimask.exercises.needles_in_a_haystack.grid_anchors import GRID_ANCHORS
from minimask.exercises.needles_in_a_haystack.iou_matrix import IOU_MATRIX
from minimask.exercises.needles_in_a_haystack.match_anchors import MATCH_ANCHORS
from minimask.exercises.needles_in_a_haystack.suppress import SUPPRESS

EXERCISES = (
    COUNT_ANCHORS,
    CELL_ANCHORS,
    GRID_ANCHORS,
    IOU_MATRIX,
    ENCODE_DECODE,
    SUPPRESS,
    MATCH_ANCHORS,
)
