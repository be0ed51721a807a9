import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minimask.geometry import polygons
from minimask.geometry.boxes import box_area, box_intersection, box_iou
from minimask.geometry.masks import mask_edges
from minimask.geometry.polygons import (
    clip_polygon,
    corner_area,
    edges_box_intersection,
    polygon_area,
    polygon_box_intersection,
    polygon_box_iou,
    polygon_edges,
    rotate_polygon,
    signed_area,
)

from . import shapes_for_tests as shapes
from .shapes_for_tests import TRIANGLE, UNIT_SQUARE, examples, numbers, outline, shoelace

RING = [4 * UNIT_SQUARE, 2 * UNIT_SQUARE + 1]


def clipped_area(polygon, box):
    """Return the area a ring shares with a box by the other road: cut the ring, then measure what is left."""
    part = clip_polygon(polygon, box)
    return shoelace(part) if len(part) else 0.0


class TestArea:
    def test_worked_out_by_hand(self):
        assert signed_area(TRIANGLE) == 8
        assert signed_area(TRIANGLE[::-1]) == -8
        assert signed_area([[0, 0], [5, 0], [5, 1], [1, 1], [1, 4], [0, 4]]) == 8
        assert polygon_area(TRIANGLE[::-1]) == 8

    def test_positive_is_clockwise_on_the_screen(self):
        right_then_down = [[0, 0], [1, 0], [1, 1]]
        assert signed_area(right_then_down) > 0

    @examples(60)
    @given(shapes.polygons())
    def test_is_the_sum_of_a_fan_of_triangles(self, polygon):
        fan = sum(signed_area(polygon[[0, k, k + 1]]) for k in range(1, len(polygon) - 1) if _is_a_triangle(polygon, k))
        scale = np.ptp(polygon, axis=0).prod()
        assert signed_area(polygon) == pytest.approx(fan, abs=1e-12 * scale)
        assert signed_area(polygon[::-1]) == pytest.approx(-fan, abs=1e-12 * scale)
        assert polygon_area(polygon) == pytest.approx(abs(fan), abs=1e-12 * scale)

    @examples(60)
    @given(shapes.polygons(), numbers(-720, 720), numbers(-50, 50), numbers(-50, 50))
    def test_is_kept_by_a_rotation(self, polygon, degrees, x, y):
        area = signed_area(polygon)
        assert signed_area(rotate_polygon(polygon, degrees)) == pytest.approx(area, rel=1e-9)
        assert signed_area(rotate_polygon(polygon, degrees, center=[x, y])) == pytest.approx(area, rel=1e-9)

    def test_holes_are_taken_away_however_they_are_wound(self):
        square, hole = RING
        for rings in ([square, hole], [square[::-1], hole], [square, hole[::-1]]):
            assert polygon_area(rings) == 12
        assert polygon_area([square, hole / 2 + 0.25, hole / 2 + 1.5]) == 14

    @pytest.mark.parametrize("again", [[0, 1, 2, 0], [0, 0, 1, 2], [0, 1, 1, 1, 2, 2], [0, 1, 2, 0, 0]])
    def test_a_repeated_vertex_changes_nothing(self, again):
        repeated = TRIANGLE[again]
        assert polygon_area(repeated) == 8
        assert len(polygon_edges(repeated)) == 3
        np.testing.assert_array_equal(polygon_box_intersection(repeated, [[0, 0, 2, 2], [1, 1, 4, 4]]), [4, 2])
        assert shoelace(clip_polygon(repeated, [1, 1, 4, 4])) == 2


def _is_a_triangle(polygon, k):
    return len(np.unique(polygon[[0, k, k + 1]], axis=0)) == 3


class TestRotation:
    def test_runs_clockwise_on_the_screen(self):
        np.testing.assert_allclose(
            rotate_polygon([[1, 0], [3, 0], [3, 1]], 90, center=[1, 0]), [[1, 0], [1, 2], [0, 2]], atol=1e-12
        )

    def test_turns_about_the_middle_of_the_tight_box(self):
        np.testing.assert_allclose(rotate_polygon(TRIANGLE, 180), 4 - TRIANGLE, atol=1e-12)

    @examples(40)
    @given(shapes.polygons(), numbers(-360, 360), numbers(-360, 360))
    def test_adds_up(self, polygon, first, second):
        twice = rotate_polygon(rotate_polygon(polygon, first, center=[3, 4]), second, center=[3, 4])
        np.testing.assert_allclose(twice, rotate_polygon(polygon, first + second, center=[3, 4]), atol=1e-9)


class TestClipping:
    def test_worked_out_by_hand(self):
        np.testing.assert_array_equal(clip_polygon(TRIANGLE, [0, 0, 2, 4]), [[0, 0], [2, 0], [2, 2], [0, 4]])

    def test_a_polygon_inside_stays_and_one_outside_goes(self):
        np.testing.assert_array_equal(clip_polygon(TRIANGLE, [-1, -1, 9, 9]), TRIANGLE)
        assert clip_polygon(TRIANGLE, [5, 5, 9, 9]).shape == (0, 2)

    @pytest.mark.parametrize("box", [[4, 0, 6, 4], [0, 4, 4, 5], [2, 2, 3, 3], [-1, 0, 0, 4], [1, 1, 1, 2]])
    def test_what_only_touches_leaves_nothing(self, box):
        part = clip_polygon(TRIANGLE, box)
        assert part.shape[1] == 2
        assert len(part) == 0 or (len(part) > 2 and shoelace(part) == 0)

    def test_a_side_in_common_leaves_nothing(self):
        for box in ([1, 0, 2, 1], [-1, 0, 0, 1], [0, 1, 1, 3], [0.25, -2, 0.75, 0]):
            assert clip_polygon(UNIT_SQUARE, box).shape == (0, 2)

    @examples(60)
    @given(st.data(), shapes.polygons())
    def test_nothing_is_left_outside_the_box(self, data, polygon):
        (box,) = data.draw(shapes.boxes_near(polygon, count=1))
        part = clip_polygon(polygon, box)
        assert np.all(part >= box[:2] - 1e-12)
        assert np.all(part <= box[2:] + 1e-12)


class TestIntersection:
    @examples(150)
    @given(st.data(), shapes.polygons())
    def test_two_roads_lead_to_the_same_area(self, data, polygon):
        boxes = data.draw(shapes.boxes_near(polygon))
        expected = [clipped_area(polygon, box) for box in boxes]
        scale = np.ptp(polygon, axis=0).prod()
        np.testing.assert_allclose(
            polygon_box_intersection(polygon, boxes), expected, rtol=0, atol=1e-9 * max(1, scale)
        )

    def test_two_roads_lead_to_the_same_area_for_many_notched_stars(self):
        rng = np.random.default_rng(0)
        for _ in range(60):
            polygon = shapes.random_polygon(rng, most_vertices=40)
            low, high = polygon.min(axis=0) - 3, polygon.max(axis=0) + 3
            corners = np.sort(rng.uniform(low, high, (10, 2, 2)), axis=1)
            boxes = corners.reshape(10, 4)
            expected = [clipped_area(polygon, box) for box in boxes]
            np.testing.assert_allclose(polygon_box_intersection(polygon, boxes), expected, rtol=0, atol=1e-9)

    @examples(80)
    @given(st.data(), shapes.polygons())
    def test_iou_is_intersection_over_union(self, data, polygon):
        boxes = data.draw(shapes.boxes_near(polygon))
        iou = polygon_box_iou(polygon, boxes)
        assert iou.min() >= 0
        assert iou.max() <= 1
        for box, found in zip(boxes, iou, strict=True):
            both = clipped_area(polygon, box)
            either = shoelace(polygon) + (box[2] - box[0]) * (box[3] - box[1]) - both
            assert found == pytest.approx(both / either, abs=1e-9)

    def test_iou_agrees_with_counted_points(self):
        rng = np.random.default_rng(1)
        fine = (np.arange(400) + 0.5) / 400
        for _ in range(10):
            polygon = shapes.random_polygon(rng)
            low, spread = polygon.min(axis=0), np.ptp(polygon, axis=0)
            points = low + spread * np.stack(np.meshgrid(fine, fine), axis=2).reshape(-1, 2)
            (x1, x2), (y1, y2) = np.sort(rng.uniform(0, 1, (2, 2)), axis=1) * spread[:, None] + low[:, None]
            in_box = ((points >= [x1, y1]) & (points < [x2, y2])).all(axis=1)
            in_polygon = shapes.holds(polygon, points)
            counted = (in_box & in_polygon).sum() / (in_box | in_polygon).sum()
            assert polygon_box_iou(polygon, [[x1, y1, x2, y2]])[0] == pytest.approx(counted, abs=0.01)

    @examples(60)
    @given(shapes.float_boxes(most=1), shapes.float_boxes())
    def test_a_box_written_as_a_polygon_measures_like_a_box(self, one, boxes):
        width, height = one[0, 2] - one[0, 0], one[0, 3] - one[0, 1]
        if min(width, height) < 1e-6:
            one[0, 2:] += 1
        intersection = polygon_box_intersection(outline(one[0]), boxes)
        np.testing.assert_allclose(intersection, box_intersection(one, boxes)[0], rtol=0, atol=1e-9)
        iou = polygon_box_iou(outline(one[0]), np.concatenate([boxes, one]))
        np.testing.assert_allclose(iou, box_iou(one, np.concatenate([boxes, one]))[0], rtol=0, atol=1e-6)
        assert iou.max() <= 1

    def test_a_ring_is_its_outline_less_its_hole(self):
        outer, hole = shapes.circle(9, 10), shapes.circle(7, 5)[::-1]
        rng = np.random.default_rng(2)
        boxes = np.sort(rng.uniform(-12, 12, (50, 2, 2)), axis=1).reshape(50, 4)
        expected = polygon_box_intersection(outer, boxes) - polygon_box_intersection(hole, boxes)
        for rings in ([outer, hole], (outer[::-1], hole), [outer, hole[::-1]]):
            np.testing.assert_allclose(polygon_box_intersection(rings, boxes), expected, rtol=0, atol=1e-9)
        np.testing.assert_allclose(
            polygon_box_intersection(RING, [[0, 0, 2, 2], [1, 1, 3, 3], [0, 0, 4, 4]]), [3, 0, 12]
        )
        assert polygon_box_iou(RING, [[0, 0, 4, 4]]) == [0.75]

    @pytest.mark.parametrize("at", [-0.95, -0.5, 0.0, 0.3, 0.8])
    def test_segments_of_a_circle(self, at):
        left_of = np.pi - np.arccos(at) + at * np.sqrt(1 - at**2)  # the unit disc's area with x < at
        disc = shapes.circle(1000)
        np.testing.assert_allclose(corner_area(polygon_edges(disc), [at, 9], [9, at]), left_of, atol=5e-5)
        corner = [[at, at, 2, 2]]
        # The quarter beyond both lines: a triangle fan of straight legs and one arc, as long as the lines meet inside.
        if at**2 * 2 < 1:
            leg = np.sqrt(1 - at**2) - at
            arc = np.arccos(at) - np.arcsin(at)
            chord = leg * np.sqrt(2)
            expected = leg**2 / 2 + (arc - np.sin(arc)) / 2
            assert chord == pytest.approx(2 * np.sin(arc / 2))
            np.testing.assert_allclose(polygon_box_intersection(disc, corner), [expected], atol=5e-5)

    @examples(40)
    @given(numbers(0, 4), numbers(0, 4))
    def test_a_right_triangle_in_closed_form(self, x, y):
        beyond = max(x + y - 4, 0)
        assert polygon_box_intersection(TRIANGLE, [[0, 0, x, y]])[0] == pytest.approx(x * y - beyond**2 / 2, abs=1e-12)

    def test_a_small_polygon_far_away_keeps_its_digits(self):
        near = np.array([[0.0, 0], [7, 1], [9, 6], [4, 3], [1, 8]]) / 2**12
        far = near + 2.0**20  # exact in float64, so that the answers may differ by rounding inside only
        boxes = np.array([[1, 1, 6, 6], [0, 0, 9, 8], [2, 0, 3, 9], [-50, -50, 4, 4]]) / 2**12
        expected = [clipped_area(near, box) for box in boxes]
        np.testing.assert_allclose(polygon_box_intersection(far, boxes + 2.0**20), expected, rtol=1e-12)
        np.testing.assert_allclose(polygon_box_iou(far, boxes + 2.0**20), polygon_box_iou(near, boxes), rtol=1e-12)
        assert polygon_area(far) == polygon_area(near)

    @pytest.mark.parametrize("reach", [1e3, 1e9, 1e17])
    def test_a_huge_box_holds_exactly_the_polygon(self, reach):
        polygon = shapes.circle(11, 3, center=(0.7, 0.2))
        boxes = [[-reach, -reach, reach, reach], [-reach, -reach, reach, 0.2], [0.7, -reach, reach, reach]]
        expected = [clipped_area(polygon, np.clip(box, -10, 10)) for box in boxes]
        np.testing.assert_allclose(polygon_box_intersection(polygon, boxes), expected, rtol=1e-12)


class TestCornerArea:
    def test_worked_out_by_hand(self):
        edges = polygon_edges(TRIANGLE)
        x, y = [0, 1, 2, 4, 9, 9, 1, 2, -1], [9, 1, 2, 4, 9, 1, 9, 3, 3]
        np.testing.assert_allclose(corner_area(edges, x, y), [0, 1, 4, 8, 8, 3.5, 3.5, 5.5, 0])

    def test_takes_the_shape_of_its_points(self):
        edges = polygon_edges(TRIANGLE)
        assert corner_area(edges, 1, 1).shape == ()
        np.testing.assert_allclose(corner_area(edges, [[1], [2]], [1, 2, 9]), [[1, 2, 3.5], [2, 4, 6]])

    @examples(60)
    @given(shapes.masks(), st.data())
    def test_agrees_with_counted_pixels_also_where_pixels_touch_by_a_corner(self, mask, data):
        x, y = data.draw(st.integers(0, mask.shape[1])), data.draw(st.integers(0, mask.shape[0]))
        assert corner_area(mask_edges(mask), x, y) == pytest.approx(mask[:y, :x].sum(), abs=1e-12)

    def test_no_edges_hold_no_area(self):
        assert corner_area(np.zeros((0, 4)), 1, 1) == 0

    @pytest.mark.parametrize("block", [1, 7, 100])
    def test_working_in_blocks_changes_nothing(self, block, monkeypatch):
        edges = polygon_edges(shapes.circle(20))
        x, y = np.random.default_rng(3).uniform(-1, 1, (2, 50))
        whole = corner_area(edges, x, y)
        monkeypatch.setattr(polygons, "BLOCK", block)
        np.testing.assert_allclose(corner_area(edges, x, y), whole, rtol=0, atol=1e-14)

    def test_an_intersection_is_never_negative_nor_more_than_the_box(self):
        edges = polygon_edges(shapes.circle(50, center=(1e3, 1e3)))
        low = np.random.default_rng(4).uniform(998, 1002, (2000, 2))
        boxes = np.concatenate([low, low + 1e-9], axis=1)
        inside = edges_box_intersection(edges, boxes)
        assert np.all(inside >= 0)
        assert np.all(inside <= box_area(boxes))


class TestEdges:
    @examples(40)
    @given(shapes.polygons())
    def test_the_outline_runs_clockwise_on_the_screen(self, polygon):
        edges = polygon_edges(polygon)
        np.testing.assert_array_equal(np.roll(edges[:, :2], -1, axis=0), edges[:, 2:])
        assert signed_area(edges[:, :2]) > 0
        assert {tuple(vertex) for vertex in edges[:, :2]} == {tuple(vertex) for vertex in polygon}

    def test_a_hole_runs_the_other_way(self):
        for rings in (RING, [ring[::-1] for ring in RING]):
            edges = polygon_edges(rings)
            assert signed_area(edges[:4, :2]) > 0
            assert signed_area(edges[4:, :2]) < 0

    @examples(40)
    @given(shapes.polygons(), st.data())
    def test_two_vertices_exchanged_make_edges_cross(self, polygon, data):
        convex = shapes.circle(data.draw(st.integers(4, 12)), 5)
        k = data.draw(st.integers(0, len(convex) - 1))
        swapped = np.roll(convex, k, axis=0)
        swapped[[0, 1]] = swapped[[1, 0]]
        with pytest.raises(ValueError, match="polygon must not cross or touch itself"):
            polygon_edges(swapped)
        polygon_edges(polygon)  # and a simple one is let through

    @pytest.mark.parametrize(
        "ring",
        [
            [[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]],  # a vertex on an edge
            [[0, 0], [2, 2], [4, 0], [4, 4], [2, 2], [0, 4]],  # two vertices in one place
            [[0, 0], [4, 0], [4, 4], [4, 0], [0, 4]],  # an edge folded back
            [[0, 0], [4, 0], [2, 0], [2, 4]],  # an edge folded back in part
            [[0, 0], [6, 0], [6, 2], [4, 2], [4, 0], [2, 0], [2, 2], [0, 2]],  # an edge along another
        ],
    )
    def test_touching_is_refused(self, ring):
        for k in range(len(ring)):
            for turned in (np.roll(ring, k, axis=0), np.roll(ring, k, axis=0)[::-1]):
                with pytest.raises(ValueError, match="must not cross or touch itself"):
                    polygon_edges(turned)

    def test_vertices_in_line_are_let_through(self):
        ring = [[0, 0], [1, 0], [2, 0], [2, 2], [1, 2], [0, 2], [0, 1]]
        assert polygon_area(ring) == 4

    def test_the_meeting_edges_are_named(self):
        with pytest.raises(ValueError, match=r"edge 0 at \[0.0, 0.0\] meets its edge 2 at \[1.0, 0.0\]"):
            polygon_edges(shapes.BOW_TIE)

    @pytest.mark.parametrize(
        ("hole", "problem"),
        [
            (UNIT_SQUARE + 3.5, "must not cross or touch itself"),
            (UNIT_SQUARE + np.array([3, 1]), "must not cross or touch itself"),
            (UNIT_SQUARE * 4, "must not cross or touch itself"),
            (UNIT_SQUARE + 9, r"polygon\[1\] is a hole and must lie inside polygon\[0\]"),
            (UNIT_SQUARE * 9 - 2, r"polygon\[1\] is a hole and must lie inside polygon\[0\]"),
        ],
    )
    def test_a_hole_must_lie_inside_the_outline(self, hole, problem):
        with pytest.raises(ValueError, match=problem):
            polygon_edges([UNIT_SQUARE * 4, hole])

    def test_a_hole_must_not_lie_in_a_hole(self):
        with pytest.raises(ValueError, match="in no other hole"):
            polygon_edges([UNIT_SQUARE * 8, UNIT_SQUARE * 6 + 1, UNIT_SQUARE * 2 + 3])
        assert polygon_area([UNIT_SQUARE * 8, UNIT_SQUARE * 2 + 1, UNIT_SQUARE * 2 + 5]) == 56

    @examples(60)
    @given(shapes.polygons(), st.data())
    def test_holes_beside_the_outline_are_told_from_holes_inside(self, polygon, data):
        x = data.draw(st.one_of(numbers(-40, 40), st.sampled_from(polygon[:, 0].tolist())))
        y = data.draw(st.one_of(numbers(-40, 40), st.sampled_from(polygon[:, 1].tolist())))
        sides = np.roll(polygon, -1, axis=0) - polygon
        along = np.clip(np.sum((np.array([x, y]) - polygon) * sides, axis=1) / np.sum(sides**2, axis=1), 0, 1)
        to_the_line = np.hypot(*(polygon + along[:, None] * sides - [x, y]).T).min()
        assume(to_the_line > 1e-6)  # a point on the line is neither inside nor outside
        inside = bool(shapes.holds(polygon, np.array([[x, y]]))[0])
        assert polygons._encloses(polygon, np.array([x, y])) == inside
