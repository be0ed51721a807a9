"""Two processes that train together: `python together.py FOLDER` starts them, and looks at how they fare.

They are forks of this process, which imports once what all need. A third one hosts the place where they meet, on a port
that the system chooses. With `python together.py FOLDER worker`, by torchrun, it is one of two.
"""

import json
import os
import signal
import sys
import time
import traceback
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
from stand_in import WORLD, short, stand_in, weights
from torch import nn

from minimask.training.distributed import joined
from minimask.training.loop import train
from minimask.training.optimizers import make_optimizer

CONFIG = short(steps=6, batch=5, checkpoint_every=2, optimizer="sgd", learning_rate=0.05, clip=1.0)
PICTURES = list(WORLD.pictures(7))
DEADLINE = 300
"""Seconds after which a process that waits for another is killed."""


def model():
    return stand_in(norm=partial(nn.GroupNorm, 2), dropout=0)


class Counted(list):
    """Counts how often one of its pictures was asked for."""

    count = 0

    def __getitem__(self, index):
        self.count += 1
        return super().__getitem__(index)


def work(folder, deadly=0):
    """Train as one of those that torchrun's variables speak of; the second one ends itself after a step."""
    with joined("cpu", timedelta(seconds=DEADLINE)) as processes:
        network, pictures = model(), Counted(PICTURES)
        told = []
        for progress in train(network, pictures, CONFIG, folder=folder / "checkpoints", processes=processes):
            if progress.losses:
                told.append([progress.step, progress.losses, progress.gradient])
                (folder / f"losses{processes.rank}").write_text(json.dumps(told))
            if processes.rank == 1 and progress.step == deadly > 0:
                os.kill(os.getpid(), signal.SIGKILL)
        assert pictures.count == len(told) * (2 + processes.rank)  # of five
        assert network.share_count is float
        shared = processes.gather([WORLD[index].labels.tolist() for index in processes.share(7)])
        assert shared == [picture.labels.tolist() for picture in PICTURES]
        assert processes.agree(processes.rank) == 0
        torch.save(weights(network), folder / f"weights{processes.rank}")


def late(folder, deadly):
    """Come when the other one has long looked for this one, where one of an earlier attempt stood."""
    time.sleep(2)
    work(folder, deadly)


def host(write):
    """Host the place where processes meet, until this one is killed, and tell its port."""
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    os.write(write, f"{store.port}\n".encode())
    signal.pause()


def fork(function, *arguments, **variables):
    """Start a process, which ends with 0, or with 1 after it has written down why."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.environ.update(variables)
        signal.alarm(DEADLINE)
        function(*arguments)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def together(folder, *deadly):
    """Let two processes train, once for each of `deadly`, as torchrun starts them again, and return all exit codes."""
    folder.mkdir(exist_ok=True)
    read, write = os.pipe()
    meeting = fork(host, write)
    port = os.read(read, 10).decode().strip()
    common = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "WORLD_SIZE": "2",
    }
    codes = []
    for attempt, step in enumerate(deadly):
        common["TORCHELASTIC_RESTART_COUNT"] = f"{attempt}"
        first = late if attempt else work
        pids = [
            fork(do, folder, step, RANK=f"{rank}", LOCAL_RANK=f"{rank}", **common)
            for rank, do in enumerate((first, work))
        ]
        codes.append([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])
    os.kill(meeting, signal.SIGKILL)
    os.waitpid(meeting, 0)
    return codes


def read(folder):
    """Return what both processes wrote, after making sure that it is the same."""
    losses = [json.loads((folder / f"losses{rank}").read_text()) for rank in range(2)]
    last = [torch.load(folder / f"weights{rank}", weights_only=True) for rank in range(2)]
    assert losses[0] == losses[1] and torch.equal(*last)
    return losses[0], last[0]


def main(folder):
    torch.set_num_threads(1)
    make_optimizer(model(), CONFIG)

    assert together(folder / "calm", 0) == [[0, 0]]
    losses, last = read(folder / "calm")
    alone = model()
    expected = [one for one in train(alone, PICTURES, CONFIG) if one.losses]
    for (step, ours, gradient), one in zip(losses, expected, strict=True):
        assert step == one.step
        assert all(abs(ours[name] - value) < 1e-5 for name, value in one.losses.items()), (ours, one.losses)
        assert abs(gradient / one.gradient - 1) < 1e-4
    torch.testing.assert_close(last, weights(alone), rtol=1e-5, atol=1e-6)
    assert (last - weights(model())).abs().max() > 0.01
    print("two processes learn what one does")

    killed = folder / "killed"
    assert together(killed, 3, 0) == [[1, -signal.SIGKILL], [0, 0]]
    again, end = read(killed)
    assert torch.equal(end, last) and again == losses[2:]  # after the checkpoint of step 2
    print("a lost process ended the run, which then went on to the same bits")


if __name__ == "__main__":
    if sys.argv[2:] == ["worker"]:
        work(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]))
