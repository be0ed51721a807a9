"""The recorded study: products of the five losses' gradients while models with both kinds of heads were trained.

`python -m minimask.training.gradient_study` makes the runs anew and writes the file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.gradients.aligned import Alignment, FloatArray
from minimask.gradients.place_names import place_name, task_name, upward

FILE = Path(__file__).parents[1] / "data" / "recorded" / "gradients.npz"
HEADS = ("decoupled", "joint")


class Followed(NamedTuple):
    """Trainings with one kind of heads, looked at from time to time.

    S seeds, M moments, P places, B batches, T tasks.
    """

    heads: str
    seeds: tuple[int, ...]
    moments: tuple[int, ...]
    """Steps that were done; the last is the end of the training."""
    places: tuple[str, ...]
    tasks: tuple[str, ...]
    losses: FloatArray
    """(S, M, B, T)."""
    gram: FloatArray
    """(S, M, P, B, T, B, T); see `Alignment.gram`."""

    def alignment(self, seed: int, moment: int) -> Alignment:
        """Return what was measured in the run of a seed, both given by their numbers from 0."""
        return Alignment(self.places, self.tasks, self.losses[seed, moment], self.gram[seed, moment])

    def same_batch(self) -> FloatArray:
        """Return the cosines between tasks on the same batch, (S, M, P, B, T, T)."""
        return self._all("same_batch")

    def across_batches(self) -> FloatArray:
        """Return the cosines between tasks on different batches, (S, M, P, B (B - 1), T, T)."""
        return self._all("across_batches")

    def pair(self, one: str, other: str) -> tuple[int, int]:
        """Return the numbers of two tasks that are given by their names or by what people call them.

        Raises
        ------
        ValueError
            If there is no such task.
        """
        names = [task_name(task) for task in self.tasks]
        for name in (one, other):
            if name not in (*names, *self.tasks):
                raise ValueError(f"tasks must be two of {', '.join(names)}, got {name!r}")
        first, second = ((names if name in names else self.tasks).index(name) for name in (one, other))
        return first, second

    def by_place(self, one: str, other: str) -> tuple[list[str], FloatArray, NDArray[np.bool_]]:
        """Return the same-batch cosines of two tasks wherever both of them are, from the picture upward.

        Parameters
        ----------
        one, other : str
            See `pair`.

        Returns
        -------
        names : list of P str
        cosines : array (P, M)
            The mean over seeds and batches.
        split : Boolean array (P, M)
            Whether the seeds' means differ in sign.
        """
        by_seed = self.same_batch()[..., *self.pair(one, other)].mean(axis=3)
        there = [place for place in upward(self.places) if np.isfinite(by_seed[:, :, place]).all()]
        chosen = by_seed[:, :, there]
        split = np.abs(np.sign(chosen).sum(axis=0)) < len(self.seeds)
        return [place_name(self.places[place]) for place in there], chosen.mean(axis=0).T, split.T

    def rises(self, method: Callable[[FloatArray], FloatArray]) -> tuple[float, float]:
        """Return how often a step of a method makes any loss rise, to first order: on its own batch, and on another.

        Along a step against `sum_t w_t g_t`, loss i changes by `-sum_t w_t g_i . g_t`. The step is one of all
        parameters that two losses share.

        Parameters
        ----------
        method : callable
            Of the products (T, T) of a batch's gradients to the weights (T,) of the step; see `surgery.METHODS`.
        """
        products = self.together("", "all").gram[:, :, 0]  # (S, M, B, T, B, T)
        count, here, there = products.shape[2], [], []
        for table in products.reshape(-1, *products.shape[2:]):
            for a in range(count):
                weights = method(table[a, :, a])
                changes = [-(weights @ table[a, :, b]) for b in range(count)]
                here.append((changes[a] > 1e-9 * np.abs(changes[a]).max()).any())
                there += [(changes[b] > 0).any() for b in range(count) if b != a]
        return float(np.mean(here)), float(np.mean(there))

    def together(self, beginning: str, name: str) -> Followed:
        """Return what the gradients are on all parameters whose places begin with a word, taken as one.

        Raises
        ------
        ValueError
            If no place begins so.
        """
        chosen = [
            number
            for number, place in enumerate(self.places)
            if place.startswith(beginning) and not place.endswith("/output")
        ]
        if not chosen:
            raise ValueError(f"beginning must be that of one of {', '.join(self.places)}, got {beginning!r}")
        return self._replace(places=(name,), gram=self.gram[:, :, chosen].sum(axis=2, keepdims=True))

    def _all(self, what: str) -> FloatArray:
        runs = range(len(self.seeds)), range(len(self.moments))
        found = [[getattr(self.alignment(seed, moment), what)() for moment in runs[1]] for seed in runs[0]]
        return np.array(found)


def save_followed(path: Path, studies: list[Followed]) -> None:
    """Write a study: products in float32, a fraction of what their noise is."""
    arrays: dict[str, NDArray[Any]] = {}
    for one in studies:
        arrays[f"{one.heads}_gram"] = one.gram.astype(np.float32)
        arrays[f"{one.heads}_losses"] = one.losses.astype(np.float32)
        for name in ("seeds", "moments", "places", "tasks"):
            arrays[f"{one.heads}_{name}"] = np.array(getattr(one, name))
    np.savez_compressed(path, allow_pickle=False, **arrays)


@cache
def followed(heads: str, path: Path = FILE) -> Followed:
    """Load the recorded trainings with one kind of heads.

    Parameters
    ----------
    heads : "decoupled" or "joint"
    path : Path

    Raises
    ------
    ValueError
        If there are no such heads, no such file, or it holds something else.
    """
    if heads not in HEADS:
        raise ValueError(f"heads must be one of {', '.join(HEADS)}, got {heads!r}")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name.removeprefix(f"{heads}_"): file[name] for name in file.files if name.startswith(heads)}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"path must lead to a recorded study, an .npz file, got {path}: {error} "
            "(`python -m minimask.training.gradient_study` makes it, within hours)"
        ) from error
    missing = {"seeds", "moments", "places", "tasks", "losses", "gram"} - arrays.keys()
    if missing:
        raise ValueError(f"path must lead to a recorded study, but {path} lacks {min(missing)!r} of {heads!r}")
    seeds, moments, places, tasks = (arrays[name].tolist() for name in ("seeds", "moments", "places", "tasks"))
    losses, gram = arrays["losses"].astype(np.float64), arrays["gram"].astype(np.float64)
    sides = (len(seeds), len(moments), len(places), losses.shape[2], len(tasks), losses.shape[2], len(tasks))
    if gram.shape != sides or losses.shape != (sides[0], sides[1], sides[3], sides[4]):
        raise ValueError(f"path must lead to a recorded study, but in {path} products have shape {gram.shape}")
    for array in (losses, gram):
        array.setflags(write=False)
    return Followed(heads, tuple(seeds), tuple(moments), tuple(places), tuple(tasks), losses, gram)
