"""The funnel in the browser, held against what Python's `propose` makes of the same bytes (tests/fixtures)."""

import json
from pathlib import Path

import numpy as np
import pytest

from minimask.widgets.funnel_bytes import pack, unpack

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "funnel.json").read_text(encoding="utf-8"))
NUMBERS = "IOUS, MASK_HEAD, STAGES, cut, describe, flops, foundBy, lookAt, lostAt, settle, share"
AT_HAND = {"f": ("funnel_measures", f"{NUMBERS}, inflate, layAnchors, unpack")}
EXACT = {"rtol": 0, "atol": 1e-9}
SETTLE = """async ({ run, state }) => {
  const { sea, truth } = run;
  const anchors = f.layAnchors(sea.levels);
  const looks = f.unpack(await f.inflate(run.said), anchors.length / 4);
  const keys = truth.flatMap(({ steps }, picture) => steps.map((step) => `${picture} ${step}`));
  const said = looks[keys.indexOf(`${state.picture} ${state.step}`)];
  const look = f.lookAt(sea.levels, anchors, said, { size: sea.size, ...truth[state.picture] });
  const settled = f.settle(look, state);
  const corners = ({ boxes, rows }, row) => [...boxes.subarray(4 * rows[row], 4 * rows[row] + 4)];
  const stages = Object.entries(settled.stages).map(([name, stage]) => [name, {
    best: stage.reach.best,
    rows: stage.reach.box,
    found: f.IOUS.map((iou) => f.foundBy(stage, iou)),
    indices: stage.rows.map((row) => (name === "anchors" ? row : look.indices[row])),
    boxes: stage.rows.map((_, k) => corners(stage, k)),
  }]);
  return {
    stages: Object.fromEntries(stages),
    lost: f.IOUS.map((iou) => f.lostAt(settled.stages, iou)),
    victims: settled.victims.map(({ object, by }) => [object, by]),
    words: f.describe(look, state, settled),
  };
}"""
CASES = [(name, case) for name, run in FIXTURE["runs"].items() for case in run["cases"]]


@pytest.mark.parametrize(("name", "expected"), CASES, ids=[f"{name}-{k}" for k, (name, _) in enumerate(CASES)])
def test_every_stage_leaves_what_propose_leaves(javascript, name, expected):
    run = {key: value for key, value in FIXTURE["runs"][name].items() if key != "cases"}
    found = javascript(SETTLE, {"run": run, "state": expected["state"]})
    assert list(found["stages"]) == list(FIXTURE["stages"])
    for stage, wanted in expected["stages"].items():
        given = found["stages"][stage]
        assert len(given["indices"]) == wanted["count"], stage
        np.testing.assert_allclose(given["best"], wanted["best"], **EXACT)
        assert given["rows"] == wanted["rows"], stage
        assert given["found"] == expected["found"][stage]
        if "indices" in wanted:
            assert given["indices"] == wanted["indices"], stage
    for stage, boxes in expected["boxes"].items():
        given = found["stages"][stage]["boxes"]
        np.testing.assert_allclose(given[:: max(len(given) // 5, 1)], boxes, **EXACT)
    assert [list(pair) for pair in zip(*found["lost"], strict=True)] == expected["lost"]
    assert found["victims"] == expected["victims"]
    assert found["words"] == expected["words"]


def test_every_number_arrives(javascript):
    rng = np.random.default_rng(4)
    small = [0.0, 6e-8, -6e-8, 3.1e-5, -6.0e-5, 6.2e-5]  # below 2 ** -14 float16 has fewer digits
    logits = np.array([*small, *rng.normal(0, 1, 8), *rng.normal(0, 200, 8), -500, 30])
    deltas = np.concatenate([rng.normal(0, 1, (20, 4)), rng.normal(0, 100, (4, 4))])
    text = pack([(logits, deltas), (logits[::-1], deltas)], (20, 4))
    found = javascript(
        """async (text) => f.unpack(await f.inflate(text), 24).map(({ indices, logits, deltas }) =>
          [indices, [...logits], [...deltas]])""",
        text,
    )
    for (indices, values, moves), (wanted, ways) in zip(found, unpack(text, (20, 4)), strict=True):
        assert indices == list(range(24))
        assert values == wanted.tolist()
        assert np.reshape(moves, (-1, 4)).tolist() == ways.tolist()
    assert sum(0 < abs(value) < 2**-14 for value in found[0][1]) == 4


def test_an_iou_that_equals_the_threshold_finds_and_is_not_rounded_up(javascript):
    stage = "{ reach: { best: [0.5, 0.7, 0.4999, 0.6999] } }"
    assert javascript(f"[0.5, 0.7].map((iou) => f.foundBy({stage}, iou))") == [3, 1]
    assert javascript("[0.5, 0.6999, 0.7, 0.29, 1].map(f.cut)") == ["0.50", "0.69", "0.70", "0.29", "1.00"]


def test_the_names_of_the_stages(javascript):
    assert javascript("f.STAGES") == FIXTURE["stages"]


def test_costs(javascript):
    assert javascript("f.MASK_HEAD") == FIXTURE["mask_head"]
    said = javascript(
        "(counts) => counts.map((n) => [n, f.flops(n), f.share(n, 4032)])", [n for n, *_ in FIXTURE["costs"]]
    )
    assert said == FIXTURE["costs"]
