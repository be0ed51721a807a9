"""One visual language: the colours, sizes and strokes that every figure and widget of the project shares.

The colours are those of Okabe and Ito (2008), which remain distinct under the common forms of colour blindness. A
colour never carries a meaning alone: the tight box is also dashed, the best box solid, the reader's box dotted.
"""

from __future__ import annotations

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
