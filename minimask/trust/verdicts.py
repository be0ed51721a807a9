"""Record what a model says and whether it is right: untouched pictures, damaged ones, and strangers.

`python -m minimask.trust.verdicts`, about five minutes on one thread, makes the file anew, part by part; parts that are
there already are left as they are, unless `--again` is given. `recorded_judged` and its like read them.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.detecting import detect
from minimask.evaluation import CocoEvaluation
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.model.lesson import trained_lesson_model
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.atomic import write_atomically
from minimask.trust.damage import DAMAGES, SEVERITIES, damaged
from minimask.trust.judged import FITTED, TESTED, Judged, judge, matches
from minimask.trust.strangers import KINDS, guest, impression

FILE = Path(__file__).parents[1] / "data" / "recorded" / "trust.npz"
JUDGED = 300
"""Pictures of each of the two worlds of calibration."""
DAMAGED = 60
"""Pictures that are damaged, the first of `TESTED`."""
GUESTS = 60
"""Of each kind of strangers, and as many known ones again to measure distances from."""
HALF = ("logits", "pixels")
"""What takes most of the room is written in float16."""
SMALL = {"float64": np.float32, "int64": np.int16}
"""How other numbers are written."""

Arrays = dict[str, NDArray[Any]]


class Damages(NamedTuple):
    """What is found in damaged pictures: W ways, S severities from 0, D detections of all of them."""

    way: IntArray
    """(D,)"""
    severity: IntArray
    """(D,)"""
    picture: IntArray
    """(D,)"""
    score: FloatArray
    """(D,)"""
    right: BoolArray
    """(D,)"""
    precision: FloatArray
    """(W, S): mask AP."""
    objects: IntArray
    """(P,): how many there are to be found in each picture."""

    def of(self, way: str, severity: int) -> BoolArray:
        """Return which rows are of a way and a severity."""
        return np.asarray((self.way == list(DAMAGES).index(way)) & (self.severity == severity))


def verdicts(model: MaskRCNN, world: ShapesWorld, count: int = JUDGED) -> Judged:
    """Return what a model says about the first pictures of a world."""
    return judge(model, list(world.pictures(count)))


def damages(model: MaskRCNN, count: int = DAMAGED, ways: Sequence[str] = tuple(DAMAGES)) -> Damages:
    """Return what a model finds in the first pictures of `TESTED`, damaged in all ways."""
    pictures = list(TESTED.pictures(count))
    rows, precision = [], np.zeros((len(ways), 1 + len(SEVERITIES)))
    for number, name in enumerate(ways):
        for level in range(precision.shape[1]):
            evaluation = CocoEvaluation(CLASSES)
            shown = (damaged(picture.image, name, level, k) for k, picture in enumerate(pictures))
            for k, (picture, found) in enumerate(zip(pictures, detect(model, shown), strict=True)):
                evaluation.add(picture, found)
                right = matches(found.masks, found.labels, picture)[1]
                place = np.full((len(right), 3), [number, level, k])
                rows.append(np.column_stack([place, found.scores, right]))
            precision[number, level] = evaluation.scores().masks.ap
    way_of, severity_of, picture_of, scores, rights = np.concatenate(rows).T
    way, severity, picture = (column.astype(np.int64) for column in (way_of, severity_of, picture_of))
    objects = np.array([len(one.labels) for one in pictures])
    return Damages(way, severity, picture, scores, rights > 0, precision, objects)


def strangeness(model: MaskRCNN, count: int = GUESTS) -> Arrays:
    """Return for each kind of guests how strange they seem by each measure, and the logits that say what they are."""
    before = [guest("known", k, seed=1) for k in range(count)]
    known, labels, found = impression(model, before), [one.label for one in before], {}
    for kind in KINDS:
        seen = impression(model, [guest(kind, k) for k in range(count)])
        found[f"{kind}/logits"] = seen.logits
        found |= {f"{kind}/{name}": values for name, values in seen.strangeness(known, labels).items()}
    return found


def _prefixed(part: str, fields: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return arrays in few bytes, named after their part."""
    kinds = {name: np.float16 if name in HALF else SMALL.get(str(one.dtype), one.dtype) for name, one in fields.items()}
    return {f"{part}/{name}": values.astype(kinds[name]) for name, values in fields.items()}


PARTS: dict[str, Callable[[MaskRCNN], Mapping[str, NDArray[Any]]]] = {
    "fitted": lambda model: verdicts(model, FITTED)._asdict(),
    "tested": lambda model: verdicts(model, TESTED)._asdict(),
    "strangers": strangeness,
    "damaged": lambda model: damages(model)._asdict(),
}


def arrays(path: Path = FILE) -> Arrays:
    """Return all that is recorded, by name."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def recorded_judged(part: str, path: Path = FILE) -> Judged:
    """Return the recorded verdicts on pictures for calibration: "fitted" or "tested"."""
    return Judged(**dict(_part(part, path)))


def recorded_damages(path: Path = FILE) -> Damages:
    """Return what was recorded of damaged pictures."""
    return Damages(**dict(_part("damaged", path)))


def recorded_strangers(path: Path = FILE) -> Arrays:
    """Return what was recorded of strangers: `known/score`, `letters/energy` and so on."""
    return dict(_part("strangers", path))


def _part(part: str, path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, values in arrays(path).items():
        if name.startswith(f"{part}/"):
            wide = {"i": np.int64, "f": np.float64}.get(values.dtype.kind, values.dtype)
            yield name.removeprefix(f"{part}/"), values.astype(wide)


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the parts that are missing."""
    parser = argparse.ArgumentParser(prog="python -m minimask.trust.verdicts", description=__doc__)
    parser.add_argument("--again", action="store_true", help="forget what is recorded, and begin anew")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    kept: Arrays = {} if given.again else arrays()
    for part, make in PARTS.items():
        if any(name.startswith(f"{part}/") for name in kept):
            continue
        kept |= _prefixed(part, make(trained_lesson_model()))
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **kept)
        write_atomically(FILE, partial(Path.write_bytes, data=content.getvalue()))
        print(f"{part}: {len(content.getvalue()):,} bytes in all", flush=True)


if __name__ == "__main__":
    main()
