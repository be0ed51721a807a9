"""Build the site: `python docs/build_site.py`; the result is in `build/site`.

What was read once is kept beside it, in `build/site-cache`, so that building again takes seconds.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from building.sources import ROOT, gather
from sphinx.cmd.build import main as sphinx

sys.path.insert(0, str(ROOT / "docs" / "teaching"))  # where the slides are made

from make_slides import write_decks


def build(target: Path, cache: Path) -> int:
    """Build the site and return Sphinx's exit code; every warning counts as a failure."""
    sources = cache / "sources"
    if gather(sources) and target.exists():  # pages that are gone
        shutil.rmtree(target)
    options = ["-b", "html", "-c", str(ROOT / "docs"), "-d", str(cache / "doctrees"), "-W", "--keep-going", "-q"]
    code = sphinx([*options, str(sources), str(target)])
    write_decks(target / "slides")
    return code


def main(arguments: list[str] | None = None) -> int:
    """Build the site, and say where it is."""
    parser = argparse.ArgumentParser(prog="docs/build_site.py", description="Build the site.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "site", help="the folder of the site")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "site-cache", help="kept for the next time")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    code = build(options.to.resolve(), options.cache.resolve())
    if code:
        print(f"Sphinx found something to complain about (see above). What it could build is in {options.to}.")
        return code
    print(
        f"\nThe site is built, after {time.monotonic() - started:.0f} s. Open it:\n"
        f"    {options.to.resolve() / 'index.html'}\n"
        "or serve it, on this machine and for those who can reach it, until Ctrl-C:\n"
        f"    python -m http.server --directory {options.to}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
