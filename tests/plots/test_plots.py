"""Pictures: small, described, repeatable, and in colors that can be told apart."""

from __future__ import annotations

import base64
import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from minimask.data.silhouettes import coins_photograph, family
from minimask.plots import ceilings, style
from minimask.plots.show import figure, figure_html, show

ALT = "A circle and a triangle, each with two boxes around it."


def drawing():
    return ceilings.tight_and_best({name: family(name) for name in ("circle", "ring")})


def test_a_figure_carries_its_description_and_its_size():
    shown = show(drawing(), 'The "ring" and the circle,\n    with two boxes each.')._repr_mimebundle_()
    assert 'alt="The &quot;ring&quot; and the circle, with two boxes each."' in shown["text/html"]
    assert shown["text/plain"].startswith("Figure: The")
    assert f'width="{round(4.7 * 80)}"' in shown["text/html"]


def test_the_same_figure_gives_the_same_bytes():
    first, second = (figure_html(drawing(), ALT) for _ in range(2))
    assert first == second
    assert len(first) < 60_000


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="alt must describe the picture in at least 20 characters, got 'ring'"):
        figure_html(drawing(), "ring")


def webp(markup: str) -> Image.Image:
    data = re.search(r'src="data:image/webp;base64,([^"]+)"', markup)
    return Image.open(io.BytesIO(base64.b64decode(data[1])))


def test_a_drawing_loses_nothing_but_rare_colors():
    fig, (axes,) = figure(width=3)
    axes.set_axis_off()
    axes.add_patch(Rectangle((0, 0), 1, 1, color="#D55E00", transform=axes.transAxes))
    drawn = webp(figure_html(fig, ALT))
    assert drawn.size == (450, 480) and drawn.getpixel((225, 240)) == (0xD5, 0x5E, 0x00)


def test_a_photograph_takes_less_room_than_a_drawing():
    fig, (axes,) = figure(width=4)
    axes.imshow(coins_photograph(), cmap="gray")
    small, large = (figure_html(fig, ALT, photograph=kind) for kind in (True, False))
    assert webp(small).size == webp(large).size and len(small) < len(large) / 2
    assert len(figure_html(fig, ALT, photograph=True, quality=20)) < 0.7 * len(small)


def test_a_figure_is_saved_with_its_description(tmp_path):
    show(drawing(), ALT).save(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "picture.txt").read_text() == ALT + "\n"


def test_drawing_leaves_the_readers_settings_alone():
    before = dict(mpl.rcParams)
    figure_html(drawing(), ALT)
    assert dict(mpl.rcParams) == before


def test_the_numbers_beneath_the_shapes_are_those_of_the_ceilings():
    fig = ceilings.tight_and_best({"triangle": family("triangle")})
    words = {text.get_text() for text in fig.axes[0].texts}
    assert words == {"tight 0.500", "best 0.707"}


def test_the_balance_is_drawn_where_the_sides_lie_inside():
    fig = ceilings.balanced({"triangle": family("triangle")})
    lengths = [abs(np.ptp(line.get_xdata()) + np.ptp(line.get_ydata())) for line in fig.axes[0].lines]
    assert len(lengths) == 4 and max(lengths) == pytest.approx(2 * 0.6123724, abs=1e-5)


def linear(color: str) -> np.ndarray:
    channel = np.array([int(part, 16) / 255 for part in re.findall("..", color[1:])])
    return np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)


def luminance(color: str) -> float:
    return float(linear(color) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", ["INK", "MUTED", "TIGHT", "SHAPE_EDGE"])
def test_text_colors_stand_out_from_the_paper(name):
    light, dark = luminance(style.PAPER), luminance(getattr(style, name))
    assert (light + 0.05) / (dark + 0.05) >= (4.5 if name in ("INK", "MUTED", "SHAPE_EDGE") else 3)


# Viénot, Brettel and Mollon, "Digital video colourmaps for checking the legibility of displays by dichromats", 1999.
RGB_TO_LMS = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
MISSING = {
    "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}


@pytest.mark.parametrize("kind", MISSING)
def test_the_kinds_of_boxes_can_be_told_apart_by_the_color_blind(kind):
    colors = [linear(color) for color in (style.TIGHT, style.BEST, style.YOURS, style.SHAPE, style.PAPER)]
    seen = [np.linalg.inv(RGB_TO_LMS) @ MISSING[kind] @ RGB_TO_LMS @ color for color in colors]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


def test_no_picture_embeds_a_link():
    data = base64.b64decode(re.search(r"base64,([^\"]+)", figure_html(drawing(), ALT))[1])
    assert b"http" not in data
