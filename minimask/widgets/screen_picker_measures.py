"""The screen picker's numbers and words, as `js/screen_picker_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minimask.data.found import Found
from minimask.screens.clicks import CLICKABLE
from minimask.screens.outline import Node, numbers, outline, place_of
from minimask.screens.pages import CLASSES
from minimask.widgets.decimals import counted, fixed
from minimask.widgets.funnel_measures import cut
from minimask.widgets.screen_picker_pages import VIEWS, Elements, ScreenPage


class Tally(NamedTuple):
    """How many elements were found from a score on, how many of them are right, and how many there are in truth.

    What is hardly seen does not count.
    """

    found: int
    right: int
    objects: int

    def said(self) -> tuple[str, str]:
        """Return precision and recall in words."""
        shares = ((self.right, self.found), (self.right, self.objects))
        precision, recall = (fixed(part / whole, 2) if whole else "–" for part, whole in shares)
        return precision, recall


class Settled:
    """Everything that follows from a state.

    Parameters
    ----------
    pages : sequence of ScreenPage
    known : for each page a mapping of the names in `VIEWS` to Elements
    state : mapping
    """

    def __init__(
        self, pages: Sequence[ScreenPage], known: Sequence[Mapping[str, Elements]], state: Mapping[str, Any]
    ) -> None:
        self.state, self.pages, self.known = state, pages, known
        self.page = pages[state["page"]]
        self.truth = known[state["page"]]["truth"]
        self.elements = known[state["page"]][state["view"]]
        self.shown = shown(self.elements, state["score"])
        self.outline = (
            stated_outline(self.page) if state["view"] == "truth" else seen_outline(self.elements, self.shown)
        )
        self.order = list(numbers(self.outline))
        self.aims = [k for k in self.order if CLASSES[self.elements.labels[k] - 1] in CLICKABLE]

    def seen_by(self, view: str) -> Settled:
        """Return the same page as another view has it."""
        same = view == self.state["view"]
        return self if same else Settled(self.pages, self.known, {**self.state, "view": view, "element": -1})

    @property
    def holders(self) -> set[int]:
        """The shown elements that hold others."""
        return set(_holders(self.outline))

    @property
    def chosen(self) -> int:
        """The chosen element, or -1 if it is not among those shown."""
        return self.state["element"] if self.state["element"] in self.order else -1

    @property
    def missed(self) -> list[int]:
        """The true elements that the shown ones do not find."""
        found = {int(self.elements.objects[k]) for k in self.shown if self.elements.verdicts[k] == 1}
        return [int(k) for k in np.flatnonzero(self.truth.verdicts == 1) if int(k) not in found]

    @property
    def hits(self) -> list[bool]:
        """For each click whether an element of the class that was found answered."""
        answers = zip(self.aims, self.state["clicked"], strict=False)
        return [answer >= 0 and bool(self.truth.labels[answer] == self.elements.labels[k]) for k, answer in answers]

    def tally(self, view: str, pages: Iterable[int]) -> Tally:
        """Return the counts of a view over pages."""
        found = right = objects = 0
        for page in pages:
            elements = self.known[page][view]
            rows = shown(elements, self.state["score"])
            found += int((elements.verdicts[rows] >= 0).sum())
            right += int((elements.verdicts[rows] == 1).sum())
            objects += int((self.known[page]["truth"].verdicts == 1).sum())
        return Tally(found, right, objects)

    @property
    def here(self) -> Tally:
        """The counts of the present view on this page."""
        return self.tally(self.state["view"], [self.state["page"]])

    @property
    def everywhere(self) -> Tally:
        """The counts of the present view over all pages."""
        return self.tally(self.state["view"], range(len(self.pages)))


def shown(elements: Elements, score: float) -> list[int]:
    """Return the elements from a score on, the surest first."""
    return [int(k) for k in np.flatnonzero(elements.scores >= 1000 * score - 1e-6)]


def listed(pages: Sequence[ScreenPage], search: str) -> list[int]:
    """Return the pages that a search lists: all its words are in what is said of how the page looks."""
    words = search.lower().split()
    return [k for k, page in enumerate(pages) if all(word in looks_of(page).lower() for word in words)]


def looks_of(page: ScreenPage) -> str:
    """Return what is said of how a page looks."""
    return f"{page.theme}, {'unseen' if page.unseen else 'seen'} in training"


def seen_outline(elements: Elements, rows: Sequence[int]) -> tuple[Node, ...]:
    """Return some elements as an outline, by what can be seen of them: `minimask.screens.outline`."""
    own = list(rows)
    some = Found(elements.boxes[own], elements.labels[own], elements.scores[own] / 1000, elements.masks[own])

    def named(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(node._replace(number=own[node.number], parts=named(node.parts)) for node in nodes)

    return named(outline(some))


def stated_outline(page: ScreenPage) -> tuple[Node, ...]:
    """Return the outline that the page itself states: in the order and inside of what its HTML says."""
    elements, boxes = page.screen.elements, page.screen.picture.boxes

    def below(parent: int) -> tuple[Node, ...]:
        inside = [k for k, element in enumerate(elements) if element.parent == parent]
        return tuple(Node(k, elements[k].role, place_of(boxes[k]), below(k)) for k in inside)

    return below(-1)


def _holders(nodes: Iterable[Node]) -> Iterator[int]:
    for node in nodes:
        if node.parts:
            yield node.number
        yield from _holders(node.parts)


# --- words


def article(name: str) -> str:
    """Return a noun with its article.

    Examples
    --------
    >>> article("button"), article("image")
    ('a button', 'an image')
    """
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def plural(count: int, name: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(2, "checkbox"), plural(1, "checkbox"), plural(0, "button")
    ('2 checkboxes', '1 checkbox', '0 buttons')
    """
    return f"{count} {name}es" if count != 1 and name.endswith("x") else counted(count, name)


def described(settled: Settled, k: int) -> str:
    """Return an element's role and place."""
    elements = settled.elements
    return f"{CLASSES[elements.labels[k] - 1]}, {place_of(elements.boxes[k])}"


def true_name(settled: Settled, k: int) -> str:
    """Return a true element by its class and what the page calls it."""
    name = settled.page.names[k]
    return f"{article(CLASSES[settled.truth.labels[k] - 1])}{f' “{name}”' if name else ''}"


def verdict(settled: Settled, k: int) -> str:
    """Return how sure and how right an element is."""
    elements = settled.elements
    hardly = ", hardly seen: it does not count" if elements.verdicts[k] < 0 else ""
    if settled.state["view"] == "truth":
        return f"it is {true_name(settled, k)}{hardly}"
    said = f"score {cut(elements.scores[k] / 1000)}, "
    other, iou = int(elements.objects[k]), cut(float(elements.ious[k]))
    if elements.verdicts[k] == 1 or hardly:
        return f"{said}IoU {iou} with {true_name(settled, other)}{hardly}"
    if other < 0:
        return f"{said}a false alarm on nothing at all"
    return f"{said}a false alarm: IoU {iou} at most, with {true_name(settled, other)}"


def describe(settled: Settled) -> str:
    """Return a state in words: what is found and how well, the chosen element, and what the clicks hit."""
    state, pages = settled.state, settled.pages
    words = f"Page {state['page'] + 1} of {len(pages)}, {looks_of(settled.page)}. {_found_in_words(settled)}"
    if settled.chosen >= 0:
        number = settled.order.index(settled.chosen) + 1
        words += (
            f" Chosen is number {number} of {len(settled.order)} in the outline, {described(settled, settled.chosen)}: "
            f"{verdict(settled, settled.chosen)}."
        )
    if state["clicked"]:
        hits = sum(settled.hits)
        misses = len(settled.hits) - hits
        words += (
            f" Clicked on the live page: {len(settled.hits)} of {plural(len(settled.aims), 'control')}, of which "
            f"{hits} hit what was found and {misses} {'misses' if misses == 1 else 'miss'} it."
        )
    if state["moved"] and state["moved"][0]:
        count, most = state["moved"]
        words += (
            f" Fonts differ here: on the live page {count} of {plural(len(settled.truth.labels), 'element')} "
            f"{'lies' if count == 1 else 'lie'} up to {fixed(most, 1)} px beside the recorded place."
        )
    return words


def read_aloud(settled: Settled) -> str:
    """Return the outline as a list in words."""
    lines = [described(settled, k) for k in settled.order]
    return f"The outline: {'; '.join(lines)}." if lines else "There is nothing to read."


def _found_in_words(settled: Settled) -> str:
    truth = settled.truth
    if settled.state["view"] == "truth":
        counts = [(int((truth.labels == label).sum()), name) for label, name in enumerate(CLASSES, start=1)]
        classes = ", ".join(plural(count, name) for count, name in counts if count)
        hardly = int((truth.verdicts < 0).sum())
        return (
            f"The page itself has {plural(len(truth.labels), 'element')}{f': {classes}' if classes else ''}"
            f"{f'; {hardly} hardly seen' if hardly else ''}."
        )
    here, everywhere = settled.here, settled.everywhere
    false = here.found - here.right
    who = VIEWS[settled.state["view"]]
    spared = len(settled.order) - here.found
    more = f"; {spared} more on what is hardly seen" if spared else ""
    return (
        f"From score {fixed(settled.state['score'], 2)} on {who} {'find' if who.endswith('s') else 'finds'} "
        f"{plural(here.found, 'element')}: {here.right} right, {plural(false, 'false alarm')}, and "
        f"{here.objects - here.right} of {here.objects} missed{more}. Precision {here.said()[0]}, recall "
        f"{here.said()[1]}; over all pages {everywhere.said()[0]} and {everywhere.said()[1]}."
    )
