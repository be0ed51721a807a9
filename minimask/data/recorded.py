"""A recorded training of the region proposal network, for places without torch.

The file holds what the network said about a few pictures that it never learned from, at some moments of its training.
Predictions are stored in float16, logits with 7 significant bits and deltas as multiples of 1/256; what was measured on
them was measured after that rounding, so that whoever computes with them finds the very same numbers. `LAYOUT` lists
what the file holds, and `python -m minimask.training.recording` writes it.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.anchors import recipes
from minimask.data.shapes import Picture, ShapesWorld
from minimask.geometry.checks import FloatArray, IntArray
from minimask.proposals import STAGES, Funnel, StageRecall, propose

FILE = Path(__file__).parent / "recorded" / "rpn_shapes.npz"
TRAINING = ShapesWorld(seed=1)
"""What the network learned from."""
HELD_OUT = ShapesWorld(seed=2)
"""What it never saw."""
LARGE = ShapesWorld(height=1024, width=1024, objects=(60, 60), seed=3)
"""Eight times as high and wide, with sixty objects of the same sizes."""
UNRECORDED = -100.0
"""The logit given to anchors of the large picture that were not recorded: lower than any that was."""
THRESHOLDS = (0.5, 0.7)
"""The IoUs at which recall was measured."""
LAYOUT = {
    "images": ("uint8", "P H W 3"),  # the pictures: the first of HELD_OUT
    "objects": ("int64", "P"),  # how many objects each of them has
    "boxes": ("float32", "M 4"),  # all their objects, one picture after another
    "labels": ("int64", "M"),
    "moments": ("int64", "T"),  # steps of training at which predictions were recorded, ascending
    "looks": ("int64", "K 2"),  # picture and moment of each prediction, both as numbers from 0
    "logits": ("float16", "K N"),  # of all anchors of recipe `lesson`
    "deltas": ("float16", "K N 4"),
    "losses": ("float32", "S 2"),  # objectness and box loss of each step
    "recall_steps": ("int64", "R"),  # steps at which recall was measured
    "recall": ("float64", "R 2"),  # of objects in 200 pictures of HELD_OUT, by 100 proposals, at both THRESHOLDS
    "large_boxes": ("float32", "L 4"),  # the objects of LARGE[0]
    "large_indices": ("int64", "B"),  # its anchors of the highest logits, 1,000 of each level, in their order
    "large_logits": ("float16", "B"),  # of these anchors, after the training
    "large_deltas": ("float16", "B 4"),
    "large_settings": ("int64", "F 2"),  # pre_top_n and post_top_n of each run through the funnel
    "large_survivors": ("int64", "F 6"),  # boxes that each of its stages left
    "large_recall": ("float64", "F 6 2"),  # recall of the objects of LARGE[0] after each stage, at both THRESHOLDS
}
"""What the file holds: dtype and shape of every array; a letter stands for the same number everywhere."""


class RecordedPicture(NamedTuple):
    """A picture and its objects."""

    image: NDArray[np.uint8]
    """(H, W, 3)."""
    boxes: NDArray[np.float32]
    """(N, 4): rows `x1 y1 x2 y2` in pixels."""
    labels: IntArray
    """(N,): see `minimask.data.shapes.CLASSES`."""


class Predictions(NamedTuple):
    """What the network said about all anchors of a picture, level by level, finest first."""

    logits: list[FloatArray]
    """float32 (n,)."""
    deltas: list[FloatArray]
    """float32 (n, 4)."""


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A recorded training."""

    pictures: tuple[RecordedPicture, ...]
    moments: tuple[int, ...]
    """Steps of training at which predictions were recorded; the last is the end of it."""
    losses: FloatArray
    """(S, 2): objectness and box loss of each step."""
    recall_steps: IntArray
    """(R,)."""
    recall: FloatArray
    """(R, 2): of objects never seen, by 100 proposals, at IoU 0.5 and 0.7."""
    large_boxes: FloatArray
    """(L, 4): the objects of the large picture."""
    large_funnels: dict[tuple[int, int], dict[str, StageRecall]]
    """By (pre_top_n, post_top_n), then by stage: what is left of all anchors of the large picture."""
    arrays: dict[str, NDArray[Any]]
    """Everything in the file, as it is."""

    def moments_of(self, picture: int) -> tuple[int, ...]:
        """Return the moments at which predictions for a picture were recorded."""
        return tuple(self.moments[moment] for of, moment in self.arrays["looks"].tolist() if of == picture)

    def predictions(self, picture: int, moment: int | None = None) -> Predictions:
        """Return the recorded predictions for a picture.

        Parameters
        ----------
        picture : int
            Its number in `pictures`.
        moment : int, optional
            One of `moments_of(picture)`; by default the end of the training.

        Raises
        ------
        ValueError
            If nothing was recorded then.
        """
        moment = self.moments[-1] if moment is None else moment
        if moment not in self.moments_of(picture):
            raise ValueError(
                f"picture and moment must be recorded ones, got picture {picture} of {len(self.pictures)} at step "
                f"{moment}; of this picture there is {list(self.moments_of(picture)) or 'nothing'}"
            )
        row = self.arrays["looks"].tolist().index([picture, self.moments.index(moment)])
        return _by_level(self.arrays["logits"][row], self.arrays["deltas"][row], self.pictures[picture].image.shape[:2])

    def funnel(self, picture: int, moment: int | None = None, **settings: Any) -> Funnel:  # noqa: ANN401
        """Return the way of a picture's recorded predictions through `minimask.proposals.propose`."""
        size = self.pictures[picture].image.shape[:2]
        return propose(*self.predictions(picture, moment), anchors(size), size, **settings)

    def large_picture(self) -> Picture:
        """Draw the large picture.

        Raises
        ------
        ValueError
            If the generated world has changed since the run was recorded.
        """
        picture = LARGE[0]
        if not np.array_equal(picture.boxes, self.large_boxes):
            raise ValueError("the generated world has changed since the run was recorded; record it again")
        return picture

    def large_predictions(self) -> Predictions:
        """Return the predictions for the large picture: recorded ones, and `UNRECORDED` with deltas 0 for the rest."""
        size = (LARGE.height, LARGE.width)
        logits = np.full(recipes["lesson"].count(*size), UNRECORDED, np.float16)
        deltas = np.zeros((len(logits), 4), np.float16)
        logits[self.arrays["large_indices"]] = self.arrays["large_logits"]
        deltas[self.arrays["large_indices"]] = self.arrays["large_deltas"]
        return _by_level(logits, deltas, size)


def anchors(size: tuple[int, ...]) -> list[FloatArray]:
    """Return the anchors (n, 4) of recipe `lesson` for a picture of (height, width) pixels, level by level, float32."""
    height, width = size
    return [boxes.astype(np.float32) for boxes in recipes["lesson"].per_level(height, width)]


@cache
def recorded_run(path: Path = FILE) -> RecordedRun:
    """Load a recorded run, by default the one that ships with the package; its arrays cannot be written to.

    Raises
    ------
    ValueError
        If there is no such file, or it holds something else.

    Examples
    --------
    >>> run = recorded_run()
    >>> len(run.pictures), run.moments
    (6, (0, 25, 100, 400))
    >>> run.funnel(0, post_top_n=100).top_n.boxes.shape
    (100, 4)
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
            for array in arrays.values():
                array.setflags(write=False)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"path must lead to a recorded run, an .npz file, got {path}: {error}") from error
    _check(arrays, path)
    ends = np.cumsum(arrays["objects"])[:-1]
    parts = zip(arrays["images"], np.split(arrays["boxes"], ends), np.split(arrays["labels"], ends), strict=True)
    runs = zip(arrays["large_settings"], arrays["large_survivors"], arrays["large_recall"], strict=True)
    return RecordedRun(
        tuple(RecordedPicture(*part) for part in parts),
        tuple(arrays["moments"].tolist()),
        arrays["losses"],
        arrays["recall_steps"],
        arrays["recall"],
        arrays["large_boxes"],
        {tuple(settings.tolist()): _stages(survivors, recall) for settings, survivors, recall in runs},
        arrays,
    )


def _by_level(logits: NDArray[np.float16], deltas: NDArray[np.float16], size: tuple[int, ...]) -> Predictions:
    ends = np.cumsum(recipes["lesson"].counts(*size))[:-1]
    return Predictions(*(np.split(values.astype(np.float32), ends) for values in (logits, deltas)))


def _stages(survivors: IntArray, recall: FloatArray) -> dict[str, StageRecall]:
    return {
        name: StageRecall(float(number), tuple(values))
        for name, number, values in zip(STAGES, survivors.tolist(), recall.tolist(), strict=True)
    }


def _check(arrays: dict[str, NDArray[Any]], path: Path) -> None:
    """Refuse what is not laid out as `LAYOUT` says."""
    sides = {"N": recipes["lesson"].count(*arrays["images"].shape[1:3])} if "images" in arrays else {}
    for name, (dtype, shape) in LAYOUT.items():
        if name not in arrays:
            raise ValueError(f"path must lead to a recorded run, but {path} holds no array {name!r}")
        array = arrays[name]
        wanted = [int(side) if side.isdigit() else side for side in shape.split()]
        found = [
            sides.setdefault(side, size) if isinstance(side, str) else side
            for side, size in zip(wanted, array.shape, strict=False)
        ]
        if array.dtype != dtype or list(array.shape) != found or array.ndim != len(wanted):
            raise ValueError(
                f"path must lead to a recorded run, but in {path} {name!r} must be {dtype} ({shape}) with {sides}, "
                f"got {array.dtype} {array.shape}"
            )
