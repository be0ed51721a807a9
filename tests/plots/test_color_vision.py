"""The palette remains readable to color-blind eyes; where two colors look alike, something else tells them apart."""

import importlib
import itertools
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from minimask.plots import style
from minimask.plots.color_vision import KINDS, seen
from minimask.widgets import front_end

NAMES = ("SHAPE", "SHAPE_EDGE", "TIGHT", "BEST", "YOURS", "HIGHLIGHT", "INK", "MUTED")
APART = 8.0
"""CIEDE2000. Two patches side by side are told apart from about 1 on, strokes at a glance from about 5 on."""

DASHES = (
    "of the three boxes the tight one is dashed, the best solid, the reader's dotted; bars are hatched the same way"
)
SERIES = "lines and points of a series differ in dashes or signs, too (see the test below), and are named"
FILLED = "one fills an area, the other is a line"
QUIET = "muted is for axes, texts and thin lines beside the subject"
SECOND_CUES = {
    ("TIGHT", "BEST"): DASHES,
    ("TIGHT", "YOURS"): DASHES,
    ("BEST", "YOURS"): DASHES,
    ("SHAPE", "YOURS"): FILLED,
    ("SHAPE", "HIGHLIGHT"): FILLED,
    ("YOURS", "HIGHLIGHT"): SERIES,
    ("HIGHLIGHT", "INK"): SERIES,
    ("BEST", "HIGHLIGHT"): SERIES,
    ("SHAPE_EDGE", "BEST"): SERIES,
    ("SHAPE_EDGE", "YOURS"): SERIES,
    ("SHAPE_EDGE", "HIGHLIGHT"): SERIES,
    ("SHAPE", "TIGHT"): FILLED,
    ("SHAPE_EDGE", "MUTED"): QUIET,
    ("TIGHT", "MUTED"): QUIET,
    ("BEST", "MUTED"): QUIET,
    ("YOURS", "MUTED"): QUIET,
    ("HIGHLIGHT", "MUTED"): QUIET,
}
"""Pairs that look alike somewhere, at the latest in gray, and what tells them apart."""


def light() -> dict[str, str]:
    """Return the palette of figures, and of widgets on light pages."""
    return {name: getattr(style, name) for name in NAMES}


def dark() -> dict[str, str]:
    """Return the palette of widgets on dark pages, from the style sheet."""
    rule = re.search(r'\[data-theme="dark"\] \{(.*?)\}', front_end.style_sheet("box_ceiling"), re.DOTALL)[1]
    colors = dict(re.findall(r"--mm-([\w-]+): (#\w{6});", rule))
    return {name: colors[name.lower().replace("_", "-")] for name in NAMES}


PALETTES = {"light": light(), "dark": dark()}


def alike(palette: dict[str, str], kind: str | None) -> dict[tuple[str, str], float]:
    """Return the pairs of colors that are nearer to each other than they should be, and how near."""
    rgb = {name: np.array(to_rgb(color)) for name, color in palette.items()}
    lab = {name: rgb2lab(seen(one, kind) if kind else one) for name, one in rgb.items()}
    far = {pair: float(deltaE_ciede2000(*(lab[name] for name in pair))) for pair in itertools.combinations(NAMES, 2)}
    return {pair: round(one, 1) for pair, one in far.items() if one < APART}


@pytest.mark.parametrize("kind", [None, *KINDS[:3]])
@pytest.mark.parametrize("palette", PALETTES)
def test_all_colors_are_told_apart_by_color_blind_eyes(palette, kind):
    found = alike(PALETTES[palette], kind)
    assert set(found) <= {("YOURS", "MUTED")}, found  # on dark pages; what tells them apart stands above
    if palette == "light":
        assert not found


@pytest.mark.parametrize("palette", PALETTES)
def test_what_looks_alike_without_color_has_a_second_cue(palette):
    found = alike(PALETTES[palette], "gray")
    assert ("TIGHT", "BEST") in found  # else this test shows nothing
    assert {pair: far for pair, far in found.items() if pair not in SECOND_CUES} == {}


def test_no_cue_is_listed_that_nobody_needs():
    needed = set().union(*(alike(palette, kind) for palette in PALETTES.values() for kind in KINDS))
    assert set(SECOND_CUES) - needed == set()


@pytest.mark.parametrize(
    "name",
    [
        *("plots.ablations.LOSSES", "plots.stages.STROKES", "plots.trust.SERIES", "plots.trust.CURVES"),
        *("plots.screens.ROLES", "plots.screens.MARKS", "widgets.training_picture.STYLES"),
    ],
)
def test_in_a_series_colors_that_look_alike_have_signs_of_their_own(name):
    module, _, series = name.rpartition(".")
    entries = getattr(importlib.import_module(f"minimask.{module}"), series)
    styles = [[str(part) for part in entry] for entry in (entries.values() if isinstance(entries, dict) else entries)]
    colors = ["".join(part for part in entry if part.startswith("#")) for entry in styles]
    signs = [[part for part in entry if not part.startswith("#")] for entry in styles]
    assert len(set(colors)) == len(colors)
    names = {color: name for name, color in PALETTES["light"].items()}
    for (one, sign), (other, another) in itertools.combinations(zip(colors, signs, strict=True), 2):
        if sign == another:
            pair = tuple(sorted((names[one], names[other]), key=NAMES.index))
            assert not any(pair in alike(PALETTES["light"], kind) for kind in KINDS), pair


def test_a_simulation_keeps_grays_and_says_what_it_does_not_know():
    grays = np.linspace(0, 1, 5)[:, None] * np.ones(3)
    for kind in KINDS:
        np.testing.assert_allclose(seen(grays, kind), grays, atol=2e-3)
    with pytest.raises(ValueError, match="kind must be one of protanopia"):
        seen(grays, "achromat")
    with pytest.raises(ValueError, match="from 0 to 1, got shape"):
        seen([[255, 0, 0]], "gray")
