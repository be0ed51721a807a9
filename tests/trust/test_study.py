"""What is recorded: read as it was written, made only where it is missing, and what ships is whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minimask.data.attacked import moved, recorded_attacks
from minimask.data.recorded import HELD_OUT
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.detecting import detect
from minimask.evaluation import CocoEvaluation
from minimask.model.lesson import lesson_model, trained_lesson_model
from minimask.training.config import Config
from minimask.training.loop import train
from minimask.trust import verdicts
from minimask.trust.attacks import LEVEL
from minimask.trust.hardening import Hardened
from minimask.trust.outcome import Outcome, outcome
from minimask.trust.recorded import PICTURES, packed, rate, read, recorded, unpacked
from minimask.trust.strangers import KINDS
from minimask.trust.study import Study
from minimask.trust.verdicts import damages, recorded_damages, recorded_judged, recorded_strangers

WORLD = ShapesWorld(64, 64, sizes=(16, 40), objects=(1, 2), seed=5)


def test_outcomes_by_hand():
    mask = np.zeros((8, 8), bool)
    mask[2:6, 2:6] = True
    large = np.zeros((8, 8), bool)
    large[1:7, 2:6] = True
    found = [
        (large, 3, 0.9, "leaked"),  # eight pixels of sixteen lie beside it, IoU 2/3
        (mask, 4, 0.9, "changed"),
        (mask, 3, 0.4, "vanished"),
        (~mask, 3, 0.9, "vanished"),
    ]
    from minimask.data.found import Found

    for seen, label, score, what in found:
        one = outcome(Found(np.zeros((1, 4)), np.array([label]), np.array([score]), seen[None]), mask, 3)
        assert [name for name in ("vanished", "changed", "leaked") if getattr(one, name)] == [what]
    assert outcome(Found(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0), np.zeros((0, 8, 8), bool)), mask, 3).vanished


def test_packing_keeps_what_it_says():
    one = Outcome(0.12346, True, False, 0.51239, 0.25, True)
    assert unpacked(packed(one)) == Outcome(0.1235, True, False, 0.5124, 0.25, True)


def test_wilson_is_never_sure():
    assert rate([False] * 24).high == pytest.approx(0.138, abs=1e-3)
    assert rate([True, False] * 12).value == 0.5


def test_runs_are_made_once_and_kept(tmp_path):
    path, told, made = tmp_path / "trust.json", [], []
    study = Study(path, told.append)
    study.__dict__["chosen"] = ([HELD_OUT[0]], [0])  # in place of the search for pictures

    def pictures():
        made.append(1)
        return torch.zeros(1, 3, 128, 128)

    for _ in range(2):
        study.keep_attack("vanish/8", pictures)
        study.keep_table("price/none", lambda: made.append(2) or 0.5)
    Study(path, told.append).keep_attack("vanish/8", pictures)
    assert made == [1, 2]
    assert read(path).tables == {"price/none": 0.5}
    assert read(path).outcomes("vanish/8")[0].vanished
    assert len(told) == 2


def test_an_unknown_run_is_refused():
    with pytest.raises(ValueError, match="run must be one of"):
        recorded().outcomes("vanish/7")


def test_every_second_picture_is_attacked_with_the_weights_of_the_moment():
    model = lesson_model()
    hardened = Hardened(WORLD, model, 8 * LEVEL)
    assert (hardened[2].image == WORLD[2].image).all()
    changed = hardened[1].image.astype(int) - WORLD[1].image
    assert np.abs(changed).max() == 8
    assert (hardened[1].image == hardened[1].image).all()
    with torch.no_grad():
        for one in model.parameters():
            one += 0.01 * torch.randn(one.shape, generator=torch.Generator().manual_seed(0))
    assert (hardened[1].image.astype(int) - WORLD[1].image != changed).any()
    assert model.training
    steps = [progress.step for progress in train(model, hardened, Config(steps=1, batch=2, checkpoint_every=0))]
    assert steps == [0, 1]


def test_damage_is_measured_as_it_is_elsewhere():
    model = trained_lesson_model()
    found = damages(model, count=3, ways=("noise",))
    evaluation = CocoEvaluation(CLASSES)
    pictures = list(verdicts.TESTED.pictures(3))
    for picture, one in zip(pictures, detect(model, [each.image for each in pictures]), strict=True):
        evaluation.add(picture, one)
    assert found.precision[0, 0] == pytest.approx(evaluation.scores().masks.ap)
    assert found.precision.shape == (1, 6)
    assert found.of("noise", 0).sum() + sum(found.of("noise", k).sum() for k in range(1, 6)) == len(found.score)


def test_what_ships_is_whole():
    record = recorded()
    assert all(len(rows) == PICTURES for rows in record.attacks.values())
    assert all(one.right for one in record.outcomes("clean"))
    for part in ("fitted", "tested"):
        judged = recorded_judged(part)
        assert len(judged.objects) == verdicts.JUDGED
        assert judged.right.sum() <= judged.objects.sum()
        assert np.abs(judged.score - 0.5).max() <= 0.5
    strange = recorded_strangers()
    assert {name.partition("/")[0] for name in strange} == set(KINDS)
    assert recorded_damages().precision.shape == (8, 6)


def test_the_widgets_pictures_are_what_the_model_finds():
    (first, *_), model = recorded_attacks(), trained_lesson_model()
    row, step = first.attacks.index("vanish"), first.strengths.index(8)
    image = first.seen(row, step)
    assert np.abs(image.astype(int) - first.image).max() == 8
    assert (image == moved(first.image, first.changes[first.which[row, step]], 8)).all()
    (found,) = detect(model, [image])
    assert np.allclose(first.found[row][step].scores / 10_000, found.scores, atol=0.02)
