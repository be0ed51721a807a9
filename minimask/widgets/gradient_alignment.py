"""The gradient alignment: the widget that asks whether the tasks of one network pull against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from minimask.geometry.checks import FloatArray, as_whole_number
from minimask.gradients.aligned import Alignment
from minimask.gradients.place_names import place_name, upward
from minimask.gradients.recorded import HEADS, Followed, followed
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.gradient_alignment_bytes import Study, pack, unpack
from minimask.widgets.gradient_alignment_measures import (
    ARROWS,
    METHODS,
    Course,
    arrows_gram,
    cell_gram,
    cosine,
    course,
    describe_arrows,
    describe_run,
    describe_study,
    effect,
    in_plane,
    moment_of,
)
from minimask.widgets.living_picture import InvalidStateError, checked_entries
from minimask.widgets.training_widget import Progress, TrainingWidget, checked_progress, is_due

if TYPE_CHECKING:
    from minimask.plots.show import Shown

PULLS = ((1.0, 0.2), (-0.45, 0.35), (-0.3, -0.75))
"""The arrows to begin with: the first two, of which the sum serves one at the other's cost, and a third for later."""
MOST_WEIGHT = 3.0
SOURCES = ("arrows", "recorded", "live")
BATCHES = ("same", "across")
MOST_TASKS, MOST_PLACES, MOST_STUDIES = 6, 40, 2
MOST_MOMENTS = 40
"""Of more looks at a training every second one is forgotten, but never the last."""
LOOKS = 20
"""How often a training is looked at that is followed, unless said otherwise."""


class GradientAlignment(TrainingWidget):
    """The gradient alignment: whether the tasks of one network pull against each other.

    The reader drags the pulls of two or three tasks, or goes through recorded trainings place by place, and sees at
    what angle the tasks' gradients lie, whether that is more than noise, and what a step by each method does to every
    loss.

    Parameters
    ----------
    studies : sequence of Followed, optional
        One or two kinds of trainings, of 2 to 6 tasks; by default the recorded ones with both kinds of heads. `[]`:
        there are only arrows.

    Attributes
    ----------
    state : dict
        All that the reader can change: `source` ("arrows", "recorded" or "live"); `arrows`, two or three pulls `[x, y]`
        on two weights, from -1 to 1 (a pull is minus the gradient), and `arrow_weights`, from 0 to 3; `method`, a name
        in `minimask.gradients.surgery.METHODS`; and of trainings `study` (0 or 1), `place` (a number in `rows`),
        `moment` (-1 is the last), `seed` (-1 is the mean of all), `pair` (of tasks, ascending), `batches` ("same" or
        "across") and `weights` of all tasks, from 0 to 3. Give it a new dict to change it.
    rows : list of str
        The places, from the picture upward.

    Raises
    ------
    ValueError
        If studies do not fit together or are too large, or the recorded ones are not there; or if a state is not one
        that the widget can show.

    Examples
    --------
    >>> widget = GradientAlignment([])
    >>> round(widget.measures["cosines"]["A, B"], 2), widget.measures["shares"]["B"] > 0 > widget.measures["sum"]["B"]
    (-0.65, True)
    >>> widget.drag("B", 0.0, 0.5)
    >>> round(widget.measures["cosines"]["A, B"], 2)
    0.2
    """

    _esm = module("gradient_alignment", lean=True, tight=True)
    _css = style_sheet("gradient_alignment", tight=True)
    studies: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    rows: traitlets.List[str] = traitlets.List().tag(sync=True)
    sources: traitlets.List[str] = traitlets.List().tag(sync=True)
    fresh = traitlets.Dict().tag(sync=True)

    def __init__(self, studies: Sequence[Followed] | None = None) -> None:
        given = [followed(heads) for heads in HEADS] if studies is None else list(studies)
        _check_studies(given)
        self._studies: list[Study] = []
        self._looks: list[tuple[int, Alignment]] = []
        self._look: Callable[[], Alignment] | None = None
        self._every: int | None = None
        self._step, self._steps = 0, 0
        super().__init__()
        self._show(given, ["arrows", *(["recorded"] if given else [])])

    @classmethod
    def live(cls) -> GradientAlignment:
        """Return a widget for a training in this notebook: its gradients come in by `add` or `follow`.

        Examples
        --------
        >>> widget = GradientAlignment.live()
        >>> gram = np.array([[4.0, -1.0], [-1.0, 1.0]]).reshape(1, 1, 2, 1, 2)
        >>> widget.add(0, Alignment(("trunk",), ("left", "right"), np.ones((1, 2)), gram))
        >>> widget.measures["cosines"]
        {'left, right': -0.4999}
        """
        made = cls([])
        made._show([], ["live", "arrows"])
        made.reset()
        made.run = made._about("")
        return made

    # --- what can be done with it

    def add(self, step: int, alignment: Alignment) -> None:
        """Add what was measured after a step of a training, by `minimask.gradients.alignment.measure`.

        Raises
        ------
        ValueError
            If the step is not above the last one, or the places or tasks are others than before.
        """
        self._keep(step, alignment)
        self._step, self._steps = step, max(self._steps, step)
        self._tell()

    def follow(self, progress: Progress, look: Callable[[], Alignment], every: int | None = None) -> GradientAlignment:
        """Train in a thread, look at the gradients from time to time, and return the widget.

        Parameters
        ----------
        progress : iterable, or callable that returns one
            What trains: after every step it yields an object with `step` and `steps`, as
            `minimask.training.loop.train` does.
        look : callable
            Called between steps; returns what `minimask.gradients.alignment.measure` does.
        every : int, optional
            Steps from look to look; by default it looks twenty times. It always looks after the last step.

        Raises
        ------
        RuntimeError
            If the widget is not one of `GradientAlignment.live`, or follows a training already.
        """
        if "live" not in self.sources:
            raise RuntimeError("only a widget of GradientAlignment.live() can follow a training")
        if self._look is not None:
            raise RuntimeError("this widget follows a training already")
        self._progress = checked_progress(progress)
        self._every = None if every is None else int(as_whole_number(every, "every", 1))
        self._look = look
        self.start()
        return self

    def drag(self, task: str, x: float, y: float) -> None:
        """Lay the tip of the arrow "A", "B" or "C" at (x, y), each from -1 to 1."""
        arrows = [list(arrow) for arrow in self.state["arrows"]]
        arrows[_place_in(ARROWS[: len(arrows)], task, "task")] = [x, y]
        self.state = {**self.state, "arrows": arrows}

    def weigh(self, **weights: float) -> None:
        """Set weights by the tasks' names, spaces as `_`: those of arrows, or of the trainings that are shown."""
        entry = "arrow_weights" if self.state["source"] == "arrows" else "weights"
        names, values = [name.replace(" ", "_") for name in self._tasks], list(self.state[entry])
        for name, weight in weights.items():
            values[_place_in(names, name, "task")] = weight
        self.state = {**self.state, entry: values}

    def choose(
        self,
        *,
        source: str | None = None,
        tasks: int | None = None,
        method: str | None = None,
        study: str | None = None,
        place: str | None = None,
        step: int | None = None,
        seed: int | None = None,
        pair: Sequence[str] | None = None,
        batches: str | None = None,
    ) -> None:
        """Choose what is shown; None leaves it as it is.

        Parameters
        ----------
        source : "arrows", "recorded" or "live"
        tasks : int
            How many arrows there are, 2 or 3.
        method : str
        study : str
            A kind of heads.
        place : str
            A name in `rows`.
        step : int
            After which the gradients were looked at.
        seed : int
            Of one run; -1 is the mean of all.
        pair : sequence of two names of tasks
        batches : "same" or "across"
        """
        wanted = {"source": source, "method": method, "seed": seed, "batches": batches}
        state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}
        if tasks is not None:
            arrows, weights = [*state["arrows"], *PULLS[2:]], [*state["arrow_weights"], 1.0]
            state |= {"arrows": arrows[:tasks], "arrow_weights": weights[:tasks]}
        if study is not None:
            state["study"] = _place_in([one.name for one in self._studies], study, "study")
        if place is not None:
            state["place"] = _place_in(self.rows, place, "place")
        if step is not None:
            state["moment"] = _place_in(self._studies[state["study"]].moments, step, "step")
        if seed is not None and seed >= 0:
            state["seed"] = _place_in(self._studies[state["study"]].seeds, seed, "seed")
        if pair is not None:
            state["pair"] = sorted(_place_in(self._studies[0].tasks, name, "pair") for name in pair)
        self.state = state

    def reset(self) -> None:
        """Start over; a training that is followed goes on."""
        self.state = dict(self.fresh)

    # --- what is seen

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of what is shown.

        `gram`, the products of gradients (T, T); `cosines` by pair of tasks; for a step of one length by the chosen
        method, `shares`, by task how far the loss falls in shares of what a step for this task alone would reach, and
        `changes` of the losses for a step of length 1, to first order; `sum`, the shares of the plain sum. Of trainings
        also `course`, the chosen place through time; see `minimask.widgets.gradient_alignment_measures.Course`; and
        `plane`, the pulls of the chosen pair in the plane that they span (2, 2), and the step seen in it (2,).
        """
        gram, weights = self.gram, self._weights
        names = self._tasks
        found = effect(gram, weights, self.state["method"]) if len(gram) else None
        plain = effect(gram, weights, "sum") if len(gram) else None
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
        return {
            "gram": gram,
            "cosines": {f"{names[i]}, {names[j]}": cosine(gram, i, j) for i, j in pairs},
            "shares": dict(zip(names, found.share.tolist(), strict=True)) if found else {},
            "changes": dict(zip(names, found.change.tolist(), strict=True)) if found else {},
            "sum": dict(zip(names, plain.share.tolist(), strict=True)) if plain else {},
            "course": self.course,
            "plane": in_plane(gram, self.state["pair"], found.weights) if found and self.course else None,
        }

    @property
    def gram(self) -> FloatArray:
        """Products of the gradients that are shown, (T, T); before the weights of the tasks."""
        if self.state["source"] == "arrows":
            return arrows_gram(self.state["arrows"])
        if not self._studies:
            return np.zeros((0, 0))
        study = self.study
        return cell_gram(study, self.state, self._place, moment_of(study, self.state))

    @property
    def course(self) -> Course | None:
        """How the chosen pair gets on at the chosen place, moment by moment; None for arrows."""
        if self.state["source"] == "arrows" or not self._studies:
            return None
        return Course(*(array[self._place] for array in course(self.study, self.state)))

    @property
    def study(self) -> Study:
        """The chosen trainings."""
        chosen: Study = self._studies[self.state["study"]]
        return chosen

    @property
    def _place(self) -> int:
        """The chosen place, by its number in the chosen trainings."""
        at: int = self.studies[self.state["study"]]["at"][self.state["place"]]
        return at

    @property
    def _tasks(self) -> tuple[str, ...]:
        if self.state["source"] == "arrows":
            return ARROWS[: len(self.state["arrows"])]
        return self._studies[0].tasks if self._studies else ()

    @property
    def _weights(self) -> list[float]:
        found: list[float] = self.state["arrow_weights" if self.state["source"] == "arrows" else "weights"]
        return found

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        if self.state["source"] == "arrows":
            return describe_arrows(self.state)
        said = describe_run(self.run)
        return f"{said}{describe_study(self.study, self._place, self.state) if self._studies else 'No gradients yet.'}"

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.gradient_alignment_picture import still_picture

        what = "Arrows in a plane, each the pull of a task" if self.state["source"] == "arrows" else "Maps of cosines"
        rows = [(study["at"], unpacked) for study, unpacked in zip(self.studies, self._studies, strict=True)]
        picture = still_picture(self.rows, rows, self.gram, self._tasks, self._weights, self.state, self.words())
        return show(picture, f"{what}, and what steps do to the losses. {self.words()}")

    # --- the training

    def _keep(self, step: int, alignment: Alignment) -> None:
        if "live" not in self.sources:
            raise RuntimeError("only a widget of GradientAlignment.live() takes in gradients")
        if self._looks:
            last, before = self._looks[-1]
            if step <= last:
                raise ValueError(f"step must be above {last}, the one before, got {step}")
            for what in ("places", "tasks"):
                if getattr(before, what) != getattr(alignment, what):
                    raise ValueError(f"{what} must be those of before, got others: {getattr(alignment, what)[:3]}")
            if before.losses.shape != alignment.losses.shape:
                raise ValueError(f"alignment must have losses of shape {before.losses.shape}, as before")
        else:
            _check_studies([_one_run([(step, alignment)])])
        self._looks.append((step, alignment))
        if len(self._looks) > MOST_MOMENTS:
            self._looks = self._looks[::-1][::2][::-1]

    def _see(self, progress: Any, seconds: float) -> None:  # noqa: ANN401, ARG002
        self._step, self._steps = int(progress.step), int(progress.steps)
        every = self._every or max(progress.steps // LOOKS, 1)
        known = self._looks and self._looks[-1][0] >= progress.step
        if self._look is not None and is_due(progress, every) and not known:
            self._keep(progress.step, self._look())

    def _report(self, error: str) -> None:
        with self.hold_sync():
            if self._looks:
                self._show([_one_run(self._looks)], list(self.sources))
            self.run = self._about(error)

    def _about(self, error: str) -> dict[str, Any]:
        return {"phase": self._phase, "step": self._step, "steps": self._steps, "error": error}

    def _show(self, studies: Sequence[Followed], sources: list[str]) -> None:
        """Let the browser have trainings; what the reader chose is kept where it still is there."""
        names = list(dict.fromkeys(place for one in studies for place in one.places))
        rows = [names[number] for number in upward(names)]
        packed = []
        for one in studies:
            own = [one.places[number] for number in upward(one.places)]
            at = [own.index(row) if row in own else -1 for row in rows]
            packed.append({**pack(one), "at": at})
        self._studies = [unpack(one) for one in packed]
        before = len(self.rows)
        self.studies, self.rows, self.sources = packed, [place_name(row) for row in rows], sources
        self.fresh = self._fresh()
        if not self.state or before != len(rows) or self.state["source"] not in sources:
            self.state = dict(self.fresh)

    def _fresh(self) -> dict[str, Any]:
        """Return the state to begin with."""
        tasks = len(self._studies[0].tasks) if self._studies else 0
        at = self.studies[0]["at"] if self._studies else []
        live, high = "live" in self.sources, min(len(at) // 3, 5)  # a block of the backbone, of the recorded places
        return {
            "source": self.sources[0],
            "arrows": [list(pull) for pull in PULLS[:2]],
            "arrow_weights": [1.0, 1.0],
            "method": "pcgrad",
            "study": 0,
            "place": next((row for row in range(high, len(at)) if at[row] >= 0), 0),
            "moment": -1 if live or not self._studies else len(self._studies[0].moments) // 2,
            "seed": -1,
            "pair": [2, 3] if tasks > 3 else [0, 1],
            "batches": "same",
            "weights": [1.0] * tasks,
        }

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], set(self._fresh()))
        choices = (("source", tuple(self.sources)), ("method", tuple(METHODS)), ("batches", BATCHES))
        for name, allowed in choices:
            if state[name] not in allowed:
                raise InvalidStateError(f"{name} must be one of {', '.join(allowed)}, got {state[name]!r}")
        arrows = state["arrows"]
        if not isinstance(arrows, list | tuple) or len(arrows) not in (2, 3):
            raise InvalidStateError(f"arrows must be two or three pulls, got {arrows!r}")
        state["arrows"] = [_checked_numbers(arrow, "arrows", 2, -1.0, 1.0) for arrow in arrows]
        for name, count in (("arrow_weights", len(arrows)), ("weights", len(self._fresh()["weights"]))):
            state[name] = _checked_numbers(state[name], name, count, 0.0, MOST_WEIGHT)
        self._check_cell(state)
        return state

    def _check_cell(self, state: dict[str, Any]) -> None:
        """Make sure that the chosen cell is there."""
        state["study"] = _checked_whole(state["study"], "study", 0, max(len(self._studies) - 1, 0))
        study = self._studies[state["study"]] if self._studies else None
        state["place"] = _checked_whole(state["place"], "place", 0, max(len(self.rows) - 1, 0))
        for name, what in (("moment", "moments"), ("seed", "seeds")):
            last = len(getattr(study, what)) - 1 if study else -1
            state[name] = _checked_whole(state[name], name, -1, last)
        pair, tasks = state["pair"], len(study.tasks) if study else 2
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(k, Integral) for k in pair):
            raise InvalidStateError(f"pair must be two numbers of tasks, got {pair!r}")
        if not 0 <= pair[0] < pair[1] < tasks:
            raise InvalidStateError(f"pair must ascend and be of {tasks} tasks, got {pair!r}")
        state["pair"] = [int(k) for k in pair]
        if study and self.studies[state["study"]]["at"][state["place"]] < 0:
            raise InvalidStateError(f"place must be one of {study.name}, got {self.rows[state['place']]!r}")


def _one_run(looks: Sequence[tuple[int, Alignment]]) -> Followed:
    """Return looks at one training as trainings of one seed."""
    first = looks[0][1]
    losses, gram = (np.array([getattr(one, name) for _, one in looks])[None] for name in ("losses", "gram"))
    return Followed("this training", (0,), tuple(step for step, _ in looks), first.places, first.tasks, losses, gram)


def _check_studies(studies: Sequence[Followed]) -> None:
    if len(studies) > MOST_STUDIES:
        raise ValueError(f"studies must be at most {MOST_STUDIES}, got {len(studies)}")
    for one in studies:
        if not 2 <= len(one.tasks) <= MOST_TASKS:
            raise ValueError(f"tasks must be 2 to {MOST_TASKS}, got {len(one.tasks)}")
        if not 1 <= len(one.places) <= MOST_PLACES:
            raise ValueError(f"places must be 1 to {MOST_PLACES}, got {len(one.places)}")
        if one.tasks != studies[0].tasks or one.moments != studies[0].moments or one.seeds != studies[0].seeds:
            raise ValueError("studies must have the same tasks, moments and seeds")


def _place_in(names: Sequence[Any], wanted: Any, what: str) -> int:  # noqa: ANN401
    if wanted not in names:
        raise InvalidStateError(f"{what} must be one of {', '.join(map(str, names))}, got {wanted!r}")
    return list(names).index(wanted)


def _checked_whole(value: Any, name: str, least: int, most: int) -> int:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        raise InvalidStateError(f"{name} must be a whole number from {least} to {most}, got {value!r}")
    return int(value)


def _checked_numbers(values: Any, name: str, count: int, least: float, most: float) -> list[float]:  # noqa: ANN401
    numbers = list(values) if isinstance(values, list | tuple) else []
    real = all(not isinstance(v, bool) and isinstance(v, Real) for v in numbers)
    if len(numbers) != count or not real or not all(least <= v <= most for v in numbers):
        raise InvalidStateError(f"{name} must hold {count} numbers from {least:g} to {most:g}, got {values!r}")
    return [float(v) for v in numbers]
