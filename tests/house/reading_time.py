"""How long a chapter takes to read, from what is in it; the rates are those that the first notebook states."""

import re

from opened import NOTEBOOKS, cells_of, markdown_of

from minimask import exercises

WORDS = 200  # a minute, of prose that one wants to understand
LINES = 15  # a minute, of code
FIGURES = 2  # a minute; a prediction takes as long
LIVING = 5  # minutes for a living picture
SPOKEN = {"half an hour": 30, "an hour": 60, "one hour": 60, "two hours": 120, "two and a half hours": 150}
SPOKEN |= {"three hours": 180, "three and a half hours": 210, "four hours": 240}


def prose(text):
    """Return the words of Markdown: without code, formulas, targets of links, and tags."""
    for out in (r"\$\$.*?\$\$", r"\$[^$]*\$", r"\]\([^)]*\)", r"<[^>]*>"):
        text = re.sub(out, " ", text, flags=re.DOTALL)
    return re.findall(r"[^\W_][\w'’.,-]*", text)


def minutes_of(path):
    """Return the minutes of reading and playing that a notebook takes."""
    words = lines = figures = living = 0
    for cell in cells_of(path):
        if cell.cell_type == "markdown":
            words += len(prose(cell.source))
            continue
        if re.match(r'exercises\.(card|attempt|progress)\("?', cell.source) or cell.source.endswith("\n    ..."):
            continue  # exercises have minutes of their own
        code = [line for line in cell.source.splitlines() if line.strip()]
        lines += sum(not line.startswith(("import ", "from ")) for line in code)
        kinds = [output.get("data", {}) for output in cell.outputs]
        shows = ["application/vnd.jupyter.widget-view+json" in data and "<img" in str(data) for data in kinds]
        living += any(shows)
        figures += sum("<img" in str(data) or "<details" in str(data) for data in kinds) - sum(shows)
    return words / WORDS + lines / LINES + figures / FIGURES + living * LIVING


def stated(path):
    """Return the minutes that a notebook states for reading, and for its exercises (None where it has none)."""
    found = re.search(r"\*\*Time\*\* \| (\d+) minutes of reading[^,|\n]*(?:, ([^|\n]*?) more with)?", markdown_of(path))
    assert found, f"{path.name} states no reading time"
    more = found[2] and found[2].removesuffix(" minutes").strip()
    return int(found[1]), more and (SPOKEN[more] if more in SPOKEN else int(more))


def minutes_of_exercises(path):
    """Return the minutes of the exercises that stand in a notebook."""
    cells = [cell.source for cell in cells_of(path)]
    return sum(exercise.minutes for exercise in exercises.all() if exercise.cells()[0] in cells)


if __name__ == "__main__":
    for path in NOTEBOOKS:
        print(f"{path.stem:32} {minutes_of(path):5.1f} minutes of reading, exercises {minutes_of_exercises(path)}")
