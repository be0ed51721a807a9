"""The X-ray, driven without a browser, and held to tests/fixtures/x_ray.json."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minimask.data.examined import ExaminedPicture, recorded_pictures
from minimask.data.picture import Picture
from minimask.geometry.boxes import box_iou
from minimask.widgets import XRay
from minimask.widgets.x_ray import LIMITS
from minimask.widgets.x_ray_measures import STAGES, Settled, describe

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "x_ray.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_x_ray.py"))


@pytest.fixture
def widget() -> XRay:
    return MAKE["widget"]()


@pytest.fixture(scope="module")
def recorded() -> list[ExaminedPicture]:
    return recorded_pictures()


@pytest.mark.parametrize("expected", FIXTURE["cases"], ids=[str(k) for k in range(len(FIXTURE["cases"]))])
def test_every_number_of_the_fixture(widget, expected):
    widget.state = expected["state"]
    found = MAKE["case"](widget.settled)
    for name in ("counts", "proposals", "detections", "chosen"):
        assert found[name] == expected[name], name
    for name in ("best", "align", "pool", "shifts"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-9)
    assert (found["pasted"] is None) == (expected["pasted"] is None)
    if found["pasted"] is not None:
        np.testing.assert_allclose(found["pasted"], expected["pasted"], rtol=0, atol=1e-9)
    for given, wanted in zip(found["verdicts"], expected["verdicts"], strict=True):
        assert given == pytest.approx(wanted, abs=1e-12)
    for stage, words in expected["said"].items():
        assert describe(Settled(widget.settled.picture, {**expected["state"], "stage": stage})) == words


def test_the_fixture_is_of_these_pictures_and_covers_everything(widget):
    assert widget.seen == FIXTURE["seen"]
    assert FIXTURE["stages"] == STAGES
    words = " ".join(" ".join(case["said"].values()) for case in FIXTURE["cases"])
    for said in (
        "Nothing is known of what is in it.",
        "holds no cell's middle",
        "; no proposal now)",
        "has only",
        "and gave way to a box with",
        "others are surer",
        "so that is right",
        "so that is wrong",
        "no mask of it was recorded",
        "as published",
        "is none of them",
        "is number 1,",
        "1 of 3 objects found",
    ):
        assert said in words, said


def by_hand(widget: XRay) -> list[int]:
    """Return the proposals by a plain loop."""
    picture, state = widget.settled.picture, widget.state
    scores = 1 / (1 + np.exp(-picture.odds))
    kept: list[int] = []
    for k in sorted(range(len(scores)), key=lambda k: (-picture.odds[k], k)):
        rivals = [other for other in kept if picture.levels[other] == picture.levels[k]]
        iou = box_iou(picture.candidates[[k]], picture.candidates[rivals]) if rivals else np.zeros((1, 1))
        if scores[k] >= state["objectness"] and iou.max() <= state["proposal_nms"]:
            kept.append(k)
    return kept[: picture.machine.proposals]


@pytest.mark.parametrize(("objectness", "nms"), [(0.0, 0.7), (0.6, 0.3), (0.3, 0.0), (0.99, 1.0)])
def test_proposals_by_a_plain_loop(widget, objectness, nms):
    widget.slide(objectness=objectness, proposal_nms=nms)
    assert widget.settled.proposals.tolist() == by_hand(widget)


def test_thresholds_reach_the_last_stage(recorded):
    widget = XRay(recorded)
    before = widget.measures
    assert len(before["detections"]) >= 2
    widget.slide(score=0.99)
    assert len(widget.measures["detections"]) < len(before["detections"])
    widget.reset()
    widget.slide(objectness=0.99)
    assert widget.measures["proposals"] < before["proposals"]
    assert set(map(str, widget.settled.picture.answers.rois[widget.settled.detections])) <= set(
        map(str, widget.settled.proposals)
    )
    widget.reset()
    widget.slide(mask_threshold=0.99)
    assert sum(one["mask_iou"] for one in widget.measures["detections"]) < sum(
        one["mask_iou"] for one in before["detections"]
    )


def test_a_published_paste_lies_beside(recorded):
    widget = XRay(recorded)
    aligned = [one["mask_iou"] for one in widget.measures["detections"]]
    widget.choose(paste="published")
    assert [one["mask_iou"] for one in widget.measures["detections"]] != aligned


def test_an_object_is_found_once(recorded):
    widget = XRay(recorded)
    widget.slide(detection_nms=1.0, score=0.3)
    found = [one["object"] for one in widget.measures["detections"] if one["right"]]
    assert len(found) == len(set(found)) > 0
    assert len(widget.measures["detections"]) > len(found)


def test_choosing(recorded):
    widget = XRay(recorded)
    widget.choose(picture=1, stage="boxes", rank=3, level=2, map=4)
    state = widget.state
    assert (state["picture"], state["stage"], state["level"], state["map"]) == (1, "boxes", 2, 4)
    assert widget.measures["rank"] == 3
    widget.choose(picture=0)
    assert widget.state["roi"] == widget.rois[0]
    widget.reset()
    assert widget.state == widget.start
    with pytest.raises(ValueError, match="rank must be a whole number from 0 to 99, got 100"):
        widget.choose(rank=100)
    with pytest.raises(TypeError, match="thresholds are objectness"):
        widget.slide(threshold=0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"picture": 2},
        {"picture": True},
        {"stage": "rpn"},
        {"roi": -1},
        {"roi": 10_000},
        {"level": 3},
        {"map": 99},
        {"map": 1.0},
        {"paste": "nearest"},
        {"score": 0.01},
        *({name: most + 0.01} for name, (_, most) in LIMITS.items()),
        {"objectness": True},
        {"zoom": 1},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_shown_is_refused(recorded, wrong):
    widget = XRay(recorded)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        widget.state = {**widget.state, **wrong}
    assert widget.state == widget.start


def test_too_many_pictures_are_refused(recorded):
    with pytest.raises(ValueError, match="pictures must be 1 to 6, got 0"):
        XRay([])
    with pytest.raises(ValueError, match="pictures must be 1 to 6, got 7"):
        XRay(recorded[:1] * 7)


def test_what_travels_is_small(recorded):
    for text, picture in zip(XRay(recorded).seen, recorded, strict=True):
        assert len(text) < 150_000
        again = ExaminedPicture.from_bytes(picture.to_bytes())
        np.testing.assert_array_equal(again.image, picture.image)
        assert again.to_bytes() == picture.to_bytes()


def test_sides_beyond_what_two_bytes_hold_are_refused(recorded):
    far = recorded[0].candidates.copy()
    far[3, 2] = 600
    with pytest.raises(ValueError, match=r"candidates must be less than 512, got 600"):
        replace(recorded[0], candidates=far).to_bytes()


def test_the_still_picture_says_what_it_shows(widget, recorded):
    for x_ray in (XRay(recorded), widget):
        for picture in (0, 1):
            x_ray.choose(picture=picture)
            bundle = x_ray.still()._repr_mimebundle_()
            assert x_ray.words() in bundle["text/plain"]
            assert len(bundle["text/html"]) < 150_000


def test_from_a_model(monkeypatch, recorded):
    asked = []
    monkeypatch.setattr(
        "minimask.training.examining.examine", lambda *given, **named: asked.append((given, named)) or recorded[0]
    )
    image = recorded[0].image
    XRay.from_model("model", image, {"boxes": [[1, 2, 30, 40]], "labels": [2], "masks": np.ones((1, 128, 128))})
    ((model, picture), named) = asked[0]
    assert (model, picture.labels.tolist(), picture.boxes.tolist()) == ("model", [2], [[1, 2, 30, 40]])
    assert len(named["names"]) == 6
    XRay.from_model("model", [picture, picture], names=["a"])
    assert len(asked) == 3
    assert asked[2][1] == {"names": ["a"]}
    XRay.from_model("model", image)
    assert asked[3][0][1].masks.shape == (0, 128, 128)
    with pytest.raises(ValueError, match="truth must be left out"):
        XRay.from_model("model", picture, {"boxes": []})
    with pytest.raises(ValueError, match=r"pictures must be uint8 \(H, W, 3\), got float64"):
        XRay.from_model("model", image / 255)
    assert isinstance(picture, Picture)
