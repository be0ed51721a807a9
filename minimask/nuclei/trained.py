"""The model that has learned nuclei in generated tissue."""

from __future__ import annotations

from minimask.data.nuclei import CLASSES
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.shipping import shipped_model


def trained_nuclei_model() -> MaskRCNN:
    """Return the model of chapter 6a in evaluation mode: `minimask train nuclei` makes it.

    Weights of convolutions and matrices were rounded to float16 for the file; they are float32 here.
    """
    return shipped_model("nuclei", len(CLASSES))
