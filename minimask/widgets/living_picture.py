"""The pattern of all widgets: one state, shown by the browser, and by words and a still picture where there is none."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from minimask.widgets import front_end

if TYPE_CHECKING:
    from minimask.plots.show import Shown


class InvalidStateError(traitlets.TraitError, ValueError):
    """A widget was given a state that it cannot show; the message says which part, and what is allowed.

    It is a `TraitError` so that traitlets returns to the state before, and a `ValueError` for everyone else.
    """


def checked_entries(value: Mapping[str, Any], parts: set[str]) -> dict[str, Any]:
    """Return a copy of a proposed state, which must have exactly these entries."""
    state = dict(value)
    if set(state) != parts:
        raise InvalidStateError(
            f"state must have exactly the entries {', '.join(sorted(parts))}; "
            f"missing: {sorted(parts - set(state))}, unknown: {sorted(set(state) - parts)}"
        )
    return state


def checked_map(value: ArrayLike, name: str, *, least: float, most: float) -> NDArray[np.float64]:
    """Return a map `(H, W)` of 2 x 2 to 64 x 64 finite numbers from `least` to `most` as float64."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidStateError(f"{name} must have rows of one length: {error}") from error
    if array.ndim != 2 or not all(2 <= side <= 64 for side in array.shape):
        raise InvalidStateError(f"{name} must have shape (H, W), each from 2 to 64, got shape {array.shape}")
    if array.dtype.kind not in "iuf":
        raise InvalidStateError(f"{name} must hold real numbers, got dtype {array.dtype}")
    floats = array.astype(np.float64)
    if not (np.isfinite(floats).all() and floats.min() >= least and floats.max() <= most):
        raise InvalidStateError(f"{name} must hold finite numbers from {least} to {most}")
    return floats


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
        title = (inspect.getdoc(type(self)) or "").split("\n")[0]  # the type made for an instance has none of its own
        page = front_end.page(title, str(self._esm), str(self._css), self.get_state(own))
        Path(path).write_text(page, encoding="utf-8")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401
        """Return the live view, and for hosts without it the still picture with alternative text, and the words."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **self.still()._repr_mimebundle_()}, metadata
