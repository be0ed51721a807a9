"""The count explorer, driven without a browser, and held to tests/fixtures/count_explorer.json."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from minimask.data.counted import RECORDED
from minimask.widgets import CountExplorer
from minimask.widgets.count_explorer_measures import judge

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "count_explorer.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_count_explorer.py"))


@pytest.fixture
def widget() -> CountExplorer:
    return MAKE["widget"]()


def test_every_number_of_the_fixture(widget):
    assert widget.counted == FIXTURE["counted"]
    assert (widget.things, widget.method) == (FIXTURE["things"], FIXTURE["method"])
    for expected in FIXTURE["cases"]:
        widget.state = expected["state"]
        found = MAKE["case"](widget)
        for name in ("curve", "off"):
            np.testing.assert_allclose(found.pop(name), expected[name], rtol=0, atol=1e-9)
        assert found == {name: value for name, value in expected.items() if name not in ("curve", "off")}


def test_the_fixture_covers_everything():
    words = " ".join(case["words"] for case in FIXTURE["cases"])
    for said in (
        "counts 1 disc,",
        "counts 0 discs",
        "exactly right",
        "too many, +",
        "too few, -",
        "merged with others",
        "1 outline around several",
        ", at least 60 px",
        "(pale)",
        "precision 100%, recall 0%",
        "in total), that of Splitting",
    ):
        assert said in words, said
    kinds = {kind for case in FIXTURE["cases"] for kind in case["model"]["kinds"]}
    fates = {fate for case in FIXTURE["cases"] for fate in case["model"]["fates"]}
    assert kinds == {"found", "merged", "false"}
    assert fates == {"found", "merged", "missed"}


def by_hand(widget: CountExplorer) -> dict:
    """Return what the model finds by plain loops over sets of pixels."""
    settled = widget.settled
    picture, state = settled.picture, widget.state
    masks = picture.found.masks(round(100 * state["mask_threshold"]))
    scores = picture.scores / 10_000
    kept = [
        set(map(tuple, np.argwhere(mask)))
        for mask, score in zip(masks, scores, strict=True)
        if score >= state["score"] - 1e-9 and mask.sum() >= max(1, state["smallest"])
    ]
    objects = [set(map(tuple, np.argwhere(picture.truth == m + 1))) for m in range(picture.truth.max())]
    taken: set[int] = set()
    for mask in kept:
        ious = {m: len(mask & one) / len(mask | one) for m, one in enumerate(objects) if m not in taken}
        best = max(ious, key=ious.get, default=-1)
        if best >= 0 and ious[best] >= 0.5:
            taken.add(best)
    merged = set()
    for mask in kept:
        inside = {m for m, one in enumerate(objects) if len(mask & one) >= len(one) / 2}
        merged |= inside if len(inside) > 1 else set()
    return {
        "count": len(kept),
        "found": len(taken),
        "missed": len(objects) - len(taken),
        "merged": len(merged - taken),
        "false": len(kept) - len(taken),
        "precision": len(taken) / len(kept) if kept else 1.0,
        "recall": len(taken) / len(objects),
        "mean_area": np.mean([len(mask) for mask in kept]) if kept else 0.0,
    }


@pytest.mark.parametrize("picture", [0, 1, 2])
@pytest.mark.parametrize("changed", MAKE["STATES"][:7], ids=str)
def test_the_model_by_plain_loops(widget, picture, changed):
    widget.state = {**widget.start, "picture": picture, **changed}
    assert widget.measures["model"] == pytest.approx(by_hand(widget))


def test_the_curve_is_what_sliding_gives(widget):
    widget.slide(mask_threshold=0.3, smallest=20)
    curve = widget.measures["curve"]
    assert len(curve) == 95
    for percent in (5, 29, 30, 66, 99):
        widget.slide(score=percent / 100)
        errors = []
        for picture in range(3):
            widget.choose(picture=picture)
            true = widget.measures["true"]
            errors.append(100 * abs(widget.measures["model"]["count"] - true) / true)
        assert curve[percent - 5] == pytest.approx(np.mean(errors))
        assert widget.measures["off"][0] == pytest.approx(np.mean(errors))


def test_the_surest_chooses_first_and_an_object_is_found_once():
    overlaps, areas = np.array([[8, 0], [10, 0], [3, 9]]), np.array([10, 10, 12])
    judged = judge(overlaps, areas, np.array([10, 10]))
    assert judged.objects.tolist() == [0, -1, 1]
    assert [judged.kind(row) for row in range(3)] == ["found", "false", "found"]
    exactly = judge(np.array([[10]]), np.array([20]), np.array([10]))  # IoU 0.5
    assert (exactly.found, exactly.precision) == (1, 1.0)
    assert judge(np.array([[10]]), np.array([21]), np.array([10])).found == 0


def test_choosing_and_starting_over(widget):
    widget.choose(picture=2, outlines="baseline", truth=True)
    widget.slide(score=0.123, mask_threshold=0.8, smallest=30)
    assert widget.state == {
        "picture": 2,
        "outlines": "baseline",
        "truth": True,
        "score": 0.12,
        "mask_threshold": 0.8,
        "smallest": 30,
    }
    widget.reset()
    assert widget.state == widget.start


@pytest.mark.parametrize(
    "wrong",
    [
        {"picture": 3},
        {"picture": True},
        {"outlines": "all"},
        {"truth": 1},
        {"score": 0.04},
        {"score": True},
        {"mask_threshold": 1},
        {"mask_threshold": 0.0},
        {"smallest": -1},
        {"smallest": 151},
        {"smallest": 1.5},
        {"zoom": 1},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_shown_is_refused(widget, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        widget.state = {**widget.state, **wrong}
    assert widget.state == widget.start


def test_too_many_pictures_are_refused():
    with pytest.raises(ValueError, match="pictures must be 1 to 12, got 0"):
        CountExplorer([])
    with pytest.raises(ValueError, match="pictures must be 1 to 12, got 13"):
        CountExplorer([MAKE["invented"](0)] * 13)


@pytest.mark.parametrize("changed", [{}, {"outlines": "baseline", "truth": True}, {"outlines": "none"}], ids=str)
def test_the_still_picture_says_what_it_shows(widget, changed):
    widget.choose(**changed)
    bundle = widget.still()._repr_mimebundle_()
    assert widget.words() in bundle["text/plain"]
    assert len(bundle["text/html"]) < 150_000


def test_what_ships_is_small():
    assert RECORDED.stat().st_size < 400_000
    widget = CountExplorer()
    assert len(json.dumps(widget.counted) + json.dumps(widget.images)) < 400_000
    for picture in range(len(widget.counted)):
        widget.choose(picture=picture)
        assert widget.measures["true"] > 0
        assert f"Picture {picture + 1} of {len(widget.counted)}" in widget.words()
