"""Products of all gradients at some places, and what they say: lengths, angles, the noise floor. No torch is needed.

`minimask.gradients.alignment` measures them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Alignment(NamedTuple):
    """Products of all gradients at some places: P places, B batches, T tasks."""

    places: tuple[str, ...]
    tasks: tuple[str, ...]
    losses: FloatArray
    """(B, T)."""
    gram: FloatArray
    """(P, B, T, B, T): `gram[p, a, i, b, j]` is task i's gradient on batch a times task j's on batch b, at place p.
    Between two batches it is nan at places that are activations: each batch has its own."""

    def together(self, places: Sequence[str] | None = None, name: str = "together") -> Alignment:
        """Return what all gradients are at several places taken as one, by default at all.

        Examples
        --------
        >>> gram = np.ones((2, 1, 1, 1, 1))
        >>> Alignment(("a", "b"), ("task",), np.zeros((1, 1)), gram).together().gram.item()
        2.0
        """
        chosen = [self.places.index(place) for place in (self.places if places is None else places)]
        return self._replace(places=(name,), gram=self.gram[chosen].sum(axis=0, keepdims=True))

    def lengths(self) -> FloatArray:
        """Return how long each gradient is, (P, B, T)."""
        squares = np.einsum("pbtbt->pbt", self.gram)
        found: FloatArray = np.sqrt(np.maximum(squares, 0))
        return found

    def same_batch(self) -> FloatArray:
        """Return the cosines between the tasks on each batch, (P, B, T, T)."""
        found: FloatArray = np.einsum("pbtbu->pbtu", self._cosines())
        return found

    def across_batches(self) -> FloatArray:
        """Return the cosines between the tasks on each two different batches, (P, B (B - 1), T, T).

        Their diagonal, a task with itself, is the noise floor: no task agrees with another one, by what the batch has
        in common, more than it could agree with itself.
        """
        batches = len(self.losses)
        pairs = [(a, b) for a in range(batches) for b in range(batches) if a != b]
        cosines = self._cosines()
        found = [cosines[:, a, :, b] for a, b in pairs]
        tasks = len(self.tasks)
        return np.stack(found, axis=1) if found else np.zeros((len(self.places), 0, tasks, tasks))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield every product once, with its place, tasks and batches, as a tidy table has them."""
        cosines = self._cosines()
        tasks = [(batch, task) for batch in range(len(self.losses)) for task in range(len(self.tasks))]
        for number, place in enumerate(self.places):
            for one, (batch, task) in enumerate(tasks):
                for other_batch, other in tasks[one:]:
                    where = number, batch, task, other_batch, other
                    if not np.isnan(self.gram[where]):
                        yield {
                            "place": place,
                            "task": self.tasks[task],
                            "batch": batch,
                            "other_task": self.tasks[other],
                            "other_batch": other_batch,
                            "product": float(self.gram[where]),
                            "cosine": float(cosines[where]),
                        }

    def _cosines(self) -> FloatArray:
        """Return the cosine between each two gradients, (P, B, T, B, T); nan where one of them is zero."""
        lengths = self.lengths()
        scale = lengths[:, :, :, None, None] * lengths[:, None, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.clip(np.where(scale > 0, self.gram / scale, np.nan), -1, 1)
