"""The recorded run that ships: it can be read, tells what it measured, and refuses what it does not hold."""

import numpy as np
import pytest

from minimask.anchors import recipes
from minimask.data.recorded import FILE, HELD_OUT, LARGE, LAYOUT, THRESHOLDS, UNRECORDED, anchors, recorded_run
from minimask.proposals import funnel_recall, propose


def test_it_is_small_and_holds_no_pickle():
    assert FILE.stat().st_size <= 500_000
    with np.load(FILE, allow_pickle=False) as file:
        assert sorted(file.files) == sorted(LAYOUT)


def test_pictures_are_those_of_the_generated_world():
    run = recorded_run()
    assert len(run.pictures) == 6
    for picture, expected in zip(run.pictures, HELD_OUT.pictures(6), strict=True):
        np.testing.assert_array_equal(picture.image, expected.image)
        np.testing.assert_array_equal(picture.boxes, expected.boxes)
        np.testing.assert_array_equal(picture.labels, expected.labels)


def test_nobody_can_write_into_it():
    with pytest.raises(ValueError, match="read-only"):
        recorded_run().pictures[0].image[0] = 0
    recorded_run().predictions(0).logits[0][0] = 0  # a copy
    assert recorded_run().predictions(0).logits[0][0] != 0


def test_moments():
    run = recorded_run()
    assert run.moments == (0, 25, 100, len(run.losses))
    assert [run.moments_of(picture) for picture in range(6)] == [run.moments] * 2 + [run.moments[-1:]] * 4
    for picture in range(6):
        for moment in run.moments_of(picture):
            logits, deltas = run.predictions(picture, moment)
            counts = recipes["lesson"].counts(128, 128)
            assert [len(level) for level in logits] == [len(level) for level in deltas] == list(counts)
            assert logits[0].dtype == deltas[0].dtype == np.float32
    by_default, last = run.predictions(0), run.predictions(0, run.moments[-1])
    np.testing.assert_array_equal(by_default.logits[1], last.logits[1])


def test_it_learned():
    run = recorded_run()
    assert run.losses[0, 0] == pytest.approx(np.log(2), abs=0.01)
    assert run.losses[-50:].mean(axis=0).tolist() < [0.03, 0.005]
    assert run.recall_steps[0] == 0 and run.recall_steps[-1] == len(run.losses)
    assert run.recall[-1, 0] >= 0.95
    assert run.recall[-1, 1] >= 0.7
    assert (run.recall[:, 0] >= run.recall[:, 1]).all()


def test_the_recorded_predictions_find_the_objects():
    """What the curve says of 200 pictures is about so for the six; the beginning finds little."""
    run = recorded_run()
    funnels = [run.funnel(picture, post_top_n=100) for picture in range(6)]
    objects = [picture.boxes for picture in run.pictures]
    recall = funnel_recall(funnels, objects, THRESHOLDS)
    assert recall["top_n"].recall[0] >= 0.9
    assert recall["top_n"].survivors == 100
    early = funnel_recall([run.funnel(k, 0, post_top_n=100) for k in range(2)], objects[:2], THRESHOLDS)
    late = funnel_recall(funnels[:2], objects[:2], THRESHOLDS)
    assert early["top_n"].recall[0] < late["top_n"].recall[0]


def test_the_large_pictures_funnel_is_reproduced():
    """The runs with 1,000 of each level need no more than what is recorded: the same survivors and the same recall."""
    run = recorded_run()
    size = (1024, 1024)
    assert run.large_picture().image.shape == (*size, 3)
    assert list(run.large_funnels) == [(1000, 300), (1000, 500), (2000, 300), (2000, 500)]
    predictions = run.large_predictions()
    for before, after in ((1000, 300), (1000, 500)):
        funnel = propose(*predictions, anchors(size), size, before, after)
        assert funnel_recall([funnel], [run.large_boxes], THRESHOLDS) == run.large_funnels[before, after]
    stages = run.large_funnels[1000, 300]
    assert stages["anchors"].survivors == 258_048
    assert stages["top_n"].survivors == 300
    logits = np.concatenate(predictions.logits)
    assert (logits == UNRECORDED).sum() == 258_048 - 3000
    assert logits[logits > UNRECORDED].min() > -30


def test_what_is_not_recorded_is_named():
    run = recorded_run()
    with pytest.raises(ValueError, match=r"got picture 5 of 6 at step 25; of this picture there is \[\d+\]"):
        run.predictions(5, 25)
    with pytest.raises(ValueError, match=r"got picture 6 of 6 at step \d+; of this picture there is nothing"):
        run.predictions(6)


def test_a_changed_world_is_named(monkeypatch):
    monkeypatch.setattr("minimask.data.recorded.LARGE", HELD_OUT)
    with pytest.raises(ValueError, match="the generated world has changed since the run was recorded"):
        recorded_run().large_picture()
    assert LARGE.height == 1024


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path must lead to a recorded run, an \.npz file, got .*nowhere"):
        recorded_run(tmp_path / "nowhere.npz")
    text = tmp_path / "text.npz"
    text.write_text("boxes")
    with pytest.raises(ValueError, match=r"path must lead to a recorded run, an \.npz file"):
        recorded_run(text)
    arrays = recorded_run().arrays
    for name, changed, message in (
        ("missing", {name: array for name, array in arrays.items() if name != "recall"}, "holds no array 'recall'"),
        ("dtype", arrays | {"logits": arrays["logits"].astype(np.float32)}, r"'logits' must be float16 \(K N\)"),
        ("rows", arrays | {"deltas": arrays["deltas"][1:]}, r"'deltas' must be float16 \(K N 4\)"),
        ("axes", arrays | {"boxes": arrays["boxes"][None]}, r"'boxes' must be float32 \(M 4\)"),
        ("anchors", arrays | {"images": arrays["images"][:, :64]}, r"'logits' must be float16 \(K N\)"),
    ):
        path = tmp_path / f"{name}.npz"
        np.savez(path, **changed)
        with pytest.raises(ValueError, match=message):
            recorded_run(path)
