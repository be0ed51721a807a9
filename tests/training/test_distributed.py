"""Several processes: they learn what one learns from the joined batch, and one that is lost ends the run in words."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from stand_in import stand_in, weights
from together import CONFIG, PICTURES, model
from torch import nn

from minimask.training.distributed import ALONE, VARIABLES, Processes, device_of, joined
from minimask.training.loop import train

HERE = Path(__file__).parent
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in VARIABLES},
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(HERE.parents[1]),
    "GLOO_SOCKET_IFNAME": LOOPBACK,
}


@pytest.fixture(autouse=True)
def _no_torchrun(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def start(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=600, cwd=HERE
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_two_processes(tmp_path):
    """The same losses, gradients and weights as one; the loss of one, and how the run goes on: see `together.py`."""
    done = start("together.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "two processes learn what one does",
        "a lost process ended the run, which then went on to the same bits",
    ]
    assert re.search(
        r"LostProcessError: process 0 of 2 \(the first is 0\) stopped in step 4: .*If another process ended before, "
        r"the reason stands in its output\. Started again, the training goes on from .*step-00000002\.safetensors\.",
        done.stderr,
        re.DOTALL,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="torch for Windows cannot start torchrun's store")
def test_torchrun(tmp_path):
    done = start(
        *("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
        *("together.py", str(tmp_path), "worker"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    alone = model()
    told = [one for one in train(alone, PICTURES, CONFIG) if one.losses]
    for (step, losses, _), one in zip(json.loads((tmp_path / "losses1").read_text()), told, strict=True):
        assert step == one.step and losses == pytest.approx(one.losses, abs=1e-5)
    last = torch.load(tmp_path / "weights1", weights_only=True)
    torch.testing.assert_close(last, weights(alone), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("number", [0, 1, 7, 8, 16])
def test_shares_are_even_and_leave_nothing_out(count, number):
    shares = [Processes(rank, count).share(number) for rank in range(count)]
    assert [place for share in shares for place in share] == list(range(number))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert [Processes(rank, count).first for rank in range(count)] == [True] + [False] * (count - 1)


def test_alone():
    with joined("cpu") as processes:
        assert processes == ALONE and processes.first
        assert processes.gather((1, 2)) == [1, 2] and processes.agree("x") == "x"
        assert processes.share_count(3) == 3.0
        values = torch.ones(2)
        assert processes.mean(values) is values
        model = stand_in()
        with processes.sharing(model) as shared:
            assert shared is model and model.share_count is float


def test_a_part_of_torchruns_variables_is_refused(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("MASTER_PORT", "1")
    message = (
        "all of RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT must be set, as torchrun does it, got only "
    )
    with pytest.raises(ValueError, match=f"{message}RANK, MASTER_PORT"), joined("cpu", timedelta(seconds=1)):
        pass
    monkeypatch.delenv("RANK")
    with joined("cpu") as processes:  # a port alone may be anything's
        assert processes.count == 1


def test_models_that_cannot_share_are_refused():
    sharing = Processes(0, 2).sharing(torch.nn.Linear(1, 1))
    with pytest.raises(TypeError, match="model must have `share_count`, which counts for all processes, got Linear"):
        sharing.__enter__()


def test_what_is_wrong_is_looked_for_apart():
    """Without the others: the count is the own one, and a norm of all processes is one of this."""
    model = nn.Sequential(nn.SyncBatchNorm(3))
    model.share_count = shared = object()
    values = torch.rand(2, 3, 4, 4)
    with Processes(0, 2).apart(model):
        assert model.share_count(3) == 3.0
        torch.testing.assert_close(model(values), nn.BatchNorm2d(3)(values))
        assert model[0].num_batches_tracked == 0
    assert model.share_count is shared and "forward" not in vars(model[0])


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("cpu") == device_of("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match="device cuda must be there for process 0 of this machine, but it has 0 cards"):
        device_of("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device_of("auto") == torch.device("cuda", 0)
    assert device_of("cuda", 1) == torch.device("cuda", 1)
    assert device_of("cpu", 1) == torch.device("cpu")
    with pytest.raises(ValueError, match="device cuda must be there for process 2 of this machine, but it has 2 cards"):
        device_of("auto", 2)
