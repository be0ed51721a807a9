"""Answers: reading what a learner's function returned, comparing it with the right answer, and saying both in words.

A reader takes whatever came back (a Python number, a NumPy scalar, a list, an array, a tensor) and returns plain Python
values, or raises `UnreadableError` with what was asked for and what was given instead.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
TOLERANCE = 1e-6
LONGEST_ROW = 12


class UnreadableError(Exception):
    """What came back is not the kind of thing that was asked for; the message ends a sentence of the check."""


def read_number(answer: object, wanted: str = "one number") -> float:
    """Return a finite float.

    Examples
    --------
    >>> read_number(np.float32(0.5))
    0.5
    >>> read_number([0.5])
    Traceback (most recent call last):
    minimask.exercises.answers.UnreadableError: the answer should be one number; yours gave a list of 1: [0.5]
    """
    value = _plain(answer)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise UnreadableError(f"the answer should be {wanted}; yours gave {kind_of(answer)}")
    value = float(value)
    if not math.isfinite(value):
        cause = "0 divided by 0 or 0 times inf" if math.isnan(value) else "a division by 0 or the logarithm of 0"
        raise UnreadableError(f"the answer should be {wanted}; yours gave {value}, as {cause} does")
    return value


def read_numbers(answer: object, count: int, wanted: str) -> tuple[float, ...]:
    """Return `count` finite floats from a tuple, list, array or tensor.

    Examples
    --------
    >>> read_numbers(np.arange(3), 3, "three numbers")
    (0.0, 1.0, 2.0)
    """
    value = _plain(answer)
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple) or len(value) != count:
        raise UnreadableError(f"the answer should be {wanted}; yours gave {kind_of(answer)}")
    try:
        return tuple(read_number(item) for item in value)
    except UnreadableError:
        raise UnreadableError(f"the answer should be {wanted}; yours gave {words(value)}") from None


def read_whole_numbers(answer: object, count: int, wanted: str) -> tuple[int, ...]:
    """Return `count` whole numbers; a float counts if it is whole.

    Examples
    --------
    >>> read_whole_numbers([0, 2.0], 2, "two whole numbers")
    (0, 2)
    """
    values = read_numbers(answer, count, wanted)
    if any(value != int(value) for value in values):
        raise UnreadableError(f"the answer should be {wanted}; yours gave {words(values)}")
    return tuple(int(value) for value in values)


def read_array(answer: object, dimensions: int, wanted: str) -> FloatArray:
    """Return an array of finite floats with so many dimensions, from an array, a tensor or nested lists.

    Examples
    --------
    >>> read_array([[0, 1], [2, 3]], 2, "an array (H, W)")
    array([[0., 1.],
           [2., 3.]])
    >>> read_array([[0, 1], [2]], 2, "an array (H, W)")
    Traceback (most recent call last):
    minimask.exercises.answers.UnreadableError: the answer should be an array (H, W); yours gave rows of unequal length
    """
    try:
        array = np.asarray(_plain(answer))
    except ValueError:
        raise UnreadableError(f"the answer should be {wanted}; yours gave rows of unequal length") from None
    if array.dtype.kind not in "iuf" or array.ndim != dimensions:
        raise UnreadableError(f"the answer should be {wanted}; yours gave {kind_of(answer)}")
    values: FloatArray = array.astype(np.float64)
    odd = values[~np.isfinite(values)]
    if odd.size:
        raise UnreadableError(f"the answer should be {wanted}; yours gave one with {odd[0]} in it")
    return values


def read_whole_array(answer: object, dimensions: int, wanted: str) -> FloatArray:
    """Return an array of whole numbers with so many dimensions; floats count if they are whole.

    Examples
    --------
    >>> read_whole_array([1.0, 2.0], 1, "a row of whole numbers")
    array([1., 2.])
    >>> read_whole_array([1, 2.5], 1, "a row of whole numbers")
    Traceback (most recent call last):
    minimask.exercises.answers.UnreadableError: the answer should be a row of whole numbers; yours gave [1, 2.5]
    """
    values = read_array(answer, dimensions, wanted)
    if (values != np.floor(values)).any():
        raise UnreadableError(f"the answer should be {wanted}; yours gave {words(values, 4)}")
    return values


def compare_numbers(expected: object, answer: object, *_: object) -> str | None:
    """Return None if two numbers, or two rows of numbers, agree to a millionth, else a complaint.

    Examples
    --------
    >>> compare_numbers(0.5, 0.5 + 1e-9)
    >>> compare_numbers((0, 1), (0, 1.5))
    'the answer should be (0, 1); yours gave (0, 1.5)'
    """
    if np.allclose(np.asarray(answer), np.asarray(expected), rtol=TOLERANCE, atol=TOLERANCE):
        return None
    return "the answer should be {}; yours gave {}".format(*_told_apart(expected, answer))


def compare_named(*names: str) -> Callable[..., str | None]:
    """Return a comparison of two rows of numbers, whose complaint names the first wrong one.

    Examples
    --------
    >>> compare = compare_named("width", "height")
    >>> compare((1, 2), (1, 2 + 1e-9))
    >>> compare((1, 2), (1, 2.5))
    'the height should be 2; yours gave 2.5'
    """

    def compare(expected: Sequence[float], answer: Sequence[float], *_: object) -> str | None:
        for name, right, yours in zip(names, expected, answer, strict=True):
            if not np.isclose(yours, right, rtol=TOLERANCE, atol=TOLERANCE):
                return "the {} should be {}; yours gave {}".format(name, *_told_apart(right, yours, 6))
        return None

    return compare


def wrong_places(expected: FloatArray, answer: FloatArray) -> NDArray[np.bool_]:
    """Return where two arrays of one shape differ by more than a millionth."""
    return ~np.isclose(answer, expected, rtol=TOLERANCE, atol=TOLERANCE)


def compare_arrays(*axes: str) -> Callable[..., str | None]:
    """Return a comparison of two arrays, whose complaint names the first wrong place by the names of the axes.

    Examples
    --------
    >>> compare = compare_arrays("row", "column")
    >>> compare(np.eye(2), np.eye(2))
    >>> compare(np.eye(2), np.ones((2, 2)))
    'the number at row 0, column 1 should be 0; yours gave 1 there. 2 of 4 numbers are wrong'
    >>> compare(np.eye(2), np.eye(3))
    'the answer should be an array of shape (2, 2); yours gave one of shape (3, 3)'
    """

    def compare(expected: FloatArray, answer: FloatArray, *_: object) -> str | None:
        if answer.shape != expected.shape:
            return f"the answer should be an array of shape {expected.shape}; yours gave one of shape {answer.shape}"
        wrong = wrong_places(expected, answer)
        if not wrong.any():
            return None
        first = tuple(np.argwhere(wrong)[0])
        place = ", ".join(f"{axis} {k}" for axis, k in zip(axes, first, strict=True))
        right, yours = _told_apart(expected[first], answer[first])
        complaint = f"the number at {place} should be {right}; yours gave {yours} there"
        if wrong.size == 1:
            return complaint
        return f"{complaint}. {wrong.sum()} of {wrong.size} numbers {'is' if wrong.sum() == 1 else 'are'} wrong"

    return compare


def _told_apart(expected: object, answer: object, few: int = 4) -> tuple[str, str]:
    """Return two values that differ in words that differ: to a few digits if these suffice, else to 12."""
    for digits in (few, 12):
        right, yours = words(expected, digits), words(answer, digits)
        if right != yours:
            break
    return right, yours


def same(a: object, b: object) -> bool:
    """Return whether two values are equal all the way down: arrays, rows of arrays, numbers."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    a, b = _plain(a), _plain(b)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        first, second = np.asarray(a), np.asarray(b)
        return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    return a is b or bool(a == b) or (a != a and b != b)


def words(value: object, digits: int = 12) -> str:
    """Return a value in few words, with numbers to so many digits and whole numbers without a point.

    Examples
    --------
    >>> words((0.0, 1.5, -1 / 3), digits=4)
    '(0, 1.5, -0.3333)'
    >>> print(words(np.array([[True, False], [True, True]])))
    # .
    # #
    """
    value = _plain(value)
    if isinstance(value, np.ndarray):
        if is_mask(value):
            return "\n".join(" ".join("#" if pixel else "." for pixel in row) for row in value)
        if value.ndim > 1:
            return words([tuple(row.tolist()) if row.ndim == 1 else row for row in value], digits)
        value = value.tolist()
    if isinstance(value, tuple):
        return f"({_row(value, digits)}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{_row(value, digits)}]"
    if value is None or isinstance(value, bool | np.bool_ | str):
        return repr(value)
    if isinstance(value, numbers.Real):
        return f"{float(value) + 0.0:.{digits}g}"
    return f"a {type(value).__name__}"  # the value itself may be anything, an address in memory for example


def is_mask(value: object) -> bool:
    """Return whether a value is a Boolean array `(H, W)`, which is written as a block of lines."""
    return isinstance(value, np.ndarray) and value.dtype == np.bool_ and value.ndim == 2


def _row(values: Sequence[object], digits: int) -> str:
    shown = values if len(values) <= LONGEST_ROW else values[:4]
    rest = "" if len(values) <= LONGEST_ROW else f", ... {len(values)} in all"
    return ", ".join(words(value, digits) for value in shown) + rest


def kind_of(answer: object) -> str:
    """Return what kind of thing an answer is, with its value where that is short.

    Examples
    --------
    >>> kind_of(np.zeros((1, 4)))
    'an array of shape (1, 4)'
    """
    value = _plain(answer)
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}: {words(value, 4)}"
    if not isinstance(value, bool) and isinstance(value, numbers.Real):
        return f"the number {words(value, 4)}"
    return words(value)


def _plain(value: object) -> object:
    """Return a tensor (anything that can be detached from a graph) as an array, and all else as it is."""
    if hasattr(value, "detach"):
        array: NDArray[np.generic] = value.detach().cpu().numpy()
        return array
    return value
