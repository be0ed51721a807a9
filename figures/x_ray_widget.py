"""The X-ray at work, as a moving picture: needs Chromium, and playwright from the extra `test`."""

import sys
from pathlib import Path

from filming.film import Film, record

from minimask.data.examined import recorded_pictures
from minimask.widgets import XRay

ALT = """The X-ray in use: a strip of ten small pictures, one for each stage of Mask R-CNN, and below it the chosen
stage on the picture and in detail. A reader clicks through the stages: true boxes, a feature map, objectness on
three levels, 100 proposals that cluster on the objects, the levels that they are read from, what RoIAlign and
RoIPool make of the chosen RoI, its class, its box before and after it was refined, and its mask of 28 x 28 cells.
There the reader drags the threshold, and the mask shrinks. In the last stage masks are pasted into the picture;
sliding the score's threshold down lets more detections in, and false alarms among them."""

STYLE = """
.minimask { padding-top: 0.4rem; }
.minimask .mm-caption { display: none; }
.minimask .mm-question { margin-bottom: 0.5rem; }
"""


def play(film: Film) -> None:
    """Walk through the stages, and drag two thresholds."""

    def click(selector: str, stand: int) -> None:
        film.move(film.middle(selector), 4)
        film.page.mouse.click(*film.place)
        film.shoot(stand)

    def slide(label: str, shares: tuple[float, float], frames: int) -> None:
        box = film.page.get_by_label(label, exact=True).bounding_box()
        assert box
        ends = [(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2) for share in shares]
        film.move(ends[0], 3)
        film.drag(ends[1], frames)

    film.shoot(4)
    for stage in ("picture", "features", "objectness", "proposals", "levels", "rois", "classes", "boxes", "masks"):
        click(f".mm-strip [value={stage}]", 7)
    slide("mask from", (0.5, 0.95), 8)
    film.shoot(3)
    slide("mask from", (0.95, 0.5), 6)
    click(".mm-strip [value=detections]", 6)
    slide("score above", (0.48, 0.16), 10)
    film.shoot(10)


def main() -> int:
    """Play, film, and write the picture and its description."""
    target, widget = Path(__file__).with_suffix(".gif"), XRay(recorded_pictures()[:1])
    return record(widget, play, target, ALT, size=(900, 730), start=(450, 700), style=STYLE, colors=56)


if __name__ == "__main__":
    sys.exit(main())
