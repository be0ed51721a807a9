"""Figures as notebooks, README and site show them: crisp, small, and never without words beside the picture."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from minimask.plots.style import RC

DOTS_PER_INCH = 150
CSS_PIXELS_PER_INCH = 80

styled = mpl.rc_context(RC)
"""Decorates a function that draws, so that all it adds is in the project's style."""


def use_style() -> None:
    """Make the project's style matplotlib's own for the rest of the session, as the chapters do in their first cell."""
    mpl.rcParams.update(RC)


@styled
def figure(columns: int = 1, rows: int = 1, *, width: float = 9.0, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    """Return a figure in the project's style and its axes, row by row, as a flat list.

    Parameters
    ----------
    columns, rows : int
        The grid of axes.
    width, height : float
        Of the whole figure, in inches.

    Examples
    --------
    >>> fig, (left, right) = figure(2)
    >>> left.set_title("tight").get_text()
    'tight'
    """
    # Not by pyplot, which would keep every figure alive.
    fig = Figure(figsize=(width, height))
    axes = fig.subplots(rows, columns, squeeze=False)
    return fig, list(axes.ravel())


@styled
def _drawn(fig: Figure) -> Image.Image:
    raw = io.BytesIO()
    fig.savefig(raw, format="png", dpi=DOTS_PER_INCH)
    return Image.open(raw).convert("RGB")


def _in_few_colors(picture: Image.Image) -> Image.Image:
    """Return a drawing in 256 colors, which are plenty for it and take a third of the room."""
    return picture.quantize(256, dither=Image.Dither.NONE)


def png_file(fig: Figure) -> bytes:
    """Return a figure as a PNG file."""
    small = io.BytesIO()
    _in_few_colors(_drawn(fig)).save(small, format="png", optimize=True)
    return small.getvalue()


def webp_file(fig: Figure, *, photograph: bool = False, quality: int = 70) -> bytes:
    """Return a figure as a WebP file: as it is, or with the losses of a photograph if it is mostly one."""
    small, picture = io.BytesIO(), _drawn(fig)
    if photograph:
        picture.save(small, format="webp", quality=quality, method=6)
    else:
        _in_few_colors(picture).convert("RGB").save(small, format="webp", lossless=True, method=6)
    return small.getvalue()


def figure_html(fig: Figure, alt: str, *, photograph: bool = False, quality: int = 70) -> str:
    """Return a figure as an HTML image that carries its data and its description.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What the picture shows, for those who cannot see it: what is drawn, and what follows from it.
    photograph : bool
        Whether most of it is a photograph, which takes far less room if it may lose a little.
    quality : int
        Of a photograph, from 1 to 100: a busy picture at 50 takes half the room.

    Raises
    ------
    ValueError
        If the description has fewer than 20 characters.
    """
    if len(alt.strip()) < 20:
        raise ValueError(f"alt must describe the picture in at least 20 characters, got {alt!r}")
    content = webp_file(fig, photograph=photograph, quality=quality)
    data = base64.b64encode(content).decode("ascii")
    width = round(fig.get_figwidth() * CSS_PIXELS_PER_INCH)
    text = html.escape(" ".join(alt.split()), quote=True)
    return f'<img src="data:image/webp;base64,{data}" width="{width}" style="max-width:100%;height:auto" alt="{text}">'


@dataclass(frozen=True)
class Shown:
    """A figure with its description, as a notebook displays it: an `img` with alt text, since `image/png` has none."""

    fig: Figure
    alt: str
    photograph: bool = False
    quality: int = 70

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:  # noqa: ANN401
        markup = figure_html(self.fig, self.alt, photograph=self.photograph, quality=self.quality)
        return {"text/html": markup, "text/plain": f"Figure: {' '.join(self.alt.split())}"}

    def save(self, path: Path) -> None:
        """Write the figure as a PNG file, and its description beside it as a text file."""
        path.write_bytes(png_file(self.fig))
        path.with_suffix(".txt").write_text(" ".join(self.alt.split()) + "\n", encoding="utf-8")


def show(fig: Figure, alt: str, *, photograph: bool = False, quality: int = 70) -> Shown:
    """Return a figure with its description; the last expression of a notebook's cell."""
    return Shown(fig, alt, photograph, quality)
