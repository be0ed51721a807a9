import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimask.geometry.boxes import FORMATS, box_area, box_convert, box_intersection, box_iou, clip_boxes_to_image

from .shapes_for_tests import examples, float_boxes, integer_boxes, numbers, pixels_of

SIZE = (12, 12)


def test_numbers_worked_out_by_hand():
    a = [[0, 0, 2, 2], [1, 1, 4, 3]]
    b = [[1, 1, 3, 3], [0, 0, 2, 2], [2, 0, 5, 1], [0, 0, 4, 4]]
    np.testing.assert_array_equal(box_area(b), [4, 4, 3, 16])
    np.testing.assert_array_equal(box_intersection(a, b), [[1, 4, 0, 4], [4, 1, 0, 6]])
    np.testing.assert_array_equal(box_iou(a, b), [[1 / 7, 1, 0, 4 / 16], [4 / 6, 1 / 9, 0, 6 / 16]])


def test_a_width_has_no_plus_one():
    assert box_area([[3, 5, 3, 5]]) == [0]
    assert box_iou([[0, 0, 1, 1]], [[1, 0, 2, 1]]) == [[0]]


@examples(80)
@given(integer_boxes(), integer_boxes())
def test_measures_agree_with_counted_pixels(boxes1, boxes2):
    for i, a in enumerate(boxes1):
        for j, b in enumerate(boxes2):
            in_a, in_b = pixels_of(a, SIZE), pixels_of(b, SIZE)
            both, either = (in_a & in_b).sum(), (in_a | in_b).sum()
            assert box_area(boxes1)[i] == in_a.sum()
            assert box_intersection(boxes1, boxes2)[i, j] == both
            assert box_iou(boxes1, boxes2)[i, j] == (both / either if either else 0)


@examples(80)
@given(float_boxes(), float_boxes())
def test_iou_is_symmetric_and_lies_between_0_and_1(boxes1, boxes2):
    iou = box_iou(boxes1, boxes2)
    np.testing.assert_array_equal(iou, box_iou(boxes2, boxes1).T)
    assert iou.min() >= 0
    assert iou.max() <= 1


@examples(80)
@given(float_boxes())
def test_a_box_has_iou_1_with_itself_and_0_if_it_has_no_area(boxes):
    np.testing.assert_array_equal(np.diag(box_iou(boxes, boxes)), (box_area(boxes) > 0).astype(float))


@examples(60)
@given(integer_boxes(), integer_boxes(), st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(-10, 10))
def test_iou_does_not_change_when_the_picture_moves_or_grows(boxes1, boxes2, dx, dy, power):
    shift = np.array([dx, dy, dx, dy])
    iou = box_iou(boxes1, boxes2)
    np.testing.assert_array_equal(box_iou(boxes1 + shift, boxes2 + shift), iou)
    np.testing.assert_array_equal(box_iou(boxes1 * 2.0**power, boxes2 * 2.0**power), iou)


@examples(60)
@given(float_boxes(), float_boxes())
def test_float32_agrees_with_float64(boxes1, boxes2):
    boxes1, boxes2 = boxes1.astype(np.float32), boxes2.astype(np.float32)
    single, double = box_iou(boxes1, boxes2), box_iou(boxes1.astype(float), boxes2.astype(float))
    assert single.dtype == np.float32
    np.testing.assert_allclose(
        box_intersection(boxes1, boxes2), box_intersection(boxes1.astype(float), boxes2), 1e-4, 1e-2
    )
    thick = np.logical_and.outer(box_area(boxes1) > 1, box_area(boxes2) > 1)
    np.testing.assert_allclose(single[thick], double[thick], atol=1e-3)


@pytest.mark.parametrize(
    ("given_type", "result_type"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.float16, np.float64), (np.int64, np.float64),
     (np.int32, np.float64), (np.uint8, np.float64)],
)  # fmt: skip
def test_floats_keep_their_type_and_whole_numbers_become_float64(given_type, result_type):
    boxes = np.array([[1, 2, 5, 9], [0, 0, 3, 3]], dtype=given_type)
    results = [box_area(boxes), box_intersection(boxes, boxes), box_iou(boxes, boxes)]
    results += [clip_boxes_to_image(boxes, (4, 4)), *(box_convert(boxes, "xyxy", fmt) for fmt in FORMATS)]
    assert [result.dtype for result in results] == [result_type] * len(results)


def test_small_unsigned_numbers_do_not_wrap_around():
    boxes = np.array([[0, 0, 200, 200], [100, 0, 250, 250]], dtype=np.uint8)
    np.testing.assert_array_equal(box_area(boxes), [40000, 37500])
    assert box_intersection(boxes[1:], boxes[:1]) == [[20000]]


@pytest.mark.parametrize("empty", [[], np.zeros((0, 4)), np.zeros((0, 4), np.float32)])
def test_no_boxes_are_boxes_too(empty):
    three = np.tile([0.0, 0, 1, 1], (3, 1))
    assert box_area(empty).shape == (0,)
    assert box_iou(empty, three).shape == (0, 3)
    assert box_iou(three, empty).shape == (3, 0)
    assert box_intersection(empty, empty).shape == (0, 0)
    assert clip_boxes_to_image(empty, (2, 2)).shape == (0, 4)
    for fmt in FORMATS:
        assert box_convert(empty, fmt, "xyxy").shape == (0, 4)


def test_conversions_worked_out_by_hand():
    same = {"xyxy": [2, 1, 6, 4], "xywh": [2, 1, 4, 3], "cxcywh": [4, 2.5, 4, 3]}
    for before, boxes in same.items():
        for after, expected in same.items():
            np.testing.assert_array_equal(box_convert([boxes], before, after), [expected])


@examples(60)
@given(float_boxes(), st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_conversions_there_and_back(boxes, first, second):
    written = box_convert(boxes, "xyxy", first)
    rewritten = box_convert(written, first, second)
    np.testing.assert_allclose(box_convert(rewritten, second, "xyxy"), boxes, rtol=0, atol=1e-12)


def test_a_conversion_to_the_same_format_is_a_copy():
    boxes = np.array([[0.0, 0, 1, 1]])
    box_convert(boxes, "xyxy", "xyxy")[0, 0] = 9
    assert boxes[0, 0] == 0


def test_clipping_worked_out_by_hand():
    boxes = [[-3, 2, 5, 20], [1, 1, 2, 2], [7, -5, 9, -1], [-2, 12, -1, 15]]
    expected = [[0, 2, 4, 10], [1, 1, 2, 2], [4, 0, 4, 0], [0, 10, 0, 10]]
    np.testing.assert_array_equal(clip_boxes_to_image(boxes, (10, 4)), expected)


@examples(60)
@given(float_boxes(), st.integers(1, 80), st.integers(1, 80))
def test_clipping_keeps_exactly_what_lies_inside(boxes, height, width):
    clipped = clip_boxes_to_image(boxes, (height, width))
    np.testing.assert_array_equal(clip_boxes_to_image(clipped, (height, width)), clipped)
    image = [[0, 0, width, height]]
    np.testing.assert_allclose(box_area(clipped), box_intersection(boxes, image)[:, 0], rtol=0, atol=1e-9)
    assert clipped.min() >= 0
    assert (clipped.max(axis=0) <= [width, height, width, height]).all()


@examples(40)
@given(numbers(1e-6, 1e17), numbers(1e-6, 1e17))
def test_boxes_of_any_size_have_an_iou(width, height):
    boxes = np.array([[0, 0, width, height], [0, 0, width / 2, height]])
    np.testing.assert_allclose(box_iou(boxes, boxes), [[1, 0.5], [0.5, 1]], rtol=1e-12)
    np.testing.assert_allclose(box_iou(boxes.astype(np.float32), boxes.astype(np.float32)), [[1, 0.5], [0.5, 1]], 1e-5)
