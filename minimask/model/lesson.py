"""The model of the lesson: Mask R-CNN, small enough to learn the generated shapes in minutes on a processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from minimask.anchors import Level, Recipe, lesson_recipes, recipes
from minimask.model.backbone import Backbone, SmallResNet
from minimask.model.fpn import FeaturePyramid
from minimask.model.mask_rcnn import MaskRCNN, PyramidBackbone
from minimask.model.roi_heads import DecoupledHeads, JointHeads, RoISettings
from minimask.model.rpn import RegionProposalNetwork, RPNHead, Settings
from minimask.model.transform import Transform
from minimask.model.weights import load_weights

TRAINED = Path(__file__).parents[1] / "data" / "recorded" / "lesson.safetensors"
"""The weights that are handed out; `minimask.training.lesson_runs` makes them."""
WIDTHS = (48, 96, 128, 128)
"""Of the backbone: small objects have their outlines in the fine maps, which are wide here."""
CHANNELS = 64
"""Of the pyramid and of the mask head."""
CONVOLUTIONS = 4
"""Of the mask head, as published."""
WIDTH = 256
"""Of the box head."""
DENSITIES: dict[str, tuple[Settings, dict[str, int]]] = {
    "sparse": (Settings(sampled=64, pre_top_n=(300, 300), post_top_n=(100, 100)), {"sampled": 48, "detections": 100}),
    "dense": (Settings(sampled=192, pre_top_n=(500, 500), post_top_n=(300, 300)), {"sampled": 64, "detections": 200}),
}
"""What each stage looks at in a picture: of some 15 objects at most, or of some 60."""
ONE_MAP = Recipe(
    "lesson_one_map",
    "All anchors of `lesson` on a single map of stride 8.",
    (Level(8, (16.0, 32.0, 56.0), recipes["lesson"].levels[0].ratios),),
    offset=0.5,
    rounding="none",
    stride_rule="nominal",
)


def lesson_model(
    num_classes: int = 7,
    seed: int = 0,
    *,
    heads: Literal["decoupled", "joint"] = "decoupled",
    pyramid: bool = True,
    anchors: str = "lesson",
    density: str = "sparse",
    **settings: Any,  # noqa: ANN401
) -> MaskRCNN:
    """Return the untrained model of chapter 5.

    Parameters
    ----------
    num_classes : int
        The background, class 0, among them; 7 for the generated shapes.
    seed : int
        Decides the first weights; torch's own random state is left as it is.
    heads : "decoupled" or "joint"
        See `minimask.model.roi_heads`; both have equally many parameters.
    pyramid : bool
        False reads everything from a single map of stride 8.
    anchors : str
        A name in `minimask.anchors.lesson_recipes`.
    density : "sparse" or "dense"
        How many objects a picture may hold, about 15 or 60: what is sampled, proposed and found follows from it. No
        weight depends on it.
    settings
        Of `minimask.model.roi_heads.RoISettings`, other than the lesson's.

    Examples
    --------
    >>> sum(parameter.numel() for parameter in lesson_model().parameters())
    2685161
    """
    if heads not in ("decoupled", "joint"):
        raise ValueError(f"heads must be 'decoupled' or 'joint', got {heads!r}")
    if density not in DENSITIES:
        raise ValueError(f"density must be {' or '.join(map(repr, DENSITIES))}, got {density!r}")
    if anchors not in lesson_recipes:
        raise ValueError(f"anchors must be one of {', '.join(lesson_recipes)}, got {anchors!r}")
    of_anchors, of_rois = DENSITIES[density]
    # Half of the RoIs, not a quarter, have an object: they teach class, box and mask, the others only the background.
    numbers = RoISettings(**{**of_rois, "positive_fraction": 0.5, **settings})
    wiring = DecoupledHeads if heads == "decoupled" else JointHeads
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = SmallResNet(WIDTHS) if pyramid else OneMap(SmallResNet(WIDTHS), 8)
        recipe = lesson_recipes[anchors] if pyramid else ONE_MAP
        level = recipe.levels[0]
        model = MaskRCNN(
            PyramidBackbone(body, FeaturePyramid(body.channels, CHANNELS)),
            RegionProposalNetwork(
                RPNHead(CHANNELS, len(level.sizes) * len(level.ratios)),
                recipe,
                of_anchors,
            ),
            wiring(
                CHANNELS,
                num_classes,
                width=WIDTH,
                mask_channels=CHANNELS,
                mask_convolutions=CONVOLUTIONS,
                settings=numbers,
            ),
            Transform(min_size=None, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), divisor=16),
        )
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def trained_lesson_model(**settings: Any) -> MaskRCNN:  # noqa: ANN401
    """Return the model of chapter 5 after 3,000 steps of training on generated shapes, in evaluation mode.

    Parameters
    ----------
    settings
        Of `minimask.model.roi_heads.RoISettings`, other than the lesson's: those on which no weight depends.

    Notes
    -----
    Weights of convolutions and matrices were rounded to float16 for the file; they are float32 here.
    """
    model = lesson_model(**settings)
    load_weights(model, TRAINED)
    return model.eval()


class OneMap(Backbone):
    """A backbone of which only the map of one stride is used, and no stage behind it.

    Parameters
    ----------
    backbone : SmallResNet
    stride : int
        One of its strides.
    """

    def __init__(self, backbone: SmallResNet, stride: int) -> None:
        super().__init__()
        count = backbone.strides.index(stride) + 1
        backbone.stages = backbone.stages[:count]
        self.backbone = backbone
        self.channels, self.strides = backbone.channels[count - 1 : count], (stride,)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return one map (B, C, H / stride, W / stride) of pictures (B, 3, H, W)."""
        maps: list[Tensor] = self.backbone(pictures)
        return maps[-1:]
