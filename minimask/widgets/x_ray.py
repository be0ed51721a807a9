"""The X-ray: the widget that asks what each stage of Mask R-CNN makes of a picture."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from minimask.data.examined import ExaminedPicture, recorded_pictures
from minimask.data.shapes import CLASSES
from minimask.geometry.boxes import box_iou
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.funnel_bytes import picture_url
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries
from minimask.widgets.x_ray_measures import STAGES, Settled, describe

if TYPE_CHECKING:
    from minimask.data.picture import Picture
    from minimask.model.mask_rcnn import MaskRCNN
    from minimask.plots.show import Shown

LIMITS = {
    "objectness": (0.0, 0.99),
    "proposal_nms": (0.0, 1.0),
    "mask_threshold": (0.01, 0.99),
    "score": (0.0, 0.99),
    "detection_nms": (0.0, 1.0),
}
"""What the thresholds may be set to; scores at least to the machine's own threshold."""

PASTES = ("aligned", "published")
MOST_PICTURES = 6
"""A picture of 128 x 128 pixels takes about 140 KB."""


class XRay(LivingPicture):
    """The X-ray: what each stage of Mask R-CNN makes of a picture.

    The reader goes through the machine stage by stage, from the picture to the detections, chooses any RoI, and sees
    what becomes of it; slides the thresholds, and sees what follows in all later stages.

    Parameters
    ----------
    pictures : sequence of ExaminedPicture, optional
        By default two that no training has seen, examined by a trained model of the lesson.

    Attributes
    ----------
    state : dict
        All that the reader can change: `picture` (counted from 0), `stage` (a name in `STAGES`), `roi` (the chosen
        candidate), `level` and `map` (of the feature maps shown), the thresholds `objectness`, `proposal_nms`,
        `mask_threshold`, `score` and `detection_nms`, and `paste` ("aligned" or "published"). Give it a new dict to
        change it.

    Raises
    ------
    ValueError
        If there are no pictures, or too many; or if a state is not one that the widget can show.

    Examples
    --------
    >>> widget = XRay()
    >>> widget.choose(stage="proposals")
    >>> widget.slide(objectness=0.9)
    >>> widget.measures["proposals"] < widget.measures["candidates"]
    True
    """

    _esm = module("x_ray", lean=True)
    _css = style_sheet("x_ray", tight=True)
    seen: traitlets.List[str] = traitlets.List().tag(sync=True)
    images: traitlets.List[str] = traitlets.List().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)
    rois: traitlets.List[int] = traitlets.List().tag(sync=True)

    def __init__(self, pictures: Sequence[ExaminedPicture] | None = None) -> None:
        given = recorded_pictures() if pictures is None else list(pictures)
        if not 1 <= len(given) <= MOST_PICTURES:
            raise ValueError(f"pictures must be 1 to {MOST_PICTURES}, got {len(given)}")
        packed = [picture.to_bytes(image=False) for picture in given]
        self._pictures = [
            ExaminedPicture.from_bytes(content, picture.image) for content, picture in zip(packed, given, strict=True)
        ]
        fresh = [self._fresh(number) for number in range(len(given))]
        super().__init__(
            seen=[base64.b64encode(content).decode("ascii") for content in packed],
            images=[picture_url(picture.image) for picture in given],
            start=fresh[0],
            rois=[state["roi"] for state in fresh],
            state=fresh[0],
        )

    @classmethod
    def from_model(
        cls,
        model: MaskRCNN,
        pictures: Any,  # noqa: ANN401
        truth: Mapping[str, Any] | None = None,
        names: Sequence[str] | None = None,
    ) -> XRay:
        """Return the X-ray of pictures in a model.

        Parameters
        ----------
        model : MaskRCNN
        pictures : uint8 array (H, W, 3), Picture, or sequence of Picture
            See `minimask.training.examining.examine` for what it may be.
        truth : dict of `boxes` (M, 4), `labels` (M,) and `masks` (M, H, W), optional
            Of the one array that was given; a Picture holds its own.
        names : sequence of str, optional
            Of the classes from label 1 on; by default those of the generated shapes.
        """
        from minimask.training.examining import examine  # only here: it needs torch

        return cls([examine(model, picture, names=names or CLASSES) for picture in _as_pictures(pictures, truth)])

    def _fresh(self, number: int) -> dict[str, Any]:
        """Return the state to begin with on a picture: the surest detection is chosen."""
        picture = self._pictures[number]
        machine = picture.machine
        state = {
            "picture": number,
            "stage": "detections",
            "roi": 0,
            "level": 0,
            "map": 0,
            "objectness": 0.0,
            "proposal_nms": machine.proposal_nms,
            "mask_threshold": 0.5,
            "score": 0.5,
            "detection_nms": machine.detection_nms,
            "paste": machine.paste,
        }
        settled = Settled(picture, state)
        found = settled.detections
        roi = picture.answers.rois[found[0]] if len(found) else settled.proposals[0]
        return {**state, "roi": int(roi)}

    @property
    def settled(self) -> Settled:
        """Everything that follows from the present state."""
        return Settled(self._pictures[self.state["picture"]], self.state)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `candidates`, `scored`, `kept` and `proposals`, how many boxes the first stage leaves; `recall`, how many
        objects the proposals find at IoU 0.5 and 0.7; `levels`, how many are read from each level; `rank` of the chosen
        RoI among the proposals, from 0, or -1; its `scores` by class; `iou`, with the object that it overlaps best,
        before and after it was refined (None without objects); `mask_iou` of its mask with that object; `detections`,
        a dict for each: label, score, box, the object, mask IoU, and whether it is right.
        """
        settled = self.settled
        picture, answers = settled.picture, settled.picture.answers
        scores = 1 / (1 + np.exp(-picture.class_odds[settled.roi]))
        iou = None
        if settled.object >= 0:
            after = box_iou(answers.boxes[[settled.answer]], picture.objects)[0, settled.object]
            iou = (float(settled.reach[settled.roi, settled.object]), float(after))
        return {
            "candidates": len(picture.candidates),
            "scored": len(settled.scored),
            "kept": len(settled.kept),
            "proposals": len(settled.proposals),
            "recall": (settled.recall(0.5), settled.recall(0.7)),
            "levels": np.bincount(settled.levels[settled.proposals], minlength=len(picture.strides)).tolist(),
            "rank": settled.rank,
            "scores": dict(zip(picture.names, scores.tolist(), strict=True)),
            "iou": iou,
            "mask_iou": settled.overlap(settled.answer, settled.object),
            "detections": [
                {
                    "label": picture.names[answers.labels[answer]],
                    "score": settled.score(int(answer)),
                    "box": answers.boxes[answer].tolist(),
                    "object": verdict.object,
                    "mask_iou": verdict.iou,
                    "right": verdict.right,
                }
                for answer, verdict in zip(settled.detections, settled.verdicts, strict=True)
            ],
        }

    def choose(
        self,
        *,
        picture: int | None = None,
        stage: str | None = None,
        rank: int | None = None,
        level: int | None = None,
        map: int | None = None,
        paste: str | None = None,
    ) -> None:
        """Choose what is shown; None leaves it as it is.

        Parameters
        ----------
        picture : int
            Counted from 0; its surest detection is chosen.
        stage : str
            A name in `minimask.widgets.x_ray_measures.STAGES`.
        rank : int
            The RoI, by its place among the present proposals, from 0.
        level, map : int
            Of the feature maps, from 0; map 0 is the length over all channels.
        paste : "aligned" or "published"
        """
        wanted = {"picture": picture, "stage": stage, "level": level, "map": map, "paste": paste}
        state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}
        if picture is not None:
            state["roi"] = self.rois[_checked_index(picture, "picture", len(self.rois))]
        if rank is not None:
            proposals = Settled(self._pictures[state["picture"]], state).proposals
            state["roi"] = int(proposals[_checked_index(rank, "rank", len(proposals))])
        self.state = state

    def slide(self, **thresholds: float) -> None:
        """Set thresholds by name."""
        unknown = sorted(set(thresholds) - set(LIMITS))
        if unknown:
            raise TypeError(f"thresholds are {', '.join(LIMITS)}, got {', '.join(unknown)}")
        self.state = {**self.state, **thresholds}

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.settled)

    def still(self) -> Shown:
        """Return a still picture of all stages, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.x_ray_picture import still_picture

        alt = f"One picture in the ten stages of Mask R-CNN, from the pixels to the detections. {self.words()}"
        return show(still_picture(self.settled, self.words()), alt, photograph=True, quality=35)

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        names = {"picture", "stage", "roi", "level", "map", "paste", *LIMITS}
        state = checked_entries(proposal["value"], names)
        state["picture"] = _checked_index(state["picture"], "picture", len(self._pictures))
        picture = self._pictures[state["picture"]]
        sizes = {"roi": len(picture.candidates), "level": len(picture.strides), "map": len(picture.maps[0])}
        for name, size in sizes.items():
            state[name] = _checked_index(state[name], name, size)
        for name, (least, most) in LIMITS.items():
            low = max(least, picture.machine.score_threshold) if name == "score" else least
            number = isinstance(state[name], Real) and not isinstance(state[name], bool)
            if not number or not low <= state[name] <= most:
                raise InvalidStateError(f"{name} must be a number from {low} to {most}, got {state[name]!r}")
            state[name] = float(state[name])
        for name, allowed in (("stage", tuple(STAGES)), ("paste", PASTES)):
            if state[name] not in allowed:
                raise InvalidStateError(f"{name} must be one of {', '.join(allowed)}, got {state[name]!r}")
        return state


def _checked_index(value: Any, name: str, size: int) -> int:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 <= int(value) < size:
        raise InvalidStateError(f"{name} must be a whole number from 0 to {size - 1}, got {value!r}")
    return int(value)


def _as_pictures(pictures: Any, truth: Mapping[str, Any] | None) -> list[Picture]:  # noqa: ANN401
    from minimask.data.picture import Picture

    if isinstance(pictures, Picture):
        pictures = [pictures]
    if not isinstance(pictures, np.ndarray):
        if truth is not None:
            raise ValueError("truth must be left out where pictures hold their own")
        return list(pictures)
    if pictures.dtype != np.uint8 or pictures.ndim != 3 or pictures.shape[2] != 3:
        raise ValueError(f"pictures must be uint8 (H, W, 3), got {pictures.dtype} {pictures.shape}")
    if truth is None:
        truth = {"boxes": np.zeros((0, 4)), "labels": np.zeros(0), "masks": np.zeros((0, *pictures.shape[:2]))}
    boxes, labels, masks = (np.asarray(truth[name]) for name in ("boxes", "labels", "masks"))
    return [Picture(pictures, masks.astype(np.bool_), boxes.astype(np.float32), labels.astype(np.int64))]
