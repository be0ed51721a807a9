"""The anchor sea at work, as a moving picture: needs Chromium, and playwright from the extra `test`."""

import sys
from pathlib import Path

from filming.film import Film, record

from minimask.widgets import AnchorSea

ALT = """The anchor sea in use. A feature pyramid lays 261,888 anchors over a picture of 1024 by 1024 pixels, one and a
half times the 175,000 of textbooks. A reader drags an upright object over them: its best anchor follows in steps, a
dashed frame with an IoU below 0.7, so that none fits. The reader makes the object wider until the frame turns solid and
the IoU passes 0.7. Then the reader takes a thin pole, which no anchor comes near, and chooses other recipes, whose
counts stand as bars beside the line of 175,000."""

STYLE = """
.minimask { padding-top: 0.4rem; }
.minimask .mm-caption, .minimask .mm-threshold, .mm-anchor-sea .mm-left > .mm-switch { display: none; }
.mm-anchor-sea .mm-right .mm-note { display: none; }
"""


def play(film: Film) -> None:
    """Drag the object, make it fit, take the pole, and lay other seas."""
    limits = (-51.2, -51.2, 1126.4)
    film.shoot(4)
    film.move(film.on_stage(700, 510, limits), 5)
    film.drag(film.on_stage(640, 560, limits), 10)
    film.shoot(4)
    film.move(film.on_stage(700, 560, limits), 3)
    film.drag(film.on_stage(790, 560, limits), 9)
    film.shoot(6)
    film.move(film.middle("[aria-label='object: pole']"), 5)
    film.page.mouse.click(*film.place)
    film.shoot(9)
    for recipe in ("c4", "torchvision_maskrcnn"):
        film.move(film.middle(f"[value='{recipe}']"), 5)
        film.page.mouse.click(*film.place)
        film.shoot(7)
    film.move(film.middle("[aria-label='picture: 512²']"), 5)
    film.page.mouse.click(*film.place)
    film.shoot(12)


def main() -> int:
    """Play, film, and write the picture and its description."""
    target = Path(__file__).with_suffix(".gif")
    return record(AnchorSea(), play, target, ALT, size=(960, 826), start=(340, 740), style=STYLE, colors=64)


if __name__ == "__main__":
    sys.exit(main())
