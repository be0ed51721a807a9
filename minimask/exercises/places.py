"""Where things stand: the chapters' titles, and the notebook of each exercise."""

from __future__ import annotations

CHAPTERS = {
    1: "Beyond the box",
    2: "Needles in a haystack",
    3: "A magnifying glass for pixels",
    4: "A committee of specialists",
    5: "The whole machine",
    6: "Out in the world",
}

_NOTEBOOKS = {
    1: "01_beyond_the_box",
    2: "02_needles_in_a_haystack",
    3: "03_a_magnifying_glass",
    4: "04_a_committee_of_specialists",
    5: "05_the_whole_machine",
    6: "06_out_in_the_world",
}
_OF_CHAPTER_6 = {"06a_nuclei": ("6.1", "6.2"), "06b_screens": ("6.3", "6.4"), "06c_failing_and_knowing": ("6.5", "6.6")}


def notebook_of(id: str) -> str:
    """Return the file name of the notebook in which an exercise stands.

    Examples
    --------
    >>> notebook_of("1.1"), notebook_of("6.3")
    ('01_beyond_the_box.ipynb', '06b_screens.ipynb')
    """
    for name, ids in _OF_CHAPTER_6.items():
        if id in ids:
            return f"{name}.ipynb"
    return front_of(int(id.partition(".")[0]))


def front_of(chapter: int) -> str:
    """Return the file name of the notebook with which a chapter begins."""
    return f"{_NOTEBOOKS[chapter]}.ipynb"
