"""One visual language: the colors, sizes and strokes that every figure and widget of the project shares.

The colors are those of Okabe and Ito (2008), which remain distinct under the common forms of color blindness. A
color never carries a meaning alone: the tight box is also dashed, the best box solid, the reader's box dotted.
"""

from __future__ import annotations

from typing import Any

INK = "#1F2430"
MUTED = "#6B7280"
GRID = "#E3E6EB"
PAPER = "#FFFFFF"
SHAPE = "#56B4E9"
SHAPE_EDGE = "#0072B2"
TIGHT = "#D55E00"
BEST = "#009E73"
YOURS = "#CC79A7"
HIGHLIGHT = "#E69F00"

RC: dict[Any, Any] = {
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "font.family": "DejaVu Sans",  # ships inside matplotlib
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
}
"""matplotlib's settings for every picture; text stays legible when projected."""
