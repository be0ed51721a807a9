"""Write the tables of accessibility.md anew: what the tests in a real browser find, and the keys that widgets tell.

    python docs/accessibility_report.py

It runs those tests, and writes nothing unless all of them pass; their rows come with their report.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATEMENT = ROOT / "docs" / "accessibility.md"
TESTS = ("tests/browser/test_accessibility.py", "tests/browser/test_accessibility_site.py")
HEADS = {
    "axe": "| what | state | rules that hold | that are broken |\n|---|---|---|---|",
    "keys": "| widget | key | what it does |\n|---|---|---|",
}


def rows(report: Path) -> dict[str, list[str]]:
    """Return the rows that the tests have left in their report, by table."""
    found: dict[str, list[str]] = {name: [] for name in HEADS}
    for kept in ET.parse(report).iter("property"):
        if kept.get("name") in found:
            found[str(kept.get("name"))] += str(kept.get("value")).splitlines()
    return found


def replaced(text: str, name: str, lines: list[str]) -> str:
    """Return the text with another table between its two marks."""
    begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return "\n".join([f"{before}{begin}\n", HEADS[name], *lines, f"\n{end}{after}"])


def main() -> int:
    """Run the tests, and write the tables; returns an exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        tests = [test for test in TESTS if (ROOT / test).exists()]
        options = ["-p", "no:cacheprovider", "-q", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        environment = {**os.environ, "MINIMASK_STATEMENT": "write"}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if code:
            print(f"{STATEMENT.name} stays as it is: a test has failed.", file=sys.stderr)
            return code
        text = STATEMENT.read_text(encoding="utf-8")
        for name, lines in rows(report).items():
            text = replaced(text, name, lines)
        STATEMENT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
