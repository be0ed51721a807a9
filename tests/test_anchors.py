import dataclasses
import itertools
import math
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minimask
from minimask.anchors import LONGEST_SIDE, MOST_ANCHORS, Level, Recipe, recipes

NAMES = st.sampled_from(sorted(recipes))
SIDES = st.integers(1, 300)

AT_1024 = {
    "c4": 36_864,
    "c4_15": 61_440,
    "fpn": 261_888,
    "fpn_p2_p6_x2": 174_592,
    "fpn_p2_p7_x2": 174_720,
    "retinanet": 196_416,
    "torchvision_fpn": 261_888,
    "torchvision_maskrcnn": 159_882,
    "torchvision_retinanet": 120_087,
    "matterport": 261_888,
    "lesson": 258_048,
}
"""Anchors of a picture of 1024 x 1024."""


@pytest.mark.parametrize("name", recipes)
def test_every_set_up_is_enumerated_and_counted_on_a_picture_of_1024_squared(name):
    recipe = recipes[name]
    assert recipe.name == name
    assert recipe.count(1024, 1024) == AT_1024[name]
    assert recipe.boxes(1024, 1024).shape == (AT_1024[name], 4)


def test_the_textbooks_number_is_the_pyramids_on_a_photograph():
    assert len(recipes["fpn"].boxes(1024, 683)) == recipes["fpn"].count(1024, 683) == 175_248
    assert len(recipes["fpn"].boxes(683, 1024)) == 175_248
    assert recipes["lesson"].count(128, 128) == len(recipes["lesson"].boxes(128, 128)) == 4_032


DOUBLED = (32, 64, 128, 256, 512, 1024)
LEVELS = {
    "c4": ([16], [(128, 256, 512)], (0.5, 1, 2)),
    "c4_15": ([16], [DOUBLED[:5]], (0.5, 1, 2)),
    "fpn": ([4, 8, 16, 32, 64], [(size,) for size in DOUBLED[:5]], (0.5, 1, 2)),
    "fpn_p2_p6_x2": ([4, 8, 16, 32, 64], [(size,) for size in DOUBLED[:5]], (0.5, 2)),
    "fpn_p2_p7_x2": ([4, 8, 16, 32, 64, 128], [(size,) for size in DOUBLED], (0.5, 2)),
    "retinanet": ([8, 16, 32, 64, 128], [(s, s * 2 ** (1 / 3), s * 2 ** (2 / 3)) for s in DOUBLED[:5]], (0.5, 1, 2)),
    "matterport": ([4, 8, 16, 32, 64], [(size,) for size in DOUBLED[:5]], (2, 1, 0.5)),
    "lesson": ([4, 8, 16], [(16,), (32,), (56,)], (0.5, 1, 2)),
}
"""Of each level the stride and the sizes, and the ratios of all."""


@pytest.mark.parametrize("name", LEVELS)
def test_the_levels_of_every_set_up(name):
    strides, sizes, ratios = LEVELS[name]
    levels = recipes[name].levels
    assert [level.stride for level in levels] == strides
    assert [level.sizes for level in levels] == sizes
    assert {level.ratios for level in levels} == {ratios}


@given(NAMES, SIDES, SIDES)
def test_the_formula_counts_what_is_enumerated(name, height, width):
    recipe = recipes[name]
    if recipe.resize:
        # As many anchors, and the same sums, on a hundredth of the picture.
        recipe = dataclasses.replace(recipe, resize=(80, 133))
        width = min(width, 80 * height)
        height = min(height, 80 * width)
    per_level = recipe.per_level(height, width)
    boxes = recipe.boxes(height, width)
    assert tuple(map(len, per_level)) == recipe.counts(height, width)
    assert len(boxes) == recipe.count(height, width)
    assert boxes.dtype == np.float64
    np.testing.assert_array_equal(boxes, np.concatenate(per_level))


def one_by_one(recipe, height, width):
    """Return all anchors by loops over plain numbers."""
    boxes = []
    rows, columns = recipe.network_size(height, width)
    for stride, sizes, ratios in recipe.levels:
        grid = math.ceil(rows / stride), math.ceil(columns / stride)
        down, right = (rows // grid[0], columns // grid[1]) if recipe.stride_rule == "image" else (stride, stride)
        for i, j, ratio, size in itertools.product(range(grid[0]), range(grid[1]), ratios, sizes):
            if recipe.rounding == "base":
                base = round(math.sqrt(stride * stride / ratio))
                w, h = base * size / stride, round(base * ratio) * size / stride
            else:
                w, h = size / math.sqrt(ratio), size * math.sqrt(ratio)
            w, h = (2 * round(w / 2), 2 * round(h / 2)) if recipe.rounding == "corners" else (w, h)
            x, y = (j + recipe.offset) * right, (i + recipe.offset) * down
            boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(boxes)


@settings(max_examples=60)
@given(NAMES, st.integers(1, 90), st.integers(1, 90))
def test_agrees_with_loops_over_plain_numbers(name, height, width):
    recipe = dataclasses.replace(recipes[name], resize=None)
    np.testing.assert_allclose(recipe.boxes(height, width), one_by_one(recipe, height, width), rtol=0, atol=1e-10)


def test_the_nine_anchors_that_py_faster_rcnn_prints():
    """It counts pixels from 1, and the last one belongs to the box."""
    printed = np.array([
        [-83, -39, 100, 56], [-175, -87, 192, 104], [-359, -183, 376, 200],
        [-55, -55, 72, 72], [-119, -119, 136, 136], [-247, -247, 264, 264],
        [-35, -79, 52, 96], [-79, -167, 96, 184], [-167, -343, 184, 360],
    ])  # fmt: skip
    np.testing.assert_array_equal(recipes["c4"].boxes(16, 16), printed - [1, 1, 0, 0])


def of_matterport(scale, rows, columns, stride):
    """Return the boxes `x1 y1 x2 y2` of one level as matterport's `generate_anchors` computes them."""
    ratios = np.array([0.5, 1, 2])  # widths over heights
    heights, widths = scale / np.sqrt(ratios), scale * np.sqrt(ratios)
    x, y = np.meshgrid(np.arange(columns) * stride, np.arange(rows) * stride)
    widths, x = np.meshgrid(widths, x)
    heights, y = np.meshgrid(heights, y)
    return np.stack([x - 0.5 * widths, y - 0.5 * heights, x + 0.5 * widths, y + 0.5 * heights], axis=2).reshape(-1, 4)


def test_matterports_anchors_in_matterports_order():
    levels = zip((32, 64, 128, 256, 512), (4, 8, 16, 32, 64), strict=True)
    expected = [of_matterport(scale, 128 // stride, 192 // stride, stride) for scale, stride in levels]
    assert recipes["matterport"].network_size(128, 129) == (128, 192)
    np.testing.assert_allclose(recipes["matterport"].boxes(128, 129), np.concatenate(expected), rtol=0, atol=1e-12)


def test_torchvisions_rounding_and_strides():
    recipe = recipes["torchvision_maskrcnn"]
    np.testing.assert_array_equal(recipe.cell_anchors(0), [[-23, -11, 23, 11], [-16, -16, 16, 16], [-11, -23, 11, 23]])
    assert recipe.network_size(1024, 1024) == (800, 800)
    assert recipe.strides(1024, 1024) == ((4, 4), (8, 8), (16, 16), (32, 32), (61, 61))
    assert recipe.grids(480, 640)[-1] == (13, 17)
    assert recipe.strides(480, 640)[-1] == (61, 64)
    np.testing.assert_array_equal(
        recipe.boxes(1024, 1024)[-1], np.array([12, 12, 12, 12]) * 61 + [-181, -362, 181, 362]
    )
    # In float32 half the width is 481.5, and goes to the even 482; in float64 it is a trace less.
    tall = dataclasses.replace(recipe, levels=(Level(4, (1292,), (1.8,)),))
    np.testing.assert_array_equal(tall.cell_anchors(0), [[-482, -867, 482, 867]])
    sizes = [level.sizes for level in recipes["torchvision_retinanet"].levels]
    assert sizes == [(32, 40, 50), (64, 80, 101), (128, 161, 203), (256, 322, 406), (512, 645, 812)]


@pytest.mark.parametrize(
    ("given_size", "seen"),
    [((480, 640), (800, 1088)), ((640, 480), (1088, 800)), ((1024, 1024), (800, 800)), ((100, 1000), (160, 1344)),
     ((800, 1333), (800, 1344)), ((1, 1), (800, 800)), ((1, 1333), (32, 1344))],
)  # fmt: skip
def test_a_picture_is_resized_and_padded_as_torchvision_does(given_size, seen):
    assert recipes["torchvision_maskrcnn"].network_size(*given_size) == seen
    assert recipes["torchvision_retinanet"].network_size(*given_size) == seen


@given(NAMES, SIDES, SIDES)
def test_without_resizing_a_picture_is_padded_by_less_than_the_multiple(name, height, width):
    recipe = dataclasses.replace(recipes[name], resize=None)
    for given_side, seen in zip((height, width), recipe.network_size(height, width), strict=True):
        assert seen % recipe.multiple == 0
        assert 0 <= seen - given_side < recipe.multiple


@pytest.mark.parametrize("name", recipes)
def test_every_size_and_ratio_is_there_in_order(name):
    recipe = recipes[name]
    assert [level.stride for level in recipe.levels] == sorted({level.stride for level in recipe.levels})
    for k, (_, sizes, ratios) in enumerate(recipe.levels):
        anchors = recipe.cell_anchors(k)
        np.testing.assert_array_equal(anchors[:, :2], -anchors[:, 2:])
        width, height = (anchors[:, 2:] - anchors[:, :2]).T
        expected = np.array(list(itertools.product(ratios, sizes)))
        loose = {"none": 1e-12, "base": 0.07, "corners": 0.06}[recipe.rounding]
        np.testing.assert_allclose(height / width, expected[:, 0], rtol=loose)
        np.testing.assert_allclose(np.sqrt(width * height), expected[:, 1], rtol=loose)


def test_anchors_stand_where_their_cells_are():
    middles = recipes["lesson"].per_level(128, 128)
    for stride, boxes in zip((4, 8, 16), middles, strict=True):
        centers = (boxes[:, :2] + boxes[:, 2:]) / 2
        cells = -(-128 // stride)
        rows, columns = np.divmod(np.repeat(np.arange(cells**2), 3), cells)
        np.testing.assert_allclose(centers, np.stack([columns + 0.5, rows + 0.5], axis=1) * stride, atol=1e-12)
    corner = recipes["torchvision_fpn"].boxes(64, 64)[0]
    assert corner[:2].tolist() == (-corner[2:]).tolist()


def test_the_list_can_be_read_and_not_written():
    assert {"c4", "fpn", "retinanet", "torchvision_maskrcnn", "matterport", "lesson"} < set(recipes)
    with pytest.raises(KeyError, match=r"recipe must be one of c4, .*lesson, got 'C4'"):
        recipes["C4"]
    assert recipes.get("C4") is None
    with pytest.raises(TypeError):
        recipes["mine"] = recipes["c4"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipes["c4"].offset = 0
    for recipe in recipes.values():
        assert recipe.words.endswith(".")
        assert hash(recipe)


def test_the_front_door_leads_here_and_needs_numpy_alone():
    program = (
        "import sys, minimask\n"
        "print('numpy' in sys.modules)\n"
        "print(minimask.anchors.recipes['fpn'].count(1024, 1024), minimask.match([[0, 0, 1, 1]], [[0, 0, 1, 1]]))\n"
        "import minimask.box_coder\n"
        "heavy = {'torch', 'numba', 'matplotlib', 'scipy', 'skimage', 'pycocotools', 'ipywidgets', 'anywidget'}\n"
        "print(sorted(heavy & {*sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == ["False", "261888 [0]", "[]"]
    assert minimask.anchors.recipes is recipes


# Bad input


@pytest.mark.parametrize("method", ["network_size", "grids", "strides", "counts", "count", "per_level", "boxes"])
@pytest.mark.parametrize("bad", [0, -3, 2.0, 1.5, math.nan, True, "8", None, [8], np.float64(8)])
def test_a_side_that_is_no_whole_number_above_0_is_refused(method, bad):
    call = getattr(recipes["torchvision_fpn"], method)
    for name, arguments in (("height", (bad, 8)), ("width", (8, bad))):
        with pytest.raises(ValueError, match=f"^{name} must be a whole number of at least 1, got "):
            call(*arguments)


def test_numpys_whole_numbers_are_whole_numbers():
    assert recipes["fpn"].count(np.int64(1024), np.uint16(683)) == 175_248


def test_pictures_without_end_are_counted_and_not_enumerated():
    fpn = recipes["fpn"]
    assert fpn.count(8192, 8192) <= MOST_ANCHORS < fpn.count(8192, 8256)
    assert fpn.count(LONGEST_SIDE, LONGEST_SIDE) == 3 * sum(math.ceil(10**6 / 2**k) ** 2 for k in range(2, 7))
    tracemalloc.start()
    try:
        for method in (fpn.boxes, fpn.per_level):
            with pytest.raises(ValueError, match=r"at most 16,777,216 anchors .* got 8192 x 8256 with 16,891,776"):
                method(8192, 8256)
        assert tracemalloc.get_traced_memory()[1] < 1e5
    finally:
        tracemalloc.stop()
    for size in ((LONGEST_SIDE + 1, 1), (1, 10**400)):
        with pytest.raises(ValueError, match="must be at most 1,000,000 pixels, got"):
            fpn.count(*size)
    with pytest.raises(ValueError, match="at least one pixel when the longer side is resized to 1333, got 1 x 1334"):
        recipes["torchvision_maskrcnn"].count(1, 1334)


@pytest.mark.parametrize("bad", [-1, 5, 1.0, "0", None])
def test_a_level_that_does_not_exist_is_refused(bad):
    with pytest.raises(ValueError, match=r"^level must be "):
        recipes["fpn"].cell_anchors(bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rounding": "down"}, "rounding must be one of none, base, corners, got 'down'"),
        ({"stride_rule": None}, "stride_rule must be one of nominal, image, got None"),
        ({"levels": ()}, "levels must hold at least one Level, got none"),
        ({"levels": (Level(0, (8,), (1,)),)}, r"levels\[0\].stride must be a whole number of at least 1, got 0"),
        ({"levels": (Level(4, (8,), (1,)), Level(8.0, (8,), (1,)))}, r"levels\[1\].stride must be a whole .* got 8.0"),
        ({"levels": (Level(4, (), (1,)),)}, r"levels\[0\].sizes must be one or more numbers above 0, got \(\)"),
        ({"levels": (Level(4, (8, 0), (1,)),)}, r"levels\[0\].sizes must be one or more numbers above 0, got \(8, 0\)"),
        ({"levels": (Level(4, (8,), (math.nan,)),)}, r"levels\[0\].ratios must be one or more .*, got \(nan,\)"),
        ({"levels": (Level(4, (math.inf,), (1,)),)}, r"levels\[0\].sizes must be one or more .*, got \(inf,\)"),
        ({"offset": 1.5}, r"offset must lie in \[0, 1\], .* got 1.5"),
        ({"offset": math.nan}, r"offset must lie in \[0, 1\], .* got nan"),
        ({"resize": (0, 8)}, "resize must be a whole number of at least 1, got 0"),
        ({"multiple": 0}, "multiple must be a whole number of at least 1, got 0"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        dataclasses.replace(recipes["fpn"], **change)


def test_a_recipe_of_ones_own():
    mine = Recipe("mine", "Two sizes, two ratios.", (Level(10, (8, 20), (4.0, 0.25)),), 0.0, "none", "nominal")
    assert mine.count(11, 20) == 16
    np.testing.assert_array_equal(
        mine.boxes(1, 11)[4:], np.array([[8, -8, 12, 8], [5, -20, 15, 20], [2, -2, 18, 2], [-10, -5, 30, 5]])
    )
