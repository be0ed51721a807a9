"""Trainings that are killed again and again: `python killed_runs.py FOLDER KILLS` compares them with one that is not.

Every run is a fork of this process, which imports once what all need, and has one thread. A parent kills the run with
SIGKILL after a random time, and starts it again in the same folder until it comes to its end. Every run writes down
every loss before it goes on; in the end all losses that were ever written, and the last weights, must be those of the
run that nobody killed, bit by bit.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import safetensors.torch
import torch
from stand_in import WORLD, short, stand_in

from minimask.training import atomic
from minimask.training.checkpoint import latest_checkpoint, load_checkpoint
from minimask.training.loop import train
from minimask.training.optimizers import make_optimizer

CONFIG = short(steps=24, batch=2, checkpoint_every=2, keep=2, optimizer="muon")
PICTURES = list(WORLD.pictures(7))


def run(folder):
    """Train to the end, from wherever the folder says, and write down every loss as it comes."""
    with (folder / "losses").open("a") as file:
        for progress in train(stand_in(), PICTURES, CONFIG, folder=folder / "checkpoints"):
            if progress.losses:
                file.write(json.dumps([progress.step, progress.losses, progress.gradient]) + "\n")
                file.flush()


def fork(folder, before=lambda: None):
    """Start a run in a process of its own, and return its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        before()
        run(folder)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(pid):
    """Wait for a run, and return whether it came to its end; a run that failed fails this."""
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert status == 0, f"a run ended with status {status}"
    return True


def results(folder):
    """Return all losses by step, after making sure that no step was ever computed to two results, and the last bits."""
    losses = {}
    for line in (folder / "losses").read_text().splitlines():
        try:
            step, *values = json.loads(line)
        except json.JSONDecodeError:  # cut off, when it was killed
            continue
        assert losses.setdefault(step, values) == values, f"step {step} had {losses[step]}, and later {values}"
    last = load_checkpoint(latest_checkpoint(folder / "checkpoints"))
    state = {**last.model, **{f"optimizer {name}": value for name, value in last.optimizer.items()}}
    assert last.step == CONFIG.steps and sorted(losses) == list(range(1, CONFIG.steps + 1))
    left = [path.name for path in (folder / "checkpoints").iterdir() if path.name.startswith(".")]
    assert not left, f"left behind: {left}"
    return losses, state


def same(one, other):
    """Hold the results of two runs against each other."""
    assert one[0] == other[0]
    assert one[1].keys() == other[1].keys()
    for name, value in one[1].items():
        assert value.numpy().tobytes() == other[1][name].numpy().tobytes(), name


def kill_at_random(folder, kills, seconds, seed=0):
    """Kill a run `kills` times in all, starting again in new folders as often as it comes to its end before."""
    chance = random.Random(seed)
    left, number, reached = kills, 0, set()
    while left:
        number += 1
        place = folder / f"run{number}"
        place.mkdir()
        while True:
            pid = fork(place)
            if left:
                time.sleep(chance.uniform(0, seconds))
                os.kill(pid, signal.SIGKILL)
            if ended(pid):
                break
            left -= 1
            reached.add(latest_checkpoint(place / "checkpoints"))
        yield place
    print(f"{kills} kills in {number} runs, {len(reached)} different latest checkpoints")


def dying(moment):
    """Return what makes a run kill itself at a moment while it writes a checkpoint."""
    save, sync, replace, unlink = safetensors.torch.save_file, os.fsync, Path.replace, Path.unlink

    def at_call(number, function, last):
        """Let `last` be done in place of a call of a function, and nothing after it."""
        calls = []

        def instead(*arguments, **named):
            calls.append(1)
            if len(calls) == number:
                last(*arguments, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return instead

    def nothing(*arguments):
        """Do not even do what was called."""

    def half(tensors, path, metadata):
        """Write a part of the file."""
        save(tensors, path, metadata)
        path.write_bytes(path.read_bytes()[:1000])

    def prepare():
        if moment in ("before", "half"):
            safetensors.torch.save_file = at_call(2, save, nothing if moment == "before" else half)
        elif moment == "sync":
            atomic.os.fsync = at_call(3, sync, nothing)  # two calls for each checkpoint, of its file and its folder
        elif moment.startswith("rename"):
            Path.replace = at_call(2, replace, replace if moment.endswith("after") else nothing)
        else:
            Path.unlink = at_call(1, unlink, delete)

    def delete(path, missing_ok):
        assert path.name == "step-00000002.safetensors", path
        if moment.endswith("after"):
            unlink(path, missing_ok)

    return prepare


MOMENTS = ("before", "half", "sync", "rename", "rename after", "delete", "delete after")


def main(folder, kills):
    torch.set_num_threads(1)
    make_optimizer(stand_in(), CONFIG)  # what torch imports when it is first needed
    calm = folder / "calm"
    calm.mkdir()
    start = time.perf_counter()
    assert ended(fork(calm))
    seconds = time.perf_counter() - start
    expected = results(calm)
    for place in kill_at_random(folder, kills, seconds):
        same(expected, results(place))
    for moment in MOMENTS:
        place = folder / moment.replace(" ", "_")
        place.mkdir()
        assert not ended(fork(place, dying(moment))), f"was not killed: {moment}"
        assert ended(fork(place))
        same(expected, results(place))
    print(f"{len(MOMENTS)} kills while a checkpoint was written")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
