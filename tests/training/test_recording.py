"""A tiny training is recorded, read back, and tells the same."""

import numpy as np
import pytest
import torch

from minimask.data import recorded
from minimask.data.recorded import LARGE, LAYOUT, recorded_run
from minimask.data.shapes import ShapesWorld
from minimask.proposals import funnel_recall
from minimask.training import recording
from minimask.training.proposals import Plan

SMALL = ShapesWorld(height=256, width=256, objects=(5, 5), seed=3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A recorded training of two steps, and what was said on the way."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "MOMENTS", (0, 1))
        patch.setattr(recording, "RECALL_PICTURES", 4)
        patch.setattr(recording, "PICTURES", 3)
        patch.setattr(recording, "LARGE", SMALL)
        patch.setattr(recording, "LARGE_SETTINGS", ((50, 20), (100, 20)))
        patch.setattr(recording, "LARGE_RECORDED", 100)
        path = tmp_path_factory.mktemp("recorded") / "new" / "run.npz"
        recording.main(Plan(steps=2, batch=2), path, said.append)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    return recorded_run(path), path, said


def test_everything_is_laid_out_as_the_reader_expects(run):
    found, path, said = run
    assert list(found.arrays) == list(LAYOUT)
    assert found.moments == (0, 1, 2)
    assert found.arrays["looks"].tolist() == [[0, 0], [1, 0], [0, 1], [1, 1], [0, 2], [1, 2], [2, 2]]
    assert found.losses.shape == (2, 2)
    assert found.recall_steps.tolist() == [0, 2]
    assert [line.split(",")[0] for line in said[:2]] == ["step 0 of 2", "step 2 of 2"]
    assert said[-1] == f"run.npz: {path.stat().st_size:,} bytes"


def test_moments_differ(run):
    found, _, _ = run
    logits = [np.concatenate(found.predictions(0, moment).logits) for moment in found.moments]
    assert np.abs(logits[0] - logits[1]).max() > 1e-3
    assert np.abs(logits[1] - logits[2]).max() > 1e-3


def test_the_large_picture_is_measured_on_what_is_recorded(run, monkeypatch):
    found, _, _ = run
    monkeypatch.setattr(recorded, "LARGE", SMALL)
    assert LARGE.height == 1024
    predictions = found.large_predictions()
    anchors = recorded.anchors((256, 256))
    for (before, after), stages in found.large_funnels.items():
        funnel = recorded.propose(*predictions, anchors, (256, 256), before, after)
        assert funnel_recall([funnel], [SMALL[0].boxes]) == stages
        assert stages["top_k"].survivors == 3 * before


def test_numbers_are_coarse_and_stay_so():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 3, 1000), rng.normal(0, 0.5, (1000, 4))
    logits, deltas = (part.astype(float) for part in recording.coarse(*values))
    assert np.abs(logits / values[0] - 1).max() <= 2.0**-7
    fractions = np.frexp(logits)[0] * 2**7
    assert (fractions == np.round(fractions)).all()
    assert np.abs(deltas - values[1]).max() <= 1 / 512
    assert (deltas * 256 == np.round(deltas * 256)).all()
    for once, twice in zip((logits, deltas), recording.coarse(logits, deltas), strict=True):
        np.testing.assert_array_equal(once, twice)
