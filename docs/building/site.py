"""What Sphinx is told about the site: where made files are, how images and text outside of pages look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from building import directives, docstrings, finishing, linked_code, mathml, pictures
from building.chapter_page import STATIC
from building.sources import EXTRA

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config


def _place_made_files(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(app.srcdir / STATIC))
    config.html_extra_path.append(str(app.srcdir / EXTRA))


def _give_pictures_room(
    app: Sphinx,
    pagename: str,  # noqa: ARG001
    templatename: str,  # noqa: ARG001
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the size of each picture into its element, and load it late."""
    if doctree is None:
        return
    copied = {name: app.srcdir / source for source, name in app.builder.images.items()}

    def find(source: str) -> Path | None:
        folder, _, name = source.rpartition("/")
        if folder.endswith("_static/pictures"):
            return app.srcdir / STATIC / "pictures" / name
        return copied.get(name) if folder.endswith("_images") else None

    context["body"] = pictures.IMAGE.sub(lambda image: pictures.with_size(image[0], find), context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the parts."""
    directives.setup(app)
    docstrings.setup(app)
    finishing.setup(app)
    linked_code.setup(app)
    mathml.setup(app)
    app.connect("config-inited", _place_made_files)
    app.connect("html-page-context", _give_pictures_room)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
