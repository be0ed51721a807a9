"""The ledger of claims: what is recorded is asserted, kept, and read by everyone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import minimask
from minimask import ledger
from minimask.ledger import Claim, Table, claims, record

ROOT = Path(__file__).parents[1]
ROW = {"number": 7, "chapter": 2, "words": "It rains", "measured": 0.5, "verdict": "holds"}


@pytest.fixture
def own_ledger(tmp_path, monkeypatch):
    file = tmp_path / "ledger.json"
    file.write_text(json.dumps([ROW]), encoding="utf-8")
    monkeypatch.setattr(ledger, "LEDGER", file)
    monkeypatch.delenv(ledger.WRITE, raising=False)
    return file


def test_the_rows_are_those_of_the_textbook():
    rows = minimask.claims()
    assert [row.number for row in rows] == sorted({row.number for row in rows})
    assert {row.number: row.verdict for row in rows if row.chapter == 1} == {
        1: "holds",
        2: "does not hold",
        3: "does not hold",
        4: "holds with a condition",
    }
    for number, chapter, words, measured, verdict in rows:
        assert isinstance(number, int) and isinstance(chapter, int) and words
        assert isinstance(measured, float) and verdict in ledger.VERDICTS


def test_every_row_is_recorded_by_exactly_one_cell_of_its_chapter():
    for row in claims():
        (notebook,) = ROOT.glob(f"notebooks/{row.chapter:02d}_*.ipynb")
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        assert sum(bool(re.search(rf"record\(\s*{row.number},", source)) for source in sources) == 1


def test_the_readme_shows_the_ledger():
    assert Table(claims()).markdown() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_claim_that_agrees_is_shown(own_ledger):
    table = record(**ROW, because=True)
    assert table.rows == [Claim(**ROW)]
    shown = table._repr_mimebundle_()
    assert "Claim 7" in shown["text/html"] and "✓ holds" in shown["text/plain"]


@pytest.mark.parametrize(
    "change", [{"words": "It pours"}, {"measured": 0.51}, {"verdict": "does not hold"}, {"chapter": 3}]
)
def test_a_claim_that_differs_from_the_ledger_is_refused(own_ledger, change):
    with pytest.raises(AssertionError, match="claim 7 differs from the ledger"):
        record(**{**ROW, **change}, because=True)
    assert claims() == [Claim(**ROW)]


def test_a_verdict_that_does_not_follow_is_refused(own_ledger, monkeypatch):
    monkeypatch.setenv(ledger.WRITE, "write")
    with pytest.raises(AssertionError, match="does not follow from the measured"):
        record(**{**ROW, "measured": 0.1}, because=False)
    assert claims() == [Claim(**ROW)]


def test_an_unknown_claim_is_refused_unless_it_is_written(own_ledger, monkeypatch):
    with pytest.raises(AssertionError, match="claim 3 is not in the ledger"):
        record(**{**ROW, "number": 3}, because=True)
    monkeypatch.setenv(ledger.WRITE, "write")
    record(**{**ROW, "number": 3}, because=True)
    assert [row.number for row in claims()] == [3, 7]
    assert [row.number for row in claims(chapter=2)] == [3, 7] and claims(chapter=1) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [({"verdict": "maybe"}, "verdict must be one of"), ({"measured": float("nan")}, "measured must be finite")],
)
def test_bad_input_is_named(own_ledger, change, message):
    with pytest.raises(ValueError, match=message):
        record(**{**ROW, **change}, because=True)


def test_words_are_escaped_in_html():
    html = Table([Claim(1, 1, "a < b", 0.5, "holds")])._repr_mimebundle_()["text/html"]
    assert "a &lt; b" in html
