"""What goes through the wire comes out the same; what could do harm does not come out."""

import contextlib
import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from minimask.classroom import wire
from minimask.exercises.answers import same

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(...)
ARRAYS = of_numpy.arrays(
    st.sampled_from([np.bool_, np.int8, np.int64, np.uint16, np.float32, np.float64]),
    of_numpy.array_shapes(min_dims=0, min_side=0),
)
VALUES = st.recursive(PLAIN | ARRAYS, lambda inner: st.lists(inner) | st.lists(inner).map(tuple), max_leaves=8)


@given(VALUES)
def test_values_come_out_as_they_went_in(value):
    back = wire.decode(wire.encode(value))
    assert type(back) is type(value)
    assert same(back, value)


@given(st.floats(width=32))
def test_a_numpy_number_stays_one(number):
    back = wire.decode(wire.encode(np.float32(number)))
    assert type(back) is np.float32


@given(st.binary())
def test_nonsense_is_refused_or_harmless(message):
    with contextlib.suppress(wire.NonsenseError):
        wire.decode(message)


def packed(tree, body=b""):
    text = json.dumps(tree).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


@pytest.mark.parametrize(
    ("tree", "body"),
    [
        ({"a": 1}, b""),
        (["array", "|O", [1], False], b"\0" * 8),
        (["array", "<f8", [-1], False], b""),
        (["array", "<f8", [2], False], b"\0" * 8),
        (["array", "<f8", [10**9, 10**9], False], b"\0" * 8),
        (["array", "no kind", [1], False], b""),
        (["list"], b""),
        (["pickle", "gASV"], b""),
        ([], b""),
        ([["list"], []], b""),
        (["dict", [[["list", []], 1]]], b""),
        (1, b"more"),
    ],
    ids=str,
)
def test_messages_that_are_none(tree, body):
    with pytest.raises(wire.NonsenseError):
        wire.decode(packed(tree, body))


def test_halves_of_characters_are_mended():
    assert wire.decode(wire.encode(["\ud800a", "é😀"])) == ["?a", "é😀"]


def test_a_message_that_is_too_deep():
    tree = 1
    for _ in range(wire.DEEPEST + 2):
        tree = ["list", [tree]]
    with pytest.raises(wire.NonsenseError):
        wire.decode(packed(tree))
    bottomless = b"[" * 10**5
    with pytest.raises(wire.NonsenseError):
        wire.decode(struct.pack(">II", len(bottomless), 0) + bottomless)


def test_a_message_that_is_too_large_is_not_even_read():
    class Endless(io.BytesIO):
        def read(self, size=-1):
            assert size <= 8
            return struct.pack(">II", 2**31, 0)

    with pytest.raises(wire.NonsenseError, match="too large"):
        wire.receive(Endless())
    with pytest.raises(wire.NonsenseError, match="too much"):
        wire.encode(np.zeros(wire.MOST_BYTES // 8 + 1))


def test_a_million_numbers_with_all_their_digits_are_not_too_much_even_as_lists():
    numbers = np.random.default_rng(0).random((1000, 1000)).tolist()
    assert wire.decode(wire.encode(numbers)) == numbers


def test_objects_come_out_as_strangers_and_kinds_of_numbers_as_numbers():
    class Yes(float):
        def __eq__(self, other):
            return True

        __hash__ = None

    back = wire.decode(wire.encode([Yes(7), Yes, {1, 2}]))
    assert type(back[0]) is float
    assert [type(one).__name__ for one in back[1:]] == ["type", "set"]
    assert all(isinstance(one, wire.Stranger) for one in back[1:])
