"""Make the model of the screens anew, pages and all: `python -m minimask.screens.training`.

Pages are rendered into the folder `screens`, unless they are there already; then it is `minimask train screens` in
`runs/screens`, and what the run ends with becomes the model that is handed out. Stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from minimask.data.coco import ANNOTATIONS
from minimask.meter import Meter
from minimask.screens.world import export_screens
from minimask.training.config import Config
from minimask.training.recipes import recipe_file
from minimask.training.run import run
from minimask.training.shipping import ship

PAGES = 1000
"""To learn from."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Render what is missing, train, and put the model among those that are handed out."""
    parser = argparse.ArgumentParser(prog="python -m minimask.screens.training", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/screens"), help="the run's folder [default: %(default)s]"
    )
    parser.add_argument("--pages", type=int, default=PAGES, help="to render [default: %(default)s]")
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0: as many as torch takes")
    parser.add_argument("--keep-shipped", action="store_true", help="leave the model that is handed out as it is")
    given = parser.parse_args(arguments)
    config = Config.read(recipe_file("screens")).with_changes({"threads": given.threads})
    if not Path(config.data, ANNOTATIONS).exists():
        with Meter(given.pages, "page") as meter:
            export_screens(config.data, given.pages, watched=meter.over)
    ending = run(config, given.out, resume=True)
    if ending.signal is None and not given.keep_shipped:
        print(ship(str(given.out), "screens"))


if __name__ == "__main__":
    main()
