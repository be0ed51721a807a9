"""The screen picker: the widget that asks what a detector sees on a screen, and whether a click on it would land."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import traitlets

from minimask.screens.clicks import CLICKABLE, answers
from minimask.screens.found import LEAST, first_pages, recorded_found
from minimask.screens.pages import CLASSES
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries
from minimask.widgets.picture_data import lossless_url
from minimask.widgets.screen_picker_measures import Settled, describe, listed, read_aloud
from minimask.widgets.screen_picker_pages import VIEWS, ScreenPage, pack, view_of

if TYPE_CHECKING:
    from minimask.plots.show import Shown

MOST_PAGES = 60
"""A page takes about 12 KB."""
SCORES = (LEAST, 0.99)
"""From which score on elements may be shown."""
LONGEST_SEARCH = 80


class ScreenPicker(LivingPicture):
    """The screen picker: what a detector sees on a screen, and whether a click on it would land.

    The reader chooses one of some recorded pages, compares what a model, rules for edges and the page itself say is on
    it, slides the score from which on that counts, reads the outline that a screen reader would get, and clicks what
    was found on the page itself, which runs in a closed frame.

    Parameters
    ----------
    pages : sequence of ScreenPage, optional
        By default some recorded ones that no training has seen, with what the trained model of the screens found.

    Attributes
    ----------
    state : dict
        All that the reader can change: `page` (counted from 0), `view` (a name in `VIEWS`), `score` (from which on
        elements are shown), `element` (the chosen one, counted within its view, or -1), `search` (for a theme),
        `clicked` (for each control clicked so far, in the order of the outline, the true element that answered,
        or -1), and
        `moved` (empty, or how many true elements lie elsewhere on this machine, and by at most how many pixels). Give
        it a new dict to change it.

    Raises
    ------
    ValueError
        If there are no pages, or too many; or if a state is not one that the widget can show.

    Examples
    --------
    >>> widget = ScreenPicker()
    >>> widget.choose(view="truth")
    >>> widget.click()  # what is there answers
    >>> all(widget.measures["hits"])
    True
    """

    _esm = module("screen_picker", lean=True, tight=True)
    _css = style_sheet("screen_picker", tight=True)
    said = traitlets.Unicode().tag(sync=True)
    images: traitlets.List[str] = traitlets.List().tag(sync=True)
    names: traitlets.List[str] = traitlets.List().tag(sync=True)
    clickable: traitlets.List[str] = traitlets.List().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(self, pages: Sequence[ScreenPage] | None = None) -> None:
        if pages is None:
            pages = [ScreenPage(*looked) for looked in recorded_found(numbers=first_pages())]
        if not 1 <= len(pages) <= MOST_PAGES:
            raise ValueError(f"pages must be 1 to {MOST_PAGES}, got {len(pages)}")
        self._pages = tuple(pages)
        self._known = [{view: view_of(page, view) for view in VIEWS} for page in pages]
        start = {"page": 0, "view": "model", "score": 0.5, "element": -1, "search": "", "clicked": [], "moved": []}
        super().__init__(
            said=pack(self._pages, self._known),
            images=[lossless_url(page.screen.image) for page in pages],
            names=list(CLASSES),
            clickable=list(CLICKABLE),
            start=start,
            state=start,
        )

    @property
    def settled(self) -> Settled:
        """Everything that follows from the present state."""
        return Settled(self._pages, self._known, self.state)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `here` and `everywhere`, how many elements are found, right and in truth on this page and over all; `missed`,
        the true elements that are not found; `outline`, as `minimask.screens.outline` has it; `points`, where to click
        the controls in it, in the same order; `hits`, for each click whether it hit what was found; `listed`, the pages
        that the search lists.
        """
        settled = self.settled
        return {
            "here": settled.here._asdict(),
            "everywhere": settled.everywhere._asdict(),
            "missed": settled.missed,
            "outline": settled.outline,
            "points": settled.elements.points[settled.aims].tolist(),
            "hits": settled.hits,
            "listed": listed(self._pages, self.state["search"]),
        }

    def choose(self, *, page: int | None = None, view: str | None = None, element: int | None = None) -> None:
        """Choose what is shown; None leaves it as it is.

        Parameters
        ----------
        page : int
            Counted from 0.
        view : "model", "rules" or "truth"
        element : int
            Counted from 0, the surest first; -1 for none.
        """
        wanted = {"page": page, "view": view, "element": element}
        changed: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
        if page is not None:
            changed |= {"moved": []}
        if page is not None or view is not None:
            changed = {"element": -1, "clicked": [], **changed}
        self.state = {**self.state, **changed}

    def slide(self, score: float) -> None:
        """Show elements from a score on."""
        self.state = {**self.state, "score": score, "clicked": []}

    def click(self) -> None:
        """Click the shown controls, one by one in reading order, on the page as it was recorded."""
        settled = self.settled
        points = [(float(x), float(y)) for x, y in settled.elements.points[settled.aims]]
        self.state = {**self.state, "clicked": answers(settled.page.screen, points)}

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.settled)

    def still(self) -> Shown:
        """Return a still picture of the page as all three see it, described by the words and read in order."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.screen_picker_picture import still_picture

        settled = self.settled
        alt = (
            "A screenshot, three times, with what the model, the edge rules and the page itself say is on it. "
            f"{self.words()} {read_aloud(settled)}"
        )
        return show(still_picture(settled, self.words()), alt, photograph=True, quality=50)

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        parts = {"page", "view", "score", "element", "search", "clicked", "moved"}
        state = checked_entries(proposal["value"], parts)
        state["page"] = _checked_index(state["page"], "page", 0, len(self._pages))
        if state["view"] not in VIEWS:
            raise InvalidStateError(f"view must be one of {', '.join(VIEWS)}, got {state['view']!r}")
        known = self._known[state["page"]]
        count, objects = len(known[state["view"]].labels), len(known["truth"].labels)
        state["element"] = _checked_index(state["element"], "element", -1, count)
        state["score"] = _checked_number(state["score"], "score", *SCORES)
        if not isinstance(state["search"], str) or len(state["search"]) > LONGEST_SEARCH:
            raise InvalidStateError(
                f"search must be a text of at most {LONGEST_SEARCH} letters, got {state['search']!r}"
            )
        for name, most in (("clicked", count), ("moved", 2)):
            if not isinstance(state[name], list | tuple) or len(state[name]) > most:
                raise InvalidStateError(f"{name} must be a list of at most {most} numbers, got {state[name]!r}")
        state["clicked"] = [_checked_index(answer, "clicked", -1, objects) for answer in state["clicked"]]
        state["moved"] = list(state["moved"])
        if len(state["moved"]) == 1:
            raise InvalidStateError(f"moved must be empty or a count and pixels, got {state['moved']!r}")
        if state["moved"]:
            moved, most = state["moved"]
            state["moved"] = [_checked_index(moved, "moved", 0, objects + 1), _checked_number(most, "moved", 0, 1e6)]
        return state


def _checked_index(value: Any, name: str, least: int, size: int) -> int:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) < size:
        raise InvalidStateError(f"{name} must be a whole number from {least} to {size - 1}, got {value!r}")
    return int(value)


def _checked_number(value: Any, name: str, least: float, most: float) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) <= most:
        raise InvalidStateError(f"{name} must be a number from {least} to {most}, got {value!r}")
    return float(value)
