"""The palette, a widget and a figure, as they look to color-blind eyes and on a printer without colors."""

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from minimask.data.silhouettes import family
from minimask.geometry.checks import FloatArray
from minimask.plots import style
from minimask.plots.ceilings import tight_and_best
from minimask.plots.color_vision import KINDS, seen
from minimask.plots.overlay import readable_on
from minimask.plots.show import figure, png_file, show, styled
from minimask.widgets import BoxCeiling

PALETTE = ("SHAPE", "SHAPE_EDGE", "TIGHT", "BEST", "YOURS", "HIGHLIGHT", "INK", "MUTED", "GRID")
ALT = """The project's nine colors, the still picture of the box ceiling and a figure of three silhouettes with their
boxes, five times: as most people see them, and simulated for protanopia, deuteranopia, tritanopia and in gray. In the
three kinds of color blindness all colors remain apart. In gray, the colors of the tight, the best and the reader's box
become nearly the same: there the tight box is told by its dashes, and the bars by stripes, dots and none."""


def pixels(fig: Figure) -> FloatArray:
    """Return a figure as an image, from 0 to 1."""
    image = Image.open(io.BytesIO(png_file(fig))).convert("RGB")
    return np.asarray(image, dtype=np.float64) / 255


def swatches(axes: Axes, kind: str | None) -> None:
    """Draw the colors side by side."""
    for k, name in enumerate(PALETTE):
        color = getattr(style, name)
        shade = to_hex(tuple(seen(to_rgb(color), kind).tolist())) if kind else str(color)
        axes.add_patch(Rectangle((k, 0), 0.92, 1, color=shade, linewidth=0))
        label = name.lower().replace("_", " ")
        ink = readable_on(shade)
        axes.text(k + 0.46, 0.05, label, rotation=90, ha="center", va="bottom", size=10.5, color=ink)
    axes.set(xlim=(0, len(PALETTE)), ylim=(0, 1))
    axes.set_axis_off()


@styled
def palette_seen() -> Figure:
    """Draw everything once for each kind of eyes, a row each."""
    widget = BoxCeiling()
    widget.state = {**widget.state, "show_best": True}
    shapes = {name: family(name) for name in ("triangle", "star", "L")}
    pictures = [pixels(widget.still().fig), pixels(tight_and_best(shapes, width=2.1))]
    kinds: list[str | None] = [None, *KINDS]
    fig, all_axes = figure(3, len(kinds), width=11, height=1.75 * len(kinds))
    for row, kind in enumerate(kinds):
        first, *others = all_axes[3 * row : 3 * row + 3]
        swatches(first, kind)
        first.set_title(kind or "as most people see it", size=11.5)
        for axes, picture in zip(others, pictures, strict=True):
            axes.imshow(seen(picture, kind) if kind else picture, interpolation="antialiased")
            axes.set_axis_off()
    return fig


if __name__ == "__main__":
    show(palette_seen(), ALT).save(Path(__file__).with_suffix(".png"))
