"""The box ceiling, driven without a browser."""

import re

import numpy as np
import pytest
import traitlets

from minimask.geometry.ceilings import best_box, tight_box
from minimask.geometry.polygons import rotate_polygon
from minimask.widgets import BoxCeiling
from minimask.widgets.box_ceiling_measures import advice, balance, measure, pose_of
from minimask.widgets.living_picture import LivingPicture

TRIANGLE = [[0, 0], [4, 0], [0, 4]]
FRAME = [[[0, 0], [9, 0], [9, 9], [0, 9]], [[3, 3], [6, 3], [6, 6], [3, 6]]]


@pytest.fixture
def widget() -> BoxCeiling:
    return BoxCeiling({"triangle": TRIANGLE, "frame": FRAME})


def test_the_numbers(widget):
    widget.place([0, 0, 2, 2])
    found = widget.measures
    assert found["iou"] == pytest.approx(0.5)
    assert (found["intersection"], found["union"]) == pytest.approx((4, 8))
    assert found["tight"] == pytest.approx(0.5)
    assert found["best"] == pytest.approx(2**-0.5)
    assert found["gap"] == pytest.approx(2**-0.5 - 0.5)
    assert found["tight_box"] == [0, 0, 4, 4]
    assert found["best_box"] == pytest.approx([0, 0, 8**0.5, 8**0.5], abs=1e-6)
    assert found["sides"] == pytest.approx({"left": 1, "top": 1, "right": 1, "bottom": 1}, abs=1e-5)
    assert found["balance"] == pytest.approx(2**-0.5 / (1 + 2**-0.5))


def test_holes_count(widget):
    widget.choose("frame")
    widget.place([3, 3, 9, 9])
    assert widget.measures["intersection"] == pytest.approx(36 - 9)
    assert widget.measures["sides"]["left"] == pytest.approx(0.5, abs=1e-5)
    assert widget.measures["tight"] == pytest.approx(72 / 81)


def test_turning_goes_clockwise_about_the_middle(widget):
    widget.rotate(90)
    assert widget.measures["best_box"] == pytest.approx([4 - 8**0.5, 0, 4, 8**0.5], abs=1e-6)
    widget.rotate(20)
    turned = rotate_polygon(TRIANGLE, 20)
    assert widget.measures["tight"] == pytest.approx(tight_box(turned)[1])
    assert widget.measures["best"] == pytest.approx(best_box(turned)[1])


def test_at_the_best_box_every_side_is_in_balance():
    widget = BoxCeiling(shape="star")
    widget.rotate(10)
    widget.snap("best")
    found = widget.measures
    assert found["gap"] == pytest.approx(0, abs=1e-9)
    assert list(found["sides"].values()) == pytest.approx([found["balance"]] * 4, abs=1e-4)


@pytest.mark.parametrize("name", ["circle", "star", "crescent", "U", "ring"])
def test_the_advice_leads_uphill(name):
    """A side that is told to move raises the IoU by a small step that way, and lowers it by a step the other way."""
    widget = BoxCeiling(shape=name)
    widget.rotate(25)
    pose = widget.pose
    rng, seen = np.random.default_rng(0), set()
    for _ in range(20):
        low, high = rng.uniform(8, 45, 2), rng.uniform(55, 92, 2)
        box = np.concatenate([low, high])
        measures = measure(pose, box)
        for k, side in enumerate(measures.sides):
            outward = -1 if k < 2 else 1
            steps = [box + np.eye(4)[k] * outward * step for step in (-1e-5, 1e-5)]
            inner, outer = (measure(pose, step).iou - measures.iou for step in steps)
            going = advice(side, measures.iou)
            seen.add(going)
            if going:
                assert (inner < 0 < outer) if going > 0 else (outer < 0 < inner)
    assert seen >= {-1, 1}


def test_the_state_is_one_plain_object(widget):
    assert widget.state == {
        "shape": "triangle",
        "angle": 0.0,
        "box": pytest.approx([0.8, 0.8, 4.2, 3.6]),
        "drawn": None,
        "show_tight": True,
        "show_best": False,
        "show_sides": True,
    }
    seen = []
    widget.observe(seen.append, "state")
    widget.state = {**widget.state, "angle": 30, "show_best": True}
    assert [change["new"]["angle"] for change in seen] == [30]
    widget.show(tight=False)
    assert (widget.state["show_tight"], widget.state["show_best"], widget.state["show_sides"]) == (False, True, True)
    start = widget.state
    widget.choose("frame")
    assert (widget.state["angle"], widget.state["box"]) == (0, pytest.approx([1.8, 1.8, 9.45, 8.1]))
    widget.choose("triangle")
    widget.reset()
    assert widget.state == {**start, "angle": 0, "show_tight": True, "show_best": False}


def test_a_drawing(widget):
    widget.draw([[10, 10], [90, 10], [90, 90], [10, 90]])
    assert widget.state["shape"] == "your drawing"
    widget.snap("tight")
    assert widget.measures["iou"] == pytest.approx(1)
    assert widget.words().startswith("Your box scores IoU 1.000 on your drawing")
    widget.choose("frame")
    widget.choose("your drawing")
    widget.reset()
    assert widget.state["shape"] == "your drawing"


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: w.choose("cube"), "shape must be one of triangle, frame, got 'cube'"),
        (lambda w: w.choose("your drawing"), "shape must be one of triangle, frame, got 'your drawing'"),
        (lambda w: w.rotate(181), "angle must be a number from 0 to 180 degrees, got 181"),
        (lambda w: w.rotate(float("nan")), "angle must be a number from 0 to 180 degrees, got nan"),
        (lambda w: w.rotate("30"), "angle must be a number from 0 to 180 degrees, got '30'"),
        (lambda w: w.place([3, 0, 2, 2]), "box must have x1 <= x2 and y1 <= y2"),
        (lambda w: w.place([0, 0, 2]), "box must have shape (4,)"),
        (lambda w: w.place([0, 0, 2, float("inf")]), "box must be finite"),
        (lambda w: w.place([1, 0, 1, 2]), "box must have a width and a height above 0, got [1.0, 0.0, 1.0, 2.0]"),
        (lambda w: w.snap("worst"), "to must be 'tight' or 'best', got 'worst'"),
        (lambda w: w.draw([[0, 0], [4, 4], [4, 0], [0, 4]]), "must not cross or touch itself"),
        (lambda w: w.draw([[0, 0], [4, 4]]), "at least 3 distinct vertices"),
        (lambda w: w.show(tight=1), "show_tight must be True or False, got 1"),
        (lambda w: setattr(w, "state", {"angle": 3}), "state must have exactly the entries angle, box, drawn"),
        (lambda w: setattr(w, "state", {**w.state, "zoom": 2}), "unknown: ['zoom']"),
        (lambda _: BoxCeiling({}), "shapes must hold at least one silhouette, got none"),
        (lambda _: BoxCeiling({"your drawing": TRIANGLE}), "a name in shapes must be a text other than"),
        (lambda _: BoxCeiling({3: TRIANGLE}), "a name in shapes must be a text"),
        (
            lambda _: BoxCeiling({"bow": [[0, 0], [4, 4], [4, 0], [0, 4]]}),
            "shapes['bow'] must not cross or touch itself",
        ),
        (lambda _: BoxCeiling(shape="cube"), "shape must be one of circle,"),
    ],
)
def test_bad_input_is_refused_and_the_state_stays(widget, act, message):
    before = widget.state
    with pytest.raises(ValueError, match=re.escape(message)):
        act(widget)
    assert widget.state == before


def test_a_bad_message_from_a_browser_leaves_the_state_as_it_was(widget):
    before = widget.state
    with pytest.raises(traitlets.TraitError, match="angle must be"):
        widget.set_state({"state": {**before, "angle": 700}})
    assert widget.state == before


def test_a_state_from_a_browser_is_not_sent_back(widget):
    """An answer would arrive late, and throw the box back under the reader's hand."""
    state = {**widget.state, "angle": 30, "box": [0, 1, 3, 3]}
    sent = []
    widget.send_state = sent.append
    widget.set_state({"state": state})
    assert widget.state == state
    assert [names for names in sent if names and "state" in names] == []


def test_hosts_without_widgets_get_a_picture_and_words(widget):
    data, _ = widget._repr_mimebundle_()
    words = widget.words()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == f"Figure: {words}"
    assert f'alt="{words}"' in data["text/html"]
    assert "data:image/webp;base64," in data["text/html"]
    before = data["text/html"]
    widget.show(best=True)
    assert widget._repr_mimebundle_()[0]["text/html"] != before
    assert widget._repr_mimebundle_()[0]["text/html"] == widget._repr_mimebundle_()[0]["text/html"]


def test_a_living_picture_leaves_words_and_still_to_its_kind():
    picture = LivingPicture()
    for method in (picture.words, picture.still):
        with pytest.raises(NotImplementedError):
            method()


def test_a_pose_knows_its_silhouette():
    pose = pose_of([np.array(ring, dtype=float) for ring in FRAME], 0)
    assert pose.area == 72
    assert pose.tight_box.tolist() == [0, 0, 9, 9]
    assert balance(pose.tight) == pytest.approx(72 / 153)
