"""The box ceiling at work, as a moving picture: needs Chromium, and playwright from the extra `test`."""

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from minimask.widgets import BoxCeiling

if TYPE_CHECKING:
    from playwright.sync_api import Page

ALT = """The box ceiling in use. A reader drags the corners of a box on a circle out to about the tight box, IoU 0.79,
then takes the best box, which is smaller: IoU 0.837, with 45.6% of each side inside the circle. Then an L turns, and a
curve shows how the IoU of both boxes falls and rises."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
SIZE = {"width": 720, "height": 660}
FRAME_MS = 90
CURSOR = """
const cursor = document.createElement("div");
cursor.innerHTML = `<svg width="22" height="26"><path d="M2 1v19l5-4.5 3.5 8 3.5-1.5-3.5-8h7z" fill="#fff"
  stroke="#1F2430" stroke-width="1.6" stroke-linejoin="round"/></svg>`;
cursor.style.cssText = "position: fixed; z-index: 9; pointer-events: none; left: 0; top: 0; visibility: hidden";
document.body.append(cursor);
addEventListener("pointermove", (event) => {
  cursor.style.visibility = "visible";
  cursor.style.transform = `translate(${event.clientX - 2}px, ${event.clientY - 1}px)`;
}, true);
"""
STYLE = "body { padding: 0 16px !important; } .mm-keys { display: none; } .minimask .mm-caption { min-height: 0; }"

TAKE_BEST = ".mm-buttons button:nth-child(2)"

Point = tuple[float, float]


class Film:
    """A page that is played, and its frames."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.place: Point = (360, 560)

    def shoot(self, times: int = 1) -> None:
        """Take the next frame, or let it stand for a while."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames += [picture] * times

    def move(self, to: Point, frames: int) -> None:
        """Move the mouse gently, a frame a step."""
        start = self.place
        for share in eased(frames):
            self.place = (start[0] + share * (to[0] - start[0]), start[1] + share * (to[1] - start[1]))
            self.page.mouse.move(*self.place)
            self.shoot()

    def drag(self, to: Point, frames: int) -> None:
        """Do the same with the button pressed."""
        self.page.mouse.down()
        self.move(to, frames)
        self.page.mouse.up()

    def middle(self, selector: str) -> Point:
        """Return the middle of an element."""
        box = self.page.locator(selector).first.bounding_box()
        assert box, selector
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def on_stage(self, x: float, y: float, limits: tuple[float, float, float]) -> Point:
        """Return where a point of the plane is on the page; limits are the stage's left, top and width."""
        box = self.page.locator(".mm-stage").bounding_box()
        assert box
        scale = box["width"] / limits[2]
        return box["x"] + (x - limits[0]) * scale, box["y"] + (y - limits[1]) * scale

    def glide(self, button: str, box: list[float], frames: int) -> None:
        """Click a button that moves the box, and film the way."""
        self.move(self.middle(button), 5)
        start = self.page.evaluate("minimask.model.get('state').box")
        for share in eased(frames):
            way = [a + share * (b - a) for a, b in zip(start, box, strict=True)]
            self.page.evaluate("(box) => minimask.model.set('state', { ...minimask.model.get('state'), box })", way)
            self.shoot()


def eased(frames: int) -> Iterator[float]:
    """Yield the shares of a way, slow at both ends."""
    for k in range(1, frames + 1):
        yield (k / frames) ** 2 * (3 - 2 * k / frames)


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
    film.glide(TAKE_BEST, widget.measures["best_box"], 8)
    film.shoot(12)
    film.move(film.middle("[value=L]"), 5)
    film.page.mouse.click(*film.place)
    film.page.wait_for_timeout(2500)  # the curve is being worked out
    widget.choose("L")
    film.glide(TAKE_BEST, widget.measures["best_box"], 4)
    slider = film.page.locator(".mm-right input[type=range]").bounding_box()
    assert slider
    left, width, y = slider["x"] + 8, slider["width"] - 16, slider["y"] + slider["height"] / 2
    film.move((left, y), 4)
    film.drag((left + width * 0.75, y), 22)
    film.shoot(10)


def main() -> int:
    """Play, film, and write the picture and its description."""
    target = Path(__file__).with_suffix(".gif")
    found = filter(None, map(shutil.which, [os.environ.get("MINIMASK_BROWSER", ""), *BROWSERS]))
    program = next(found, None)
    if not (find_spec("playwright") and program):
        print(f"{target.name} stays as it is: to draw it anew takes Chromium, and playwright from the extra `test`.")
        return 0
    from playwright.sync_api import sync_playwright

    widget = BoxCeiling()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "widget.html"
        widget.save(file)
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        page = browser.new_page(viewport={"width": SIZE["width"], "height": SIZE["height"]}, color_scheme="light")
        page.goto(file.as_uri())
        page.wait_for_function("window.minimask")
        page.add_style_tag(content=STYLE)
        page.evaluate(CURSOR)
        page.wait_for_timeout(2000)
        film = Film(page)
        play(film, widget)
        browser.close()
    # One palette for all frames, so that only what moves differs from frame to frame.
    samples = film.frames[:: len(film.frames) // 6]
    strip = Image.new("RGB", (SIZE["width"], SIZE["height"] * len(samples)))
    for k, sample in enumerate(samples):
        strip.paste(sample, (0, k * SIZE["height"]))
    palette = strip.quantize(64, method=Image.Quantize.MEDIANCUT)
    first, *rest = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in film.frames)
    first.save(target, save_all=True, append_images=rest, duration=FRAME_MS, loop=0, optimize=True)
    target.with_suffix(".txt").write_text(" ".join(ALT.split()) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
