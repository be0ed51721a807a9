"""The strength of an attack, driven without a browser, and held to tests/fixtures/attack_strength.json."""

import base64
import io
import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minimask.data.attacked import RECORDED
from minimask.data.found import Found
from minimask.widgets import AttackStrength
from minimask.widgets import attack_strength_measures as measures

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "attack_strength.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_attack_strength.py"))


@pytest.fixture
def widget() -> AttackStrength:
    return MAKE["widget"]()


def test_every_number_of_the_fixture(widget):
    assert widget.attacked == FIXTURE["attacked"]
    for expected in FIXTURE["cases"]:
        widget.state = expected["state"]
        found = MAKE["case"](widget)
        for row, wanted in zip(found.pop("outcomes"), expected["outcomes"], strict=True):
            for one, other in zip(row, wanted, strict=True):
                assert one[:3] == pytest.approx(other[:3], abs=1e-12)
                assert one[3:] == other[3:]
        assert found.pop("now")[3:] == expected["now"][3:]
        assert found == {name: value for name, value in expected.items() if name not in ("now", "outcomes")}


def test_the_fixture_covers_everything():
    words = " ".join(case["words"] for case in FIXTURE["cases"])
    for said in (
        "Strength 0, the picture as it is.",
        "by 1 level of 255",
        "but with a mask that leaks",
        "not found (its own class has",
        "taken for star with 90%",
        "At the same strength under",
        "1 is found, and there is 1 false alarm",
        "1.00. There are 0 false alarms",
        "fails at every strength up to 16",
        "not found even without an attack",
        "first succeeds at strength 3",
    ):
        assert said in words, said


def test_outcomes_are_those_of_the_chapter(widget):
    """The widget's own arithmetic, which needs no torch, says what `minimask.trust.outcome` says."""
    outcome = pytest.importorskip("minimask.trust.outcome")
    assert (measures.SURE, measures.SAME, measures.MUCH) == (outcome.SURE, outcome.SAME, outcome.MUCH)
    for picture in widget._pictures:
        mask = picture.masks.masks(1)[picture.target]
        label = int(picture.labels[picture.target])
        for sighting in sum(picture.found, ()):
            boxes, labels, scores, masks = sighting
            theirs = outcome.outcome(Found(boxes, labels, scores / 10_000, masks.masks(100)), mask, label)
            ours = measures.outcome(picture, picture.target, sighting)
            assert (ours.score, ours.iou, ours.leak) == pytest.approx((theirs.score, theirs.iou, theirs.leak))
            assert (ours.fate == "leaking") == theirs.leaked
            if ours.fate != "leaking":
                assert (ours.fate == "found") == theirs.right
                assert (ours.fate == "lost") == theirs.vanished
                assert (ours.fate == "taken") == theirs.changed


def test_it_begins_where_the_first_attack_first_succeeds(widget):
    assert widget.state == {"picture": 0, "attack": 0, "step": 2, "found": True}
    assert widget.measures["fate"] == "lost"
    assert widget.measures["first"] == widget.measures["strength"] == 3
    steady = AttackStrength([MAKE["invented"](1)])
    steady.choose(attack=3)
    assert steady.measures["first"] is None


def test_measures(widget):
    widget.choose(attack=2, step=3)
    found = widget.measures
    assert (found["strength"], found["fate"], found["others"], found["false_alarms"]) == (16, "leaking", 1, 1)
    assert found["leak"] > 1 > found["mask_iou"] > 0
    assert list(found["scores"]) == ["vanish", "change", "leak", "noise"]
    assert found["scores"]["vanish"] == [0.97, 0.97, 0.2999, 0.0]
    assert found["mask_ious"]["vanish"][-2:] == [0.0, 0.0]


def test_choosing_and_starting_over(widget):
    widget.choose(picture=1, attack=3, step=1, found=False)
    assert widget.state == {"picture": 1, "attack": 3, "step": 1, "found": False}
    widget.reset()
    assert widget.state == widget.start


@pytest.mark.parametrize(
    "wrong",
    [
        {"picture": 3},
        {"picture": True},
        {"attack": 4},
        {"attack": 1.0},
        {"step": 4},
        {"step": -1},
        {"found": 1},
        {"zoom": 1},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_shown_is_refused(widget, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        widget.state = {**widget.state, **wrong}
    assert widget.state == widget.start


def test_pictures_that_cannot_be_shown_are_refused():
    picture = MAKE["invented"](0)
    with pytest.raises(ValueError, match="pictures must be 1 to 6, got 0"):
        AttackStrength([])
    with pytest.raises(ValueError, match="pictures must be 1 to 6, got 7"):
        AttackStrength([picture] * 7)
    with pytest.raises(ValueError, match="the same attacks, at the same strengths"):
        AttackStrength([picture, replace(picture, strengths=(0, 1, 3, 12))])


@pytest.mark.parametrize("changed", [{}, {"step": 0}, {"attack": 2, "step": 3}, {"found": False}], ids=str)
def test_the_still_picture_says_what_it_shows(widget, changed):
    widget.choose(**changed)
    bundle = widget.still()._repr_mimebundle_()
    assert widget.words() in bundle["text/plain"]
    assert len(bundle["text/html"]) < 150_000


def test_the_picture_travels_as_it_is(widget):
    for url, picture in zip(widget.images, widget._pictures, strict=True):
        content = base64.b64decode(url.partition(",")[2])
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")), picture.image)


def test_what_ships_is_small():
    assert RECORDED.stat().st_size < 400_000
    widget = AttackStrength()
    assert len(json.dumps(widget.attacked) + json.dumps(widget.images)) < 500_000
    for picture in range(len(widget.attacked)):
        widget.choose(picture=picture, attack=0, step=0)
        assert widget.measures["fate"] == "found"
        assert widget.measures["first"] > 0
