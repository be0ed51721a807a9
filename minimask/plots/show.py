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
def picture_file(fig: Figure, *, photograph: bool = False, quality: int = 85) -> tuple[str, bytes]:
    """Return a figure as a PNG file, or as JPEG if it is mostly a photograph: its MIME type and its bytes."""
    raw, small = io.BytesIO(), io.BytesIO()
    fig.savefig(raw, format="png", dpi=DOTS_PER_INCH)
    drawn = Image.open(raw).convert("RGB")
    if photograph:
        drawn.save(small, format="jpeg", quality=quality, optimize=True)
        return "image/jpeg", small.getvalue()
    # 256 colors are plenty for a drawing and take a third of the room.
    drawn.quantize(256, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return "image/png", small.getvalue()


def figure_html(fig: Figure, alt: str, *, photograph: bool = False, quality: int = 85) -> str:
    """Return a figure as an HTML image that carries its data and its description.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What the picture shows, for those who cannot see it: what is drawn, and what follows from it.
    photograph : bool
        Whether most of it is a photograph, which takes far less room as JPEG.
    quality : int
        Of the JPEG, from 1 to 95: a busy picture at 60 takes half the room.

    Raises
    ------
    ValueError
        If the description has fewer than 20 characters.
    """
    if len(alt.strip()) < 20:
        raise ValueError(f"alt must describe the picture in at least 20 characters, got {alt!r}")
    kind, content = picture_file(fig, photograph=photograph, quality=quality)
    data = base64.b64encode(content).decode("ascii")
    width = round(fig.get_figwidth() * CSS_PIXELS_PER_INCH)
    text = html.escape(" ".join(alt.split()), quote=True)
    return f'<img src="data:{kind};base64,{data}" width="{width}" style="max-width:100%;height:auto" alt="{text}">'


@dataclass(frozen=True)
class Shown:
    """A figure with its description, as a notebook displays it: an `img` with alt text, since `image/png` has none."""

    fig: Figure
    alt: str
    photograph: bool = False
    quality: int = 85

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:  # noqa: ANN401
        markup = figure_html(self.fig, self.alt, photograph=self.photograph, quality=self.quality)
        return {"text/html": markup, "text/plain": f"Figure: {' '.join(self.alt.split())}"}

    def save(self, path: Path) -> None:
        """Write the figure as a PNG file, and its description beside it as a text file."""
        path.write_bytes(picture_file(self.fig)[1])
        path.with_suffix(".txt").write_text(" ".join(self.alt.split()) + "\n", encoding="utf-8")


def show(fig: Figure, alt: str, *, photograph: bool = False, quality: int = 85) -> Shown:
    """Return a figure with its description; the last expression of a notebook's cell."""
    return Shown(fig, alt, photograph, quality)
