"""The model of the screens, as it is handed out."""

from __future__ import annotations

from minimask.model.mask_rcnn import MaskRCNN
from minimask.screens.pages import CLASSES
from minimask.training.shipping import shipped_model


def trained_screen_model() -> MaskRCNN:
    """Return the lesson's model after its training on screenshots, in evaluation mode.

    Labels 1, 2, ... are `minimask.screens.pages.CLASSES`; `python -m minimask.screens.training` makes it anew.
    """
    return shipped_model("screens", len(CLASSES))
