"""The training loop: the same seed gives the same bits, whoever watches, and it goes on where it stopped."""

import math
import random
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
from stand_in import LOSSES, WORLD, Broken, changed, short, stand_in, weights

from minimask.gradients.weighing import WEIGHINGS
from minimask.training.batches import LoadingError
from minimask.training.checkpoint import latest_checkpoint, load_checkpoint
from minimask.training.config import FREE, Config
from minimask.training.distributed import Processes
from minimask.training.finite import NonFiniteError
from minimask.training.loop import train
from minimask.training.proposals import evaluating


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Small models are fastest on one, and tests run beside each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trained(config=None, source=WORLD, watch=lambda model: None, model=None, **settings):
    model = model or stand_in()
    told = []
    for progress in train(model, source, config or short(), **settings):
        told.append(progress)
        watch(model)
    return model, told


def numbers(told):
    return [(one.step, one.losses, one.learning_rate, one.gradient) for one in told if one.losses]


def meddle(model):
    """Do what someone who watches may do."""
    torch.rand(3), np.random.rand(3), random.random()  # noqa: NPY002
    torch.manual_seed(5)
    with evaluating(model):
        model([torch.rand(3, 32, 32)])


def test_the_same_seed_gives_the_same_bits_and_watching_changes_none():
    (one, first), (same, second), (other, third) = trained(), trained(watch=meddle), trained(short(seed=1))
    assert torch.equal(weights(one), weights(same)) and not torch.equal(weights(one), weights(other))
    assert numbers(first) == numbers(second) != numbers(third)


def test_the_training_leaves_torchs_random_state_alone():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    trained()
    assert torch.equal(state, torch.get_rng_state())


def test_progress_is_told():
    _, told = trained(short(steps=4, batch=2))
    assert [one.step for one in told] == [0, 1, 2, 3, 4] and {one.steps for one in told} == {4}
    assert told[0].losses == {} and math.isnan(told[0].total) and told[0].seconds == 0
    for one in told[1:]:
        assert tuple(one.losses) == LOSSES
        assert one.total == pytest.approx(sum(one.losses.values()))
        assert one.gradient > 0 and one.learning_rate > 0
        assert one.pictures_per_second == pytest.approx(2 / (one.data_seconds + one.compute_seconds))
    for before, after in pairwise(told):
        assert after.seconds - before.seconds == pytest.approx(after.data_seconds + after.compute_seconds)


def test_it_learns():
    _, told = trained(short(steps=30, learning_rate=0.03, flip=0.0), source=list(WORLD.pictures(3)))
    assert told[-1].total < 0.7 * told[1].total


@pytest.mark.parametrize("optimizer", ["muon", "adamw", "sgd"])
def test_every_step_is_one_of_the_optimizer(optimizer):
    """By hand: the same batches, gradients and rates, without the loop."""
    from minimask.training.batches import chance, load, sampling_chance
    from minimask.training.optimizers import make_optimizer, rate_factor

    config = short(optimizer=optimizer, steps=3, clip=1.0, checkpoint_every=0)
    ours, _ = trained(config)
    model = stand_in().to(memory_format=torch.channels_last).train()
    by_hand = make_optimizer(model, config)
    for step, batch in enumerate(load(WORLD, seed=0, batch=3, steps=range(1, 4), flip=0.5), start=1):
        torch.manual_seed(int(chance("torch", 0, step, 0).integers(2**63)))
        by_hand.zero_grad()
        sum(model(batch.images, batch.targets, rng=sampling_chance(0, step, range(3))).values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        by_hand.set_rate(rate_factor(config, step))
        by_hand.step()
    torch.testing.assert_close(weights(ours), weights(model), rtol=1e-4, atol=1e-5)


def test_gradients_are_clipped():
    def length(model):
        return torch.cat([one.grad.flatten() for one in model.parameters()]).norm().item()

    for clip, same in ((0.0, True), (0.01, False), (1e6, True)):
        model, told = stand_in(), []
        for one in train(model, WORLD, short(steps=2, clip=clip)):
            told.append((one.gradient, length(model) if one.step else math.nan))
        for before, after in told[1:]:
            assert before > 0.1 and after == pytest.approx(before if same else 0.01, rel=1e-3)


def test_steps_are_computed_in_training_mode_whatever_was_before():
    model, _ = trained(watch=lambda model: model.eval())
    assert model.norm.num_batches_tracked == 6


def test_no_step_leaves_the_model_as_it_was(tmp_path):
    model, told = trained(short(steps=0), folder=tmp_path)
    assert torch.equal(weights(model), weights(stand_in())) and len(told) == 1
    assert latest_checkpoint(tmp_path) is None


@pytest.mark.parametrize("stop", range(1, 6))
def test_it_goes_on_to_the_same_bits(tmp_path, stop):
    """From a checkpoint of its own time, or from the one that it leaves when it is closed."""
    whole, told = trained()
    training = train(stand_in(), WORLD, short(), folder=tmp_path)
    first = [next(training) for _ in range(stop + 1)]
    training.close()
    assert latest_checkpoint(tmp_path).name == f"step-{stop:08d}.safetensors"
    model, rest = trained(model=stand_in(seed=9), folder=tmp_path)
    assert rest[0].step == stop and rest[0].losses == {} and rest[0].seconds == first[-1].seconds
    assert numbers(first) + numbers(rest) == numbers(told)
    assert torch.equal(weights(model), weights(whole))
    again, nothing = trained(folder=tmp_path)
    assert len(nothing) == 1 and nothing[0].step == 6 and torch.equal(weights(again), weights(whole))


def test_checkpoints_come_when_they_are_due(tmp_path):
    seen = []
    config = short(steps=5, keep=2, checkpoint_every=2)
    trained(config, watch=lambda _: seen.append(sorted(int(p.stem[5:]) for p in tmp_path.glob("s*"))), folder=tmp_path)
    assert seen == [[], [], [], [2], [2], [2, 4]]  # who watches a step has seen it before it is saved
    path = latest_checkpoint(tmp_path)
    found = load_checkpoint(path)
    assert found.config == config and found.step == 5 and found.seconds > 0 and found.notes == {}
    written = path.stat().st_mtime_ns
    trained(config, folder=tmp_path)
    assert path.stat().st_mtime_ns == written


def test_none_are_written_if_none_are_wanted(tmp_path):
    training = train(stand_in(), WORLD, short(checkpoint_every=0), folder=tmp_path)
    next(training), next(training)
    training.close()
    trained(short(checkpoint_every=0), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_notes_are_kept(tmp_path):
    trained(folder=tmp_path, notes={"classes": ["a"]})
    assert load_checkpoint(latest_checkpoint(tmp_path)).notes == {"classes": ["a"]}


def test_it_goes_on_only_with_the_settings_that_it_had(tmp_path):
    trained(short(steps=2, checkpoint_every=1), folder=tmp_path)
    free = {"held_out": "x", "held_out_pictures": 5, "device": "cpu", "threads": 1, "workers": 0}
    free |= {
        "scoring": "mask",
        "evaluate_every": 1,
        "checkpoint_every": 3,
        "pictures_every": 1,
        "gradients_every": 1,
        "keep": 1,
    }
    assert free.keys() == FREE
    trained(short(steps=2, **free), folder=tmp_path)
    with pytest.raises(ValueError, match=r"config must be that of .*: steps must be 2, got 6, seed must be 0, got 1"):
        train(stand_in(), WORLD, short(seed=1), folder=tmp_path)
    with pytest.raises(ValueError, match=r"step-00000002\.safetensors: checkpoint must be of this model"):
        train(stand_in(norm=None), WORLD, short(steps=2), folder=tmp_path)


def test_lower_precision_computes_otherwise_and_learns():
    _, exact = trained(short(steps=3), model=stand_in(dropout=0))
    _, rounded = trained(short(steps=3, precision="bfloat16"), model=stand_in(dropout=0))
    for one, other in zip(exact[1:], rounded[1:], strict=True):
        assert one.losses != other.losses
        assert one.total == pytest.approx(other.total, rel=0.05)


def test_memory_is_ordered_with_the_channels_last():
    model, _ = trained(short(steps=1))
    assert model.body.weight.is_contiguous(memory_format=torch.channels_last)


def test_threads_are_set():
    trained(short(steps=0, threads=2))
    assert torch.get_num_threads() == 2
    trained(short(steps=0))
    assert torch.get_num_threads() == 2
    trained(short(steps=0, threads=1))


def test_what_cannot_be_is_named_at_once():
    with pytest.raises(ValueError, match="precision float16 must be computed on a graphics card, got device cpu"):
        train(stand_in(), WORLD, short(precision="float16"))
    with pytest.raises(ValueError, match="batch must be at least 2, the number of processes, got 1"):
        train(stand_in(), WORLD, Config(batch=1), processes=Processes(0, 2))
    with pytest.raises(ValueError, match="weighing must be 'sum' for several processes and in float16, got 'mgda', 2"):
        train(stand_in(), WORLD, Config(weighing="mgda"), processes=Processes(0, 2))


@pytest.mark.parametrize("weighing", [name for name in WEIGHINGS if name != "sum"])
def test_losses_are_weighed_and_a_training_goes_on_to_the_same_bits(tmp_path, weighing):
    """Whatever the weighing remembers is in the checkpoint, and its chance is the step's own."""
    settings = {"weighing": weighing, "loss_weights": "loss_mask=3, loss_box_reg=0.5" if weighing == "fixed" else ""}
    whole, told = trained(short(**settings))
    plain, _ = trained()
    assert not torch.equal(weights(whole), weights(plain))
    training = train(stand_in(), WORLD, short(**settings), folder=tmp_path)
    first = [next(training) for _ in range(4)]
    training.close()
    model, rest = trained(short(**settings), model=stand_in(seed=9), folder=tmp_path)
    assert numbers(first) + numbers(rest) == numbers(told)
    assert torch.equal(weights(model), weights(whole))


def test_a_loss_that_counts_twice_has_twice_the_gradient():
    def gradient(**settings):
        model = stand_in()
        training = train(model, WORLD, short(steps=1, optimizer="sgd", warmup=0.0, weight_decay=0.0, **settings))
        before = torch.cat([one.detach().flatten() for one in model.parameters()])
        assert [progress.step for progress in training] == [0, 1]
        return before - torch.cat([one.detach().flatten() for one in model.parameters()])

    plain = gradient()
    assert torch.allclose(
        gradient(weighing="fixed", loss_weights=", ".join(f"{name}=2" for name in LOSSES)), 2 * plain, atol=1e-6
    )
    none = gradient(weighing="fixed", loss_weights=", ".join(f"{name}=0" for name in LOSSES))
    assert not none.any() and plain.any()


def test_a_weighed_loss_that_is_not_finite_stops_the_training():
    for weighing in ("uncertainty", "pcgrad"):
        model = stand_in()
        with torch.no_grad():
            next(model.parameters()).fill_(math.nan)
        with pytest.raises(NonFiniteError, match="step 1 is not finite"):
            trained(short(weighing=weighing), model=model)


def test_bad_pictures_are_named():
    with pytest.raises(LoadingError, match="picture 4 of the data cannot be loaded"):
        trained(source=Broken(4))

    def refuse(images, targets=None, *, rng=None):
        raise ValueError("targets[1]: no")

    model = stand_in()
    model.forward = refuse
    with pytest.raises(ValueError, match=re.escape("step 1, pictures 0, 1, 2 of the data: targets[1]: no")):
        trained(model=model)


def test_data_sets_are_gone_through():
    seen = []
    pictures = list(WORLD.pictures(4))

    class Watched(list):
        def __getitem__(self, index):
            seen.append(index)
            return super().__getitem__(index)

    trained(short(steps=4, batch=3, checkpoint_every=0), source=Watched(pictures))
    assert all(sorted(seen[start : start + 4]) == [0, 1, 2, 3] for start in (0, 4, 8))


def test_a_picture_that_is_another_gives_other_numbers():
    """So that the tests above, which compare, would see it."""
    _, told = trained()
    _, other = trained(source=changed(7, image=lambda image: 255 - image))
    assert [one == another for one, another in zip(numbers(told), numbers(other), strict=True)][:3] == [
        True,
        True,
        False,
    ]
