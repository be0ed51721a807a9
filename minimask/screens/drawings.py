"""Pictures and signs on the pages: drawn from chance as SVG or as a few pixels, and carried inside the page itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from urllib.parse import quote

import numpy as np
from PIL import Image

from minimask.screens.words import NOUNS, chosen

ICONS = {
    "add": "M8 3v10M3 8h10",
    "close": "M4 4l8 8M12 4l-8 8",
    "done": "M3 8l4 4 6-8",
    "next": "M5 3l6 5-6 5",
    "back": "M11 3L5 8l6 5",
    "menu": "M2 4h12M2 8h12M2 12h12",
    "search": "M7 2a5 5 0 1 0 .1 0zM11 11l3.5 3.5",
    "favorite": "M8 14L2 7a3.4 3.4 0 0 1 6-3.5a3.4 3.4 0 0 1 6 3.5z",
    "home": "M2 8l6-6 6 6M4 7v7h8V7",
    "mail": "M2 4h12v9H2zM2 4l6 5 6-5",
    "download": "M8 2v8M4 7l4 4 4-4M3 14h10",
    "more": "M3 8h.1M8 8h.1M13 8h.1",
}
"""Signs by what they stand for: strokes on 16 x 16."""


def icon(name: str, side: int) -> str:
    """Return a sign as SVG, in the color of the text around it."""
    return (
        f'<svg width="{side}" height="{side}" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round"><path d="{ICONS[name]}"/></svg>'
    )


def drawing(rng: np.random.Generator) -> tuple[str, str]:
    """Return a picture as a data URL, and what it shows."""
    names = tuple(DRAWINGS)
    name = chosen(rng, names)
    what = f"{name} of a {chosen(rng, NOUNS)}"
    if name == "photograph":
        return _photograph(rng), what
    body = DRAWINGS[name](rng)
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40" preserveAspectRatio="none">{body}</svg>'
    return f"data:image/svg+xml,{quote(text, safe=' =:/')}", what


def _color(rng: np.random.Generator, light: tuple[int, int] = (30, 80)) -> str:
    return f"hsl({rng.integers(360)},{rng.integers(25, 90)}%,{rng.integers(*light)}%)"


def _landscape(rng: np.random.Generator) -> str:
    hills = ""
    for base in (22, 30):
        heights = rng.integers(-10, 8, 5) + base
        points = " ".join(f"{15 * k},{height}" for k, height in enumerate(heights.tolist()))
        hills += f'<polygon points="0,40 {points} 60,40" fill="{_color(rng, (20, 60))}"/>'
    sun = f'<circle cx="{rng.integers(8, 52)}" cy="{rng.integers(5, 15)}" r="4" fill="{_color(rng, (70, 90))}"/>'
    return f'<rect width="60" height="40" fill="{_color(rng, (55, 88))}"/>{sun}{hills}'


def _portrait(rng: np.random.Generator) -> str:
    skin = f"hsl({rng.integers(15, 35)},{rng.integers(30, 60)}%,{rng.integers(30, 80)}%)"
    return (
        f'<rect width="60" height="40" fill="{_color(rng, (60, 90))}"/><ellipse cx="30" cy="42" rx="22" ry="14" '
        f'fill="{_color(rng)}"/><ellipse cx="30" cy="17" rx="11" ry="11" fill="{skin}"/>'
        f'<path d="M19 15a11 11 0 0 1 22 0q-11-7-22 0" fill="{_color(rng, (10, 40))}"/>'
    )


def _chart(rng: np.random.Generator) -> str:
    bars = "".join(
        f'<rect x="{4 + 9 * k}" y="{36 - height}" width="6" height="{height}" fill="{_color(rng)}"/>'
        for k, height in enumerate(rng.integers(5, 32, 6).tolist())
    )
    return f'<rect width="60" height="40" fill="{_color(rng, (86, 96))}"/>{bars}'


def _pattern(rng: np.random.Generator) -> str:
    first, second = _color(rng), _color(rng, (50, 90))
    shapes = "".join(
        f'<circle cx="{x}" cy="{y}" r="{rng.integers(2, 6)}" fill="{second}"/>'
        for x in range(5, 60, 10)
        for y in range(5, 40, 10)
    )
    return f'<rect width="60" height="40" fill="{first}"/>{shapes}'


def _painting(rng: np.random.Generator) -> str:
    shapes = "".join(
        f'<rect x="{rng.integers(-5, 45)}" y="{rng.integers(-5, 30)}" width="{rng.integers(8, 40)}" '
        f'height="{rng.integers(6, 28)}" fill="{_color(rng)}" transform="rotate({rng.integers(-30, 30)} 30 20)"/>'
        for _ in range(6)
    )
    return f'<rect width="60" height="40" fill="{_color(rng)}"/>{shapes}'


def _photograph(rng: np.random.Generator) -> str:
    """Return soft spots of color, as an unsharp photograph has them: a few pixels, enlarged by the browser."""
    base = rng.integers(30, 220, 3)
    pixels = np.clip(base + rng.normal(0, 45, (5, 7, 1)) + rng.normal(0, 14, (5, 7, 3)), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


DRAWINGS: dict[str, Callable[[np.random.Generator], str]] = {
    "landscape": _landscape,
    "portrait": _portrait,
    "chart": _chart,
    "pattern": _pattern,
    "painting": _painting,
    "photograph": _photograph,
}
"""Kinds of pictures."""
