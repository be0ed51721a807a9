"""Shapes, boxes and slow, plain measurements that the tests of this folder share."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

UNIT_SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
TRIANGLE = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
DIAMOND = np.array([[0.0, -1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
BOW_TIE = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def examples(count):
    """Return the settings of a property test: so many examples, and no clock."""
    return settings(max_examples=count, deadline=None)


def numbers(low, high):
    return st.floats(low, high, allow_nan=False, width=64)


def circle(vertices, radius=1.0, center=(0.0, 0.0)):
    """Return a regular polygon inscribed in a circle, turned so that no edge is level or upright."""
    angle = (np.arange(vertices) + 0.3) * 2 * np.pi / vertices
    return np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], axis=1)


def polar_polygon(gaps, radii, center=(0.0, 0.0), start=0.0):
    """Return the polygon whose vertices lie at these radii around a center, this far apart in angle.

    With every gap below half a turn the polygon is simple: it is seen whole from its center.
    """
    angle = start + np.cumsum(gaps) / np.sum(gaps) * 2 * np.pi
    return np.asarray(center) + np.asarray(radii)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def random_polygon(rng, most_vertices=16, size=10.0):
    """Return a polygon seen whole from its center, deeply notched as often as convex."""
    count = int(rng.integers(3, most_vertices + 1))
    shallow = rng.choice([0.1, 0.4, 0.9])
    gaps = rng.uniform(0.65, 1, count)
    return polar_polygon(gaps, size * rng.uniform(shallow, 1, count), rng.uniform(-20, 20, 2), rng.uniform(0, 6))


@st.composite
def polygons(draw, most_vertices=10):
    """Draw a simple polygon, convex or not, wound either way."""
    count = draw(st.integers(3, most_vertices))
    gaps = draw(st.lists(numbers(0.65, 1), min_size=count, max_size=count))
    radii = draw(st.lists(numbers(0.1, 1), min_size=count, max_size=count))
    center = [draw(numbers(-30, 30)), draw(numbers(-30, 30))]
    polygon = polar_polygon(gaps, draw(numbers(0.5, 30)) * np.array(radii), center, draw(numbers(0, 6)))
    return polygon[::-1] if draw(st.booleans()) else polygon


@st.composite
def boxes_near(draw, polygon, count=6):
    """Draw boxes around, on, in and beside a polygon, many with a side that runs through a vertex."""
    rows = []
    for _ in range(count):
        sides = []
        for axis in (0, 1):
            values = polygon[:, axis]
            low, high = values.min(), values.max()
            margin = (high - low) / 2
            side = st.one_of(numbers(low - margin, high + margin), st.sampled_from(values.tolist()))
            sides.append(sorted([draw(side), draw(side)]))
        (x1, x2), (y1, y2) = sides
        rows.append([x1, y1, x2, y2])
    return np.array(rows)


@st.composite
def integer_boxes(draw, most=5, limit=12):
    """Draw boxes (N, 4) of whole numbers, some without area."""
    rows = []
    for _ in range(draw(st.integers(1, most))):
        x1, x2 = sorted(draw(st.tuples(st.integers(0, limit), st.integers(0, limit))))
        y1, y2 = sorted(draw(st.tuples(st.integers(0, limit), st.integers(0, limit))))
        rows.append([x1, y1, x2, y2])
    return np.array(rows)


@st.composite
def float_boxes(draw, most=5, limit=100.0):
    """Draw boxes (N, 4), some without area, some equal."""
    rows = []
    for _ in range(draw(st.integers(1, most))):
        x1, x2 = sorted(draw(st.tuples(numbers(-limit, limit), numbers(-limit, limit))))
        y1, y2 = sorted(draw(st.tuples(numbers(-limit, limit), numbers(-limit, limit))))
        rows.append([x1, y1, x2, y2])
    return np.array(rows)


@st.composite
def masks(draw, most_rows=7, most_columns=7, some=True):
    """Draw a mask (H, W), often not square; with `some`, at least one pixel is set."""
    rows, columns = draw(st.integers(1, most_rows)), draw(st.integers(1, most_columns))
    pixels = draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    mask = np.array(pixels).reshape(rows, columns)
    if some and not mask.any():
        mask[draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))] = True
    return mask


def shoelace(ring):
    """Return the unsigned area of a ring by the formula, one edge at a time."""
    twice = 0.0
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        twice += (ax - ring[0][0]) * (by - ring[0][1]) - (bx - ring[0][0]) * (ay - ring[0][1])
    return abs(twice) / 2


def holds(ring, points):
    """Return which points `(P, 2)` lie inside a ring: a ray to the right meets it an odd number of times."""
    inside = np.zeros(len(points), dtype=bool)
    x, y = points.T
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return inside


def pixels_of(box, size):
    """Return the mask of a box with whole sides."""
    x1, y1, x2, y2 = (int(side) for side in box)
    mask = np.zeros(size, dtype=bool)
    mask[y1:y2, x1:x2] = True
    return mask


def outline(box):
    """Return a box `(4,)` as a polygon `(4, 2)`."""
    x1, y1, x2, y2 = box
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
