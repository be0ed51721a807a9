import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimask.geometry.ceilings import best_box, max_sum_rectangle, tight_box
from minimask.geometry.masks import mask_edges, rasterize_polygon
from minimask.geometry.polygons import (
    edges_box_intersection,
    polygon_area,
    polygon_box_iou,
    polygon_edges,
    rotate_polygon,
)

from . import shapes_for_tests as shapes
from .shapes_for_tests import DIAMOND, TRIANGLE, UNIT_SQUARE, circle, examples, holds

L_SHAPE = np.array([[0, 0], [2.5, 0], [2.5, 7.5], [20, 7.5], [20, 10], [0, 10]])
THREE_QUARTER_L = np.array([[0, 0], [7.5, 0], [7.5, 8], [20, 8], [20, 10], [0, 10]])
U_SHAPE = np.array([[0, 0], [3, 0], [3, 6], [6, 6], [6, 0], [9, 0], [9, 9], [0, 9]])
TILTED_U = [[1.6, -0.5], [-1.5, 17.3], [1.4, 17.8], [4, 3], [6, 3.4], [5.3, 7.3], [7.3, 7.6], [8.5, 0.7]]
TILTED_COMB = [
    [1.5, -1.6], [-0.8, 7.1], [1.1, 7.6], [3.2, -0.2], [8, 1.1], [6, 8.9],
    [6.9, 9.1], [9, 1.4], [13.8, 2.7], [11.5, 11.4], [12.5, 11.6], [15.1, 2],
]  # fmt: skip
# Two hills of nearly the same height, on which the best boxes of a coarse grid stand the wrong way round.
TWIN_HILLS = [
    [0.9, -2.2], [-0.3, 11.8], [3.7, 12.1], [4.8, -0.8], [5.8, -0.8], [4.7, 12.2], [11.7, 12.8], [12.8, -0.1],
    [19.8, 0.5], [19.2, 7.4], [26.1, 8], [26.7, 1.1], [31.7, 1.5], [30.8, 12.5], [34.7, 12.8], [35.7, 1.9],
    [40.7, 2.3], [39.9, 11.3], [45.9, 11.8], [46.7, 2.8], [50.6, 3.2], [49.1, 21.1], [50.1, 21.2], [51.7, 2.3],
]  # fmt: skip
EQUILATERAL = np.array([[0, 0], [2, 0], [1, 3**0.5]])
RING = [circle(64, 10), circle(64, 5)]


def every_box(mask):
    """Return the highest IoU of a mask with any box along its pixels' sides, by looking at all of them."""
    sums = np.zeros(np.add(mask.shape, 1), dtype=np.int64)
    sums[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
    y1, y2 = np.triu_indices(mask.shape[0] + 1, k=1)
    x1, x2 = np.triu_indices(mask.shape[1] + 1, k=1)
    strips = sums[y2] - sums[y1]
    inside = strips[:, x2] - strips[:, x1]
    union = mask.sum() + np.multiply.outer(y2 - y1, x2 - x1) - inside
    return (inside / union).max()


def climb(shape, boxes, step):
    """Return the highest IoU that hill climbers reach from boxes: one side at a time, then half the step."""
    edges, area = polygon_edges(shape), polygon_area(shape)

    def measured(boxes):
        inside = edges_box_intersection(edges, boxes)
        return inside / (area + (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) - inside)

    iou = measured(boxes)
    for _ in range(22):
        for _ in range(4):
            for side in range(4):
                for move in (-step, step):
                    moved = boxes.copy()
                    moved[:, side] += move
                    moved = np.where(np.all(moved[:, 2:] > moved[:, :2], axis=1, keepdims=True), moved, boxes)
                    moved_iou = measured(moved)
                    better = moved_iou > iou
                    boxes, iou = np.where(better[:, None], moved, boxes), np.maximum(iou, moved_iou)
        step /= 2
    return iou.max()


def random_boxes(shape, rng, count):
    """Return boxes within the tight box of a polygon or of an outline with holes."""
    outline = np.asarray(shape[0] if np.ndim(shape[0]) == 2 else shape)
    low, high = outline.min(axis=0), outline.max(axis=0)
    corners = np.sort(rng.uniform(low, high, (count, 2, 2)), axis=1)
    return corners.reshape(count, 4), float((high - low).max())


class TestMasks:
    def test_no_box_is_better_on_small_masks(self):
        rng = np.random.default_rng(0)
        for _ in range(400):
            mask = rng.random(rng.integers(1, 9, 2)) < rng.uniform(0.05, 0.95)
            mask.flat[rng.integers(mask.size)] = True
            box, iou = best_box(mask)
            assert iou == every_box(mask), mask.astype(int)
            self.check_box(mask, box, iou)

    # Sizes around the steps of 8 lines and the blocks of 32 rows in which the search goes.
    @pytest.mark.parametrize(
        "size", [(8, 9), (16, 17), (33, 20), (20, 33), (34, 70), (70, 34), (1, 50), (50, 1), (3, 65)]
    )
    @pytest.mark.parametrize("density", [0.3, 0.6, 0.9])
    def test_no_box_is_better_on_larger_masks(self, size, density):
        rng = np.random.default_rng(size[0])
        mask = np.pad(rng.random(size) < density, [(2, 1), (0, 3)])
        mask[2 : 2 + size[0] // 3, : size[1] // 2] = False
        mask[-2, 1] = True
        box, iou = best_box(mask)
        assert iou == every_box(mask)
        self.check_box(mask, box, iou)

    @staticmethod
    def check_box(mask, box, iou):
        """Hold the box, not only its number: count its pixels."""
        in_box = shapes.pixels_of(box, mask.shape)
        assert iou == (in_box & mask).sum() / (in_box | mask).sum()
        assert box.dtype == np.float64
        np.testing.assert_array_equal(box, box.round())

    def test_no_box_between_the_lines_is_better(self):
        rng = np.random.default_rng(1)
        for _ in range(40):
            mask = rng.random(rng.integers(2, 9, 2)) < 0.6
            mask[0, 0] = True
            rows, columns = mask.shape
            corners = np.sort(rng.uniform([0, 0], [columns, rows], (500, 2, 2)), axis=1)
            boxes = corners.reshape(500, 4)
            area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
            inside = edges_box_intersection(mask_edges(mask), boxes)
            assert np.max(inside / (mask.sum() + area - inside)) <= best_box(mask)[1]

    def test_a_single_pixel(self):
        mask = np.zeros((5, 7), dtype=bool)
        mask[3, 6] = True
        for box, iou in (tight_box(mask), best_box(mask)):
            np.testing.assert_array_equal(box, [6, 3, 7, 4])
            assert iou == 1

    def test_a_full_picture(self):
        for box, iou in (tight_box(np.ones((5, 7), dtype=bool)), best_box(np.ones((5, 7), dtype=bool))):
            np.testing.assert_array_equal(box, [0, 0, 7, 5])
            assert iou == 1

    @pytest.mark.parametrize("size", [(2, 2), (4, 4), (5, 5), (5, 8), (9, 4)])
    def test_a_checkerboard(self, size):
        mask = np.indices(size).sum(axis=0) % 2 == 0
        assert best_box(mask)[1] == every_box(mask)

    def test_a_ring_of_pixels(self):
        mask = np.pad(np.zeros((6, 6), dtype=bool), 2, constant_values=True)
        assert tight_box(mask)[1] == best_box(mask)[1] == 64 / 100
        thin = np.pad(np.zeros((6, 6), dtype=bool), 1, constant_values=True)
        assert tight_box(thin)[1] == 28 / 64
        assert best_box(thin)[1] == every_box(thin)

    def test_two_pixels_far_apart(self):
        mask = np.zeros((300, 400), dtype=bool)
        mask[0, 0] = mask[299, 398:] = True
        box, iou = best_box(mask)
        np.testing.assert_array_equal(box, [398, 299, 400, 300])
        assert iou == 2 / 3

    @examples(60)
    @given(shapes.masks())
    def test_the_best_is_at_least_the_tight(self, mask):
        box, iou = tight_box(mask)
        x1, y1, x2, y2 = box
        assert iou == mask.sum() / ((x2 - x1) * (y2 - y1))
        assert best_box(mask)[1] >= iou

    @examples(40)
    @given(shapes.masks(), st.integers(0, 9), st.integers(0, 9))
    def test_moved_mirrored_or_turned_the_ceiling_is_the_same(self, mask, right, down):
        iou = best_box(mask)[1]
        for same in (np.pad(mask, [(down, 0), (right, 3)]), mask[::-1], mask[:, ::-1], mask.T, np.rot90(mask)):
            assert best_box(same)[1] == iou
        assert best_box(np.kron(mask, np.ones((3, 2), dtype=bool)))[1] == pytest.approx(iou, abs=1e-15)


class TestMaxSumRectangle:
    @staticmethod
    def every_sum(weights):
        rows, columns = weights.shape
        return max(
            weights[y1:y2, x1:x2].sum()
            for y1 in range(rows)
            for y2 in range(y1 + 1, rows + 1)
            for x1 in range(columns)
            for x2 in range(x1 + 1, columns + 1)
        )

    @pytest.mark.parametrize("shift", [-20, -4, 0, 4, 20])
    def test_no_rectangle_has_a_larger_sum(self, shift):
        rng = np.random.default_rng(shift + 20)
        for _ in range(60):
            weights = rng.integers(-9, 10, rng.integers(1, 7, 2)) + shift
            (x1, y1, x2, y2), total = max_sum_rectangle(weights)
            assert total == weights[y1:y2, x1:x2].sum() == self.every_sum(weights), weights

    def test_all_negative_weights_leave_the_least_bad_one(self):
        assert max_sum_rectangle([[-5, -3, -4], [-2, -6, -9]]) == ((0, 1, 1, 2), -2)

    @pytest.mark.parametrize("size", [(40, 50), (50, 40), (100, 33)])
    def test_a_planted_rectangle_is_found_in_a_large_matrix(self, size):
        weights = np.full(size, -1.0)
        weights[-7:-2, 20:31] = 2
        weights[3, 3] = 50
        assert max_sum_rectangle(weights) == ((20, size[0] - 7, 31, size[0] - 2), 110)

    def test_a_row_and_a_column(self):
        line = np.array([[1.0, -2, 3, 4, -1, 2, -9, 5]])
        assert max_sum_rectangle(line) == ((2, 0, 6, 1), 8)
        assert max_sum_rectangle(line.T) == ((0, 2, 1, 6), 8)


class TestClosedForms:
    def test_the_circle(self):
        # A square of half side a in the unit disc: a fraction IoU / (1 + IoU) of each side lies inside.
        def excess(a):
            inside = np.pi - 4 * (np.arccos(a) - a * np.sqrt(1 - a * a))
            iou = inside / (np.pi + 4 * a * a - inside)
            return np.sqrt(1 - a * a) / a - iou / (1 + iou), iou

        low, high = 0.75, 1.0
        while high - low > 1e-14:
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle)[0] > 0 else (low, middle)
        side, iou = low, excess(low)[1]
        assert (round(side, 5), round(iou, 7)) == (0.90999, 0.8370303)

        # The error of a polygon of n vertices falls as 1 / n^2: two polygons tell what it falls to.
        few, many = (best_box(circle(n)) for n in (256, 512))
        assert (4 * many[1] - few[1]) / 3 == pytest.approx(iou, abs=1e-7)
        np.testing.assert_allclose((4 * many[0] - few[0]) / 3, [-side, -side, side, side], atol=1e-5)
        assert tight_box(circle(512))[1] == pytest.approx(np.pi / 4, abs=1e-4)

    @pytest.mark.parametrize("stretch", [[1, 1], [1, 5], [7, 0.5]])
    @pytest.mark.parametrize(
        ("polygon", "tight", "best"),
        [
            (EQUILATERAL, 1 / 2, 2**-0.5),
            (TRIANGLE, 1 / 2, 2**-0.5),
            (np.array([[0, 0], [5, 0], [1, 2]]), 1 / 2, 2**-0.5),
            (DIAMOND, 1 / 2, 2**-0.5),
            (UNIT_SQUARE, 1, 1),
            (L_SHAPE, 0.34375, 8 / 11),
            (THREE_QUARTER_L, 0.5, 0.75),
            (U_SHAPE, 7 / 9, 7 / 9),
        ],
    )
    def test_polygons(self, polygon, tight, best, stretch):
        assert tight_box(polygon * stretch)[1] == pytest.approx(tight, abs=1e-12)
        assert best_box(polygon * stretch)[1] == pytest.approx(best, abs=1e-6)

    def test_a_box_is_its_own_best_box(self):
        for best in (tight_box, best_box):
            box, iou = best(shapes.outline([2.25, -1, 7.5, 3]))
            np.testing.assert_allclose(box, [2.25, -1, 7.5, 3], atol=1e-7)
            assert iou == pytest.approx(1, abs=1e-7)
            assert iou <= 1


class TestPolygons:
    @pytest.mark.parametrize("seed", range(24))
    def test_no_box_and_no_climber_beats_the_best_box(self, seed):
        rng = np.random.default_rng(seed)
        polygon = shapes.random_polygon(rng, most_vertices=20)
        self.check_that_none_is_better(polygon, rng, starts=80)

    @pytest.mark.parametrize("shape", [TILTED_U, TILTED_COMB, TWIN_HILLS, L_SHAPE, RING, DIAMOND])
    def test_no_climber_beats_the_best_box_where_there_are_many_hills(self, shape):
        self.check_that_none_is_better(shape, np.random.default_rng(0), starts=150)

    @staticmethod
    def check_that_none_is_better(shape, rng, starts):
        box, iou = best_box(shape)
        assert polygon_box_iou(shape, [box])[0] == pytest.approx(iou, abs=1e-12)
        boxes, size = random_boxes(shape, rng, starts)
        assert polygon_box_iou(shape, boxes).max() <= iou
        highest = climb(shape, boxes, step=size / 10)
        assert highest <= iou + 1e-9
        assert highest >= iou - 1e-3  # or the climbers would prove nothing

    @pytest.mark.parametrize("seed", range(12))
    def test_at_the_best_box_every_side_has_the_balanced_fraction_inside(self, seed):
        polygon = shapes.random_polygon(np.random.default_rng(seed))
        (x1, y1, x2, y2), iou = best_box(polygon)
        along = (np.arange(20000) + 0.5) / 20000
        across, down = x1 + along * (x2 - x1), y1 + along * (y2 - y1)
        sides = [(np.full_like(down, x1), down), (np.full_like(down, x2), down)]
        sides += [(across, np.full_like(across, y1)), (across, np.full_like(across, y2))]
        for side in sides:
            assert holds(polygon, np.stack(side, axis=1)).mean() == pytest.approx(iou / (1 + iou), abs=2e-4)

    @pytest.mark.parametrize("seed", range(6))
    def test_moved_grown_mirrored_or_turned_the_ceiling_is_the_same(self, seed):
        polygon = shapes.random_polygon(np.random.default_rng(seed))
        box, iou = best_box(polygon)
        moved_box, moved_iou = best_box(polygon + np.array([1000, -300]))
        np.testing.assert_allclose(moved_box, box + np.array([1000, -300, 1000, -300]), atol=1e-5)
        assert moved_iou == pytest.approx(iou, abs=1e-9)
        mirror, quarter = polygon * [-1, 1], polygon[:, ::-1] * [1, -1]
        for same in (
            polygon * 1e-3,
            polygon * 1e3,
            polygon * 1e12,
            mirror,
            quarter,
            polygon[::-1],
            np.roll(polygon, 2, 0),
        ):
            assert best_box(same)[1] == pytest.approx(iou, abs=1e-9)
        assert best_box(rotate_polygon(polygon, 90))[1] == pytest.approx(iou, abs=1e-9)

    @pytest.mark.parametrize("stretch", [[1e6, 1], [1, 1e6], [1e-5, 1e4]])
    def test_stretched_along_one_axis_the_ceiling_is_the_same(self, stretch):
        polygon = circle(9) * [1, 2] + [3, 0]
        box, iou = best_box(polygon)
        long_box, long_iou = best_box(polygon * stretch)
        assert long_iou == pytest.approx(iou, abs=1e-9)
        np.testing.assert_allclose(long_box / np.tile(stretch, 2), box, atol=1e-6)

    @examples(25)
    @given(shapes.polygons())
    def test_tight_and_best_in_general(self, polygon):
        tight, tight_iou = tight_box(polygon)
        np.testing.assert_array_equal(tight, [*polygon.min(axis=0), *polygon.max(axis=0)])
        assert tight_iou == pytest.approx(shapes.shoelace(polygon) / np.ptp(polygon, axis=0).prod(), abs=1e-9)
        best, best_iou = best_box(polygon)
        assert tight_iou - 1e-12 <= best_iou <= 1
        slack = 1e-6 * np.ptp(polygon, axis=0).max()
        assert np.all(best[:2] >= tight[:2] - slack)  # nothing is gained outside of the tight box
        assert np.all(best[2:] <= tight[2:] + slack)

    @pytest.mark.parametrize("shape", [circle(100, 90, (100, 95)), EQUILATERAL * 90 + 5, TRIANGLE * 45 + 3, RING])
    def test_a_fine_mask_of_a_polygon_has_nearly_its_ceiling(self, shape):
        shape = [ring * 9 + 100 for ring in shape] if isinstance(shape, list) else shape
        mask = rasterize_polygon(shape, (200, 200)) >= 0.5
        assert tight_box(mask)[1] == pytest.approx(tight_box(shape)[1], abs=0.02)
        assert best_box(mask)[1] == pytest.approx(best_box(shape)[1], abs=0.01)
        np.testing.assert_allclose(best_box(mask)[0], best_box(shape)[0], atol=1.5)

    def test_the_border_of_a_mask_is_a_polygon_with_the_same_ceiling(self):
        mask = rasterize_polygon(np.array(TILTED_U) * 2 + 5, (45, 25)) >= 0.5
        (outline,) = _rings_of(mask)
        assert best_box(outline)[1] == pytest.approx(best_box(mask)[1], abs=1e-7)
        assert tight_box(outline)[1] == tight_box(mask)[1]

    def test_a_ring(self):
        assert tight_box(RING)[1] == pytest.approx(polygon_area(RING) / np.ptp(RING[0], axis=0).prod(), abs=1e-12)
        wide, thin = [circle(64, 10), circle(64, 3)], [circle(64, 10), circle(64, 9)]
        # A small hole leaves the best box around the whole; of a thin ring it is one side, and far below.
        np.testing.assert_allclose(best_box(wide)[0], [-9, -9, 9, 9], atol=0.3)
        assert best_box(wide)[1] > best_box(RING)[1] > best_box(thin)[1]

    def test_many_vertices_on_no_common_line(self):
        # With more vertices than grid lines the best box may have sides that the first look did not see.
        teeth = np.arange(90)
        saw = np.stack([teeth, 10 + (teeth % 2) * (3 + teeth / 90)], axis=1)
        polygon = np.concatenate([saw, [[89, 0], [0, 0.5]]])
        self.check_that_none_is_better(polygon, np.random.default_rng(1), starts=30)


def _rings_of(mask):
    """Return the rings of a mask's border, by walking along its edges."""
    following = {tuple(edge[:2]): tuple(edge[2:]) for edge in mask_edges(mask)}
    rings = []
    while following:
        start = point = next(iter(following))
        ring = []
        while point in following:
            ring.append(point)
            point = following.pop(point)
        assert point == start
        rings.append(np.array(ring))
    return rings
