"""The screen picker, driven without a browser, and held to tests/fixtures/screen_picker.json."""

import base64
import json
import runpy
import zlib
from pathlib import Path

import numpy as np
import pytest

from minimask.data.found import Found
from minimask.evaluation.mask_ap import mask_average_precision
from minimask.exercises import get
from minimask.screens.clicks import click_point
from minimask.screens.edge_rules import edge_rules
from minimask.screens.found import EVERY, PAGES, first_pages, recorded_found, write_found
from minimask.screens.outline import reading_order
from minimask.screens.pages import CLASSES
from minimask.screens.precision import ranked
from minimask.screens.themes import SEEN
from minimask.widgets import ScreenPicker
from minimask.widgets.screen_picker_measures import read_aloud
from minimask.widgets.screen_picker_pages import MATCH, VIEWS, ScreenPage, pack_mask, view_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "screen_picker.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_screen_picker.py"))
CASES = FIXTURE["cases"]


@pytest.fixture(scope="module")
def made() -> ScreenPicker:
    return MAKE["widget"]()


@pytest.fixture
def widget(made) -> ScreenPicker:
    made.reset()
    return made


@pytest.mark.parametrize("expected", CASES, ids=[str(k) for k in range(len(CASES))])
def test_every_number_of_the_fixture(widget, expected):
    widget.state = expected["state"]
    assert MAKE["case"](widget) == expected


def test_the_fixture_is_of_these_pages_and_covers_everything(widget):
    assert widget.said == FIXTURE["said"]
    assert FIXTURE["views"] == VIEWS
    assert FIXTURE["outlines"] == MAKE["outlines"]()
    words = " ".join(case["words"] for case in CASES)
    for said in (
        "finds 1 element: ",
        "the edge rules find 3 elements",
        "Precision –, recall 0.00",
        "more on what is hardly seen",
        "a false alarm on nothing at all",
        "a false alarm: IoU 0.76 at most, with a button “Save”",
        "hardly seen: it does not count",
        "The page itself has 7 elements",
        "1 misses it",
        "1 of 7 elements lies up to 0.8 px",
        "3 of 7 elements lie up to 2.0 px",
        "unseen in training",
    ):
        assert said in words, said
    assert [] in [case["listed"] for case in CASES]


def test_counts_by_a_plain_loop(widget):
    """Right is, from the surest on, whatever takes a free element of its class; counted without the widget's code."""
    page = MAKE["pages"]()[0]
    truth = page.screen.picture
    for score in (0.1, 0.5, 0.9):
        widget.slide(score)
        free, right, counted = [not crowd for crowd in truth.crowd], 0, 0
        for k in np.argsort(-page.model.scores, kind="stable"):
            if page.model.scores[k] < score:
                continue
            rivals = []
            for m in range(len(truth.labels)):
                both = (page.model.masks[k] & truth.masks[m]).sum()
                iou = both / (page.model.masks[k] | truth.masks[m]).sum()
                if truth.labels[m] == page.model.labels[k] and iou >= MATCH:
                    rivals.append((iou, m))
            taken = next((m for _, m in sorted(rivals, reverse=True) if free[m]), None)
            if taken is not None:
                free[taken] = False
                right += 1
            counted += taken is not None or not any(truth.crowd[m] for _, m in rivals)
        objects = int((~truth.crowd).sum())
        assert widget.measures["here"] == {"found": counted, "right": right, "objects": objects}


def test_all_right_is_an_average_precision_of_one(widget):
    """What the widget calls right is what COCO calls right."""
    page = MAKE["pages"]()[1]
    names = {1: "button"}
    truth = [[(names[label], mask) for label, mask in zip(page.screen.picture.labels, page.screen.masks, strict=True)]]
    found = [[("button", mask, score) for mask, score in zip(page.rules.masks, page.rules.scores, strict=True)]]
    assert mask_average_precision(truth, found)["AP50"] == pytest.approx(1)
    widget.choose(page=1, view="rules")
    widget.slide(0.1)
    assert widget.measures["here"] == {"found": 2, "right": 2, "objects": 2}


def test_an_element_is_found_once():
    page = MAKE["pages"]()[1]
    twice = Found(*(np.concatenate([part, part]) for part in page.rules))
    elements = view_of(ScreenPage(page.screen, twice, page.rules), "model")
    assert sorted(elements.verdicts.tolist()) == [0, 0, 1, 1]
    assert elements.verdicts[elements.scores == 900].tolist() == [1, 0]


def test_a_score_below_the_threshold_is_not_rounded_up_to_it(widget):
    page = MAKE["pages"]()[1]
    near = Found(page.rules.boxes, page.rules.labels, np.array([0.49999, 0.5]), page.rules.masks)
    other = ScreenPicker([ScreenPage(page.screen, near, near)])
    assert len(other.settled.shown) == 1


def test_the_rows_are_those_of_the_exercise():
    rng = np.random.default_rng(3)
    solution = get("6.4").solution
    for count in (0, 1, 5, 12, 30):
        corners = rng.integers(0, 30, (count, 2)) * 4.0
        boxes = np.concatenate([corners, corners + rng.choice([8.0, 12, 40], (count, 2))], axis=1)
        assert reading_order(boxes).tolist() == list(solution(boxes))


def test_a_click_goes_to_the_point_deepest_inside(widget):
    """The widget looks within a mask's box; elsewhere the whole picture is searched."""
    settled = widget.settled
    for mask, point in zip(settled.elements.masks, settled.elements.points, strict=True):
        assert tuple(point) == click_point(mask)


def test_right_is_what_is_right_in_the_table_of_the_chapter(widget):
    """The verdicts are those that average precision is computed of."""
    for page in MAKE["pages"]():
        for view in ("model", "rules"):
            elements, found = view_of(page, view), getattr(page, view)
            sure = Found(*(part[found.scores >= 0.1] for part in found))
            for label in range(1, len(CLASSES) + 1):
                one = ranked([page.screen.picture], [sure], label)
                own = elements.labels == label
                assert elements.verdicts[own & (elements.verdicts >= 0)].tolist() == one.right.tolist()


def test_the_page_states_its_outline_and_the_others_see_one(widget):
    widget.choose(view="truth")
    assert [node.number for node in widget.measures["outline"]] == [0, 4, 5, 6]
    widget.choose(view="rules")
    widget.slide(0.1)
    (panel,) = widget.measures["outline"]
    assert panel.role == "panel"
    assert [node.role for node in panel.parts] == ["text", "field"]


def test_what_was_found_on_recorded_pages_comes_back(tmp_path):
    looked = recorded_found()
    few = first_pages()
    assert [looked[k].screen.page.theme in SEEN for k in few] == [True] * PAGES[0] + [False] * PAGES[1]
    path = tmp_path / "again.npz"
    write_found([one.model for one in looked], [one.rules for one in looked], path)
    with np.load(path) as again, np.load(EVERY) as shipped:
        for name in again.files:
            np.testing.assert_array_equal(again[name], shipped[name])
    for k, one in zip(few[:2], recorded_found(numbers=few[:2]), strict=True):
        assert one.screen is looked[k].screen
        for name in ("model", "rules"):
            for given, wanted in zip(getattr(one, name), getattr(looked[k], name), strict=True):
                np.testing.assert_array_equal(given, wanted)
    assert EVERY.stat().st_size < 400_000
    with np.load(path) as file:
        parts = dict(file)
    np.savez_compressed(path, **{**parts, "checksums": parts["checksums"][::-1]})
    with pytest.raises(ValueError, match="is of other pages"):
        recorded_found(path)


def test_the_rules_are_those_of_today():
    (looked,) = recorded_found(numbers=[0])
    again = edge_rules(looked.screen.image)
    np.testing.assert_array_equal(again.masks[again.scores >= 0.1], looked.rules.masks)


def test_pages_of_another_size_are_refused():
    page = MAKE["pages"]()[1]
    small = Found(page.rules.boxes, page.rules.labels, page.rules.scores, page.rules.masks[:, 1:])
    with pytest.raises(ValueError, match="rules must be of 192 x 256 pixels"):
        ScreenPage(page.screen, page.model, small)


def test_masks_arrive_bit_by_bit():
    rng = np.random.default_rng(2)

    def unpacked(numbers, size):
        left, top, width, height, *runs = numbers
        flips = np.repeat(np.arange(len(runs)) % 2, runs).reshape(height, width) if runs else np.zeros((0, 0), int)
        mask = np.zeros(size, np.bool_)
        mask[top : top + height, left : left + width] = np.cumsum(flips, axis=0) % 2
        return mask

    masks = [rng.random((13, 17)) < share for share in (0.0, 0.02, 0.5, 0.98, 1.0)]
    masks += [np.eye(9, dtype=np.bool_), MAKE["pages"]()[0].screen.masks[3]]
    for mask in masks:
        np.testing.assert_array_equal(unpacked(pack_mask(mask), mask.shape), mask)
    assert len(pack_mask(np.pad(np.ones((40, 80), np.bool_), 3))) == 7


def test_clicks_as_the_page_was_recorded(widget):
    widget.choose(view="truth")
    widget.click()
    assert widget.state["clicked"] == [2, 3, 4, 6]  # only what one clicks on
    assert widget.measures["hits"] == [True] * 4
    widget.choose(view="model")
    assert widget.state["clicked"] == []
    widget.slide(0.1)
    widget.click()
    hits = dict(zip(widget.settled.aims, widget.measures["hits"], strict=True))
    assert [k for k, hit in hits.items() if not hit] == [8]  # the check box on nothing at all
    widget.slide(0.6)
    assert widget.state["clicked"] == []


def test_choosing_and_starting_over(widget):
    widget.choose(page=1, view="rules", element=1)
    assert widget.settled.chosen == 1
    widget.slide(0.6)
    assert widget.settled.chosen == -1  # it is not shown any more
    widget.choose(page=0)
    assert widget.state["element"] == -1
    widget.reset()
    assert widget.state == widget.start


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": 2},
        {"page": True},
        {"view": "dom"},
        {"score": 1.0},
        {"score": 0.05},
        {"score": "half"},
        {"element": -2},
        {"element": 9},
        {"search": 3},
        {"search": "x" * 81},
        {"clicked": 3},
        {"clicked": [7]},
        {"clicked": [0] * 10},
        {"moved": [1]},
        {"moved": [8, 1.0]},
        {"moved": [1, -1.0]},
        {"zoom": 1},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_shown_is_refused(widget, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        widget.state = {**widget.state, **wrong}
    assert widget.state == widget.start


def test_too_many_pages_are_refused():
    with pytest.raises(ValueError, match="pages must be 1 to 60, got 0"):
        ScreenPicker([])
    with pytest.raises(ValueError, match="pages must be 1 to 60, got 61"):
        ScreenPicker(MAKE["pages"]()[:1] * 61)


def test_the_still_picture_says_what_it_shows(widget):
    for state in ({}, {"page": 1}, {"view": "truth", "element": 3}):
        widget.state = {**widget.start, **state}
        bundle = widget.still()._repr_mimebundle_()
        assert widget.words() in bundle["text/plain"]
        assert read_aloud(widget.settled) in bundle["text/plain"]
        assert len(bundle["text/html"]) < 150_000
    assert "There is nothing to read." in ScreenPicker(MAKE["pages"]()[1:]).still().alt


def test_what_travels_says_everything(widget):
    pages = json.loads(zlib.decompress(base64.b64decode(widget.said)))
    assert [page["html"] for page in pages] == [page.screen.page.html for page in MAKE["pages"]()]
    assert pages[0]["names"][0] == ""  # a panel is not called by all that is in it
    assert pages[0]["nodes"] == [0, 1, 2, 3, 5, 6, 7]  # what hides the button is a node, too
    assert pages[0]["parents"] == [-1, 0, 0, 0, -1, -1, -1]
