"""Record what is too dear for a notebook: `python -m minimask.trust.study`, about a quarter of an hour on one thread.

What is there already is not made again, so that the study can be stopped at any time; `--again` begins anew, and
`--only` makes some of its parts. Every run of attacks is named after what was wanted, the strength in levels of a byte,
and what was different: `vanish/8`, `vanish/8/only boxes`, `vanish/8/JPEG/knowing`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minimask.data.picture import Picture
from minimask.data.recorded import TRAINING
from minimask.data.shapes import CLASSES
from minimask.evaluation import CocoEvaluation
from minimask.model.lesson import lesson_model, trained_lesson_model
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.atomic import write_atomically
from minimask.training.batches import Source
from minimask.training.config import Config
from minimask.training.loop import train
from minimask.trust.attacks import LEVEL, as_images, as_tensor, attack, noise
from minimask.trust.defences import Defence, defences, disagreement
from minimask.trust.goals import Goal, Victim, change, leak, vanish, victim_of
from minimask.trust.hardening import Hardened
from minimask.trust.outcome import Outcome, outcome, surely_found
from minimask.trust.recorded import FILE, PICTURES, TRIED, Record, packed, read
from minimask.trust.sight import Paths

GOALS: dict[str, Callable[[Sequence[Victim]], Goal]] = {"vanish": vanish, "change": change, "leak": leak}
LADDER = (2, 4, 8, 12, 16)
"""Strengths in levels of a byte."""
AT = 8
"""The strength of everything but the ladder."""
WAYS = {
    "only objectness": Paths(True, False, False),
    "only features": Paths(False, True, False),
    "only boxes": Paths(False, False, True),
    "without boxes": Paths(True, True, False),
}
MANY = 40
"""Steps of an attack that takes its time."""
PRICED = 60
"""Pictures on which average precision is measured, the first of `TRIED`."""
FINE = Config(
    steps=120, batch=8, learning_rate=0.006, rest_rate=0.0015, precision="float32", checkpoint_every=0, evaluate_every=0
)
"""How models are trained on, from the lesson's weights."""
OTHER = Config(steps=300, seed=1, precision="float32", checkpoint_every=0, evaluate_every=0)
"""How a model with other first weights is trained, for attacks to be carried over to."""


RELATIVES = ("RoIPool", "trained on", "hardened", "other weights")
"""The lesson's weights read by RoIPool; trained on as before; with attacked pictures; and a model of other weights."""


class Study:
    """The runs, and where they are kept.

    Parameters
    ----------
    path : Path
    tell : callable
        Is told in words how it goes.
    """

    def __init__(self, path: Path = FILE, tell: Callable[[str], object] = print) -> None:
        self.path, self.tell = path, tell
        self.record: Record = read(path)
        self.model = trained_lesson_model()
        self.changed: dict[str, Tensor] = {}
        self.relatives: dict[str, MaskRCNN] = {}

    @cached_property
    def chosen(self) -> tuple[list[Picture], list[int]]:
        """The pictures, and which object of each is attacked."""
        return surely_found(self.model, TRIED.pictures(10 * PICTURES), PICTURES)

    @cached_property
    def priced(self) -> list[Picture]:
        """The pictures on which average precision is measured."""
        return list(TRIED.pictures(PRICED))

    @cached_property
    def start(self) -> Tensor:
        """The pictures as a tensor."""
        return as_tensor([picture.image for picture in self.chosen[0]])

    @cached_property
    def victims(self) -> list[Victim]:
        """The objects that are attacked."""
        return [victim_of(*both) for both in zip(*self.chosen, strict=True)]

    def attacked(self, run: str, **how: Any) -> Tensor:  # noqa: ANN401
        """Return the pictures of a run of attacks on the lesson's model, or on another `model`."""
        if run not in self.changed:
            name, level, *_ = run.split("/")
            goal, model = GOALS[name](self.victims), how.pop("model", self.model)
            self.changed[run] = attack(model, self.start, goal, epsilon=int(level) * LEVEL, **how)
        return self.changed[run]

    def keep_attack(self, run: str, pictures: Callable[[], Tensor], **seen_by: Any) -> None:  # noqa: ANN401
        """Record what became of the victims in a run, unless it is known."""
        if run in self.record.attacks:
            return
        found = list(self.look(pictures(), **seen_by))
        self.record.attacks[run] = [packed(one) for one in found]
        self.save()
        words = ", ".join(
            f"{what} {sum(getattr(one, what) for one in found)}" for what in ("vanished", "changed", "leaked")
        )
        self.tell(f"{run}: of {len(found)} {words}")

    def look(
        self, pictures: Tensor, model: MaskRCNN | None = None, defence: Defence | None = None
    ) -> Iterator[Outcome]:
        """Return what a model finds of the victims in pictures, behind a defence if there is one."""
        defence = defence or defences()["none"]
        for found, picture, number in zip(
            defence.detect(model or self.model, as_images(pictures)), *self.chosen, strict=True
        ):
            yield outcome(found, picture.masks[number], int(picture.labels[number]))

    def keep_table(self, name: str, make: Callable[[], Any]) -> None:
        """Record anything else, unless it is known."""
        if name not in self.record.tables:
            self.record.tables[name] = make()
            self.save()
            self.tell(f"{name}: {str(self.record.tables[name])[:300]}")

    def save(self) -> None:
        """Write all that is known."""
        text = json.dumps(self.record._asdict(), separators=(",", ":")) + "\n"
        write_atomically(self.path, lambda place: place.write_text(text, encoding="utf-8"))

    def price(self, model: MaskRCNN | None = None, defence: Defence | None = None) -> float:
        """Return the mask AP on untouched pictures."""
        pictures, evaluation = self.priced, CocoEvaluation(CLASSES)
        defence = defence or defences()["none"]
        for picture, found in zip(
            pictures, defence.detect(model or self.model, [one.image for one in pictures]), strict=True
        ):
            evaluation.add(picture, found)
        return round(evaluation.scores().masks.ap, 4)

    def relative(self, name: str) -> MaskRCNN:
        """Return another model: one of `RELATIVES`, trained when it is first asked for."""
        if name not in self.relatives:
            other = name == "other weights"
            model = lesson_model(seed=OTHER.seed) if other else trained_lesson_model()
            source: Source = Hardened(TRAINING, model, AT * LEVEL) if name == "hardened" else TRAINING
            if name == "RoIPool":  # the same weights, which have never seen it
                model.roi_heads.settings = replace(model.roi_heads.settings, operator="pool")
            else:
                for progress in train(model, source, OTHER if other else FINE):
                    if progress.step % 20 == 0:
                        self.tell(f"{name}: step {progress.step}, losses {progress.total:.3f}")
            self.relatives[name] = model.eval()
        return self.relatives[name]


def ladder(study: Study) -> None:
    """Attacks of every strength, and noise of the same size."""
    study.keep_attack("clean", lambda: study.start)
    for level in (AT, *(one for one in LADDER if one != AT)):
        study.keep_attack(f"noise/{level}", partial(noise, study.start, level * LEVEL))
        for name in GOALS:
            run = f"{name}/{level}"
            study.keep_attack(run, partial(study.attacked, run))


def ways(study: Study) -> None:
    """Attacks whose gradient comes back on some paths only."""
    for way, paths in WAYS.items():
        for name in ("vanish", "leak"):
            if not (name == "leak" and way == "only objectness"):  # a mask knows nothing of it
                run = f"{name}/{AT}/{way}"
                study.keep_attack(run, partial(study.attacked, run, paths=paths))


def guards(study: Study) -> None:
    """Defences that change the picture: their price, and attacks that know of them or do not."""
    plain = f"vanish/{AT}"
    for name in defences():
        study.keep_table(f"price/{name}", partial(study.price, defence=defences()[name]))
        if name == "none":
            continue
        study.keep_attack(f"clean/{name}", lambda: study.start, defence=defences()[name])
        study.keep_attack(f"{plain}/{name}", partial(study.attacked, plain), defence=defences(1)[name])
        run, through = f"{plain}/{name}/knowing", defences()[name].change
        study.keep_attack(run, partial(study.attacked, run, through=through), defence=defences(1)[name])
    for name in ("JPEG", "blur", "random shift"):  # which hold best: against twice the strength, too
        run, through = f"vanish/{2 * AT}/{name}/knowing", defences()[name].change
        study.keep_attack(run, partial(study.attacked, run, through=through), defence=defences(1)[name])
    study.keep_table("disagreement", lambda: _disagreements(study))


def _disagreements(study: Study) -> dict[str, list[float]]:
    """Return for clean and attacked pictures how little two looks agree: at the picture, and at its JPEG."""
    table = {}
    twice = defences()["JPEG"].change

    def both(pictures: Tensor) -> Tensor:
        return (pictures + twice(pictures)) / 2

    sets = {
        "clean": study.start,
        "noise": noise(study.start, AT * LEVEL),
        "attacked": study.attacked(f"vanish/{AT}"),
        "knowing": study.attacked(f"vanish/{AT}/both looks", through=both),
    }
    for name, pictures in sets.items():
        looks = [list(defences()[which].detect(study.model, as_images(pictures))) for which in ("none", "JPEG")]
        table[name] = [round(disagreement(*pair), 4) for pair in zip(*looks, strict=True)]
    return table


def relatives(study: Study) -> None:
    """Other models: what attacks on the lesson's do to them, and attacks on themselves."""
    plain = f"vanish/{AT}"
    for name in RELATIVES:
        own: dict[str, dict[str, int]] = {f"{plain}/{name}": {}, f"leak/{AT}/{name}": {}}
        if name == "hardened":  # whether it holds against more than it learned from
            own |= {f"vanish/{2 * AT}/{name}": {}, f"{plain}/{name}/more steps": {"steps": MANY}}
        others = [f"clean/{name}", f"carried over/{AT}/{name}"]
        if f"price/{name}" in study.record.tables and study.record.attacks.keys() >= {*others, *own}:
            continue
        model = study.relative(name)
        study.keep_table(f"price/{name}", partial(study.price, model))
        study.keep_attack(others[0], lambda: study.start, model=model)
        study.keep_attack(others[1], partial(study.attacked, plain), model=model)
        for run, how in own.items():
            study.keep_attack(run, partial(study.attacked, run, model=model, **how), model=model)


PARTS = {"ladder": ladder, "ways": ways, "guards": guards, "relatives": relatives}


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the runs that are missing."""
    parser = argparse.ArgumentParser(prog="python -m minimask.trust.study", description=__doc__)
    parser.add_argument("--again", action="store_true", help="forget what is recorded, and begin anew")
    parser.add_argument("--only", choices=PARTS, nargs="*", help="make these parts only")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if given.again:
        FILE.unlink(missing_ok=True)
    study = Study()
    for name in given.only or PARTS:
        PARTS[name](study)


if __name__ == "__main__":
    main()
