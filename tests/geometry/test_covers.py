import numpy as np
import pytest
from hypothesis import given

from minimask.geometry.ceilings import best_box, tight_box
from minimask.geometry.covers import _Grid, best_boxes, best_rotated_box
from minimask.geometry.masks import rasterize_polygon
from minimask.geometry.polygons import polygon_area, polygon_box_intersection, rotate_polygon

from . import shapes_for_tests as shapes
from .shapes_for_tests import DIAMOND, TRIANGLE, UNIT_SQUARE, circle, examples, pixels_of, random_polygon

L_SHAPE = np.array([[0, 0], [3, 0], [3, 7], [9, 7], [9, 10], [0, 10]])
PLUS = np.pad(np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]), 1).repeat(5, axis=0).repeat(4, axis=1) > 0


def rotated_iou(shape, corners):
    """Return the IoU of a shape with a turned box: turn both back, then measure with an upright box."""
    along = corners[1] - corners[0]
    back = -np.degrees(np.arctan2(along[1], along[0]))
    rings = [rotate_polygon(ring, back, center=[0, 0]) for ring in (shape if isinstance(shape, list) else [shape])]
    upright = rotate_polygon(corners, back, center=[0, 0])
    box = np.concatenate([upright.min(axis=0), upright.max(axis=0)])
    inside = polygon_box_intersection(rings, [box])[0]
    return inside / (polygon_area(shape) + shapes.shoelace(corners) - inside)


def union_iou(mask, boxes):
    """Return the IoU of a mask with a union of boxes with whole sides, by counting pixels."""
    covered = np.any([pixels_of(box, mask.shape) for box in boxes], axis=0)
    return (mask & covered).sum() / (mask | covered).sum()


def every_pair(mask):
    """Return the highest IoU of any two boxes with a small mask, by looking at all of them."""
    rows, columns = mask.shape
    y1, y2 = np.triu_indices(rows + 1, k=1)
    x1, x2 = np.triu_indices(columns + 1, k=1)
    y, x = np.arange(rows)[:, None], np.arange(columns)
    boxes = [
        ((y >= a) & (y < b) & (x >= c) & (x < d)).ravel()
        for a, b in zip(y1, y2, strict=True)
        for c, d in zip(x1, x2, strict=True)
    ]
    boxes = np.array(boxes, dtype=np.float32)
    on = boxes @ mask.ravel().astype(np.float32)
    both = boxes @ boxes.T
    both_on = (boxes * mask.ravel()) @ boxes.T
    inside = on[:, None] + on - both_on
    area = boxes.sum(axis=1)
    return (inside / (mask.sum() + area[:, None] + area - both - inside)).max()


class TestRotatedBox:
    @pytest.mark.parametrize("seed", range(6))
    def test_a_turned_rectangle_is_found(self, seed):
        rng = np.random.default_rng(seed)
        rectangle = UNIT_SQUARE * rng.uniform(1, 10, 2) + rng.uniform(-30, 30, 2)
        turned = rotate_polygon(rectangle, rng.uniform(-180, 180))
        corners, iou = best_rotated_box(turned)
        assert 1 - 1e-6 <= iou <= 1
        assert rotated_iou(turned, corners) == pytest.approx(1, abs=1e-6)
        for vertex in turned:
            assert np.abs(corners - vertex).max(axis=1).min() < 1e-4

    @pytest.mark.parametrize("ratio", [30, 300])
    def test_a_long_thin_rod_is_found(self, ratio):
        corners, iou = best_rotated_box(rotate_polygon(UNIT_SQUARE * [ratio, 1], 33.3))
        assert corners.shape == (4, 2)
        assert iou == pytest.approx(1, abs=1e-5)

    @pytest.mark.parametrize("seed", range(3))
    def test_the_corners_are_a_rectangle_with_the_iou_it_says(self, seed):
        polygon = random_polygon(np.random.default_rng(seed))
        corners, iou = best_rotated_box(polygon)
        sides = np.roll(corners, -1, axis=0) - corners
        np.testing.assert_allclose(sides[0], -sides[2], atol=1e-9)
        np.testing.assert_allclose(sides[1], -sides[3], atol=1e-9)
        assert sides[0] @ sides[1] == pytest.approx(0, abs=1e-9)
        assert rotated_iou(polygon, corners) == pytest.approx(iou, abs=1e-9)
        assert iou >= best_box(polygon)[1]

    @pytest.mark.parametrize("seed", range(2))
    def test_no_other_angle_is_better(self, seed):
        polygon = random_polygon(np.random.default_rng(100 + seed), most_vertices=9)
        best = max(best_box(rotate_polygon(polygon, degrees))[1] for degrees in np.arange(0, 90, 2.5))
        assert best_rotated_box(polygon)[1] >= best - 1e-9

    def test_closed_forms(self):
        assert best_rotated_box(DIAMOND)[1] == pytest.approx(1, abs=1e-6)
        assert best_rotated_box(TRIANGLE)[1] == pytest.approx(2**-0.5, abs=1e-6)
        assert best_rotated_box(circle(20))[1] == pytest.approx(best_box(circle(20))[1], abs=2e-3)

    def test_a_shape_with_a_hole(self):
        ring = [rotate_polygon(UNIT_SQUARE * 6, 20, [0, 0]), rotate_polygon(UNIT_SQUARE * 2 + 2, 20, [0, 0])]
        corners, iou = best_rotated_box(ring)
        assert iou == pytest.approx(32 / 36, abs=1e-6)
        assert rotated_iou(ring, corners) == pytest.approx(iou, abs=1e-9)

    @pytest.mark.parametrize("size", [(1, 1), (4, 7), (12, 9)])
    def test_of_a_mask_it_is_at_least_the_upright_one(self, size):
        mask = np.random.default_rng(size[1]).random(size) < 0.6
        mask[0, 0] = True
        assert best_rotated_box(mask)[1] >= best_box(mask)[1]

    def test_of_a_mask_with_more_columns_than_grid_lines_too(self):
        rng = np.random.default_rng(0)
        mask = np.ones((12, 170), dtype=bool)
        mask[[0, -1]] = rng.random((2, 170)) < 0.4
        mask[:, :3] = rng.random((12, 3)) < 0.3
        assert best_rotated_box(mask)[1] >= best_box(mask)[1]

    def test_a_turned_rectangle_of_pixels(self):
        turned = rotate_polygon(UNIT_SQUARE * [30, 10], 30, [0, 0]) + np.array([8, 3])
        mask = rasterize_polygon(turned, (30, 40)) >= 0.5
        corners, iou = best_rotated_box(mask)
        assert best_box(mask)[1] < 0.6
        assert iou > 0.93
        for vertex in turned:
            assert np.abs(corners - vertex).max(axis=1).min() < 1


class TestSeveralBoxes:
    @examples(25)
    @given(shapes.masks())
    def test_one_box_is_the_best_box(self, mask):
        (box,), iou = best_boxes(mask, 1)
        assert iou == best_box(mask)[1]
        np.testing.assert_array_equal(box, best_box(mask)[0])

    @pytest.mark.parametrize("shape", [TRIANGLE, DIAMOND, L_SHAPE, circle(40), [circle(40), circle(30) / 2]])
    def test_one_box_is_the_best_box_of_a_polygon(self, shape):
        boxes, iou = best_boxes(shape, 1)
        np.testing.assert_array_equal(boxes, [best_box(shape)[0]])
        assert iou == pytest.approx(best_box(shape)[1], abs=1e-12)

    @pytest.mark.parametrize("seed", range(8))
    def test_more_boxes_are_never_worse_and_have_the_iou_they_say(self, seed):
        rng = np.random.default_rng(seed)
        mask = rng.random(rng.integers(3, 20, 2)) < 0.6
        mask = np.pad(mask, [(2, 0), (1, 3)])
        mask[3, 3] = True
        before = 0.0
        for k in (1, 2, 3, 4):
            boxes, iou = best_boxes(mask, k)
            assert boxes.shape == (k, 4)
            assert iou == pytest.approx(union_iou(mask, boxes), abs=1e-12)
            assert before <= iou <= 1
            before = iou

    @pytest.mark.parametrize("seed", [5, 11])
    def test_more_boxes_are_never_worse_where_the_grid_is_coarser_than_the_pixels(self, seed):
        rng = np.random.default_rng(seed)
        rows, columns = rng.integers(66, 72), rng.integers(5, 12)
        mask = rng.random((rows, columns)) < rng.uniform(0.3, 0.8)
        ious = [best_boxes(mask, k)[1] for k in (1, 2, 3, 4)]
        assert np.all(np.diff(ious) >= 0)

    def test_two_boxes_are_often_the_best_two_and_always_close(self):
        rng = np.random.default_rng(0)
        gaps = []
        for _ in range(60):
            mask = rng.random((5, 5)) < 0.5
            mask[rng.integers(5), rng.integers(5)] = True
            boxes, iou = best_boxes(mask, 2)
            assert iou == pytest.approx(union_iou(mask, boxes), abs=1e-12)
            gaps.append(every_pair(mask) - iou)
        assert min(gaps) >= -1e-6
        assert np.mean(np.array(gaps) < 1e-6) >= 0.9
        assert np.mean(gaps) < 0.002

    def test_shapes_made_of_boxes(self):
        assert best_boxes(L_SHAPE, 2)[1] == pytest.approx(1, abs=1e-9)
        assert best_boxes(PLUS, 2)[1] == 1
        assert best_boxes(PLUS, 1)[1] == best_box(PLUS)[1] < 0.8
        apart = np.zeros((20, 30), dtype=bool)
        apart[2:5, 3:9] = apart[10:18, 20:22] = apart[15:16, 1:4] = True
        boxes, iou = best_boxes(apart, 3)
        assert iou == 1
        assert sorted(boxes.tolist()) == [[1, 15, 4, 16], [3, 2, 9, 5], [20, 10, 22, 18]]

    def test_pictures_finer_than_the_grid_are_settled_by_the_pixel(self):
        mask = np.zeros((200, 331), dtype=bool)
        mask[7:54, 11:200] = mask[41:193, 103:131] = True
        boxes, iou = best_boxes(mask, 2)
        assert iou == 1
        assert union_iou(mask, boxes) == 1

    @pytest.mark.parametrize("shape", [TRIANGLE, [circle(24), circle(16) / 2]])
    def test_the_ceiling_of_a_polygon_rises(self, shape):
        (boxes, iou), (_, less), (_, least) = (best_boxes(shape, k) for k in (3, 2, 1))
        assert least + 0.01 < less < iou - 0.01 < 0.99
        outline = shape if isinstance(shape, np.ndarray) else shape[0]
        low, scale = outline.min(axis=0), 600 / np.ptp(outline, axis=0).max()
        rings = [(ring - low) * scale for ring in (shape if isinstance(shape, list) else [shape])]
        coverage = rasterize_polygon(rings, (600, 600))
        covered = np.any(
            [pixels_of(((box.reshape(2, 2) - low) * scale).round().ravel(), (600, 600)) for box in boxes], axis=0
        )
        both = coverage[covered].sum()
        assert both / (coverage.sum() + covered.sum() - both) == pytest.approx(iou, abs=0.005)

    def test_boxes_that_cannot_help_have_no_area(self):
        boxes, iou = best_boxes(np.ones((3, 4), dtype=bool), 3)
        assert iou == 1
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        assert sorted(area) == [0, 0, 12]

    def test_a_box_that_others_make_useless_is_emptied(self):
        grid = _Grid(np.array([[1.0, 1, 0, 0, 0]]), np.arange(6.0), np.arange(2.0))
        settled = grid.settled(np.array([[0, 0, 2, 1], [3, 0, 5, 1]]))
        np.testing.assert_array_equal(settled, [[0, 0, 2, 1], [0, 0, 0, 0]])

    def test_a_coarser_grid_keeps_the_areas_and_the_lines_of_a_box(self):
        rng = np.random.default_rng(0)
        mask = rng.random((150, 200)) < 0.5
        grid = _Grid(mask.astype(float), np.arange(10, 211.0), np.arange(151.0))
        box = np.array([3, 7, 101, 131])
        coarse, columns, rows = grid.coarsened(box)
        assert {0, 3, 101, 200} <= set(columns.tolist())
        assert {0, 7, 131, 150} <= set(rows.tolist())
        assert max(coarse.inside.shape) <= 64 + 3
        np.testing.assert_array_equal(coarse.xs, columns + 10)
        np.testing.assert_array_equal(coarse.ys, rows)
        assert coarse.area.sum() == mask.size
        assert coarse.inside[-1, 0] == mask[rows[-2] :, : columns[1]].sum()
        (x1, x2), (y1, y2) = columns.searchsorted([3, 101]), rows.searchsorted([7, 131])
        assert coarse.iou(np.array([[x1, y1, x2, y2]])) == pytest.approx(grid.iou(box[None]), abs=1e-12)

    def test_the_same_seed_gives_the_same_boxes(self):
        mask = np.random.default_rng(5).random((12, 15)) < 0.5
        for seed in (0, 7):
            first, again = best_boxes(mask, 3, seed=seed), best_boxes(mask, 3, seed=seed)
            np.testing.assert_array_equal(first[0], again[0])
            assert first[1] == again[1]

    def test_a_mask_and_its_copy_elsewhere_have_the_same_boxes(self):
        mask = np.random.default_rng(6).random((9, 11)) < 0.6
        mask[[0, -1], [0, -1]] = True
        boxes, iou = best_boxes(mask, 2)
        moved, moved_iou = best_boxes(np.pad(mask, [(3, 0), (5, 2)]), 2)
        assert moved_iou == iou
        np.testing.assert_array_equal(moved, boxes + np.array([5, 3, 5, 3]))


def test_the_order_of_the_ceilings():
    polygon = rotate_polygon(L_SHAPE, 25)
    upright, turned, two = best_box(polygon)[1], best_rotated_box(polygon)[1], best_boxes(polygon, 2)[1]
    assert tight_box(polygon)[1] < upright < turned < 1
    assert upright < two < 1
