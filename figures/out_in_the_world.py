"""What chapter 6 does with the machine: nuclei of tissue, controls of a page, and an object that an attack hides."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from skimage.data import immunohistochemistry

from minimask.data.attacked import recorded_attacks
from minimask.nuclei.counting import find_nuclei
from minimask.nuclei.hand_marks import hand_marks
from minimask.nuclei.trained import trained_nuclei_model
from minimask.plots.machine import Seen, draw_seen
from minimask.plots.nuclei import Panel, draw_panel
from minimask.plots.screens import OnScreen, draw_on_screen
from minimask.plots.show import figure, show, styled
from minimask.screens.found import recorded_found
from minimask.screens.pages import CLASSES

ALT = """Four pictures. Stained tissue of a real slide with an outline around each nucleus that was found; a page with
its check boxes, fields, buttons and texts found, each in the color of its kind, and a panel that lies above; and what
is found in a generated picture before and after a faint change of its pixels: a rectangle is gone, and an L is seen
where none is."""
PAGE, PICTURE, STEP = 64, 0, 6
SURE = 0.5


def draw_tissue(axes: Axes) -> None:
    picture = hand_marks()[0].of(immunohistochemistry())
    found = find_nuclei(trained_nuclei_model(), picture)
    draw_panel(axes, Panel(f"real tissue, {found.number} nuclei found", picture, found.labels))


def draw_page(axes: Axes) -> None:
    (looked,) = recorded_found(numbers=[PAGE])
    sure = looked.model.scores >= SURE
    roles = [CLASSES[label - 1] for label in looked.model.labels[sure]]
    draw_on_screen(axes, looked.screen.image, OnScreen(roles, looked.model.masks[sure]))
    axes.set_title("in a look it never saw", fontsize=11)


def draw_attack(axes: Axes, step: int, title: str) -> None:
    one = recorded_attacks()[PICTURE]
    seen = one.found[0][step]
    sure = seen.scores >= 10_000 * SURE
    masks = seen.masks.chosen(np.flatnonzero(sure)).masks(50)
    names = [one.names[label - 1] for label in seen.labels[sure]]
    draw_seen(axes, one.seen(0, step), Seen(masks, seen.labels[sure], names))
    axes.set_title(title, fontsize=11)


@styled
def drawn() -> Figure:
    fig, (tissue, page, before, after) = figure(4, width=11.6, height=3.0)
    draw_tissue(tissue)
    draw_page(page)
    draw_attack(before, 0, "before")
    draw_attack(after, STEP, f"after a change of {recorded_attacks()[PICTURE].strengths[STEP]} / 255")
    return fig


if __name__ == "__main__":
    show(drawn(), ALT).save(Path(__file__).with_suffix(".png"))
