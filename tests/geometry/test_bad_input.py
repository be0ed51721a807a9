"""Bad input is refused with the argument's name, what was given and what is allowed; odd input is answered right."""

import tracemalloc

import numpy as np
import pytest

from minimask.geometry.boxes import box_area, box_convert, box_intersection, box_iou, clip_boxes_to_image
from minimask.geometry.ceilings import best_box, max_sum_rectangle, tight_box
from minimask.geometry.covers import best_boxes, best_rotated_box
from minimask.geometry.masks import (
    mask_box,
    mask_edges,
    mask_from_run_lengths,
    mask_iou,
    rasterize_polygon,
    run_lengths,
)
from minimask.geometry.nms import batched_nms, nms
from minimask.geometry.polygons import (
    clip_polygon,
    corner_area,
    polygon_area,
    polygon_box_intersection,
    polygon_box_iou,
    polygon_edges,
    rotate_polygon,
    signed_area,
)

from . import shapes_for_tests as shapes
from .shapes_for_tests import BOW_TIE, TRIANGLE, UNIT_SQUARE

NAN, INF = float("nan"), float("inf")
ONE = [[0, 0, 1, 1]]
MASK = np.array([[False, True, True], [False, True, False]])
EMPTY = np.zeros((3, 4), dtype=bool)
RAGGED = [[0, 0, 1, 1], [0, 0, 1]]
NUMBERS = "must hold real numbers"
FINITE = "must be finite"
SPAN = "must hold numbers from -1e+18 to 1e+18"
ROWS = "must have shape (N, 4) with rows x1 y1 x2 y2"
ORDER = "must have x1 <= x2 and y1 <= y2"
SIZE = "must be two whole numbers of at least 1, (height, width)"
POINTS = "must have shape (N, 2) with rows x y"
SHAPE = "must be a Boolean mask (H, W) or a polygon (N, 2) of numbers"
RECTANGULAR = "must be a rectangular array"
CROSSING = "must not cross or touch itself"


def cases(function, argument, rows):
    """Return parameters `(function, value, error, argument, allowed, given)` for one argument of a function."""
    return [
        pytest.param(function, value, error, argument, allowed, given, id=f"{argument}-{k}")
        for k, (value, error, allowed, given) in enumerate(rows)
    ]


# Of each row: the value, the error, what is allowed, and how the message shows what was given.
BAD_BOXES = [
    (None, TypeError, NUMBERS, "got dtype object"),
    ("0 0 1 1", TypeError, NUMBERS, "got dtype <U7"),
    ([["0", "0", "1", "1"]], TypeError, NUMBERS, "got dtype <U1"),
    (np.array(ONE, dtype=object), TypeError, NUMBERS, "got dtype object"),
    (np.array(ONE, dtype=bool), TypeError, NUMBERS, "got dtype bool"),
    (np.array(ONE, dtype=complex), TypeError, NUMBERS, "got dtype complex128"),
    (np.array(ONE).astype("datetime64[s]"), TypeError, NUMBERS, "got dtype datetime64[s]"),
    (RAGGED, ValueError, RECTANGULAR, "differ in shape"),
    ([0, 0, 1, 1], ValueError, ROWS, "got shape (4,)"),
    ([[0, 0, 1]], ValueError, ROWS, "got shape (1, 3)"),
    ([ONE], ValueError, ROWS, "got shape (1, 1, 4)"),
    (5, ValueError, ROWS, "got shape ()"),
    ([[]], ValueError, ROWS, "got shape (1, 0)"),
    ([*ONE, [2, 0, 1, 1]], ValueError, ORDER, "got [2.0, 0.0, 1.0, 1.0] in row 1"),
    ([[0, 2, 1, 1]], ValueError, ORDER, "got [0.0, 2.0, 1.0, 1.0] in row 0"),
    ([*ONE, [0, NAN, 1, 1]], ValueError, FINITE, "got nan at index (1, 1)"),
    ([[0, 0, INF, 1]], ValueError, FINITE, "got inf at index (0, 2)"),
    ([[-INF, 0, 1, 1]], ValueError, FINITE, "got -inf at index (0, 0)"),
    ([[0, 0, 1e200, 1]], ValueError, SPAN, "got 1e+200"),
    ([[-1e308, 0, 1e308, 1]], ValueError, SPAN, "got 1e+308"),
    ([[0, -3e20, 1, 1]], ValueError, SPAN, "got 3e+20"),
    (np.array([[0, 0, 2e18, 2e18]], np.float32), ValueError, SPAN, "got 2e+18"),
]
BAD_RINGS = [
    (None, TypeError, NUMBERS, "got dtype object"),
    ("circle", TypeError, NUMBERS, "got dtype <U6"),
    (TRIANGLE.astype(complex), TypeError, NUMBERS, "got dtype complex128"),
    ([[0, 0], [1, 0], [1]], ValueError, RECTANGULAR, "differ in shape"),
    ([[0, 0, 4, 0, 0, 3]], ValueError, POINTS, "got shape (1, 6)"),
    ([0, 0, 4, 0, 0, 3], ValueError, POINTS, "got shape (6,)"),
    ([], ValueError, POINTS, "got shape (0,)"),
    ([[0, 0], [4, 0]], ValueError, "must have at least 3 distinct vertices", "got 2"),
    (np.zeros((0, 2)), ValueError, "must have at least 3 distinct vertices", "got 0"),
    ([[0, 0], [4, 0], [4, 0], [0, 0]], ValueError, "must have at least 3 distinct vertices", "got 2"),
    ([[0, 0], [4, NAN], [1, 3]], ValueError, FINITE, "got nan at index (1, 1)"),
    ([[0, 0], [4, 0], [INF, 3]], ValueError, FINITE, "got inf at index (2, 0)"),
    (TRIANGLE * 1e100, ValueError, SPAN, "got 4e+100"),
]
BAD_POLYGONS = [
    *BAD_RINGS,
    (BOW_TIE, ValueError, CROSSING, "edge 0 at [0.0, 0.0] meets its edge 2 at [1.0, 0.0]"),
    ([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]], ValueError, CROSSING, "edge 0 at [0.0, 0.0] meets"),
    ([[0, 0], [1, 1], [3, 3]], ValueError, "has no area", "its 3 vertices lie on a line"),
    ([[0, 0], [0, 1], [0, 3], [0, 7]], ValueError, "has no area", "its 4 vertices lie on a line"),
    ([[0.0, 0.0], [0.1, 0.3], [0.2, 0.6], [0.3, 0.9]], ValueError, "has next to no area", "in a box of 0.27"),
    ([[0, 0], [1, 1], [2 + 1e-10, 2]], ValueError, "has next to no area", "5e-11 in a box of 4"),
]
BAD_HOLES = [
    ([TRIANGLE, [[0, 0], [1, 0]]], ValueError, "[1] must have at least 3 distinct vertices", "got 2"),
    ([TRIANGLE, UNIT_SQUARE / 2 + [0.5, NAN]], ValueError, "[1] must be finite", "got nan at index (0, 1)"),
    ([TRIANGLE, [[1, 1], [1.5, 1], [1]]], ValueError, "[1] must be a rectangular array", "differ in shape"),
    ([[[1, 1], [1.5, 1], [1]], TRIANGLE], ValueError, "[0] must be a rectangular array", "differ in shape"),
    ([TRIANGLE, [0, 0, 1, 1, 2, 2]], ValueError, "[1] must have shape (N, 2)", "got shape (6,)"),
    ([TRIANGLE, UNIT_SQUARE + 9], ValueError, "[1] is a hole and must lie inside", "in no other hole"),
    ([TRIANGLE, [[1, 1], [1.1, 1.1], [1.3, 1.3]]], ValueError, "[1] has no area", "its 3 vertices lie on a line"),
]
BAD_MASKS = [
    (None, TypeError, "must be Boolean", "got dtype object"),
    (MASK.astype(int), TypeError, "must be Boolean", "got dtype int64"),
    (MASK.astype(float), TypeError, "must be Boolean", "got dtype float64"),
    ("mask", TypeError, "must be Boolean", "got dtype <U4"),
    ([[True], [True, False]], ValueError, RECTANGULAR, "differ in shape"),
    (MASK[0], ValueError, "must have shape (H, W)", "got shape (3,)"),
    (MASK[None], ValueError, "must have shape (H, W)", "got shape (1, 2, 3)"),
    (np.array(True), ValueError, "must have shape (H, W)", "got shape ()"),
    (MASK[:0], ValueError, "must have at least one row and one column", "got shape (0, 3)"),
    (MASK[:, :0], ValueError, "must have at least one row and one column", "got shape (2, 0)"),
]
BAD_STACKS = [
    (None, TypeError, "must be Boolean", "got dtype object"),
    (MASK[None].astype(np.uint8), TypeError, "must be Boolean", "got dtype uint8"),
    ([MASK, MASK.T], ValueError, RECTANGULAR, "differ in shape"),
    (MASK, ValueError, "must have shape (N, H, W) with H, W >= 1", "got shape (2, 3)"),
    (MASK[None, :0], ValueError, "must have shape (N, H, W) with H, W >= 1", "got shape (1, 0, 3)"),
]
BAD_SHAPES = [
    (None, TypeError, SHAPE, "got dtype object and shape ()"),
    ("circle", TypeError, SHAPE, "got dtype <U6 and shape ()"),
    ([], TypeError, SHAPE, "got dtype float64 and shape (0,)"),
    (MASK.astype(int), TypeError, SHAPE, "got dtype int64 and shape (2, 3)"),
    (MASK.astype(np.uint8), TypeError, "`shape > 0`", "got dtype uint8"),
    (np.stack([TRIANGLE, TRIANGLE + 9]), TypeError, SHAPE, "got dtype float64 and shape (2, 3, 2)"),
    ([MASK, MASK], TypeError, "[0] must hold real numbers", "got dtype bool"),
    ([[0, 0], [1, 0], [1]], ValueError, RECTANGULAR, "differ in shape"),
    ([["0", "0"], ["1", "0"], ["0", "1"]], TypeError, NUMBERS, "got dtype <U1"),
    (EMPTY, ValueError, "must have at least one pixel set", "got an empty mask of shape (3, 4)"),
    (np.zeros((0, 5), dtype=bool), ValueError, "must have at least one row and one column", "got shape (0, 5)"),
    (MASK[None], ValueError, "must have shape (H, W)", "got shape (1, 2, 3)"),
    ([[0, 0], [4, 0]], ValueError, "must have at least 3 distinct vertices", "got 2"),
    ([[0, 0], [4, NAN], [1, 3]], ValueError, FINITE, "got nan at index (1, 1)"),
    (TRIANGLE * 1e80, ValueError, SPAN, "got 4e+80"),
    *BAD_POLYGONS[len(BAD_RINGS) :],
    *BAD_HOLES,
]
BAD_SIZES = [
    (None, TypeError, NUMBERS, "got dtype object"),
    ("ab", TypeError, NUMBERS, "got dtype <U2"),
    (("4", "5"), TypeError, NUMBERS, "got dtype <U1"),
    ((True, True), TypeError, NUMBERS, "got dtype bool"),
    (5, ValueError, SIZE, "got 5"),
    ((5,), ValueError, SIZE, "got (5,)"),
    ((5, 5, 3), ValueError, SIZE, "got (5, 5, 3)"),
    ((2.5, 3), ValueError, SIZE, "got (2.5, 3)"),
    ((0, 3), ValueError, SIZE, "got (0, 3)"),
    ((3, -1), ValueError, SIZE, "got (3, -1)"),
    ((NAN, 3), ValueError, FINITE, "got nan at index (0,)"),
    ((3, INF), ValueError, FINITE, "got inf at index (1,)"),
]
BAD_THRESHOLDS = [
    (1.2, ValueError, "must lie in [0, 1]", "got 1.2"),
    (-0.1, ValueError, "must lie in [0, 1]", "got -0.1"),
    (NAN, ValueError, FINITE, "got nan"),
    (None, TypeError, NUMBERS, "got dtype object"),
    ("0.5", TypeError, NUMBERS, "got dtype <U3"),
    (True, TypeError, NUMBERS, "got dtype bool"),
    ([0.5, 0.5], ValueError, "must be a single number", "got an array of shape (2,)"),
]
BAD_SCORES = [
    ([1, 2], ValueError, "must have shape (1,), one per box", "got (2,)"),
    ([], ValueError, "must have shape (1,), one per box", "got (0,)"),
    ([[1]], ValueError, "must have shape (1,), one per box", "got (1, 1)"),
    (1.0, ValueError, "must have shape (1,), one per box", "got ()"),
    ([NAN], ValueError, FINITE, "got nan at index (0,)"),
    ([INF], ValueError, FINITE, "got inf at index (0,)"),
    (None, TypeError, NUMBERS, "got dtype object"),
    (["high"], TypeError, NUMBERS, "got dtype <U4"),
    ([True], TypeError, NUMBERS, "got dtype bool"),
]
BAD_GROUPS = [
    ([0.5], TypeError, "must be whole numbers", "got dtype float64"),
    (None, TypeError, "must be whole numbers", "got dtype object"),
    (["cat"], TypeError, "must be whole numbers", "got dtype <U3"),
    ([[0], [0, 1]], ValueError, RECTANGULAR, "differ in shape"),
    ([0, 1], ValueError, "must have shape (1,) like scores", "got (2,)"),
]
BAD_COUNTS = [
    (0, ValueError, "must be a whole number of at least 1", "got 0"),
    (-3, ValueError, "must be a whole number of at least 1", "got -3"),
    (1.5, ValueError, "must be a whole number of at least 1", "got 1.5"),
    (True, ValueError, "must be a whole number of at least 1", "got True"),
    ("2", ValueError, "must be a whole number of at least 1", "got '2'"),
    (None, ValueError, "must be a whole number of at least 1", "got None"),
]
BAD_LENGTHS = [
    ([1, 2], ValueError, "must be at least 0 and add up to 2 * 3 = 6", "got a sum of 3"),
    ([7, 1], ValueError, "must be at least 0 and add up to 2 * 3 = 6", "got a sum of 8"),
    ([8, -2], ValueError, "must be at least 0 and add up to 2 * 3 = 6", "a smallest length of -2"),
    ([3.0, 3.0], TypeError, "must be a row of whole numbers", "got float64 of shape (2,)"),
    ([[6]], TypeError, "must be a row of whole numbers", "got int64 of shape (1, 1)"),
    (None, TypeError, "must be a row of whole numbers", "got object of shape ()"),
    ("33", TypeError, "must be a row of whole numbers", "got <U2 of shape ()"),
    ([[1], [2, 3]], ValueError, RECTANGULAR, "differ in shape"),
]
BAD_WEIGHTS = [
    ([], ValueError, "must have shape (R, C) with R, C >= 1", "got shape (0,)"),
    (np.zeros((0, 3)), ValueError, "must have shape (R, C) with R, C >= 1", "got shape (0, 3)"),
    ([1, 2], ValueError, "must have shape (R, C) with R, C >= 1", "got shape (2,)"),
    ([[1, NAN]], ValueError, FINITE, "got nan at index (0, 1)"),
    ([[1e300]], ValueError, SPAN, "got 1e+300"),
    ([[1], [1, 2]], ValueError, RECTANGULAR, "differ in shape"),
    (None, TypeError, NUMBERS, "got dtype object"),
]
BAD_BOX = [
    (ONE, ValueError, "must have shape (4,): x1 y1 x2 y2", "got shape (1, 4)"),
    ([2, 0, 1, 1], ValueError, ORDER, "got [2.0, 0.0, 1.0, 1.0]"),
    ([0, 0, NAN, 1], ValueError, FINITE, "got nan at index (2,)"),
    (None, TypeError, NUMBERS, "got dtype object"),
]
BAD_EDGES = [
    ([1, 2], ValueError, "must have shape (E, 4) with rows ax ay bx by", "got shape (2,)"),
    (TRIANGLE, ValueError, "must have shape (E, 4) with rows ax ay bx by", "got shape (3, 2)"),
    ([[1, 2, NAN, 4]], ValueError, FINITE, "got nan at index (0, 2)"),
]
BAD_DEGREES = [
    (NAN, ValueError, FINITE, "got nan"),
    (INF, ValueError, FINITE, "got inf"),
    (None, TypeError, NUMBERS, "got dtype object"),
    ("90", TypeError, NUMBERS, "got dtype <U2"),
    ([1, 2], ValueError, "must be a single number", "got an array of shape (2,)"),
]
BAD_CENTERS = [
    ([1, 2, 3], ValueError, "must have shape (2,): x y", "got shape (3,)"),
    (5, ValueError, "must have shape (2,): x y", "got shape ()"),
    ([NAN, 0], ValueError, FINITE, "got nan at index (0,)"),
]
NEGATIVE_SIZES = [
    ([[2, 1, -3, 4]], ValueError, "must have no negative size", "got [2.0, 1.0, -3.0, 4.0] as xywh in row 0"),
    ([2, 1, 3, 4], ValueError, ROWS, "got shape (4,)"),
    ([[2, 1, NAN, 4]], ValueError, FINITE, "got nan at index (0, 2)"),
]
FORMAT = "must be one of xyxy, xywh, cxcywh"
BAD_FORMATS = [("xyhw", ValueError, FORMAT, "got 'xyhw'"), (None, ValueError, FORMAT, "got None")]

TABLE = [
    *cases(box_area, "boxes", BAD_BOXES),
    *cases(lambda boxes: box_intersection(boxes, ONE), "boxes1", BAD_BOXES),
    *cases(lambda boxes: box_intersection(ONE, boxes), "boxes2", BAD_BOXES),
    *cases(lambda boxes: box_iou(boxes, ONE), "boxes1", BAD_BOXES),
    *cases(lambda boxes: box_iou(ONE, boxes), "boxes2", BAD_BOXES),
    *cases(lambda boxes: clip_boxes_to_image(boxes, (5, 5)), "boxes", BAD_BOXES),
    *cases(lambda size: clip_boxes_to_image(ONE, size), "size", BAD_SIZES),
    *cases(lambda boxes: box_convert(boxes, "xyxy", "xywh"), "boxes", BAD_BOXES),
    *cases(lambda boxes: box_convert(boxes, "xywh", "xyxy"), "boxes", NEGATIVE_SIZES),
    *cases(lambda fmt: box_convert(ONE, fmt, "xyxy"), "in_fmt", BAD_FORMATS),
    *cases(lambda fmt: box_convert(ONE, "xyxy", fmt), "out_fmt", BAD_FORMATS),
    *cases(signed_area, "polygon", BAD_RINGS),
    *cases(polygon_area, "polygon", [*BAD_POLYGONS, *BAD_HOLES]),
    *cases(polygon_edges, "polygon", [*BAD_POLYGONS, *BAD_HOLES]),
    *cases(lambda polygon: rotate_polygon(polygon, 5), "polygon", BAD_RINGS),
    *cases(lambda degrees: rotate_polygon(TRIANGLE, degrees), "degrees", BAD_DEGREES),
    *cases(lambda center: rotate_polygon(TRIANGLE, 5, center), "center", BAD_CENTERS),
    *cases(lambda polygon: clip_polygon(polygon, [0, 0, 1, 1]), "polygon", BAD_RINGS),
    *cases(lambda box: clip_polygon(TRIANGLE, box), "box", BAD_BOX),
    *cases(lambda edges: corner_area(edges, 1, 1), "edges", BAD_EDGES),
    *cases(lambda x: corner_area(polygon_edges(TRIANGLE), x, 1), "x", BAD_DEGREES[:4]),
    *cases(lambda y: corner_area(polygon_edges(TRIANGLE), 1, y), "y", BAD_DEGREES[:4]),
    *cases(lambda polygon: polygon_box_intersection(polygon, ONE), "polygon", BAD_POLYGONS),
    *cases(lambda boxes: polygon_box_intersection(TRIANGLE, boxes), "boxes", BAD_BOXES),
    *cases(lambda polygon: polygon_box_iou(polygon, ONE), "polygon", [*BAD_POLYGONS, *BAD_HOLES]),
    *cases(lambda boxes: polygon_box_iou(TRIANGLE, boxes), "boxes", BAD_BOXES),
    *cases(lambda polygon: rasterize_polygon(polygon, (5, 5)), "polygon", [*BAD_POLYGONS, *BAD_HOLES]),
    *cases(lambda size: rasterize_polygon(TRIANGLE, size), "size", BAD_SIZES),
    *cases(
        mask_box, "mask", [*BAD_MASKS, (EMPTY, ValueError, "at least one pixel set", "an empty mask of shape (3, 4)")]
    ),
    *cases(mask_edges, "mask", BAD_MASKS),
    *cases(run_lengths, "mask", BAD_MASKS),
    *cases(lambda lengths: mask_from_run_lengths(lengths, (2, 3)), "lengths", BAD_LENGTHS),
    *cases(lambda size: mask_from_run_lengths([6], size), "size", BAD_SIZES),
    *cases(lambda masks: mask_iou(masks, MASK[None]), "masks1", BAD_STACKS),
    *cases(lambda masks: mask_iou(MASK[None], masks), "masks2", BAD_STACKS),
    *cases(
        lambda masks: mask_iou(MASK[None], masks),
        "masks1 and masks2",
        [(MASK.T[None], ValueError, "must have one size", "got (2, 3) and (3, 2)")],
    ),
    *cases(lambda boxes: nms(boxes, [1], 0.5), "boxes", BAD_BOXES),
    *cases(lambda scores: nms(ONE, scores, 0.5), "scores", BAD_SCORES),
    *cases(lambda threshold: nms(ONE, [1], threshold), "iou_threshold", BAD_THRESHOLDS),
    *cases(lambda boxes: batched_nms(boxes, [1], [1], 0.5), "boxes", BAD_BOXES),
    *cases(lambda scores: batched_nms(ONE, scores, [1], 0.5), "scores", BAD_SCORES),
    *cases(lambda groups: batched_nms(ONE, [1], groups, 0.5), "idxs", BAD_GROUPS),
    *cases(lambda threshold: batched_nms(ONE, [1], [1], threshold), "iou_threshold", BAD_THRESHOLDS),
    *cases(max_sum_rectangle, "weights", BAD_WEIGHTS),
    *cases(tight_box, "shape", BAD_SHAPES),
    *cases(best_box, "shape", BAD_SHAPES),
    *cases(best_rotated_box, "shape", BAD_SHAPES),
    *cases(lambda shape: best_boxes(shape, 2), "shape", BAD_SHAPES),
    *cases(lambda k: best_boxes(TRIANGLE, k), "k", BAD_COUNTS),
    *cases(
        lambda seed: best_boxes(TRIANGLE, 2, seed=seed),
        "seed",
        [(-1, ValueError, "whole number of at least 0", "got -1"), ("a", ValueError, "at least 0", "got 'a'")],
    ),
]


@pytest.mark.parametrize(("function", "value", "error", "argument", "allowed", "given"), TABLE)
def test_refusals(function, value, error, argument, allowed, given):
    with pytest.raises(error) as caught:
        function(value)
    message = str(caught.value)
    assert type(caught.value) is error
    assert message.startswith(argument)
    assert allowed in message
    assert given in message


def read_only(values, dtype=None):
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_no_input_is_changed(kind):
    boxes = read_only([[1, 2, 8, 9], [0, 0, 20, 3], [-4, -4, -1, -1]], kind)
    scores, groups = read_only([0.2, 0.9, 0.5], kind), read_only([0, 0, 1])
    polygon, hole = read_only(shapes.circle(9, 8), kind), read_only(shapes.circle(5, 2), kind)
    mask, masks, lengths = read_only(MASK), read_only([MASK, ~MASK]), read_only([2, 4])
    weights = read_only([[1, -2, 3], [4, -9, 1]], kind)
    inputs = [boxes, scores, groups, polygon, hole, mask, masks, lengths, weights]
    copies = [array.copy() for array in inputs]

    box_area(boxes), box_intersection(boxes, boxes), box_iou(boxes, boxes), clip_boxes_to_image(boxes, (5, 5))
    for before in ("xyxy", "xywh", "cxcywh"):
        box_convert(boxes if before == "xyxy" else np.abs(boxes), before, "cxcywh")
    nms(boxes, scores, 0.5), batched_nms(boxes, scores, groups, 0.5)
    signed_area(polygon), polygon_area([polygon, hole]), rotate_polygon(polygon, 30), clip_polygon(polygon, boxes[0])
    corner_area(polygon_edges(polygon), boxes[:, 0], boxes[:, 1])
    polygon_box_intersection([polygon, hole], boxes), polygon_box_iou(polygon, boxes)
    rasterize_polygon([polygon, hole], (9, 9))
    mask_box(mask), mask_edges(mask), run_lengths(mask), mask_iou(masks, masks), mask_from_run_lengths(lengths, (2, 3))
    max_sum_rectangle(weights)
    best_rotated_box([polygon, hole])
    for shape in (mask, polygon, [polygon, hole]):
        tight_box(shape), best_box(shape), best_boxes(shape, 2)

    for array, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.fixture(scope="module")
def million():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 90, (10**6, 2))
    return np.concatenate([corner, corner + rng.uniform(0, 10, (10**6, 2))], axis=1)


class TestAMillionBoxes:
    def test_against_ten(self, million):
        ten = million[:: 10**5]
        iou = box_iou(million, ten)
        assert iou.shape == (10**6, 10)
        np.testing.assert_array_equal(iou[:: 10**5].diagonal(), 1)
        some = slice(123, None, 99991)
        np.testing.assert_array_equal(iou[some], box_iou(million[some], ten))

    @pytest.mark.parametrize("measure", [box_iou, box_intersection])
    def test_against_a_million_is_refused_before_any_memory_is_taken(self, measure, million):
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match="boxes1 and boxes2 would make a 1000000 x 1000000 matrix") as caught:
                measure(million, million)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert "at most 268,435,456 entries" in str(caught.value)
        assert "blocks of 268 rows" in str(caught.value)
        assert peak < 10 * million.nbytes

    def test_a_block_as_advised_is_accepted(self):
        many = np.tile([[0.0, 0, 1, 1]], (2**20, 1))
        with pytest.raises(ValueError, match="blocks of 256 rows"):
            box_iou(many[:257], many)
        assert box_iou(many[:3], many).shape == (3, 2**20)

    def test_against_a_polygon(self, million):
        polygon = shapes.circle(5, 30, center=(50, 50))
        iou = polygon_box_iou(polygon, million)
        assert iou.shape == (10**6,)
        some = slice(77, None, 9973)
        np.testing.assert_allclose(iou[some], polygon_box_iou(polygon, million[some]), rtol=1e-12)
        beside = (million[:, 0] > 80) | (million[:, 1] > 80) | (million[:, 2] < 20) | (million[:, 3] < 20)
        assert iou[beside].max() < 1e-12
        assert iou.max() > 0.03


def test_pairs_of_masks_are_limited_too():
    many = np.broadcast_to(np.array([[[True]]]), (20000, 1, 1))
    with pytest.raises(ValueError, match="masks1 and masks2 would make a 20000 x 20000 matrix"):
        mask_iou(many, many)
