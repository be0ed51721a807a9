"""The RoI window at work, as a moving picture: needs Chromium, and playwright from the extra `test`."""

import sys
from pathlib import Path

from filming.film import Film, record

from minimask.widgets import RoIWindow

ALT = """The RoI window in use. A reader drags a box slowly over a feature map. Under RoIAlign the grid, the samples
and the output follow by hundredths of a cell; under RoIPool the dashed box stays on whole cells and jumps, and a curve
shows its output as a staircase beside RoIAlign's line. Then the reader stretches the box, chooses the bin in the
middle, whose gradient lands on one cell with RoIPool and on several with RoIAlign, and asks for 7 by 7 bins."""

STYLE = """
.minimask { padding-top: 0.4rem; }
.minimask .mm-caption { display: none; }
.minimask .mm-name { font-size: 0; }
.mm-name b { font-size: 18px; }
.mm-switches { gap: 8px 0.8rem; }
.minimask .mm-strip { margin: 0; }
"""


def play(film: Film) -> None:
    """Drag the box, stretch it, choose a bin, and ask for more bins."""
    limits = (-1.0, -1.0, 18.0)
    film.shoot(4)
    film.move(film.on_stage(11.1, 5.9, limits, stage=1), 4)
    film.drag(film.on_stage(9.9, 5.9, limits, stage=1), 11)
    film.shoot(3)
    film.drag(film.on_stage(10.4, 5.2, limits, stage=1), 5)
    film.shoot(3)
    film.move(film.on_stage(12.87, 7.72, limits, stage=1), 4)
    film.drag(film.on_stage(13.6, 8.6, limits, stage=1), 5)
    film.shoot(3)
    film.move(film.middle(".mm-align .mm-output"), 4)
    film.page.mouse.click(*film.place)
    film.shoot(9)
    film.move(film.middle("[aria-label='bins: 7']"), 4)
    film.page.mouse.click(*film.place)
    film.shoot(12)


def main() -> int:
    """Play, film, and write the picture and its description."""
    target = Path(__file__).with_suffix(".gif")
    return record(RoIWindow(), play, target, ALT, size=(704, 906), start=(340, 830), style=STYLE, colors=40)


if __name__ == "__main__":
    sys.exit(main())
