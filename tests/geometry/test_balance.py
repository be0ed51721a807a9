import numpy as np
import pytest

from minimask.geometry.balance import SIDES, _inside_intervals, balance, sides_inside
from minimask.geometry.ceilings import best_box
from minimask.geometry.polygons import polygon_edges

from .shapes_for_tests import DIAMOND, TRIANGLE, UNIT_SQUARE, circle, holds, outline, random_polygon


def test_the_rule_by_hand():
    assert balance(1) == 1 / 2
    assert balance(0.5) == pytest.approx(1 / 3)


@pytest.mark.parametrize("seed", range(10))
def test_at_the_best_box_all_sides_are_balanced(seed):
    polygon = random_polygon(np.random.default_rng(seed))
    box, iou = best_box(polygon)
    for side in sides_inside(polygon, box):
        assert side.inner == pytest.approx(balance(iou), abs=1e-3)
        assert side.outer == pytest.approx(balance(iou), abs=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_the_share_of_a_side_agrees_with_counted_points(seed):
    rng = np.random.default_rng(seed)
    polygon = random_polygon(rng)
    (x1, y1), (x2, y2) = box = np.sort(rng.uniform(polygon.min(axis=0), polygon.max(axis=0), (2, 2)), axis=0)
    along = (np.arange(20000) + 0.5)[:, None] / 20000
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    starts, ends = corners[[0, 0, 1, 3]], corners[[3, 1, 2, 2]]  # left, top, right, bottom
    for side, start, end in zip(sides_inside(polygon, box.ravel()), starts, ends, strict=True):
        counted = holds(polygon, start + along * (end - start)).mean()
        assert side.inner == pytest.approx(counted, abs=1e-3)
        assert np.sum(side.pieces[:, 1] - side.pieces[:, 0]) == pytest.approx(
            counted * np.abs(end - start).sum(), rel=1e-2, abs=1e-2
        )


def test_a_side_on_an_edge_has_two_shares():
    assert SIDES == ("left", "top", "right", "bottom")
    for side in sides_inside(outline([1, 1, 5, 4]), [1, 1, 5, 4]):
        assert side.inner == pytest.approx(1, abs=1e-5)
        assert side.outer == 0
    left, top, right, bottom = sides_inside(TRIANGLE, [0, 0, 2, 3])
    assert (left.outer, top.outer) == (0, 0)
    assert (left.inner, top.inner) == pytest.approx((1, 1))
    assert (right.inner, right.outer) == pytest.approx((2 / 3, 2 / 3), abs=1e-5)
    assert (bottom.inner, bottom.outer) == pytest.approx((1 / 2, 1 / 2), abs=1e-5)
    np.testing.assert_allclose(right.pieces, [[0, 2]], atol=1e-5)
    np.testing.assert_allclose(bottom.pieces, [[0, 1]], atol=1e-5)


def test_a_mask_and_a_ring_have_pieces_on_both_sides_of_the_hole():
    mask = np.ones((6, 6), dtype=bool)
    mask[2:4, 2:4] = False
    for shape in (mask, [UNIT_SQUARE * 6, UNIT_SQUARE * 2 + 2]):
        left, _, right, _ = sides_inside(shape, [1, 1, 3, 5])
        np.testing.assert_allclose(left.pieces, [[1, 5]])
        np.testing.assert_allclose(right.pieces, [[1, 2], [4, 5]])
        assert (right.inner, right.outer) == (0.5, 0.5)


def test_boxes_in_float32_are_read_as_finely():
    box = np.array([3000, 3000, 3010, 3012], dtype=np.float32)
    for side in sides_inside(outline(box), box):
        assert side.inner > 0.99
        assert side.outer == 0
    far = circle(30, 5, (300, 300))
    exact, single = (sides_inside(far, np.array([297, 297, 303, 303], kind)) for kind in (np.float64, np.float32))
    assert [side.inner for side in exact] == [side.inner for side in single]


def test_a_line_through_vertices_counts_each_once():
    np.testing.assert_array_equal(_inside_intervals(polygon_edges(DIAMOND), 0, 0.0), [[-1, 1]])
    np.testing.assert_array_equal(_inside_intervals(polygon_edges(DIAMOND), 1, 0.0), [[-1, 1]])


def test_a_box_without_area_is_refused():
    with pytest.raises(ValueError, match="box must have a width and a height above 0, got"):
        sides_inside(TRIANGLE, [1, 1, 1, 3])
