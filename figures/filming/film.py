"""A widget is played in a browser without a window, and what is seen becomes a moving picture."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from minimask.plots.style import BEST, INK, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS
from minimask.widgets.living_picture import LivingPicture
from minimask.widgets.shades import shades

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
FRAME_MS = 90
OWN = (BEST, INK, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS, *shades("cold", 6))
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
STYLE = "body { padding: 0 16px !important; } .mm-keys { display: none; }"

Point = tuple[float, float]


class Film:
    """A page that is played, and its frames."""

    def __init__(self, page: "Page", place: Point) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.place = place

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

    def on_stage(self, x: float, y: float, limits: tuple[float, float, float], stage: int = 0) -> Point:
        """Return where a point of the plane is on the page; limits are the stage's left, top and width."""
        box = self.page.locator(".mm-stage").nth(stage).bounding_box()
        assert box
        scale = box["width"] / limits[2]
        return box["x"] + (x - limits[0]) * scale, box["y"] + (y - limits[1]) * scale


def eased(frames: int) -> Iterator[float]:
    """Yield the shares of a way, slow at both ends."""
    for k in range(1, frames + 1):
        yield (k / frames) ** 2 * (3 - 2 * k / frames)


def record(
    widget: LivingPicture,
    play: Callable[[Film], None],
    target: Path,
    alt: str,
    *,
    size: tuple[int, int],
    start: Point,
    style: str = "",
    colors: int = 64,
) -> int:
    """Play a widget, and write the moving picture and its description; returns an exit status.

    Parameters
    ----------
    widget : LivingPicture
    play : callable
        What to do with the film.
    target : Path
        The picture's file.
    alt : str
        What the picture shows.
    size : (int, int)
        Width and height of the page, in pixels.
    start : (float, float)
        Where the mouse is at first.
    style : str
        CSS for this picture alone.
    colors : int
        The size of the one palette for all frames.
    """
    found = filter(None, map(shutil.which, [os.environ.get("MINIMASK_BROWSER", ""), *BROWSERS]))
    program = next(found, None)
    if not (find_spec("playwright") and program):
        print(f"{target.name} stays as it is: to draw it anew takes Chromium, and playwright from the extra `test`.")
        return 0
    from playwright.sync_api import sync_playwright

    width, height = size
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "widget.html"
        widget.save(file)
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        page.goto(file.as_uri())
        page.wait_for_function("window.minimask")
        page.add_style_tag(content=STYLE + style)
        page.evaluate(CURSOR)
        page.wait_for_timeout(2000)
        film = Film(page, start)
        play(film)
        browser.close()
    palette = _palette(film.frames, colors)
    first, *rest = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in film.frames)
    first.save(target, save_all=True, append_images=rest, duration=FRAME_MS, loop=0, optimize=True)
    target.with_suffix(".txt").write_text(" ".join(alt.split()) + "\n", encoding="utf-8")
    return 0


def _palette(frames: list[Image.Image], colors: int) -> Image.Image:
    """Return one palette for all frames, so that only what moves differs from frame to frame.

    It holds the project's colors, however little of the picture they fill, and for the rest the most frequent ones.
    """
    samples = frames[:: len(frames) // 6]
    width, height = samples[0].size
    strip = Image.new("RGB", (width, height * len(samples)))
    for k, sample in enumerate(samples):
        strip.paste(sample, (0, k * height))
    own = [int(color[k : k + 2], 16) for color in OWN for k in (1, 3, 5)]
    common = strip.quantize(colors - len(OWN), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette((own + common)[: 3 * colors])
    return palette
