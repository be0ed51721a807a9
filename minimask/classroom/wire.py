"""The wire: values between the judge and the process that runs a student's function, as bytes that can do no harm.

What comes from that process may be made to deceive. So nothing is unpickled: a message is JSON and the bytes of
arrays. It gives numbers, texts, lists, tuples, dictionaries and arrays of numbers, or is refused. Any other object
arrives as a stranger that only knows its name: no `__eq__` of a student's ever runs beside the grades.

The student's process reads this file too: nothing of minimask may be imported here.
"""

from __future__ import annotations

import json
import math
import struct
from typing import IO, Any

import numpy as np

MOST_BYTES = 64 * 2**20
MOST_TEXT = 24 * 2**20
"""A right answer may be a list of a thousand lists of a thousand numbers of twenty digits."""
DEEPEST = 32
_HEAD = struct.Struct(">II")


class NonsenseError(ValueError):
    """A message that cannot be read, or that is too large."""


class Stranger:
    """An object of a kind that does not go through the wire; its class has the name of the original's."""


def encode(value: object) -> bytes:
    """Return a value as bytes.

    Raises
    ------
    NonsenseError
        If it is too large, or too deep.

    Examples
    --------
    >>> decode(encode((1, [2.5, None], np.arange(3))))
    (1, [2.5, None], array([0, 1, 2]))
    """
    arrays: list[bytes] = []
    text = json.dumps(_tree(value, arrays, 0), separators=(",", ":")).encode()
    body = b"".join(arrays)
    if len(text) > MOST_TEXT or len(body) > MOST_BYTES:
        raise NonsenseError(f"{(len(text) + len(body)) / 2**20:.0f} MB are too much for an answer")
    return _HEAD.pack(len(text), len(body)) + text + body


def decode(message: bytes) -> Any:  # noqa: ANN401
    """Return the value that some bytes stand for.

    Raises
    ------
    NonsenseError
        If they stand for none.
    """
    try:
        size, _ = _HEAD.unpack(message[: _HEAD.size])
        tree = json.loads(message[_HEAD.size : _HEAD.size + size])
        return _value(tree, message[_HEAD.size + size :], 0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, struct.error) as error:
        raise NonsenseError(f"a message that cannot be read: {type(error).__name__}") from error


def send(stream: IO[bytes], value: object) -> None:
    """Write a value to a stream."""
    stream.write(encode(value))
    stream.flush()


def receive(stream: IO[bytes]) -> Any:  # noqa: ANN401
    """Return the next value of a stream.

    Raises
    ------
    EOFError
        If there is none.
    NonsenseError
        If it cannot be read.
    """
    head = _exactly(stream, _HEAD.size)
    text, body = _HEAD.unpack(head)
    if text > MOST_TEXT or body > MOST_BYTES:
        raise NonsenseError("a message that is too large")
    return decode(head + _exactly(stream, text + body))


def _exactly(stream: IO[bytes], size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise EOFError("the other side has gone")
    return read


def _tree(value: object, arrays: list[bytes], depth: int) -> object:
    """Return a value as JSON has them, with its arrays put aside. Each kind but the plainest is a list with a name."""
    if depth > DEEPEST:
        raise NonsenseError(f"an answer that is more than {DEEPEST} levels deep")
    if hasattr(value, "detach"):  # a tensor
        value = value.detach().cpu().numpy()
    if value is None or isinstance(value, bool):
        return value
    if value is ...:
        return ["dots"]
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        array = np.ascontiguousarray(value)
        arrays.append(array.tobytes())
        return ["array", array.dtype.str, list(np.shape(value)), isinstance(value, np.generic)]
    if isinstance(value, int) and -(2**1000) < value < 2**1000:
        return int(value)
    if isinstance(value, float | str):
        return float(value) if isinstance(value, float) else str(value)
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, list | tuple):
        return ["tuple" if isinstance(value, tuple) else "list", [_tree(item, arrays, depth + 1) for item in value]]
    if isinstance(value, dict):
        pairs = [[_tree(key, arrays, depth + 1), _tree(item, arrays, depth + 1)] for key, item in value.items()]
        return ["dict", pairs]
    return ["stranger", type(value).__name__]


def _value(tree: Any, body: bytes, depth: int) -> object:  # noqa: ANN401
    """Return the value of a tree, whose arrays stand in the body in the order in which the tree names them."""
    reader = _Reader(body)
    value = reader.value(tree, depth)
    reader.end()
    return value


def _clean(text: str) -> str:
    """Return a text that can be written to any file: without halves of characters."""
    return text.encode(errors="replace").decode()


class _Reader:
    """Reads a tree, and takes its arrays from the body one after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def value(self, tree: Any, depth: int) -> object:  # noqa: ANN401
        if depth > DEEPEST:
            raise NonsenseError("a message that is too deep")
        if not isinstance(tree, list):
            if isinstance(tree, dict):
                raise NonsenseError("a message of an unknown kind")
            return _clean(tree) if isinstance(tree, str) else tree
        kind, *rest = tree
        if kind in ("list", "tuple"):
            items = [self.value(item, depth + 1) for item in rest[0]]
            return tuple(items) if kind == "tuple" else items
        if kind == "dict":
            return {self.value(key, depth + 1): self.value(item, depth + 1) for key, item in rest[0]}
        if kind == "array":
            return self._array(*rest)
        if kind == "complex":
            return complex(*rest)
        if kind == "dots":
            return ...
        if kind == "stranger":
            return type(_clean(str(rest[0]))[:60], (Stranger,), {})()
        raise NonsenseError("a message of an unknown kind")

    def _array(self, name: str, shape: list[int], scalar: bool) -> object:
        kind = np.dtype(name)
        if kind.kind not in "biufc" or kind.hasobject or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise NonsenseError("an array of an unknown kind")
        size = kind.itemsize * math.prod(shape)
        piece = self._body[self._at : self._at + size]
        self._at += size
        array = np.frombuffer(piece, kind).reshape(shape).copy()
        return array[()] if scalar and not shape else array

    def end(self) -> None:
        if self._at != len(self._body):
            raise NonsenseError("a message with something behind its end")
