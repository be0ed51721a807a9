"""Models that are handed out with the package: `python -m minimask.training.shipping RUN NAME` puts one there.

A run of a recipe becomes `minimask/data/recorded/NAME.safetensors`, in half the room; `shipped_model` reads it back.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save_file

from minimask.model.lesson import lesson_model
from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.weights import load_weights
from minimask.training.atomic import write_atomically
from minimask.training.config import Config
from minimask.training.models import load_trained
from minimask.training.recipes import recipe_file, recipe_names

FOLDER = Path(__file__).parents[1] / "data" / "recorded"


def save_rounded(model: MaskRCNN, path: Path) -> None:
    """Write weights in half the room: those of convolutions and matrices in float16."""
    state = model.state_dict()
    small = {name: value.half() if value.ndim > 1 else value for name, value in state.items()}
    write_atomically(path, lambda place: save_file({name: value.contiguous() for name, value in small.items()}, place))


def shipped_model(name: str, classes: int) -> MaskRCNN:
    """Return a model that is handed out, in evaluation mode.

    Parameters
    ----------
    name : str
        Of its recipe, see `minimask.training.recipes`.
    classes : int
        Without the background.

    Notes
    -----
    Weights of convolutions and matrices were rounded to float16 for the file; they are float32 here.
    """
    settings = Config.read(recipe_file(name))
    model = lesson_model(classes + 1, anchors=settings.anchors, density=settings.density, scoring=settings.scoring)
    load_weights(model, FOLDER / f"{name}.safetensors")
    return model.eval()


def ship(run: str, name: str) -> Path:
    """Put the model of a run among those that are handed out.

    Parameters
    ----------
    run : str
        The run's folder, or a file that it wrote.
    name : str
        The recipe that it followed.

    Raises
    ------
    ValueError
        If there is no such recipe, or the run's model is not the recipe's.
    FileNotFoundError
        If there is no such run.
    """
    if name not in recipe_names():
        raise ValueError(f"name must be that of a recipe, {', '.join(recipe_names())}, got {name!r}")
    trained, recipe = load_trained(run), Config.read(recipe_file(name))
    for setting in ("data", "model", "anchors", "density"):
        own, wanted = getattr(trained.config, setting), getattr(recipe, setting)
        if own != wanted:
            raise ValueError(f"the run must have the recipe's {setting}, {wanted!r}, got {own!r}")
    path = FOLDER / f"{name}.safetensors"
    save_rounded(trained.model, path)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Put the model of a run among those that are handed out."""
    parser = argparse.ArgumentParser(prog="python -m minimask.training.shipping", description=__doc__)
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument("name", metavar="NAME", help=f"its recipe: {', '.join(recipe_names())}")
    given = parser.parse_args(arguments)
    print(ship(given.run, given.name))


if __name__ == "__main__":
    main()
