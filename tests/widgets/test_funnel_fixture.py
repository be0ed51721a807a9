"""tests/fixtures/funnel.json says what `propose` makes of some runs; the browser is held against the same file."""

import json
from pathlib import Path

import numpy as np
import pytest

from minimask.anchors import recipes
from minimask.geometry.boxes import box_iou
from minimask.proposals import propose
from minimask.widgets.funnel_bytes import unpack
from minimask.widgets.funnel_measures import IOUS, MASK_HEAD, STAGES, Look, describe, flops, settle, share

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "funnel.json").read_text(encoding="utf-8"))
CASES = [(name, case) for name, run in FIXTURE["runs"].items() for case in run["cases"]]
RECIPE = recipes["lesson"]
EXACT = {"rtol": 0, "atol": 1e-9}


def look_at(name: str, state: dict) -> Look:
    """Return what a run says about a picture at a moment."""
    run = FIXTURE["runs"][name]
    size = tuple(run["sea"]["size"])
    counts = RECIPE.counts(*size)
    keys = [(number, step) for number, picture in enumerate(run["truth"]) for step in picture["steps"]]
    logits, deltas = dict(zip(keys, unpack(run["said"], counts), strict=True))[state["picture"], state["step"]]
    truth, ends = run["truth"][state["picture"]], np.cumsum(counts)[:-1]
    objects = np.array(truth["boxes"], dtype=float).reshape(-1, 4)
    parts = np.split(logits, ends), np.split(deltas, ends)
    return Look(size, truth["names"], objects, RECIPE.per_level(*size), *parts)


@pytest.mark.parametrize(("name", "expected"), CASES, ids=[f"{name}-{k}" for k, (name, _) in enumerate(CASES)])
def test_every_stage(name, expected):
    state = expected["state"]
    look = look_at(name, state)
    settled = settle(look, state)
    numbers = (state["pre_top_n"], state["post_top_n"], state["nms_threshold"], state["min_size"])
    stages = propose(look.logits, look.deltas, look.anchors, look.size, *numbers).stages()
    assert list(stages) == list(STAGES)
    for stage, reach, count in zip(STAGES, settled.reaches, settled.counts, strict=True):
        wanted = expected["stages"][stage]
        assert count == wanted["count"] == len(stages[stage].indices)
        best = box_iou(stages[stage].boxes, look.objects).max(axis=0, initial=0)
        np.testing.assert_allclose(reach.iou_of_object, wanted["best"], **EXACT)
        np.testing.assert_allclose(best, wanted["best"], **EXACT)
        assert reach.box_of_object.tolist() == wanted["rows"]
        if "indices" in wanted:
            assert settled.funnel.stages()[stage].indices.tolist() == wanted["indices"]
    for stage, boxes in expected["boxes"].items():
        found = settled.funnel.stages()[stage].boxes
        np.testing.assert_allclose(found[:: max(len(found) // 5, 1)], np.reshape(boxes, (-1, 4)), **EXACT)
    assert describe(look, state, settled) == expected["words"]


@pytest.mark.parametrize(("name", "expected"), CASES, ids=[f"{name}-{k}" for k, (name, _) in enumerate(CASES)])
def test_what_is_lost_follows_from_the_best_ious(name, expected):
    """The stage after the last one that finds an object loses it."""
    bests = np.array([expected["stages"][stage]["best"] for stage in STAGES])
    for k, threshold in enumerate(IOUS):
        found = bests >= threshold
        assert [of_stage[k] for of_stage in expected["found"].values()] == found.sum(axis=1).tolist()
        for m, lost in enumerate(expected["lost"]):
            held = [stage for stage, yes in zip(STAGES, found[:, m], strict=True) if yes]
            names = [*STAGES, None]
            assert lost[k] == (names[names.index(held[-1]) + 1] if held else "anchors")


def test_costs():
    assert FIXTURE["mask_head"] == MASK_HEAD
    assert [[count, flops(count), share(count, 4032)] for count, *_ in FIXTURE["costs"]] == FIXTURE["costs"]


def test_the_mask_head_by_hand():
    convolutions = 4 * 14 * 14 * 256 * 256 * 3 * 3
    doubling = 28 * 28 * 256 * 256  # each of the 2 x 2 outputs of a cell sees that cell alone
    classes = 28 * 28 * 256 * 91
    assert convolutions + doubling + classes == MASK_HEAD


def test_the_cases_cover_everything():
    cases = [case for _, case in CASES]
    words = " ".join(case["words"] for case in cases)
    for said in (
        "after 0 steps of training",
        "after 1 step of training",
        "after 12,000 steps of training",
        "Shown: 1,960 boxes",
        "anchors the top 1 of each level are moved: 3.",
        "are at least 10.5 px wide and high",
        "at most 1 are taken: 1 proposal.",
        "They find 0 of 0 objects",
        "never reached; ",
        "by the top-k",
        "as too small",
        "by NMS",
        "by the top-n",
        "NMS gave up best boxes: that of 1",
        "; that of 3 (L)",
        "Without proposals there is no mask to compute.",
        "1/4,032 of the 4.29 TFLOP",
        "1/5.6 of the 804 GFLOP",
    ):
        assert said in words, said
    assert {case["state"]["stage"] for case in cases} == set(STAGES)
    ties = [case["stages"]["nms"]["count"] for name, case in CASES if name == "ties"]
    assert ties[0] != ties[1]  # boxes that overlap by exactly 0.6 stay at a threshold of 0.6, and go at one of 0.59
