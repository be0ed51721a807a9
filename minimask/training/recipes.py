"""Recipes: settings of whole trainings, by name."""

from __future__ import annotations

import difflib
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "recipes"
"""The recipes that come with the package."""


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package.

    Examples
    --------
    >>> "nuclei" in recipe_names(), "lesson" in recipe_names()
    (True, True)
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def recipe_file(name: str) -> Path:
    """Return the file of a recipe: one that comes with the package, or any other file of settings.

    Parameters
    ----------
    name : str
        The name of a recipe, or the path of a file. A path has an ending or a folder in it.

    Raises
    ------
    ValueError
        If a name is neither that of a recipe nor that of a file. Whether a path leads anywhere, `Config.read` sees.

    Examples
    --------
    >>> recipe_file("nuclei").name
    'nuclei.toml'
    >>> recipe_file("nucleus")
    Traceback (most recent call last):
    ValueError: there is no recipe 'nucleus' among ..., and no such file; did you mean nuclei?
    """
    names = recipe_names()
    if name in names:
        return FOLDER / f"{name}.toml"
    path = Path(name)
    if path.is_file() or path.suffix or len(path.parts) > 1:
        return path
    close = difflib.get_close_matches(name, names, 1)
    hint = f"; did you mean {close[0]}?" if close else "."
    raise ValueError(f"there is no recipe {name!r} among {', '.join(names)}, and no such file{hint}")
