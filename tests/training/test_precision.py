"""What "auto" is on this and on other machines, and that a checkpoint does not go on in another precision."""

import pytest
import torch
from stand_in import WORLD, short, stand_in

from minimask.training.loop import train
from minimask.training.precision import chosen

CPU, CARD = torch.device("cpu"), torch.device("cuda", 0)


def features(monkeypatch, **given):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: given, raising=False)


@pytest.mark.parametrize(
    ("given", "expected"), [({"amx_bf16": True}, "bfloat16"), ({"amx_bf16": False}, "float32"), ({}, "float32")]
)
def test_auto_is_bfloat16_where_the_processor_multiplies_it(monkeypatch, given, expected):
    features(monkeypatch, avx512_bf16=True, **given)
    assert chosen("auto", CPU) == expected


def test_auto_is_float32_where_torch_does_not_say(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert chosen("auto", CPU) == "float32"


@pytest.mark.parametrize(("can", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_asks_the_card_what_it_does_without_emulation(monkeypatch, can, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: can and not including_emulation)
    assert chosen("auto", CARD) == expected


def test_what_is_named_is_taken(monkeypatch):
    features(monkeypatch, amx_bf16=True)
    assert [chosen(name, CPU) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]
    assert chosen("float16", CARD) == "float16"
    with pytest.raises(ValueError, match="precision float16 must be computed on a graphics card, got device cpu"):
        chosen("float16", CPU)


def test_a_checkpoint_does_not_go_on_in_another_precision(monkeypatch, tmp_path):
    features(monkeypatch, amx_bf16=True)
    list(train(stand_in(), WORLD, short(steps=2, precision="auto"), folder=tmp_path))
    features(monkeypatch)
    with pytest.raises(ValueError, match="precision must be 'bfloat16', got 'float32'"):
        train(stand_in(), WORLD, short(steps=2, precision="auto"), folder=tmp_path)
