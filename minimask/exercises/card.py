"""The card: an exercise as a notebook shows it, and the frame that cards and reports share.

Styles stand in the tags, because a notebook that was not run here is sanitized, and only use what the sanitizer of
JupyterLab keeps. Texts take the theme's color, so that cards can be read on light and on dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from minimask.exercises.markdown import markdown_html
from minimask.exercises.solutions import are_hidden
from minimask.plots.style import SHAPE_EDGE

if TYPE_CHECKING:
    from minimask.exercises.exercise import Exercise


@dataclass(frozen=True)
class Note:
    """A text in Markdown that a notebook renders."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Card:
    """An exercise's statement and hints, as HTML, as Markdown and as one line of text."""

    exercise: Exercise

    def __repr__(self) -> str:
        it = self.exercise
        return f"Exercise {it.id}: {it.title} (difficulty {it.difficulty} of 5, {it.minutes} minutes)"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/markdown": self._markdown(), "text/html": self._html()}

    def _markdown(self) -> str:
        it = self.exercise
        hints = "".join(f"\n\n**Hint {k}.** {hint}" for k, hint in enumerate(it.hints, 1))
        return f"**{self!r}**\n\nTeaches: {it.teaches}.\n\n{it.statement}\n\n**By hand.** {it.by_hand}{hints}"

    def _html(self) -> str:
        it = self.exercise
        dots = "●" * it.difficulty + "○" * (5 - it.difficulty)
        facts = f"{dots} difficulty {it.difficulty} of 5 &ensp;·&ensp; about {it.minutes} minutes"
        folded = {f"Hint {k}": hint for k, hint in enumerate(it.hints, 1)}
        if not are_hidden():
            folded["Solution"] = f'Run `exercises.get("{it.id}").reveal()` in a cell of its own.'
        details = "".join(
            f'<details style="margin: 4px 0"><summary>{summary}</summary>'
            f'<div style="margin-left: 18px">{markdown_html(text)}</div></details>'
            for summary, text in folded.items()
        )
        return framed(
            SHAPE_EDGE,
            f"Exercise {it.id} &ensp;·&ensp; {it.title}",
            f'<p style="opacity: 0.75; margin: 2px 0 10px">{facts}</p>'
            + markdown_html(f"*Teaches {it.teaches}.*\n\n{it.statement}\n\n**By hand.** {it.by_hand}")
            + details,
        )


def framed(color: str, heading: str, body: str) -> str:
    """Return HTML within a thin frame that has a colored left side."""
    return (
        f'<div style="border: 1px solid rgba(128, 128, 128, 0.4); border-left: 5px solid {color}; '
        'border-radius: 4px; padding: 10px 16px; margin: 4px 0; max-width: 760px">'
        f'<div style="font-weight: bold; font-size: 115%">{heading}</div>{body}</div>'
    )
