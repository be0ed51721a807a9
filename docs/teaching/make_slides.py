"""Make the slides of all chapters: `python docs/teaching/make_slides.py FOLDER`, a file for each, and an index."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # where the package `slides` lies, from wherever this is run

from slides.chapter import read_chapter
from slides.cutting import cut
from slides.kit import read_goals, read_questions
from slides.page import as_index, as_page

ROOT = Path(__file__).parents[2]
NOT_TAUGHT = "00_start_here"


def write_decks(folder: Path, notebooks: Path = ROOT / "notebooks") -> list[Path]:
    """Write a deck for each chapter, and `index.html`; return the files.

    Parameters
    ----------
    folder : Path
        Where they go; it is made. Decks of an earlier time are replaced.
    notebooks : Path
        Where the chapters lie, executed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    goals, questions = read_goals(), read_questions()
    written, lines = [], []
    for path in sorted(notebooks.glob("*.ipynb")):
        if path.stem == NOT_TAUGHT:
            continue
        chapter = read_chapter(path)
        slides = cut(chapter, goals.get(chapter.title, []), questions.get(chapter.title, []))
        file = folder / f"{path.stem}.html"
        file.write_text(as_page(chapter.title, slides), encoding="utf-8")
        written.append(file)
        lines.append((file.name, chapter.title, len(slides)))
    index = folder / "index.html"
    index.write_text(as_index(lines), encoding="utf-8")
    return [*written, index]


def main(arguments: list[str]) -> int:
    """Do what the command line asks for, and return the exit code."""
    if arguments[:1] in (["-h"], ["--help"]) or len(arguments) > 1:
        print(__doc__)
        return 0 if len(arguments) == 1 else 2
    files = write_decks(Path(arguments[0]) if arguments else ROOT / "build" / "slides")
    print(f"{len(files) - 1} decks in {files[-1].parent}; begin with {files[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
