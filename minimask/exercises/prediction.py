"""The prediction: a question before a result, and a reply to each answer that one may give.

In a notebook and on the site it is HTML that needs no kernel and no script: each answer opens its own reply, by mouse
or keyboard, and closes the others. The answer that is called right is held against the measurement, in the cell that
measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from minimask.exercises.card import framed
from minimask.exercises.markdown import markdown_html
from minimask.plots.style import HIGHLIGHT

DIGITS = 2
"""To how many digits a measured number must agree with the stated one, unless a prediction says otherwise."""


@dataclass(frozen=True)
class Answer:
    """One answer that a reader may give, and the reply to it.

    Attributes
    ----------
    words : str
        The answer.
    reply : str
        Markdown: why it is right; or where it leads, and what the mistake is called.
    right : bool
    low, high : float
        Of a number: this answer stands for `low <= number < high`.
    """

    words: str
    reply: str
    right: bool = False
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, kw_only=True, repr=False)
class Prediction:
    """A question with answers to choose from, exactly one of which is right.

    Attributes
    ----------
    name : str
        By which a chapter asks for it.
    question : str
        Plain text, to be understood by itself.
    answers : tuple of Answer
    number : float or None
        The right number, if one is asked for.
    digits : int
        To how many significant digits the replies state it.
    """

    name: str
    question: str
    answers: tuple[Answer, ...]
    number: float | None = None
    digits: int = DIGITS

    @property
    def right(self) -> Answer:
        """The answer that the measurement gives."""
        (right,) = [answer for answer in self.answers if answer.right]
        return right

    def settle(self, measured: str | float) -> None:
        """Hold the right answer against what was measured: its words, or a number.

        Raises
        ------
        AssertionError
            If the measurement says something else.
        """
        if isinstance(measured, str):
            agrees = measured == self.right.words
        else:
            agrees = self.right.low <= measured < self.right.high
            if self.number is not None:
                agrees &= f"{float(measured):.{self.digits}g}" == f"{float(self.number):.{self.digits}g}"
        if not agrees:
            stated = self.right.words if self.number is None else f"{self.right.words} ({self.number:g})"
            raise AssertionError(f"prediction {self.name!r} says {stated!r}, but {measured!r} was measured")

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"  - {answer.words}" for answer in self.answers)])

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        answers = "".join(
            f'<details name="predict-{self.name}" style="margin: 4px 0">'
            f'<summary style="padding: 3px 0">{markdown_html(answer.words)[3:-4]}</summary>'
            f'<div style="margin-left: 18px">{markdown_html(_with_verdict(answer))}</div></details>'
            for answer in self.answers
        )
        asked = f"<p>{markdown_html(self.question)[3:-4]} <em>Open the answer that you would bet on.</em></p>"
        return framed(HIGHLIGHT, "Your prediction", asked + answers)


def _with_verdict(answer: Answer) -> str:
    """Return the reply behind the verdict, in a sign and a word, so that no color is needed to tell."""
    return f"**{'✓ Right.' if answer.right else '✗ Not so.'}** {answer.reply}"
