import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from minimask.geometry.masks import (
    mask_box,
    mask_corner_areas,
    mask_edges,
    mask_from_run_lengths,
    mask_iou,
    rasterize_polygon,
    run_lengths,
)
from minimask.geometry.polygons import (
    clip_polygon,
    edges_box_intersection,
    polygon_area,
    polygon_box_intersection,
    rotate_polygon,
)

from . import shapes_for_tests as shapes
from .shapes_for_tests import TRIANGLE, UNIT_SQUARE, examples, pixels_of, shoelace


class TestRasterization:
    def test_worked_out_by_hand(self):
        expected = [[1, 1, 1, 0.5], [1, 1, 0.5, 0], [1, 0.5, 0, 0], [0.5, 0, 0, 0]]
        np.testing.assert_allclose(rasterize_polygon(TRIANGLE, (4, 4)), expected, atol=1e-15)
        quarter = rasterize_polygon(UNIT_SQUARE + 0.5, (3, 2))
        np.testing.assert_allclose(quarter, [[0.25, 0.25], [0.25, 0.25], [0, 0]])

    @examples(50)
    @given(shapes.polygons())
    def test_coverage_adds_up_to_the_area(self, polygon):
        low = np.floor(polygon.min(axis=0))
        width, height = (np.ceil(polygon.max(axis=0)) - low).astype(int)
        coverage = rasterize_polygon(polygon - low, (height, width))
        assert coverage.shape == (height, width)
        assert coverage.min() >= 0
        assert coverage.max() <= 1
        assert coverage.sum() == pytest.approx(shoelace(polygon), rel=1e-9, abs=1e-9)

    @examples(40)
    @given(shapes.polygons(), st.integers(1, 9), st.integers(1, 9))
    def test_coverage_adds_up_to_the_area_inside_the_picture(self, polygon, height, width):
        coverage = rasterize_polygon(polygon, (height, width))
        inside = polygon_box_intersection(polygon, [[0, 0, width, height]])[0]
        assert coverage.sum() == pytest.approx(inside, abs=1e-9)

    @examples(25)
    @given(shapes.polygons(), st.integers(1, 6), st.integers(1, 6))
    def test_every_pixel_agrees_with_the_clipped_polygon(self, polygon, height, width):
        small = polygon / 10 + 2
        coverage = rasterize_polygon(small, (height, width))
        for i in range(height):
            for j in range(width):
                part = clip_polygon(small, [j, i, j + 1, i + 1])
                assert coverage[i, j] == pytest.approx(shoelace(part) if len(part) else 0, abs=1e-9)

    def test_holes(self):
        ring = [4 * UNIT_SQUARE + 1, 2 * UNIT_SQUARE + 2]
        expected = np.zeros((6, 7))
        expected[1:5, 1:5] = 1
        expected[2:4, 2:4] = 0
        np.testing.assert_allclose(rasterize_polygon(ring, (6, 7)), expected, atol=1e-12)

    @pytest.mark.parametrize("move", [[-9, 0], [9, 0], [0, -9], [0, 9], [1e9, -1e9], [4, 0], [-4, 0], [0, 5], [0, -4]])
    def test_a_polygon_off_the_picture_covers_nothing(self, move):
        np.testing.assert_array_equal(rasterize_polygon(TRIANGLE + move, (5, 4)), np.zeros((5, 4)))

    @pytest.mark.parametrize("move", [[-3, 0], [0, -3], [3.5, 0], [0, 4.5], [-1.5, -1.5], [2, 3]])
    def test_a_polygon_half_off_the_picture_is_cut(self, move):
        coverage = rasterize_polygon(TRIANGLE + move, (5, 4))
        wide = rasterize_polygon(TRIANGLE + move + 10, (25, 24))
        assert coverage.sum() > 0
        np.testing.assert_allclose(coverage, wide[10:15, 10:14], atol=1e-12)

    @examples(40)
    @given(shapes.integer_boxes(most=1))
    def test_whole_boxes_are_whole_pixels(self, boxes):
        if min(boxes[0, 2] - boxes[0, 0], boxes[0, 3] - boxes[0, 1]) > 0:
            coverage = rasterize_polygon(shapes.outline(boxes[0]), (12, 12))
            np.testing.assert_allclose(coverage, pixels_of(boxes[0], (12, 12)), atol=1e-12)


class TestBorders:
    @examples(80)
    @given(shapes.masks(some=False), st.data())
    def test_the_area_within_the_border_is_the_count_of_pixels(self, mask, data):
        edges = mask_edges(mask)
        rows, columns = mask.shape
        everything = np.array([[-1.0, -1, columns + 1, rows + 1]])
        assert edges_box_intersection(edges, everything)[0] == pytest.approx(mask.sum(), abs=1e-12)
        x1, x2 = sorted(data.draw(st.tuples(st.integers(0, columns), st.integers(0, columns))))
        y1, y2 = sorted(data.draw(st.tuples(st.integers(0, rows), st.integers(0, rows))))
        inside = edges_box_intersection(edges, np.array([[x1, y1, x2, y2]]))[0]
        assert inside == pytest.approx(mask[y1:y2, x1:x2].sum(), abs=1e-12)

    @examples(60)
    @given(shapes.masks(), st.data())
    def test_a_pixel_is_its_square_also_for_boxes_between_the_lines(self, mask, data):
        (x1, y1, x2, y2) = box = data.draw(shapes.float_boxes(most=1, limit=8.0))[0]
        expected = 0.0
        for i, j in np.argwhere(mask):
            expected += max(min(j + 1, x2) - max(j, x1), 0) * max(min(i + 1, y2) - max(i, y1), 0)
        assert edges_box_intersection(mask_edges(mask), box[None])[0] == pytest.approx(expected, abs=1e-9)

    @examples(60)
    @given(shapes.masks(some=False))
    def test_the_border_is_closed_and_every_edge_has_the_inside_on_its_right(self, mask):
        edges = mask_edges(mask)
        starts, ends = (sorted(map(tuple, edges[:, k : k + 2])) for k in (0, 2))
        assert starts == ends
        padded = np.pad(mask, 1)
        for ax, ay, bx, by in edges:
            along = np.array([bx - ax, by - ay])
            length = np.abs(along).sum()
            along /= length
            right = np.array([-along[1], along[0]])  # clockwise on the screen
            for step in np.arange(0.5, length):
                point = [ax, ay] + step * along
                (x_in, y_in), (x_out, y_out) = (np.floor(point + side * right / 2).astype(int) + 1 for side in (1, -1))
                assert padded[y_in, x_in]
                assert not padded[y_out, x_out]

    def test_sides_in_line_are_one_edge(self):
        assert len(mask_edges(np.ones((5, 9), dtype=bool))) == 4
        assert len(mask_edges(np.zeros((5, 9), dtype=bool))) == 0

    @examples(60)
    @given(shapes.masks())
    def test_the_tight_box_is_the_smallest_that_holds_all_pixels(self, mask):
        x1, y1, x2, y2 = mask_box(mask).astype(int)
        assert mask[y1:y2, x1:x2].sum() == mask.sum()
        for inner in (
            mask[y1 + 1 : y2, x1:x2],
            mask[y1 : y2 - 1, x1:x2],
            mask[y1:y2, x1 + 1 : x2],
            mask[y1:y2, x1 : x2 - 1],
        ):
            assert inner.sum() < mask.sum()

    def test_the_tight_box_by_hand(self):
        mask = np.zeros((5, 7), dtype=bool)
        mask[1, 2] = mask[3, 5] = True
        np.testing.assert_array_equal(mask_box(mask), [2, 1, 6, 4])

    @examples(40)
    @given(shapes.masks(some=False))
    def test_corner_areas_are_sums_from_the_first_corner(self, mask):
        areas = mask_corner_areas(mask)
        expected = [[mask[:y, :x].sum() for x in range(mask.shape[1] + 1)] for y in range(mask.shape[0] + 1)]
        np.testing.assert_array_equal(areas, expected)


class TestIou:
    @examples(60)
    @given(st.integers(0, 2**32 - 1), st.integers(0, 4), st.integers(0, 4), st.integers(1, 6), st.integers(1, 6))
    def test_agrees_with_counting(self, seed, count1, count2, rows, columns):
        rng = np.random.default_rng(seed)
        masks1, masks2 = (rng.random((n, rows, columns)) < 0.4 for n in (count1, count2))
        iou = mask_iou(masks1, masks2)
        assert iou.shape == (count1, count2)
        assert iou.dtype == np.float64
        for i, a in enumerate(masks1):
            for j, b in enumerate(masks2):
                assert iou[i, j] == ((a & b).sum() / (a | b).sum() if (a | b).any() else 0)

    def test_agrees_with_pycocotools(self):
        rng = np.random.default_rng(0)
        masks = rng.random((6, 20, 30)) < rng.uniform(0.1, 0.9, (6, 1, 1))
        encoded = [coco.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in masks]
        np.testing.assert_allclose(mask_iou(masks, masks), coco.iou(encoded, encoded, [0] * 6), rtol=1e-12)

    def test_counts_stay_whole_in_large_pictures(self):
        size = (2**12, 2**12 + 1)  # one row more than float32 can count
        full = np.ones((1, *size), dtype=bool)
        less = full.copy()
        less[0, 0, 0] = False
        pixels = size[0] * size[1]
        assert mask_iou(full, less) == [[(pixels - 1) / pixels]]


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")  # in pycocotools.decode
class TestRunLengths:
    def test_worked_out_by_hand(self):
        mask = np.array([[0, 1, 0], [0, 1, 1]]) > 0
        np.testing.assert_array_equal(run_lengths(mask), [2, 2, 1, 1])
        np.testing.assert_array_equal(run_lengths(~mask), [0, 2, 2, 1, 1])
        np.testing.assert_array_equal(run_lengths(np.ones((2, 3), dtype=bool)), [0, 6])
        np.testing.assert_array_equal(run_lengths(np.zeros((2, 3), dtype=bool)), [6])

    @examples(100)
    @given(shapes.masks(some=False))
    def test_there_and_back(self, mask):
        lengths = run_lengths(mask)
        assert lengths.dtype == np.int64
        assert lengths[0] >= 0
        assert np.all(lengths[1:] > 0)
        np.testing.assert_array_equal(mask_from_run_lengths(lengths, mask.shape), mask)

    @examples(100)
    @given(shapes.masks(some=False))
    def test_pycocotools_reads_what_is_written(self, mask):
        size = list(mask.shape)
        packed = coco.frPyObjects({"counts": run_lengths(mask).tolist(), "size": size}, *size)
        np.testing.assert_array_equal(coco.decode(packed), mask)
        assert packed["counts"] == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
        assert coco.area(packed) == mask.sum()

    @examples(60)
    @given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.sampled_from([1, 2, 3]))
    def test_what_pycocotools_reads_is_read_alike(self, lengths, height):
        lengths = [*lengths, height - sum(lengths) % height]
        size = (height, sum(lengths) // height)
        expected = coco.decode(coco.frPyObjects({"counts": lengths, "size": list(size)}, *size))
        np.testing.assert_array_equal(mask_from_run_lengths(lengths, size), expected)

    @pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint32, np.uint64])
    def test_lengths_of_any_whole_type(self, kind):
        np.testing.assert_array_equal(
            mask_from_run_lengths(np.array([1, 200, 55], dtype=kind), (16, 16)).ravel(order="F"),
            np.repeat([False, True, False], [1, 200, 55]),
        )

    def test_lengths_whose_sum_wraps_around_are_refused(self):
        for lengths in (np.array([2**62] * 4 + [4]), np.array([2**63, 2**63, 4], dtype=np.uint64)):
            with pytest.raises(ValueError, match=r"add up to 2 \* 2 = 4, got a sum of 18446744073709551620"):
                mask_from_run_lengths(lengths, (2, 2))


def test_turned_polygons_cover_the_same_area():
    polygon = shapes.circle(7, 8, center=(20, 40)) * [1, 0.5]
    areas = [rasterize_polygon(rotate_polygon(polygon, degrees), (40, 40)).sum() for degrees in range(0, 180, 15)]
    np.testing.assert_allclose(areas, polygon_area(polygon), rtol=1e-12)
