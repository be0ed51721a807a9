"""The exercises of chapter 5, the whole machine: levels, labels, two losses, masks there and back, answers, and AP."""

from minimask.exercises.whole_machine.average_precision import AVERAGE_PRECISION
from minimask.exercises.whole_machine.choose_levels import CHOOSE_LEVELS
from minimask.exercises.whole_machine.crop_mask import CROP_MASK
from minimask.exercises.whole_machine.label_proposals import LABEL_PROPOSALS
from minimask.exercises.whole_machine.paste_mask import PASTE_MASK
from minimask.exercises.whole_machine.pick_detections import PICK_DETECTIONS
from minimask.exercises.whole_machine.true_class_box_loss import TRUE_CLASS_BOX_LOSS
from minimask.exercises.whole_machine.true_class_mask_loss import TRUE_CLASS_MASK_LOSS

EXERCISES = (
    CHOOSE_LEVELS,
    LABEL_PROPOSALS,
    TRUE_CLASS_BOX_LOSS,
    TRUE_CLASS_MASK_LOSS,
    CROP_MASK,
    PASTE_MASK,
    PICK_DETECTIONS,
    AVERAGE_PRECISION,
)
