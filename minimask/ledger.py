"""The ledger of claims: what the textbook says, what was measured, and the verdict.

A notebook measures a claim and calls `record` in the same cell. That asserts the verdict and holds it against the row
kept in `ledger.json`, which the README and the tests read too. The rows themselves are written by the notebooks, when
`python start.py notebooks` executes them.
"""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from minimask.plots.style import BEST, HIGHLIGHT, TIGHT

LEDGER = Path(__file__).with_name("ledger.json")
WRITE = "MINIMASK_LEDGER"
"""Set this environment variable to `write` and `record` writes its row instead of comparing it."""
VERDICTS = {"holds": BEST, "holds with a condition": HIGHLIGHT, "does not hold": TIGHT}
SIGNS = {"holds": "✓", "holds with a condition": "◐", "does not hold": "✗"}


class Claim(NamedTuple):
    """A row of the ledger: a claim of the textbook in our words, the value that decides it, and the verdict."""

    number: int
    chapter: int
    words: str
    measured: float
    verdict: str


def claims(chapter: int | None = None) -> list[Claim]:
    """Return the ledger's rows, by number; of one chapter if it is given.

    Examples
    --------
    >>> claims()[1].verdict
    'does not hold'
    """
    rows = sorted(Claim(**row) for row in json.loads(LEDGER.read_text(encoding="utf-8")))
    return [row for row in rows if chapter in (None, row.chapter)]


def record(number: int, chapter: int, words: str, measured: float, verdict: str, because: object) -> Table:
    """Assert a claim's verdict where it was measured, and hold it against the ledger.

    Parameters
    ----------
    number, chapter : int
        The claim's number, and the chapter that measures it.
    words : str
        What the textbook claims, in our words.
    measured : float
        The value that decides.
    verdict : {"holds", "holds with a condition", "does not hold"}
    because : bool
        The condition on which the verdict rests, computed from the measurement.

    Returns
    -------
    Table
        The row, which a notebook shows.

    Raises
    ------
    ValueError
        If the verdict is none of the three, or the measured value is not finite.
    AssertionError
        If `because` is false, or the ledger's row differs (the measured value by more than a millionth).
    """
    if verdict not in VERDICTS:
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {verdict!r}")
    if not math.isfinite(measured):
        raise ValueError(f"measured must be finite, got {measured}")
    row = Claim(int(number), int(chapter), words, round(float(measured), 9), verdict)
    if not because:
        raise AssertionError(f"claim {number}: {verdict!r} does not follow from the measured {measured:.6g}")
    if os.environ.get(WRITE) == "write":
        _write(row)
    _compare(row)
    return Table([row])


def _write(row: Claim) -> None:
    rows = {other.number: other for other in claims()} if LEDGER.exists() else {}
    rows[row.number] = row
    text = json.dumps([rows[number]._asdict() for number in sorted(rows)], indent=2, ensure_ascii=False)
    LEDGER.write_text(text + "\n", encoding="utf-8")


def _compare(row: Claim) -> None:
    kept = {other.number: other for other in claims()}.get(row.number)
    if kept is None:
        raise AssertionError(f"claim {row.number} is not in the ledger: run `python start.py notebooks`")
    same = row._replace(measured=kept.measured) == kept
    if not same or not math.isclose(row.measured, kept.measured, rel_tol=1e-6, abs_tol=1e-9):
        raise AssertionError(f"claim {row.number} differs from the ledger:\n  measured {row}\n  kept     {kept}")


def _number(value: float) -> str:
    """Return a measured value in four digits, and a large whole one in full.

    Examples
    --------
    >>> _number(0.15942), _number(261_888.0), _number(1.5e7 / 7)
    ('0.1594', '261,888', '2.143e+06')
    """
    return f"{value:,.0f}" if value >= 1000 and value == round(value) else f"{value:.4g}"


@dataclass(frozen=True)
class Table:
    """Rows of the ledger, shown as a table in notebooks, and as Markdown elsewhere."""

    rows: Sequence[Claim]

    def markdown(self) -> str:
        """Return the rows as a Markdown table."""
        head = "| # | the textbook's claim | measured | verdict |\n|---|---|---|---|\n"
        return head + "\n".join(
            f"| {row.number} | {row.words} | {_number(row.measured)} | {SIGNS[row.verdict]} {row.verdict} |"
            for row in self.rows
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:  # noqa: ANN401
        cell = "text-align:left;padding:.4em .8em;vertical-align:top;font-size:14px"
        body = "".join(
            f'<tr><td style="{cell};white-space:nowrap"><b>Claim {row.number}</b></td>'
            f'<td style="{cell}">{html.escape(row.words)}</td>'
            f'<td style="{cell};white-space:nowrap">measured <b>{_number(row.measured)}</b></td>'
            f'<td style="{cell};white-space:nowrap;border-left:5px solid {VERDICTS[row.verdict]}">'
            f"<b>{SIGNS[row.verdict]} {row.verdict}</b></td></tr>"
            for row in self.rows
        )
        return {"text/html": f"<table>{body}</table>", "text/plain": self.markdown()}
