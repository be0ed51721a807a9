"""The cages of the zoo: plausible answers to exercises, each with what the check should say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Function = Callable[..., object]


class Animal(NamedTuple):
    exercise: str
    function: Function
    says: str = ""
    slow: bool = False

    def __str__(self) -> str:
        return f"{self.exercise}-{self.function.__name__}"


WRONG: list[Animal] = []
RIGHT: list[Animal] = []


def wrong(exercise: str, says: str, slow: bool = False) -> Callable[[Function], Function]:
    """Keep a function that the exercise's check must reject, with a message that contains some words.

    A slow one is right on small inputs, and is only found on those that are too large for it.
    """

    def keep(function: Function) -> Function:
        WRONG.append(Animal(exercise, function, says, slow))
        return function

    return keep


def right(exercise: str) -> Callable[[Function], Function]:
    """Keep a function that the exercise's check must let pass."""

    def keep(function: Function) -> Function:
        RIGHT.append(Animal(exercise, function))
        return function

    return keep
