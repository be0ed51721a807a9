"""The exercises of chapter 6, out in the world: agreement, instances, clicks, reading, calibration, an attack."""

from minimask.exercises.out_in_the_world.attack_step import ATTACK_STEP
from minimask.exercises.out_in_the_world.calibration_error import CALIBRATION_ERROR
from minimask.exercises.out_in_the_world.click_point import CLICK_POINT
from minimask.exercises.out_in_the_world.limits_of_agreement import LIMITS_OF_AGREEMENT
from minimask.exercises.out_in_the_world.panoptic_quality import PANOPTIC_QUALITY
from minimask.exercises.out_in_the_world.reading_order import READING_ORDER

EXERCISES = (
    LIMITS_OF_AGREEMENT,
    PANOPTIC_QUALITY,
    CLICK_POINT,
    READING_ORDER,
    CALIBRATION_ERROR,
    ATTACK_STEP,
)
