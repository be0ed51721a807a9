"""A horse under one box, a turned box, and several boxes: how the ceiling rises."""

from pathlib import Path

from minimask import best_box, best_boxes, best_rotated_box, tight_box
from minimask.data.silhouettes import horse
from minimask.plots.ceilings import covers
from minimask.plots.show import show

ALT = """The horse under five covers, with IoU: tight box 0.385, best box 0.598, best box that may turn 0.618, two boxes
0.690, five boxes 0.820."""

if __name__ == "__main__":
    mask = horse()
    ones = {"tight box": tight_box(mask), "best box": best_box(mask), "turned box": best_rotated_box(mask)}
    one = [(title, [box], iou) for title, (box, iou) in ones.items()]
    several = [(f"{k} boxes", list(boxes), iou) for k in (2, 5) for boxes, iou in [best_boxes(mask, k)]]
    show(covers(mask, one + several), ALT).save(Path(__file__).with_suffix(".png"))
