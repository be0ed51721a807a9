"""A number in prose is computed in its notebook: it stands in an assertion, a printed output or other code there.

This looks for numbers only, and cannot know whether they are the right ones; the assertions do that.
"""

import re

import nbformat
import pytest
from opened import NOTEBOOKS, ROOT, cells_of

NUMBER = re.compile(r"(?<![\w.§/-])(\d+(?:,\d{3})*\.\d+|\d{1,3}(?:,\d{3})+|\d+(?= %))(?![\w]|\.\d)")
NO_PROSE = (
    r"^#.*$",
    r"\]\([^)]*\)",
    r"^- .*\b(?:19|20)\d\d\b.*$",
    r"\b(?:[Ss]ection|[Ee]xercise)s? \d\S*(?: (?:and|to) \d\S*)?",
)
ELSEWHERE = {
    ("01_beyond_the_box", "12.5"): "the flat wing reaches from 7.5 to 20",
    ("01_beyond_the_box", "0.55"): "one of COCO's ten thresholds, which the metric itself holds",
    ("02_needles_in_a_haystack", "4.14"): "ln(1000 / 16); the clamp is asserted to be the logarithm of 62.5",
    ("06_out_in_the_world", "0.98"): "what a detector says, in a question",
}


def computed(cells):
    """Return all numbers of code and of what it says, and the shares and percentages that they are."""
    texts = []
    for cell in cells:
        if cell.cell_type == "code":
            texts.append(cell.source)
            for output in cell.outputs:
                data = output.get("data", {})
                texts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    found = re.findall(r"\d+(?:[,_]\d{3})*(?:\.\d+)?(?:e-?\d+)?", "\n".join(texts))
    plain = {float(number.replace(",", "").replace("_", "")) for number in found}
    return {value * factor for value in plain for factor in (1, 100, 0.01)}


def prose_numbers(cells):
    """Yield each number of the Markdown cells with the line it stands in."""
    for cell in cells:
        if cell.cell_type == "markdown":
            text = cell.source
            for pattern in NO_PROSE:
                text = re.sub(pattern, " ", text, flags=re.MULTILINE)
            for line in text.splitlines():
                for found in NUMBER.finditer(line):
                    yield found[1], line.strip()


def unfounded(cells):
    """Return the numbers of the prose that nothing in the code rounds to."""
    have = computed(cells)
    missing = []
    for number, line in prose_numbers(cells):
        digits = len(number.partition(".")[2])
        value = float(number.replace(",", ""))
        if not any(round(known, digits) == value for known in have):
            missing.append((number, line))
    return missing


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_of_the_text_is_computed_in_the_notebook(path):
    cells = cells_of(path)
    missing = [(number, line) for number, line in unfounded(cells) if (path.stem, number) not in ELSEWHERE]
    assert not missing


def test_no_exception_is_out_of_date():
    for stem, number in ELSEWHERE:
        cells = cells_of(ROOT / "notebooks" / f"{stem}.ipynb")
        assert number in {missing for missing, _ in unfounded(cells)}, (stem, number)


def test_a_number_that_nobody_computed_is_noticed():
    code, text = nbformat.v4.new_code_cell("assert round(best, 3) == 0.837"), nbformat.v4.new_markdown_cell
    assert not unfounded([code, text("It rises to 0.837, or 83.7 %.")])
    assert [number for number, _ in unfounded([code, text("It rises to 0.873, on 1,234 pictures, by 12 %.")])] == [
        "0.873",
        "1,234",
        "12",
    ]
