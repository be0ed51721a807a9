"""The pattern of all widgets: one state, shown by the browser, and by words and a still picture where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from minimask.widgets import front_end

if TYPE_CHECKING:
    from minimask.plots.show import Shown


class InvalidStateError(traitlets.TraitError, ValueError):
    """A widget was given a state that it cannot show; the message says which part, and what is allowed.

    It is a `TraitError` so that traitlets returns to the state before, and a `ValueError` for everyone else.
    """


class LivingPicture(anywidget.AnyWidget):
    """A widget that answers one question and computes in the browser.

    A subclass sets `_esm` and `_css` by `front_end.module` and `front_end.style_sheet`, keeps everything that the
    reader can change in the trait `state`, and says and draws what there is to see in `words` and `still`. To give
    the state a new value has the same effect as the reader's hand, so that a widget can be driven without a browser.
    """

    state = traitlets.Dict().tag(sync=True)

    def words(self) -> str:
        """Return what is seen, in words with the numbers: the same as the caption in the browser."""
        raise NotImplementedError

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the widget in its present state as a web page that works without Python and without a network."""
        every_widgets = set(anywidget.AnyWidget.class_trait_names())
        own = [name for name in self.trait_names(sync=True) if name not in every_widgets and not name.startswith("_")]
        title = (type(self).__doc__ or type(self).__name__).split("\n")[0]
        page = front_end.page(title, str(self._esm), str(self._css), self.get_state(own))
        Path(path).write_text(page, encoding="utf-8")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401
        """Return the live view, and for hosts without it the still picture with alternative text, and the words."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **self.still()._repr_mimebundle_()}, metadata
