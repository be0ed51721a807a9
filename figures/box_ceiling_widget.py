"""The box ceiling at work, as a moving picture: needs Chromium, and playwright from the extra `test`."""

import sys
from pathlib import Path

from filming.film import Film, eased, record

from minimask.widgets import BoxCeiling

ALT = """The box ceiling in use. A reader drags the corners of a box on a circle out to about the tight box, IoU 0.79,
then takes the best box, which is smaller: IoU 0.837, with 45.6% of each side inside the circle. Then an L turns, and a
curve shows how the IoU of both boxes falls and rises."""

STYLE = ".minimask .mm-caption { min-height: 0; }"
TAKE_BEST = ".mm-buttons button:nth-child(2)"


def glide(film: Film, button: str, box: list[float], frames: int) -> None:
    """Click a button that moves the box, and film the way."""
    film.move(film.middle(button), 5)
    start = film.page.evaluate("minimask.model.get('state').box")
    for share in eased(frames):
        way = [a + share * (b - a) for a, b in zip(start, box, strict=True)]
        film.page.evaluate("(box) => minimask.model.set('state', { ...minimask.model.get('state'), box })", way)
        film.shoot()


def play(film: Film, widget: BoxCeiling) -> None:
    """Drag, take the tight and the best box, and turn an L."""
    limits = (50 - 46.4, 50 - 46.4, 92.8)
    film.shoot(4)
    film.move(film.on_stage(26, 26, limits), 5)
    film.drag(film.on_stage(10.4, 10.4, limits), 9)
    film.move(film.on_stage(94, 82, limits), 5)
    film.drag(film.on_stage(89.7, 89.7, limits), 6)
    film.shoot(5)
    film.move(film.middle(".mm-best input"), 5)
    film.page.mouse.click(*film.place)
    glide(film, TAKE_BEST, widget.measures["best_box"], 8)
    film.shoot(12)
    film.move(film.middle("[value=L]"), 5)
    film.page.mouse.click(*film.place)
    film.page.wait_for_timeout(2500)  # the curve is being worked out
    widget.choose("L")
    glide(film, TAKE_BEST, widget.measures["best_box"], 4)
    slider = film.page.locator(".mm-right input[type=range]").bounding_box()
    assert slider
    left, width, y = slider["x"] + 8, slider["width"] - 16, slider["y"] + slider["height"] / 2
    film.move((left, y), 4)
    film.drag((left + width * 0.75, y), 22)
    film.shoot(10)


def main() -> int:
    """Play, film, and write the picture and its description."""
    widget = BoxCeiling()
    target = Path(__file__).with_suffix(".gif")
    return record(widget, lambda film: play(film, widget), target, ALT, size=(720, 660), start=(360, 560), style=STYLE)


if __name__ == "__main__":
    sys.exit(main())
