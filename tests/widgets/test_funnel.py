"""The funnel, driven without a browser."""

import base64
import html
import re
import runpy
import zlib
from pathlib import Path

import numpy as np
import pytest

from minimask.anchors import recipes
from minimask.data.recorded import recorded_run
from minimask.data.watched import WatchedPicture
from minimask.plots import style
from minimask.proposals import propose
from minimask.widgets import Funnel
from minimask.widgets.funnel_bytes import GRID, KEPT, pack, unpack
from minimask.widgets.funnel_measures import IOUS, STAGES, cut

WORLD = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "make_funnel.py"))["world"]()
COUNTS = recipes["lesson"].counts(128, 128)


def plain(size: tuple[int, int], objects: list[list[float]], logits: dict[int, float]) -> list[WatchedPicture]:
    """Return a picture with anchors that stay where they are, some of which are liked."""
    said = np.full((1, recipes["lesson"].count(*size)), -5.0)
    for index, logit in logits.items():
        said[0, index] = logit
    labels = np.ones(len(objects), dtype=np.int64)
    return [WatchedPicture(np.zeros((*size, 3), np.uint8), objects, labels, (7,), said, np.zeros((*said.shape, 4)))]


def anchor_of(size: tuple[int, int], box: list[float]) -> int:
    """Return the anchor that is this box."""
    return int(np.abs(recipes["lesson"].boxes(*size) - box).sum(axis=1).argmin())


@pytest.fixture
def widget() -> Funnel:
    return Funnel(WORLD)


def test_the_numbers_by_hand():
    """16 x 16 pixels have 48 + 12 + 3 anchors; the coarsest three, clipped, are the whole picture."""
    widget = Funnel(plain((16, 16), [[0, 0, 16, 16]], {60: 3.0, 61: 2.0, 62: 1.0}))
    widget.slide(pre_top_n=3, post_top_n=2, min_size=0)
    stages = widget.settled.funnel.stages()
    assert stages["top_k"].indices.tolist() == [0, 1, 2, 48, 49, 50, 60, 61, 62]
    assert stages["nms"].indices.tolist()[0] == 60
    found = widget.measures
    assert found["survivors"] == {
        "anchors": 63,
        "top_k": 9,
        "clipped": 9,
        "large_enough": 9,
        "nms": len(stages["nms"].indices),
        "top_n": 2,
    }
    (best,) = zip(*found["best_iou"].values(), strict=True)
    assert best[0] == pytest.approx(14 * 14 / (2 * 256 - 14 * 14))  # 16 x 16 around (6, 6), two pixels off
    assert best[2:] == (1.0, 1.0, 1.0, 1.0)
    assert found["found"]["anchors"] == (1, 0)
    assert found["found"]["top_n"] == (1, 1)
    assert found["lost"] == [(None, None)]
    assert found["multiply_adds"]["top_n"] == 2 * 532_066_304


NEIGHBORS = [[6, 6, 22, 22], [10, 6, 26, 22]]  # two anchors of the finest level, IoU 12 * 16 / 320 = 0.6


def test_a_neighbor_takes_the_best_box():
    size = (48, 64)
    one, other = (anchor_of(size, box) for box in NEIGHBORS)
    widget = Funnel(plain(size, NEIGHBORS, {one: 5.0, other: 4.0}))
    widget.slide(nms_threshold=0.6)
    assert widget.measures["victims"] == []  # not strictly greater
    assert widget.measures["best_iou"]["nms"] == [1.0, 1.0]
    widget.slide(nms_threshold=0.59, post_top_n=300)
    found = widget.measures
    assert found["victims"] == [(1, 0)]
    assert found["best_iou"]["nms"][0] == 1
    assert found["best_iou"]["nms"][1] < 0.7
    assert found["lost"] == [(None, None), (None, "nms")]
    (victim,) = widget.settled.victims
    assert (victim.box.tolist(), victim.winner.tolist(), victim.iou) == (NEIGHBORS[1], NEIGHBORS[0], 1.0)
    assert "NMS gave up best boxes: that of 2 (disc), IoU 1.00, for a box on 1 (disc)." in widget.words()


def test_a_better_box_on_the_same_object_is_no_neighbor():
    size = (48, 64)
    one, other = (anchor_of(size, box) for box in NEIGHBORS)
    widget = Funnel(plain(size, NEIGHBORS[:1], {one: 4.0, other: 5.0}))
    widget.slide(nms_threshold=0.5)
    assert widget.measures["best_iou"]["nms"][0] < 1
    assert widget.measures["victims"] == []


def test_a_box_beside_everything_is_no_neighbor():
    """What suppresses must find the other object, not touch it."""
    size = (48, 64)
    one, other = (anchor_of(size, box) for box in NEIGHBORS)
    widget = Funnel(plain(size, [NEIGHBORS[0], [20, 6, 46, 22]], {one: 4.0, other: 5.0}))
    widget.slide(nms_threshold=0.5)
    assert widget.measures["best_iou"]["nms"][0] < 1
    assert widget.measures["victims"] == []


def test_an_iou_that_equals_the_threshold_finds_and_is_not_rounded_up(widget):
    best = np.array([0.5, 0.7, 0.4999, 0.6999])
    reach = widget.settled.reaches[0]._replace(iou_of_object=best)
    settled = widget.settled._replace(reaches=[reach] * 6)
    assert [settled.found(threshold) for threshold in IOUS] == [[3] * 6, [1] * 6]
    assert settled.lost(0.5) == [None, None, "anchors", None]
    assert [cut(iou) for iou in (0.5, 0.6999, 0.7, 0.29, 1.0)] == ["0.50", "0.69", "0.70", "0.29", "1.00"]


@pytest.mark.parametrize(("picture", "step"), [(0, 0), (0, 900), (1, 900)])
def test_little_is_lost_on_the_way_to_the_browser(widget, picture, step):
    ends, row = np.cumsum(COUNTS)[:-1], WORLD[picture].steps.index(step)
    parts = (np.split(said[row], ends) for said in (WORLD[picture].logits, WORLD[picture].deltas))
    exact = propose(*parts, recipes["lesson"].per_level(128, 128), (128, 128), 1000, 50, 0.7, 1.0).stages()
    widget.choose(picture=picture, step=step)
    stages = widget.settled.funnel.stages()
    assert len(set(exact["top_k"].indices) ^ set(stages["top_k"].indices)) <= 4  # near-ties around the last place
    common = np.intersect1d(exact["clipped"].indices, stages["clipped"].indices)
    boxes = [stage["clipped"].boxes[np.argsort(stage["clipped"].indices)] for stage in (exact, stages)]
    rows = [np.isin(np.sort(stage["clipped"].indices), common) for stage in (exact, stages)]
    assert np.abs(boxes[0][rows[0]] - boxes[1][rows[1]]).max() < 0.5
    assert len(stages["nms"].indices) == pytest.approx(len(exact["nms"].indices), rel=0.02)


def test_nothing_is_lost_of_the_recorded_run():
    """Its numbers have few digits: the widget finds box for box what the run's own funnel finds."""
    widget, run = Funnel(), recorded_run()
    assert len(widget.pictures) == 5
    for number, picture in enumerate(widget.pictures):
        assert tuple(picture["steps"]) == run.moments_of(number)
        for step in picture["steps"]:
            widget.choose(picture=number, step=step)
            exact = run.funnel(number, step, min_size=1.0, post_top_n=50).stages()
            for name, stage in widget.settled.funnel.stages().items():
                np.testing.assert_array_equal(stage.indices, exact[name].indices)
                np.testing.assert_allclose(stage.boxes, exact[name].boxes, rtol=0, atol=1e-3)


def test_what_travels_of_the_recorded_run_is_small():
    widget = Funnel()
    assert len(widget.said) + sum(len(picture["image"]) for picture in widget.pictures) < 205_000


def test_what_travels():
    text = pack([(picture.logits[1], picture.deltas[1]) for picture in WORLD], COUNTS)
    content = zlib.decompress(base64.b64decode(text))
    assert len(content) == 2 * (4032 // 8 + (1000 + 768 + 192) * 10)
    looks = unpack(text, COUNTS)
    assert len(looks) == 2
    for picture, (logits, deltas) in zip(WORLD, looks, strict=True):
        rounded = picture.logits[1].astype(np.float16).astype(float)
        start = 0
        for count in COUNTS:
            best = start + np.argsort(-rounded[start : start + count], kind="stable")
            kept, others = best[:KEPT], best[KEPT:]
            np.testing.assert_array_equal(logits[kept], rounded[kept])
            assert np.abs(deltas[kept] - picture.deltas[1][kept]).max() <= GRID / 2
            assert (logits[others] < rounded.min()).all() or not len(others)
            assert not deltas[others].any()
            start += count


def test_what_travels_when_all_is_equal_or_beyond_measure():
    logits = np.array([-1e9, -500.0, -1e-9, 0.0, 0.0, 19.0, 30.0, 1e9])
    deltas = np.zeros((8, 4))
    deltas[3] = [1e6, -1e6, 0.75, -1 / 512]
    (zeros, _), (found, moves) = unpack(pack([(np.zeros(8), deltas), (logits, deltas)], (5, 3)), (5, 3))
    assert not zeros.any()
    assert found.tolist() == [-500, -500, 0, 0, 0, 19, 30, 30]
    assert moves[3].tolist() == [(2**15 - 1) / 256, -(2**15 - 1) / 256, 0.75, 0]
    assert not np.delete(moves, 3, axis=0).any()


def test_among_equal_logits_the_earlier_anchors_travel():
    logits = np.zeros(2500)
    logits[2000] = 1
    ((_, deltas),) = unpack(pack([(logits, np.ones((2500, 4)))], (2400, 100)), (2400, 100))
    assert np.flatnonzero(deltas[:, 0]).tolist() == [*range(999), 2000, *range(2400, 2500)]


def test_the_state_is_one_plain_object(widget):
    start = widget.state
    assert start == {
        "picture": 0,
        "step": 900,
        "pre_top_n": 1000,
        "min_size": 1.0,
        "nms_threshold": 0.7,
        "post_top_n": 50,
        "stage": "top_n",
    }
    seen = []
    widget.observe(seen.append, "state")
    widget.slide(pre_top_n=np.int64(20), nms_threshold=np.float32(0.5))
    assert [change["new"]["pre_top_n"] for change in seen] == [20]
    assert type(widget.state["pre_top_n"]) is int
    widget.choose(picture=1, step=0, stage="nms")
    assert widget.state == {**start, "picture": 1, "step": 0, "stage": "nms", "pre_top_n": 20, "nms_threshold": 0.5}
    widget.slide(min_size=3, post_top_n=300)
    assert (widget.state["min_size"], widget.state["post_top_n"]) == (3.0, 300)
    widget.reset()
    assert widget.state == start
    widget.state["picture"] = 1
    widget.reset()
    assert widget.state["picture"] == 0


def test_another_picture_and_another_step_change_what_is_found(widget):
    before = widget.measures
    widget.choose(step=0)
    untrained = widget.measures
    assert untrained["found"]["top_n"][0] < before["found"]["top_n"][0]
    assert untrained["best_iou"]["anchors"] == before["best_iou"]["anchors"]
    widget.choose(picture=1)
    assert widget.measures["best_iou"]["anchors"] != before["best_iou"]["anchors"]
    assert widget.words().startswith("Picture 2 after 0 steps of training. Shown: 50 boxes (proposals).")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: w.choose(picture=2), "picture must be from 0 to 1, got 2"),
        (lambda w: w.choose(picture=-1), "picture must be from 0 to 1, got -1"),
        (lambda w: w.choose(picture=True), "picture must be from 0 to 1, got True"),
        (lambda w: w.choose(step=1), "step must be one recorded of picture 0, 0, 900, got 1"),
        (lambda w: w.choose(step=False), "step must be one recorded of picture 0, 0, 900, got False"),
        (lambda w: w.choose(stage="boxes"), "stage must be one of anchors, top_k, clipped, large_enough, nms, top_n"),
        (lambda w: w.slide(pre_top_n=0), "pre_top_n must be a whole number from 1 to 1000, got 0"),
        (lambda w: w.slide(pre_top_n=1001), "pre_top_n must be a whole number from 1 to 1000, got 1001"),
        (lambda w: w.slide(pre_top_n=3.0), "pre_top_n must be a whole number from 1 to 1000, got 3.0"),
        (lambda w: w.slide(post_top_n=301), "post_top_n must be a whole number from 1 to 300, got 301"),
        (lambda w: w.slide(nms_threshold=1.01), "nms_threshold must be a number from 0.0 to 1.0, got 1.01"),
        (lambda w: w.slide(nms_threshold=float("nan")), "nms_threshold must be a number from 0.0 to 1.0, got nan"),
        (lambda w: w.slide(min_size=-0.1), "min_size must be a number from 0.0 to 64.0, got -0.1"),
        (lambda w: setattr(w, "state", {"picture": 0}), "state must have exactly the entries min_size, nms_threshold,"),
    ],
)
def test_bad_input_is_refused_and_the_state_stays(widget, act, message):
    before = widget.state
    with pytest.raises(ValueError, match=re.escape(message)):
        act(widget)
    assert widget.state == before


def test_a_picture_without_the_present_step_is_shown_at_the_last_one_before():
    parts = (WORLD[0].image, WORLD[0].boxes, WORLD[0].labels)
    said = WORLD[0].logits[0], WORLD[0].deltas[0]
    widget = Funnel([WatchedPicture(*parts, steps, *([part] * len(steps) for part in said)) for steps in (
        (0, 10, 40), (20, 30), (5,),
    )])  # fmt: skip
    for start, number, step in ((40, 1, 30), (10, 1, 20), (10, 2, 5), (0, 2, 5)):
        widget.choose(picture=0, step=start)
        widget.choose(picture=number)
        assert (widget.state["picture"], widget.state["step"]) == (number, step)
    widget.choose(picture=1, step=30)
    assert widget.state["step"] == 30
    with pytest.raises(ValueError, match="step must be one recorded of picture 2, 5, got 30"):
        widget.choose(picture=2, step=30)


def test_pictures_that_do_not_fit_are_refused():
    for many in ([], WORLD * 5, [*WORLD] * 4 + WORLD[:1]):
        with pytest.raises(ValueError, match="pictures must be 1 to 8, with at most 24 moments of all together, got"):
            Funnel(many)
    long = WatchedPicture(
        *(WORLD[0].image, WORLD[0].boxes, WORLD[0].labels, range(25)),
        *(np.repeat(part[:1], 25, axis=0) for part in (WORLD[0].logits, WORLD[0].deltas)),
    )
    with pytest.raises(ValueError, match="got 1 with 25"):
        Funnel([long])
    with pytest.raises(ValueError, match=re.escape("pictures must be of one size, got [(48, 64), (128, 128)]")):
        Funnel([*WORLD, *plain((48, 64), [], {})])
    fewer = WatchedPicture(
        *(WORLD[0].image, WORLD[0].boxes, WORLD[0].labels, WORLD[0].steps),
        *(part[:, 1:] for part in (WORLD[0].logits, WORLD[0].deltas)),
    )
    with pytest.raises(
        ValueError, match=re.escape("pictures[1] must have a logit for each of the 4,032 anchors of 'less")
    ):
        Funnel([WORLD[0], fewer])
    with pytest.raises(ValueError, match="recipe must leave 128 x 128 pixels as they are, got 'torchvision_maskrcnn'"):
        Funnel(WORLD, recipe="torchvision_maskrcnn")


@pytest.mark.parametrize("state", [{}, {"stage": "anchors", "step": 0}, {"min_size": 64.0, "pre_top_n": 30}])
def test_hosts_without_widgets_get_a_picture_and_words(widget, state):
    widget.state = {**widget.state, **state}
    data, _ = widget._repr_mimebundle_()
    words = f"A picture with the boxes that a stage leaves, and a funnel of all stages. {widget.words()}"
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == f"Figure: {words}"
    assert f'alt="{html.escape(words)}"' in data["text/html"]
    assert len(data["text/html"]) < 300_000
    before = data["text/html"]
    assert widget._repr_mimebundle_()[0]["text/html"] == before
    widget.choose(picture=1)
    assert widget._repr_mimebundle_()[0]["text/html"] != before


def test_what_the_still_picture_draws(widget):
    widget.state = {**widget.state, "picture": 1, "pre_top_n": 90, "min_size": 30, "nms_threshold": 0.1, "stage": "nms"}

    def drawn() -> tuple[list[str], list[float]]:
        stage, bars = widget.still().fig.axes
        return [line.get_color() for line in stage.lines], [bar.get_width() for bar in bars.patches]

    colors, lengths = drawn()
    assert {name: colors.count(getattr(style, name)) for name in ("YOURS", "BEST", "INK", "TIGHT")} == {
        "YOURS": 4,  # two boxes given up, each with the one that took its place
        "BEST": 3,
        "INK": 3,
        "TIGHT": 0,
    }
    np.testing.assert_allclose(lengths, np.log1p(widget.settled.counts) / np.log1p(4032))
    widget.choose(stage="large_enough")
    assert style.YOURS not in drawn()[0]
    widget.slide(min_size=64)
    widget.choose(stage="top_n")
    colors, _ = drawn()
    assert (colors.count(style.TIGHT), colors.count(style.BEST)) == (3, 0)


def test_a_page_holds_what_was_said_and_the_state(tmp_path, widget):
    widget.slide(pre_top_n=37)
    widget.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<title>The funnel: how a haystack of anchors becomes a handful of proposals.</title>" in text
    assert '"pre_top_n": 37' in text
    assert widget.said in text
    assert text.count("</script>") == 1


def test_all_stages_have_words():
    assert list(STAGES) == ["anchors", "top_k", "clipped", "large_enough", "nms", "top_n"]
