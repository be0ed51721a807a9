"""What an evaluation says: average precision and recall, of masks and of boxes, and how to read them aloud."""

from __future__ import annotations

import math
from dataclasses import dataclass

from minimask.geometry.checks import FloatArray

THRESHOLDS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))
"""The IoUs, .50 to .95, from which on COCO takes something for found."""
AT_50, AT_75 = THRESHOLDS.index(0.5), THRESHOLDS.index(0.75)
ALL, SMALL, MEDIUM, LARGE = range(4)
"""COCO's sizes of objects: any, below 32 x 32 pixels, up to 96 x 96, and larger."""
BEST_1, BEST_10, BEST_100 = range(3)
"""How many of the surest detections of each class and picture count."""


@dataclass(frozen=True)
class Precision:
    """COCO's figures for one kind, masks or boxes: from 0 to 1, and nan where there is nothing to be found.

    Average precision (AP) is the mean over IoU thresholds and over the classes that occur in the truth.
    """

    ap: float
    """Mean over the thresholds .50, .55, ... .95."""
    ap50: float
    """At IoU .50 alone."""
    ap75: float
    small: float
    """AP of objects below 32 x 32 pixels."""
    medium: float
    """AP of objects from there to 96 x 96 pixels."""
    large: float
    """AP of larger ones."""
    recall1: float
    """Mean recall over thresholds and classes, where of each picture and class only the surest detection counts."""
    recall10: float
    recall100: float
    recall_small: float
    """Of the objects of this size, by 100 detections."""
    recall_medium: float
    recall_large: float
    by_threshold: tuple[float, ...]
    """AP at each of `THRESHOLDS`."""
    by_class: tuple[float, ...]
    """AP of each class, in their order; nan for classes that do not occur."""

    @classmethod
    def of(cls, precision: FloatArray, recall: FloatArray) -> Precision:
        """Return the figures of pycocotools' arrays, in which -1 says that there is nothing to be found.

        Parameters
        ----------
        precision : array (10, 101, classes, 4, 3)
            At each threshold, recall from 0 to 1, class, size of objects, and number of detections.
        recall : array (10, classes, 4, 3)
        """
        best = precision[..., BEST_100]
        return cls(
            ap=_mean(best[..., ALL]),
            ap50=_mean(best[AT_50, ..., ALL]),
            ap75=_mean(best[AT_75, ..., ALL]),
            small=_mean(best[..., SMALL]),
            medium=_mean(best[..., MEDIUM]),
            large=_mean(best[..., LARGE]),
            recall1=_mean(recall[..., ALL, BEST_1]),
            recall10=_mean(recall[..., ALL, BEST_10]),
            recall100=_mean(recall[..., ALL, BEST_100]),
            recall_small=_mean(recall[..., SMALL, BEST_100]),
            recall_medium=_mean(recall[..., MEDIUM, BEST_100]),
            recall_large=_mean(recall[..., LARGE, BEST_100]),
            by_threshold=tuple(_mean(values) for values in best[..., ALL]),
            by_class=tuple(_mean(best[:, :, k, ALL]) for k in range(best.shape[2])),
        )


def _mean(values: FloatArray) -> float:
    """Return the mean of what is not -1, or nan."""
    there = values[values > -1]
    return float(there.mean()) if there.size else math.nan


WORDS = {
    "ap": "AP, mean over IoU .50 to .95",
    "ap50": "AP at IoU .50",
    "ap75": "AP at IoU .75",
    "small": "AP, small (below 32 x 32 px)",
    "medium": "AP, medium",
    "large": "AP, large (above 96 x 96 px)",
    "recall1": "recall, 1 per class and picture",
    "recall10": "recall, 10",
    "recall100": "recall, 100",
    "recall_small": "recall, small",
    "recall_medium": "recall, medium",
    "recall_large": "recall, large",
}
"""What the figures are called in a table."""


@dataclass(frozen=True)
class Scores:
    """What an evaluation says; `print(scores)` shows it as a table."""

    masks: Precision
    boxes: Precision
    classes: tuple[str, ...]
    pictures: int
    objects: int
    """Without crowds."""
    found: int
    """Detections, right or wrong."""

    def lines(self) -> list[str]:
        """Return the table, line by line.

        Examples
        --------
        >>> half = Precision(*[0.5] * 12, by_threshold=(0.5,) * 10, by_class=(0.5, math.nan))
        >>> for line in Scores(half, half, ("disc", "star"), 10, 20, 25).lines()[:3]:
        ...     print(line)
        10 pictures, 20 objects, 25 found               masks   boxes
        AP, mean over IoU .50 to .95                    0.500   0.500
        AP at IoU .50                                   0.500   0.500
        """
        head = f"{self.pictures:,} pictures, {self.objects:,} objects, {self.found:,} found"
        rows = [(words, getattr(self.masks, name), getattr(self.boxes, name)) for name, words in WORDS.items()]
        rows += [
            (f"AP of {name}", mask, box)
            for name, mask, box in zip(self.classes, self.masks.by_class, self.boxes.by_class, strict=True)
        ]
        width = max(44, len(head), *(len(words) for words, _, _ in rows))
        table = [f"{words:<{width}} {_written(mask):>8}{_written(box):>8}" for words, mask, box in rows]
        return [f"{head:<{width}}    masks   boxes", *table]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def flat(self) -> dict[str, float]:
        """Return the figures by name, `mask_ap`, `box_ap` and so on, for a log or a table; not those of the classes."""
        return {
            f"{kind}_{name}": getattr(figures, name)
            for kind, figures in (("mask", self.masks), ("box", self.boxes))
            for name in WORDS
        }


def _written(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
