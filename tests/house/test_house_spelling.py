"""One spelling in all that people read: American, and without slips, in chapters, pages, comments and docstrings."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from opened import NOTEBOOKS, ROOT, cells_of, pages

ALLOWED = "nd,fro,ot,notin,writeable"
"""Names of code: n-dimensional, parts of pathnames and patterns, `ast.NotIn`, a flag of NumPy's arrays."""
KEYS = {"defence": ("minimask/trust/", "tests/trust/"), "fibre": ("minimask/nuclei/recording.py",)}
"""What is part of recorded names, and where: it stays until the records are made anew."""
BRITISH = re.compile(
    r"\b(\w*(?:colour|neighbour|behaviour|favour|centre|fibre|catalogue|artefact)\w*|(?:labell|modell|travell)\w+"
    r"|(?:normal|optim|organ|real|recogn|summar|visual|initial|general)is(?:e[ds]?|ing|ation)|analys(?:e[ds]?|ing)"
    r"|grey\w*|whilst|learnt|judgement\w*|licence\w*)\b",
    flags=re.IGNORECASE,
)
NAMES = re.compile(r"label(ledby|left)|colourmaps")
"""What others called a keyword, an attribute and a paper."""


def sources():
    """Return the files of code that people read."""
    folders = [ROOT / name for name in ("minimask", "tests", "figures", "benchmarks", "docs")]
    files = [path for folder in folders for kind in ("*.py", "*.js", "*.css") for path in folder.rglob(kind)]
    generated = {"__pycache__", "build", "_build", "made"}
    own = Path(__file__)  # it spells wrong on purpose
    return [
        one for one in [ROOT / "start.py", *files] if one != own and not generated & set(one.relative_to(ROOT).parts)
    ]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """All that is read, as files: pages and code as they are, and each notebook's text and code."""
    folder = tmp_path_factory.mktemp("texts")
    for path in NOTEBOOKS:
        (folder / f"{path.stem}.txt").write_text("\n\n".join(cell.source for cell in cells_of(path)), encoding="utf-8")
    return [*folder.iterdir(), *pages(), *sources()]


def is_key(line):
    """Return whether a line `path:number: word` is about a recorded name in its place."""
    return any(word in line.lower() and any(place in line for place in places) for word, places in KEYS.items())


def slips(files, *options):
    """Return what codespell finds in files."""
    command = [sys.executable, "-m", "codespell_lib", f"--ignore-words-list={ALLOWED}", *options, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode in (0, 65), done.stderr
    return [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("Used config")]


def test_nothing_is_misspelled(texts):
    assert slips(texts) == []


def test_the_spelling_is_american(texts):
    assert [line for line in slips(texts, "--builtin", "en-GB_to_en-US") if not is_key(line)] == []


def test_no_british_form_that_the_list_does_not_know(texts):
    found = []
    for path in texts:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found += [f"{path}:{number}: {word}" for word in BRITISH.findall(line) if not NAMES.match(word)]
    assert [line for line in found if not is_key(line)] == []


def test_a_slip_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("The colour of the treshold.\n")
    assert len(slips([page])) == 1
    assert len(slips([page], "--builtin", "en-GB_to_en-US")) == 1
    assert BRITISH.findall("A labelled neighbour, normalised.") == [
        "labelled",
        "neighbour",
        "normalised",
    ]
