"""Numbers that are not finite: each way to get them is provoked, and named for what it is."""

import re

import numpy as np
import pytest
import torch
from stand_in import WORLD, changed, short, stand_in, weights
from torch import nn

from minimask.data.shapes import ShapesWorld
from minimask.model.lesson import lesson_model
from minimask.training.finite import NonFiniteError, first_place
from minimask.training.loop import train


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Layer(nn.Module):
    """Does something to what it is given."""

    def __init__(self, do):
        super().__init__()
        self.do = do

    def forward(self, values):
        return self.do(values)


def stopped(model=None, source=WORLD, before=lambda step, model: None, **settings):
    """Train until it stops, and return the error."""
    folder = settings.pop("folder", None)
    model = model or stand_in(dropout=0)
    with pytest.raises(NonFiniteError) as caught:  # noqa: PT012
        for progress in train(model, source, short(flip=0.0, **settings), folder=folder):
            before(progress.step, model)
    return caught.value


def break_weights(step, model):
    if step == 3:
        model.body.weight.data[2, 1] = float("nan")


def test_weights_that_were_broken_before(tmp_path):
    error = stopped(before=break_weights, folder=tmp_path)
    assert error.step == 4 and error.pictures == [9, 10, 11]
    assert error.checkpoint.name == "step-00000002.safetensors"
    assert error.place == "the weights 'body.weight', before this step"
    assert error.cause == "learning_rate (0.02) is too high, or warmup too short"
    assert set(map(str, error.losses.values())) == {"nan"}
    assert re.fullmatch(
        r"step 4 is not finite: loss_objectness nan, .*\. Pictures: 9, 10, 11\. First at: the weights .*\. "
        r"Probable cause: .*\. To go on, go back to .*step-00000002\.safetensors\.",
        str(error),
    )


def test_there_may_be_no_checkpoint_to_go_back_to():
    error = stopped(before=break_weights)
    assert error.checkpoint is None
    assert str(error).endswith("To go on, there is no checkpoint to go back to.")


def test_a_rate_that_is_too_high():
    error = stopped(optimizer="sgd", learning_rate=1e12, steps=50)
    assert error.step > 1
    assert "learning_rate (1e+12) is too high" in error.cause


def test_the_largest_weight_is_named():
    def enlarge(step, model):
        if step == 2:
            model.body.bias.data[0] = 1e36
            model.head.weight.data *= 1e4

    error = stopped(model=stand_in(norm=None, dropout=0), before=enlarge)
    assert error.step == 3
    assert error.place == "the output of layer 'head' (Linear)"
    assert error.cause.startswith("learning_rate (0.02) is too high; the largest weight is 1e+36, in 'body.bias'")


@pytest.mark.parametrize("box", [[3, 4, np.inf, 9], [np.nan, 4, 5, 9]])
def test_bad_boxes(box):
    def spoil(boxes):
        return np.array([box] * len(boxes), np.float32)

    bad = next(index for index in range(6, 99) if len(WORLD[index].labels))
    error = stopped(source=changed(bad, boxes=spoil))
    assert bad in error.pictures
    assert error.place in ("the loss loss_rpn_box_reg", "the loss loss_box_reg")
    assert error.cause.startswith(f"bad boxes in the data: picture {bad} has the box [") and "in row 0" in error.cause


def test_a_model_that_makes_it_of_finite_numbers_at_once():
    model = stand_in(dropout=0)
    model.norm = Layer(lambda values: values / (values - values))
    error = stopped(model)
    assert error.step == 1 and error.place == "the output of layer 'norm' (Layer)"
    assert error.cause.startswith("the model itself, or these pictures: nothing was learned yet")


def test_statistics_of_the_very_step_are_not_blamed():
    model = stand_in(dropout=0)
    model.norm = nn.Sequential(Layer(lambda values: values / 0), model.norm)
    error = stopped(model)
    assert not model.norm[1].running_mean.isfinite().all()
    assert error.place == "the output of layer 'norm.0' (Layer)" and error.cause.startswith("the model itself")


def test_what_is_made_between_the_layers():
    model = stand_in(dropout=0)
    plain = model.norm.forward
    model.norm = nn.Sequential(nn.Identity(), model.norm, Layer(lambda values: values))
    model.norm.forward = lambda values: model.norm[2](plain(values) / 0)
    assert stopped(model).place == "what layer 'norm.2' (Layer) is given"


class Rootless(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient / 0


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, None])
def test_gradients(norm):
    """Losses are finite; the gradient that comes back through one function is not."""
    model = stand_in(norm=norm, dropout=0)
    model.dropout = Layer(Rootless.apply)
    error = stopped(model)
    assert all(np.isfinite(list(error.losses.values())))
    assert error.place == "the gradient that comes back to the output of layer 'body' (Conv2d)"
    assert error.step == 1 and "nothing was learned yet" in error.cause


def test_gradients_of_weights():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, values):
            return values * Rootless.apply(self.scale)

    model = stand_in(dropout=0)
    model.dropout = Scaled()
    assert stopped(model).place == "the gradient of the weights 'dropout.scale'"


def test_numbers_too_large_for_the_precision():
    """Bfloat16 reaches as far as float32; this layer reaches less far, as float16 does."""
    model = stand_in(dropout=0)
    model.dropout = Layer(lambda values: torch.where(torch.tensor(values.dtype != torch.float32), torch.inf, values))
    error = stopped(model, precision="bfloat16")
    assert error.cause == "numbers too large for bfloat16; in float32 all of them are finite"
    assert error.place == "the output of layer 'dropout' (Layer)"
    assert stopped(model, precision="bfloat16", before=break_weights_at_once).cause.startswith("learning_rate")


def break_weights_at_once(step, model):
    model.stem.weight.data[0] = float("inf")


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    """The last step before a checkpoint breaks a buffer: no loss shows it."""

    class Buffered(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, values):
            self.calls += 1
            self.calls /= self.calls != 4
            return values

    model = stand_in(dropout=0)
    model.dropout = Buffered()
    error = stopped(model, folder=tmp_path)
    assert error.step == 4 and error.place == "'dropout.calls', after this step"
    assert error.checkpoint.name == "step-00000002.safetensors" and "learning_rate (0.02) is too high" in error.cause
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000002.safetensors"]


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, None])
def test_a_model_that_refuses_numbers_that_are_not_finite(norm):
    """As Mask R-CNN refuses logits: no loss comes out."""

    class Strict(nn.Module):
        def forward(self, values):
            if not values.isfinite().all():
                raise ValueError("logits must be finite")
            return values

    def strict():
        model = stand_in(norm=norm, dropout=0)
        model.dropout = Strict()
        return model

    error = stopped(strict(), before=break_weights)
    assert error.place == "the weights 'body.weight', before this step" and error.losses == {}
    assert str(error).startswith("step 4 is not finite: no loss came out. Pictures: 9, 10, 11.")
    assert str(error.__cause__) == "logits must be finite"
    model = strict()
    model.body = nn.Sequential(model.body, Layer(lambda values: values / 0))
    assert stopped(model).place == "the output of layer 'body.1' (Layer)"


def test_mask_r_cnn():
    """It refuses logits that are not finite itself; the layer is named all the same."""
    model = lesson_model(seed=0)
    convolution = model.rpn.head.cls_logits
    convolution.forward = lambda values: nn.Conv2d.forward(convolution, values) / 0
    error = stopped(model, source=ShapesWorld(height=64, width=64, sizes=(16, 40)), batch=1)
    assert error.place == "the output of layer 'rpn.head.cls_logits' (Conv2d)" and error.losses == {}


def test_a_gradient_that_is_too_long_though_its_numbers_are_finite():
    model = stand_in(norm=None, dropout=0)
    model.dropout = Layer(lambda values: values * 1e25)
    error = stopped(model, before=lambda step, model: step or model.head.bias.requires_grad_(False))
    assert all(np.isfinite(list(error.losses.values())))
    assert error.place == "the length of the gradient"


def test_looking_for_the_place_changes_nothing():
    model = stand_in(dropout=0).train()
    values = torch.rand(2, 8)
    model.head(values).sum().backward()
    before = weights(model), model.head.weight.grad.clone()
    assert first_place(model, lambda: {"loss": model.head(values / 0).sum()}) == "what layer 'head' (Linear) is given"
    assert first_place(model, lambda: {"loss": model.head(values).sum()}) is None
    assert torch.equal(before[0], weights(model)) and torch.equal(before[1], model.head.weight.grad)
    assert not model.head._forward_hooks and not model.head.weight._backward_hooks


def test_nested_outputs_are_looked_at():
    model = nn.Sequential(nn.Linear(1, 1), Layer(lambda values: {"a": [(values, 3)], "b": "text", "c": [values / 0]}))
    found = first_place(model, lambda: {"loss": model(torch.ones(1, 1))["a"][0][0].sum()})
    assert found == "the output of layer '1' (Layer)"
