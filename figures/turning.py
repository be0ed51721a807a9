"""How the tight and the best IoU change as a shape is turned."""

from pathlib import Path

import numpy as np

from minimask import best_box, tight_box
from minimask.data.silhouettes import family, placed
from minimask.plots.ceilings import turning
from minimask.plots.show import show

NAMES = ("triangle", "L", "star", "crescent", "bar", "U")
DEGREES = np.linspace(0, 180, 61)
ALT = """Tight and best IoU of six shapes against the angle by which they are turned. The best box is never below the
tight one. The star hardly changes; the thin bar falls from 1 when upright to 0.25 at 45 degrees."""

if __name__ == "__main__":
    turned = {name: [placed(family(name), angle) for angle in DEGREES] for name in NAMES}
    curves = {
        name: ([tight_box(shape)[1] for shape in shapes], [best_box(shape)[1] for shape in shapes])
        for name, shapes in turned.items()
    }
    show(turning(curves, DEGREES), ALT).save(Path(__file__).with_suffix(".png"))
