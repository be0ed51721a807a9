"""The exercise: one object that holds all there is to one exercise, from its statement to its check.

A chapter's exercises live in one folder named after the chapter, each in a file of its own. The stub that the notebook
shows is cut from the solution (its first lines and its docstring), so that the two cannot drift apart.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis.strategies import SearchStrategy

from minimask.exercises.answers import compare_numbers
from minimask.exercises.card import Note
from minimask.exercises.check import Finding, examine
from minimask.exercises.solutions import are_hidden

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Inputs = tuple[Any, ...]


class RefutedError(AssertionError):
    """A check found something wrong; `finding` has the details."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the words alone, for the way to them is not the reader's."""
        return [f"RefutedError: {self}"]


def _no_remark(*_: object) -> str:
    return ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Exercise:
    """One exercise.

    Attributes
    ----------
    id : str
        Chapter and number, such as ``"1.1"``.
    title, teaches : str
        A few words for the card.
    difficulty : int
        1 (a warm-up) to 5 (an evening).
    minutes : int
        How long a learner may well need.
    statement : str
        Markdown: what to write, the shapes and the conventions.
    by_hand : str
        Markdown: a small example, worked out.
    worked : (inputs, answer)
        The same example as values, which the tests hold against the solution.
    hints : tuple of str
        Markdown, from a nudge to nearly all.
    solution : callable
        Written as a learner would; its name, arguments and docstring are the stub's.
    explanation : str
        Markdown, shown with the solution.
    reference : callable
        The right answer, come by in another way than the solution's. It may raise one of `refuses`.
    read : callable
        Turns what a learner's function gave into plain values, or raises `answers.UnreadableError`.
    compare : callable ``(expected, answer, *inputs)``
        Returns None if the answer is right, else a complaint without a full stop.
    remark : callable ``(*inputs)``
        What is special about an input, for the end of a message.
    draw : callable ``(finding)``
        Draws a counterexample; the finding's `expected` or `answer` is None where there is none.
    examples, large_examples : tuple of inputs
        Tried before and after the drawn ones; the first from easy to hard.
    inputs : hypothesis strategy
        Draws tuples of arguments, on which no right answer fails by rounding.
    draws : int
        How many are drawn.
    refuses : tuple of exception types
        With which the function should refuse bad input.
    """

    id: str
    title: str
    difficulty: int
    minutes: int
    teaches: str
    statement: str
    by_hand: str
    worked: tuple[Inputs, object]
    hints: tuple[str, ...]
    solution: Callable[..., object]
    explanation: str
    reference: Callable[..., object]
    read: Callable[[object], object]
    draw: Callable[[Finding], Figure]
    examples: tuple[Inputs, ...]
    inputs: SearchStrategy[Inputs]
    compare: Callable[..., str | None] = compare_numbers
    remark: Callable[..., str] = _no_remark
    large_examples: tuple[Inputs, ...] = ()
    draws: int = 300
    refuses: tuple[type[Exception], ...] = ()

    def __repr__(self) -> str:
        return f"<Exercise {self.id}: {self.title}>"

    @property
    def chapter(self) -> int:
        """The number of the chapter."""
        return int(self.id.split(".")[0])

    @property
    def name(self) -> str:
        """The name of the function that is to be written."""
        return self.solution.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the function's arguments."""
        return tuple(inspect.signature(self.solution).parameters)

    @property
    def source(self) -> str:
        """The solution as text."""
        return textwrap.dedent(inspect.getsource(self.solution)).strip()

    @property
    def stub(self) -> str:
        """What a learner begins with: the solution down to its docstring, then three dots."""
        function = ast.parse(self.source).body[0]
        assert isinstance(function, ast.FunctionDef)
        last = function.body[0].end_lineno
        return "\n".join(self.source.splitlines()[:last]) + "\n    ..."

    def cells(self) -> tuple[str, str, str]:
        """Return the three code cells of a notebook: the card, the stub, and the attempt."""
        return f'exercises.card("{self.id}")', self.stub, f'exercises.attempt("{self.id}", {self.name})'

    def right_answer(self, inputs: Inputs) -> object:
        """Return the right answer, or the type of the exception with which such inputs should be refused."""
        try:
            return self.reference(*inputs)
        except self.refuses as error:
            return type(error)

    def check(self, function: Callable[..., object]) -> None:
        """Hold a function against the reference: silent if it is right.

        Raises
        ------
        RefutedError
            An `AssertionError` with the smallest counterexample in words.
        """
        result = examine(self, function)
        if isinstance(result, Finding):
            raise RefutedError(result)

    def hint(self, number: int = 1) -> Note:
        """Return one of the hints, of which the first gives the least away."""
        if number not in range(1, len(self.hints) + 1):
            raise ValueError(f"number must be from 1 to {len(self.hints)}, got {number!r}")
        return Note(f"**Hint {number} of {len(self.hints)}.** {self.hints[number - 1]}")

    def reveal(self) -> Note:
        """Return a solution, with an explanation."""
        if are_hidden():
            return Note(f"In this class, the solution of exercise {self.id} is with your teacher.")
        return Note(f"**Exercise {self.id}, a solution**\n\n```python\n{self.source}\n```\n\n{self.explanation}")
