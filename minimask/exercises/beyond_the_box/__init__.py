"""The exercises of chapter 1, beyond the box: from the IoU of two boxes to the rule that the best box obeys."""

from minimask.exercises.beyond_the_box.best_interval import BEST_INTERVAL
from minimask.exercises.beyond_the_box.box_around import BOX_AROUND
from minimask.exercises.beyond_the_box.box_of_highest_iou import BOX_OF_HIGHEST_IOU
from minimask.exercises.beyond_the_box.fractions_inside import FRACTIONS_INSIDE
from minimask.exercises.beyond_the_box.pair_iou import PAIR_IOU
from minimask.exercises.beyond_the_box.shoelace import SHOELACE

EXERCISES = (PAIR_IOU, SHOELACE, BOX_AROUND, BEST_INTERVAL, BOX_OF_HIGHEST_IOU, FRACTIONS_INSIDE)
