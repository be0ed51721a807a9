"""Pages of chapter 6 in a real browser: their truth on known geometry, and clicks that the page itself answers."""

import numpy as np
import pytest

from minimask.data.coco_folder import CocoFolder
from minimask.data.found import Found
from minimask.screens import clicks, world
from minimask.screens.pages import CLASSES, HEIGHT, WIDTH, Page, make_page
from minimask.screens.recorded import recorded_screens
from minimask.screens.themes import THEMES
from minimask.screens.truth import show

KNOWN = """<!doctype html><html lang="en"><head><style>
* { box-sizing: border-box; margin: 0; } body { background: #cde; font: 12px/20px 'Liberation Sans', sans-serif; }
[data-role] { position: absolute; } button, input { border: 2px solid #333; background: linear-gradient(#fff, #aaa); }
</style></head><body>
<button data-role="button" style="left:10px;top:10px;width:60px;height:20px">Go</button>
<button data-role="button" aria-label="round"
  style="left:100px;top:10px;width:40px;height:40px;border-radius:50%"></button>
<input data-role="field" aria-label="Name" placeholder="words" style="left:10px;top:60px;width:80px;height:20px">
<div data-role="panel" role="dialog" style="left:60px;top:50px;width:60px;height:60px;background:white">
  <input type="checkbox" data-role="checkbox" style="left:10px;top:40px;width:12px;height:12px">
</div>
<div data-role="none" style="left:5px;top:5px;width:10px;height:10px;background:red"></div>
<div style="position:absolute;left:150px;top:100px;width:60px"><span
  data-role="text" style="position:static">one two three
four five</span></div>
<img data-role="image" alt="a square" style="left:200px;top:10px;width:30px;height:30px"
  src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E%3Ccircle r='5'/%3E%3C/svg%3E">
</body></html>"""


@pytest.fixture
def tab(new_page):
    return new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1)


def rectangle(x1, y1, x2, y2):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y1:y2, x1:x2] = True
    return mask


def test_the_truth_of_known_shapes_is_exact(tab):
    screen = show(tab, Page(KNOWN, "none", 0, 0))
    roles = [element.role for element in screen.elements]
    button, ring, field, panel, box, *lines, image = screen.masks
    assert roles[:5] == ["button", "button", "field", "panel", "checkbox"] and roles[-1] == "image"
    assert (button == rectangle(10, 10, 70, 30) & ~rectangle(5, 5, 15, 15)).all()  # the red square has no class
    assert (field == rectangle(10, 60, 90, 80) & ~rectangle(60, 50, 120, 110)).all()  # below the dialog
    assert (panel == rectangle(60, 50, 120, 110)).all()  # with what it holds
    assert (box == rectangle(70, 90, 82, 102)).all()
    assert (image == rectangle(200, 10, 230, 40)).all()
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    depth = 20 - np.hypot(x - 120, y - 30)
    assert ring[depth > 0.75].all() and not ring[depth < -0.75].any()  # smoothed: within a pixel of the circle
    assert len(lines) > 1 and all(role == "text" for role in roles[5:-1])
    assert all(line.any(1).sum() <= 14 for line in lines) and np.sum(lines, axis=0).max() == 1


def test_the_page_says_names_holders_and_nodes(tab):
    elements = show(tab, Page(KNOWN, "none", 0, 0)).elements
    assert [element.name for element in elements[:3]] == ["Go", "round", "Name"] and elements[-1].name == "a square"
    assert [element.parent for element in elements[:5]] == [-1, -1, -1, -1, 3]
    assert elements[3].kind == "dialog"
    assert [element.node for element in elements[:6]] == [0, 1, 2, 3, 4, 6]
    assert len({element.node for element in elements[5:-1]}) == 1  # the lines of a text share theirs


@pytest.mark.parametrize("theme", THEMES)
def test_boxes_hold_what_is_seen(tab, theme):
    for number in range(2):
        screen = show(tab, make_page(number, 11, (theme,)))
        assert screen.image.shape == (HEIGHT, WIDTH, 3) and len(screen.elements) > 4
        for element, mask in zip(screen.elements, screen.masks, strict=True):
            if element.role == "panel":  # what it holds may stick out of it
                continue
            x1, y1, x2, y2 = element.box
            rows, columns = np.nonzero(mask)
            assert x1 - 1 < columns.min() and columns.max() < x2 and y1 - 1 < rows.min() and rows.max() < y2


def test_recorded_pages_look_the_same_today(tab):
    for recorded in recorded_screens()[:90:30]:
        today = show(tab, recorded.page)
        assert [one[0] for one in today.elements] == [one[0] for one in recorded.elements]
        same = (today.masks == recorded.masks).mean()
        assert same > 0.98  # other fonts, other places


def test_the_live_page_answers_clicks_as_its_masks_say(tab):
    for number in (3, 8, 70):
        screen = show(tab, recorded_screens()[number].page)
        truth = screen.picture
        kept = ~truth.crowd
        everything = Found(truth.boxes[kept], truth.labels[kept], np.ones(kept.sum()), truth.masks[kept])
        planned = clicks.clicks_on(everything)
        answered = clicks.play(tab, screen, [(click.x, click.y) for click in planned])
        assert len(planned) > 2 and len(answered) == len(planned)
        assert answered == clicks.answers(screen, [(click.x, click.y) for click in planned])
        outcome = clicks.hits_of(screen, planned, answered)
        assert outcome.hits == outcome.clicks == outcome.reached == outcome.controls


def test_the_written_script_runs_and_fails_where_something_else_lies(tab):
    asked = set()
    for number in (3, 8, 70):
        screen = show(tab, recorded_screens()[number].page)
        truth = screen.picture
        kept = ~truth.crowd
        everything = Found(truth.boxes[kept], truth.labels[kept], np.ones(kept.sum()), truth.masks[kept])
        planned = clicks.clicks_on(everything)
        asked |= {click.role for click in planned}
        written = {}
        exec(clicks.as_test(planned), written)
        tab.set_content(screen.page.html)
        written["test_controls_answer"](tab)
    assert len(asked) >= 3
    wrong = {}
    other = "field" if planned[0].role != "field" else "button"
    exec(clicks.as_test([planned[0]._replace(role=other)]), wrong)
    tab.set_content(screen.page.html)
    with pytest.raises(AssertionError, match=planned[0].place):
        wrong["test_controls_answer"](tab)


def test_a_click_beside_everything_hits_nothing(tab):
    screen = show(tab, Page(KNOWN, "none", 0, 0))
    assert clicks.play(tab, screen, [(250.5, 180.5), (12.5, 12.5), (40.5, 20.5)]) == [-1, -1, 0]


def test_exported_screens_are_read_as_any_other_data(tab, tmp_path, monkeypatch):
    monkeypatch.setattr(
        world,
        "screens",
        lambda count, seed, themes, start: (show(tab, make_page(k, seed, themes)) for k in range(start, start + count)),
    )
    world.export_screens(tmp_path / "pages", 2, 5)
    folder = CocoFolder(tmp_path / "pages")
    assert folder.classes == CLASSES and len(folder) == 2
    again = show(tab, make_page(1, 5)).picture
    assert (folder[1].image == again.image).all() and (folder[1].masks == again.masks).all()
    assert (folder[1].crowd == again.crowd).all() and (folder[1].labels == again.labels).all()
