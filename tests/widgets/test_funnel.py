"""The funnel, driven without a browser."""

import html
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from minimask.anchors import recipes
from minimask.data.runs import RecordedRun
from minimask.plots import style
from minimask.proposals import propose
from minimask.widgets.funnel import Funnel
from minimask.widgets.funnel_bytes import KEPT, pack, unpack
from minimask.widgets.funnel_measures import IOUS, STAGES, cut

WORLD = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "make_funnel.py"))["world"]()
COUNTS = recipes["lesson"].counts(128, 128)


def plain(size: tuple[int, int], objects: list[list[float]], logits: dict[int, float]) -> RecordedRun:
    """Return a run that moves no anchor, and likes some of them."""
    said = np.full((1, 1, recipes["lesson"].count(*size)), -5.0)
    for index, logit in logits.items():
        said[0, 0, index] = logit
    boxes = np.array(objects, dtype=float).reshape(-1, 4)
    labels = np.ones(len(boxes), dtype=np.int64)
    return RecordedRun(np.zeros((1, *size, 3), np.uint8), (boxes,), (labels,), (7,), said, np.zeros((*said.shape, 4)))


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


@pytest.mark.parametrize(("picture", "moment"), [(0, 0), (0, 1), (1, 1)])
def test_little_is_lost_on_the_way_to_the_browser(widget, picture, moment):
    cuts = np.cumsum(COUNTS)[:-1]
    parts = (np.split(said[picture, moment], cuts) for said in (WORLD.logits, WORLD.deltas))
    exact = propose(*parts, recipes["lesson"].per_level(128, 128), (128, 128), 1000, 50, 0.7, 1.0).stages()
    widget.choose(picture=picture, moment=moment)
    stages = widget.settled.funnel.stages()
    assert set(exact["top_k"].indices) == set(stages["top_k"].indices)
    order = np.argsort(exact["clipped"].indices), np.argsort(stages["clipped"].indices)
    apart = exact["clipped"].boxes[order[0]] - stages["clipped"].boxes[order[1]]
    assert np.abs(apart).max() < 0.5
    assert np.sqrt(np.mean(apart**2)) < 0.1
    assert len(stages["nms"].indices) == pytest.approx(len(exact["nms"].indices), rel=0.02)


def test_what_travels():
    text, scales = pack(WORLD.logits, WORLD.deltas, COUNTS)
    kept = 1000 + 768 + 192
    assert len(text) == 4 * -(-4 * (4032 // 8 + kept * 6) // 3)
    logits, deltas = unpack(text, scales, COUNTS)
    assert logits.shape == (2, 2, 4032)
    start = 0
    for count in COUNTS:
        for p, s in np.ndindex(2, 2):
            before, after = (said[p, s, start : start + count] for said in (WORLD.logits, logits))
            best = np.argsort(-before, kind="stable")[:KEPT]
            step = scales[p][s].step
            assert (after >= scales[p][s].lowest).sum() == min(count, KEPT)
            np.testing.assert_allclose(after[best], before[best], rtol=0, atol=0.51 * step)
            most = np.abs(WORLD.deltas[p, s][deltas[p, s].any(axis=1)]).max(axis=0)
            np.testing.assert_allclose(scales[p][s].delta_steps, most / 127)
            moves = np.abs(deltas[p, s, start + best] - WORLD.deltas[p, s, start + best])
            assert (moves <= 0.51 * np.array(scales[p][s].delta_steps)).all()
        start += count


def test_what_travels_when_all_is_equal_or_beyond_measure():
    logits = np.zeros((1, 2, 8))
    logits[0, 1] = [-1e9, -20.0, -19.0, 0.0, 0.0, 19.0, 20.0, 1e9]
    text, scales = pack(logits, np.zeros((1, 2, 8, 4)), (5, 3))
    found, deltas = unpack(text, scales, (5, 3))
    assert not found[0, 0].any()
    np.testing.assert_allclose(found[0, 1], [-20, -20, -19, 0, 0, 19, 20, 20], rtol=0, atol=1e-3)
    assert found[0, 1, 3] == found[0, 1, 4]
    assert not deltas.any()


def test_among_equal_logits_the_earlier_anchors_travel():
    logits = np.zeros((1, 1, 2500))
    logits[0, 0, 2000] = 1
    text, scales = pack(logits, np.ones((1, 1, 2500, 4)), (2400, 100))
    _, deltas = unpack(text, scales, (2400, 100))
    assert np.flatnonzero(deltas[0, 0, :, 0]).tolist() == [*range(999), 2000, *range(2400, 2500)]


def test_the_state_is_one_plain_object(widget):
    start = widget.state
    assert start == {
        "picture": 0,
        "moment": 1,
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
    widget.choose(picture=1, moment=0, stage="nms")
    assert widget.state == {**start, "picture": 1, "moment": 0, "stage": "nms", "pre_top_n": 20, "nms_threshold": 0.5}
    widget.slide(min_size=3, post_top_n=300)
    assert (widget.state["min_size"], widget.state["post_top_n"]) == (3.0, 300)
    widget.reset()
    assert widget.state == start
    widget.state["picture"] = 1
    widget.reset()
    assert widget.state["picture"] == 0


def test_another_picture_and_another_moment_change_what_is_found(widget):
    before = widget.measures
    widget.choose(moment=0)
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
        (lambda w: w.choose(moment=True), "moment must be from 0 to 1, got True"),
        (lambda w: w.choose(stage="boxes"), "stage must be one of anchors, top_k, clipped, large_enough, nms, top_n"),
        (lambda w: w.slide(pre_top_n=0), "pre_top_n must be a whole number from 1 to 1000, got 0"),
        (lambda w: w.slide(pre_top_n=1001), "pre_top_n must be a whole number from 1 to 1000, got 1001"),
        (lambda w: w.slide(pre_top_n=3.0), "pre_top_n must be a whole number from 1 to 1000, got 3.0"),
        (lambda w: w.slide(post_top_n=301), "post_top_n must be a whole number from 1 to 300, got 301"),
        (lambda w: w.slide(nms_threshold=1.01), "nms_threshold must be a number from 0.0 to 1.0, got 1.01"),
        (lambda w: w.slide(nms_threshold=float("nan")), "nms_threshold must be a number from 0.0 to 1.0, got nan"),
        (lambda w: w.slide(min_size=-0.1), "min_size must be a number from 0.0 to 64.0, got -0.1"),
        (lambda w: setattr(w, "state", {"picture": 0}), "state must have exactly the entries min_size, moment,"),
    ],
)
def test_bad_input_is_refused_and_the_state_stays(widget, act, message):
    before = widget.state
    with pytest.raises(ValueError, match=re.escape(message)):
        act(widget)
    assert widget.state == before


def test_runs_that_do_not_fit_are_refused():
    nine = WORLD.pick(pictures=[0] * 9)
    with pytest.raises(ValueError, match="at most 8 pictures and 8 moments, got 9 and 2: `run"):
        Funnel(nine)
    fewer = RecordedRun(
        WORLD.images, WORLD.boxes, WORLD.labels, WORLD.steps, WORLD.logits[..., 1:], WORLD.deltas[..., 1:, :]
    )
    with pytest.raises(ValueError, match="a logit for each of the 4,032 anchors of 'lesson', got 4,031"):
        Funnel(fewer)
    padded = RecordedRun(
        WORLD.images, WORLD.boxes, WORLD.labels, WORLD.steps, WORLD.logits, WORLD.deltas, "torchvision_maskrcnn"
    )
    with pytest.raises(ValueError, match="a recipe that leaves 128 x 128 pixels as they are"):
        Funnel(padded)


@pytest.mark.parametrize("state", [{}, {"stage": "anchors", "moment": 0}, {"min_size": 64.0, "pre_top_n": 30}])
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
    widget.state = {**widget.state, "picture": 1, "pre_top_n": 90, "min_size": 30, "nms_threshold": 0.2, "stage": "nms"}

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


def test_a_page_holds_the_run_and_the_state(tmp_path, widget):
    widget.slide(pre_top_n=37)
    widget.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<title>The funnel: how a haystack of anchors becomes a handful of proposals.</title>" in text
    assert '"pre_top_n": 37' in text
    assert widget.said in text
    assert text.count("</script>") == 1


def test_all_stages_have_words():
    assert list(STAGES) == ["anchors", "top_k", "clipped", "large_enough", "nms", "top_n"]
