"""The funnel at work, as a moving picture: needs Chromium, and playwright from the extra `test`."""

import sys
from pathlib import Path

from filming.film import Film, record

from minimask.data.watched import watched_pictures
from minimask.widgets import Funnel

ALT = """The funnel in use. A picture with four objects, and beside it the stages from 4,032 anchors to 50 proposals as
bars that narrow. A reader clicks on stages: the anchors cover the whole picture, the boxes left by suppression do too,
and the 50 proposals cluster on the objects. Then the reader drags the threshold of NMS down to 0.2: its bar shrinks,
and the best box on one object is given up for a box on its neighbor, so that three of the four objects are found at an
IoU of 0.5 only. In the end the reader looks at an earlier step of training, when the proposals lie beside the
objects."""

STYLE = """
.minimask { padding-top: 0.4rem; }
.minimask .mm-caption { display: none; }
.minimask .mm-question { margin-bottom: 0.5rem; }
"""


def play(film: Film) -> None:
    """Walk through the stages, drag the threshold of NMS, and look at an earlier step of training."""

    def click(selector: str, stand: int) -> None:
        film.move(film.middle(selector), 4)
        film.page.mouse.click(*film.place)
        film.shoot(stand)

    film.shoot(4)
    for stage in ("anchors", "nms", "top_n"):
        click(f".mm-layer [value={stage}]", 7)
    click(".mm-layer [value=nms]", 3)
    box = film.page.locator("[aria-label='NMS at IoU over']").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    film.move((box["x"] + 8 + 0.7 * (box["width"] - 16), y), 3)
    film.drag((box["x"] + 8 + 0.2 * (box["width"] - 16), y), 12)
    film.shoot(9)
    click(".mm-under button", 3)
    click("[aria-label='steps of training: 25']", 7)
    click("[aria-label='steps of training: 400']", 9)


def main() -> int:
    """Play, film, and write the picture and its description."""
    target, widget = Path(__file__).with_suffix(".gif"), Funnel(watched_pictures()[1:4])
    return record(widget, play, target, ALT, size=(860, 610), start=(420, 580), style=STYLE, colors=48)


if __name__ == "__main__":
    sys.exit(main())
