"""Pictures on pages: out of the text into files, of known size, and loaded when they come near."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

from building.tree import Tree

IMAGE = re.compile(r"<img\b[^>]*>")
_WRITTEN_OUT = re.compile(r'src="data:image/(webp|png|jpeg|gif);base64,([A-Za-z0-9+/=\s]+)"')
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


def into_file(image: str, tree: Tree, folder: str, where: str) -> str:
    """Return an `img` that carries its data as one that names a file, which is written; others as they are.

    Parameters
    ----------
    image : str
        The element, with `src="data:image/...;base64,..."`.
    tree : Tree
        Where files are written.
    folder : str
        The folder in there; files are named by what they show.
    where : str
        The same folder as the page calls it.
    """
    found = _WRITTEN_OUT.search(image)
    if not found:
        return image
    content = base64.b64decode(found[2])
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.{found[1]}"
    tree.write(f"{folder}/{name}", content)
    return image.replace(found[0], f'src="{where}/{name}"')


def with_size(image: str, find: Callable[[str], Path | None]) -> str:
    """Return an `img` that leaves room for its picture before it is loaded, and loads it when it comes near.

    Parameters
    ----------
    image : str
        The element.
    find : callable
        Returns the file of a `src`, or None for what is not a picture of the site.
    """
    said = dict(_ATTRIBUTE.findall(image))
    file = find(unquote(html.unescape(said.get("src", ""))))
    if file is None or file.suffix == ".svg":
        return image
    size = _size(file)
    new = {name: value for name, value in (("loading", "lazy"), ("decoding", "async")) if name not in said}
    if not re.search(r"(?:^|;)\s*(?:width|height)\s*:\s*(?!auto)", said.get("style", "")):
        width = int(said["width"]) if said.get("width", "").isdecimal() else size[0]
        new |= {"width": str(width), "height": str(round(width * size[1] / size[0]))}
    kept = re.sub(r' (?:width|height)="[^"]*"', "", image) if "width" in new else image
    return kept.replace("<img", "<img " + " ".join(f'{name}="{value}"' for name, value in new.items()), 1)


@cache
def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as picture:
        return picture.size
