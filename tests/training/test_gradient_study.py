"""The study of gradients, at a size of two steps: what is recorded is what was measured, and is read back."""

import json
from contextlib import nullcontext

import numpy as np
import pytest

from minimask.data import lesson_records
from minimask.data.shapes import ShapesWorld
from minimask.gradients import surgery
from minimask.gradients.recorded import Followed, followed, save_followed
from minimask.training import gradient_study

WORLD = ShapesWorld(64, 64, objects=(2, 3), sizes=(16, 40), seed=4)


@pytest.fixture
def few(monkeypatch):
    """Two moments, two batches of a picture, small pictures."""
    for name, value in {
        "TRAINING": WORLD,
        "HELD_OUT": WORLD,
        "LESSON": gradient_study.LESSON.with_changes({"batch": 1, "precision": "float32"}),
    }.items():
        monkeypatch.setattr(gradient_study, name, value)
    return {"moments": (0, 2), "batches": 2, "config": gradient_study.LESSON}


class Pool(nullcontext):
    """Runs everything here and now."""

    def __enter__(self):
        return self

    map = staticmethod(map)


def same(one, other):
    """Return whether two studies are the same, up to what float32 keeps."""
    alike = all(getattr(one, name) == getattr(other, name) for name in ("heads", "seeds", "moments", "places", "tasks"))
    arrays = [(one.losses, other.losses), (one.gram, other.gram)]
    return alike and all(np.allclose(a, b, rtol=1e-6, atol=1e-30, equal_nan=True) for a, b in arrays)


def test_a_training_is_followed_joined_written_and_read_back(few, tmp_path):
    parts = [gradient_study.follow("joint", seed, **few) for seed in (1, 0)]
    whole = gradient_study.joined(parts)
    assert whole.seeds == (0, 1) and whole.moments == (0, 2) and whole.heads == "joint"
    assert whole.gram.shape == (2, 2, len(whole.places), 2, 5, 2, 5) and whole.losses.shape == (2, 2, 2, 5)
    assert np.array_equal(whole.gram[0], parts[1].gram[0], equal_nan=True)
    assert not np.allclose(whole.gram[0, 0, 0], whole.gram[0, 1, 0])  # it has learned in between
    assert not np.allclose(whole.losses[:, :, 0], whole.losses[:, :, 1])  # two batches
    other = whole._replace(heads="decoupled", gram=2 * whole.gram)
    path = tmp_path / "gradients.npz"
    save_followed(path, [whole, other])
    assert same(followed("joint", path), whole) and same(followed("decoupled", path), other)
    with pytest.raises(ValueError, match="read-only"):
        followed("joint", path).gram[0] = 0


def test_what_a_study_says_is_what_its_alignments_say():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2, 3, 4, 2, 5, 7))  # seeds, moments, places, batches, tasks
    gram = np.einsum("smpatn,smpbun->smpatbu", vectors, vectors)
    places = ("backbone.a", "backbone.b", "rpn.head.conv", "backbone/output")
    study = Followed("joint", (0, 1), (0, 5, 9), places, tuple("abcde"), np.zeros((2, 3, 2, 5)), gram)
    assert study.same_batch().shape == (2, 3, 4, 2, 5, 5) and study.across_batches().shape == (2, 3, 4, 2, 5, 5)
    assert np.array_equal(study.same_batch()[1, 2], study.alignment(1, 2).same_batch())
    trunk = study.together("backbone", "trunk")
    joined = np.concatenate(vectors[:, :, :2].transpose(2, 0, 1, 3, 4, 5), axis=-1)
    assert trunk.places == ("trunk",)
    assert np.allclose(trunk.gram[:, :, 0], np.einsum("smatn,smbun->smatbu", joined, joined))
    assert study.pair("e", "b") == (4, 1)
    names, cosines, split = study.by_place("b", "e")
    by_seed = study.same_batch()[..., 1, 4].mean(axis=3)
    order = [2, 0, 1, 3]  # what is known comes first
    assert names == ["RPN convolution", "backbone.a", "backbone.b", "backbone/output"]
    assert np.allclose(cosines, by_seed.mean(axis=0).T[order])
    assert np.array_equal(split, (by_seed[0] * by_seed[1] < 0).T[order]) and 0 < split.sum() < split.size
    with pytest.raises(ValueError, match=r"tasks must be two of a, b, c, d, e, got 'f'"):
        study.by_place("a", "f")
    with pytest.raises(ValueError, match=r"beginning must be that of one of backbone\.a, .*, got 'neck'"):
        study.together("neck", "neck")


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "gradients.npz"
    with pytest.raises(ValueError, match="heads must be one of decoupled, joint, got 'both'"):
        followed("both", path)
    with pytest.raises(ValueError, match=r"path must lead to a recorded study, an \.npz file, got .*gradients\.npz"):
        followed("joint", path)
    np.savez(path, joint_seeds=np.arange(2))
    with pytest.raises(ValueError, match=r"gradients\.npz lacks 'gram' of 'joint'"):
        followed("joint", path)


def test_a_loss_rises_where_the_step_goes_along_its_gradient():
    """Two batches of two tasks, by hand: the steps of the sum, task by task, on their own batch and on the other."""
    vectors = np.array([[[1.0, 0.0], [-3.0, 1.0]], [[1.0, 1.0], [2.0, 0.0]]])  # batches, tasks, weights
    gram = np.einsum("atn,bun->atbu", vectors, vectors)[None, None, None]
    study = Followed("joint", (0,), (0,), ("backbone",), ("one", "other"), np.zeros((1, 1, 2, 2)), gram)
    steps = -vectors.sum(axis=1)  # (2, -1) and (-3, -1): the first goes against the first task's own gradient
    rises = (np.einsum("an,btn->abt", steps, vectors) > 0).any(axis=2)
    assert rises.tolist() == [[True, True], [True, False]]
    assert study.rises(lambda products: np.ones(len(products))) == (0.5, 1.0)
    assert study.rises(surgery.METHODS["mgda"])[0] == 0.0
    assert study.rises(lambda products: np.array([1.0, 0.0])) == (0.5, 0.5)


def test_a_method_reads_the_batch_that_its_step_is_of():
    vectors = np.array([[[-2.0, 2.0], [1.0, 3.0]], [[0.0, 1.0], [3.0, 2.0]]])
    gram = np.einsum("atn,bun->atbu", vectors, vectors)[None, None, None]
    study = Followed("joint", (0,), (0,), ("backbone",), ("one", "other"), np.zeros((1, 1, 2, 2)), gram)
    weights = 1 / np.square(vectors).sum(axis=2)
    steps = -np.einsum("at,atn->an", weights, vectors)
    rises = (np.einsum("an,btn->abt", steps, vectors) > 0).any(axis=2)
    assert (rises[0, 1], rises[1, 0]) == (False, False)
    assert study.rises(lambda products: 1 / np.diag(products)) == (np.diag(rises).mean(), 0.0)


def test_the_script_makes_what_is_missing_and_nothing_twice(few, tmp_path, monkeypatch):
    made = []

    def follow(heads, seed):
        made.append((heads, seed))
        return gradient_study_follow(heads, seed, **few)

    gradient_study_follow = gradient_study.follow
    settings = {"FILE": tmp_path / "all.npz", "SEEDS": (0,), "_pool": Pool, "follow": follow}
    for name, value in settings.items():
        monkeypatch.setattr(gradient_study, name, value)
    arguments = ["--only", "followed", "--parts", str(tmp_path / "parts")]
    gradient_study.main(arguments)
    gradient_study.main(arguments)
    assert made == [("decoupled", 0), ("joint", 0)]
    assert followed("joint", tmp_path / "all.npz").seeds == (0,)


def test_weights_are_tuned_by_other_seeds_than_those_that_compare(tmp_path, monkeypatch, capsys):
    """Masks doubled and objectness halved are better alone, and best together."""
    made = []

    def weigh(weighing, words, seed):
        made.append((weighing, words, seed))
        ap = 0.5 + 0.1 * ("loss_mask=2" in words) + 0.05 * ("loss_objectness=0.5" in words) - 0.1 * ("=0.25" in words)
        return gradient_study.Run(seed, 2, 1.0, (ap,) * 10, (ap,) * 10, 0.1)

    path = tmp_path / "weighing.json"
    for name, value in {"_pool": Pool, "weigh": weigh, "SEEDS": (0, 1), "WEIGHING": path}.items():
        monkeypatch.setattr(gradient_study, name, value)
    gradient_study.main(["--only", "weighings"])
    best = "loss_objectness=0.5, loss_mask=2"
    assert f"tuned: {best}" in capsys.readouterr().out
    tuning = [one for one in made if one[2] == gradient_study.TUNING_SEED]
    compared = [one for one in made if one[2] != gradient_study.TUNING_SEED]
    assert len(tuning) == 12 and ("sum", "", gradient_study.TUNING_SEED) in tuning
    assert {one[2] for one in compared} == {0, 1} and len(compared) == 2 * len(gradient_study.METHODS)
    assert ("fixed", best, 0) in compared and ("pcgrad", "", 1) in compared
    monkeypatch.setattr(lesson_records, "WEIGHING", path)
    records = json.loads(path.read_text())
    del records["compared"]["upgrad/1"]  # a run that was not made yet
    path.write_text(json.dumps(records))
    runs, tuned = lesson_records.weighings()
    assert tuned == best and list(runs) == list(gradient_study.METHODS)
    assert all([run.seed for run in of] == [0] for of in runs.values())
    assert runs["tuned"][0].mask_ap == pytest.approx((0.65,) * 10)
    gradient_study.main(["--only", "weighings"])
    assert made[len(tuning) + len(compared) :] == [("upgrad", "", 1)]
    assert [run.seed for run in lesson_records.weighings()[0]["upgrad"]] == [0, 1]
    monkeypatch.setattr(lesson_records, "WEIGHING", tmp_path / "none.json")
    with pytest.raises(FileNotFoundError, match=r"python -m minimask\.training\.gradient_study"):
        lesson_records.weighings()


def test_a_way_of_weighing_is_trained_and_measured(few):
    run = gradient_study.weigh("pcgrad", "", 3, steps=1, pictures=2)
    assert (run.seed, run.steps) == (3, 1) and len(run.mask_ap) == len(run.box_ap) == 10 and run.seconds > 0
