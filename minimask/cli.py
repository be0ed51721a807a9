"""The command line: `minimask train`, `evaluate`, `predict`, `export-coco` and more; see `minimask --help`.

Each command reads its arguments, hands them to the part of the package that does the work, and says how it went. What
a command does not need is not imported: help comes at once.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from minimask.arguments import option, read_arguments
from minimask.meter import duration
from minimask.training.config import FREE, WORLD_NAMES, Config
from minimask.training.recipes import recipe_file

if TYPE_CHECKING:
    from minimask.data.found import Found
    from minimask.data.textures import Bytes
    from minimask.training.models import Trained
    from minimask.training.run import Ending

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130
EXPECTED = (ValueError, OSError, FloatingPointError, ImportError)
"""Errors whose words are meant for people."""


class UsageError(Exception):
    """What was asked for cannot be; the message says what can."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments ask, by default those of the process, and return its exit code.

    0: done; 1: it failed; 2: the arguments are wrong; 130: it was interrupted. An error is told in a sentence, and
    `--debug` shows where it comes from.
    """
    given = read_arguments(arguments)
    try:
        return COMMANDS[given.command](given)
    except UsageError as error:
        given.parser.print_usage(sys.stderr)
        print(f"{given.parser.prog}: error: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # who reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if given.debug:
            raise
        print(f"minimask: {_in_a_sentence(error)}", file=sys.stderr)
        return FAILED


def _in_a_sentence(error: Exception) -> str:
    """Return what an error says; one that nobody thought of names its kind, and how to find out more."""
    if isinstance(error, EXPECTED) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error} (this should not happen; --debug shows where it did)"


def train(given: argparse.Namespace) -> int:
    """`minimask train`: train a model in a folder of its own."""
    config = _config(given)
    if not given.quiet and os.environ.get("RANK", "0") == "0":
        print("Getting ready ...", flush=True)  # torch alone takes seconds
    from minimask.training.distributed import joined
    from minimask.training.run import run

    folder = Path(given.out) if given.out else None
    with joined(config.device) as processes:
        ending = run(
            config,
            folder,
            resume=given.resume,
            tensorboard=given.tensorboard,
            shown=not given.quiet,
            processes=processes,
        )
    if processes.first:
        print(_summary(ending, given, alone=processes.count == 1))
    return 0 if ending.signal is None else 128 + ending.signal


def _config(given: argparse.Namespace) -> Config:
    """Return the settings that a training is asked for: of its run or of a file, then those of the command line."""
    changes = {field.name: getattr(given, field.name) for field in fields(Config) if hasattr(given, field.name)}
    if given.resume and not given.out:
        raise UsageError("argument --resume: needs --out RUN, the run to go on with")
    own = Path(given.out, "config.toml") if given.out else None
    try:
        if own is None or not (given.resume and own.is_file()):
            if own is not None:
                _refuse_full(own.parent)
            config = Config.read(recipe_file(given.config)) if given.config else Config()
            return _existing(config.with_changes(changes))
        if given.config:
            raise UsageError(f"argument RECIPE: a run goes on with its own settings, {own}")
        before = Config.read(own)
        config = before.with_changes(changes)
    except (ValueError, TypeError, OSError) as error:
        raise UsageError(str(error)) from error
    others = [name for name in changes if name not in FREE and getattr(config, name) != getattr(before, name)]
    if others:
        name = others[0]
        raise UsageError(
            f"argument {option(name)}: the run in {given.out} was begun with {getattr(before, name)}, "
            "and goes on with that; for another, begin another run"
        )
    return config


def _refuse_full(folder: Path) -> None:
    """Refuse a folder in which a new run would overwrite something."""
    from minimask.folders import empty_folder

    try:
        empty_folder(folder, "argument --out:")
    except FileExistsError as error:
        hint = "; --resume goes on with that run" if (folder / "config.toml").is_file() else ""
        raise UsageError(f"{error}{hint}") from error


def _existing(config: Config) -> Config:
    """Return settings, after making sure that what they name is there."""
    for name in ("data", "held_out", "weights"):
        path = getattr(config, name)
        if path and (path not in WORLD_NAMES or name == "weights") and not Path(path).exists():
            hint = "; `minimask export-screens screens` makes it" if path == "screens" else ""
            raise ValueError(f"argument {option(name)}: there is no {path}{hint}")
    return config


def _summary(ending: Ending, given: argparse.Namespace, *, alone: bool) -> str:
    """Return how a run ended, where its results are, and what to do next."""
    folder, steps = ending.folder, f"{ending.step:,} of {ending.steps:,} steps"
    if ending.signal is not None:
        from minimask.training.checkpoint import latest_checkpoint

        saved = latest_checkpoint(folder / "checkpoints")
        left = f"all is saved in {saved}" if saved else "nothing is saved: there was no checkpoint yet"
        command = "minimask train" if alone else "the same command, with"
        return f"Stopped after {steps}; {left}.\nGo on:  {command} --out {folder} --resume"
    lines = [f"Done: {steps}, {duration(ending.seconds)} of training."]
    if ending.measured:
        lines[0] += (
            f" Mask AP {ending.measured['mask_ap']:.3f}, box AP {ending.measured['box_ap']:.3f}"
            f"{f' (after step {ending.measured_at:,})' if ending.measured_at != ending.step else ''}."
        )
    lines.append(f"  the model    {folder / 'model.safetensors'}")
    lines.append(f"  its losses   {folder / 'log.csv'}")
    if ending.picture:
        lines.append(f"  pictures     {ending.picture}")
    if given.tensorboard:
        lines.append(f"  TensorBoard  tensorboard --logdir {folder}")
    data = "" if ending.held_out else " --data FOLDER"
    return "\n".join(
        [*lines, "Next:", f"  minimask evaluate {folder}{data}", f"  minimask predict {folder} PICTURE..."]
    )


def evaluate(given: argparse.Namespace) -> int:
    """`minimask evaluate`: measure a model on pictures that it never learned from."""
    to_file = None if given.json in (None, "-") else Path(given.json)
    if to_file is not None and to_file.exists():
        raise UsageError(f"argument --json: {to_file} is there already, and nothing is overwritten")
    if given.pictures == 0:
        raise UsageError("argument --pictures: must be at least 1, got 0")
    trained = _trained(given)
    from minimask.meter import Meter
    from minimask.training.measuring import as_json, measure
    from minimask.training.task import pictures_of

    config = trained.config
    data = given.data or config.held_out or (config.data if config.data in WORLD_NAMES else "")
    most = given.pictures or (None if given.data else config.held_out_pictures)
    if not data:
        raise UsageError("argument --data: is needed, since the model's run had no held-out pictures")
    if data not in WORLD_NAMES and not Path(data).exists():
        raise UsageError(f"argument --data: there is no {data}")
    pictures = pictures_of(data, trained.classes, config.size, most)
    alone = given.json == "-"
    with Meter(len(pictures), "picture", shown=not (given.quiet or alone)) as meter:
        meter.say(f"{trained.file}, after {trained.step:,} steps, on {len(pictures):,} pictures of {data}")
        scores = measure(trained.model, pictures, trained.classes, tell=lambda _done: meter.advance())
    text = json.dumps({"model": str(trained.file), "step": trained.step, "data": data, **as_json(scores)}, indent=2)
    if to_file is not None:
        to_file.write_text(text + "\n", encoding="utf-8")
    print(text if alone else scores)
    return 0


def predict(given: argparse.Namespace) -> int:
    """`minimask predict`: find objects in pictures."""
    from minimask.folders import empty_folder, numbered_folder
    from minimask.meter import Meter
    from minimask.predicting import find_images, predict_files

    try:
        files = find_images(given.paths)
        if not any(path.is_file() for path in files):
            raise UsageError(f"argument PICTURE: there is no {files[0]}")
        out = empty_folder(given.out, "argument --out:") if given.out else None
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from error
    trained = _trained(given)
    from minimask.detecting import detect

    longest = given.longest if trained.model.transform.min_size is None else 0  # others reduce pictures themselves

    def find(image: Bytes) -> Found:
        return next(detect(trained.model, [image], score=given.score, mask=given.mask, longest=longest))

    out = out or numbered_folder("predictions")
    with Meter(len(files), "file", shown=not given.quiet, lines=False) as meter:

        def tell(path: Path, words: str) -> None:
            meter.say(f"{path}: {words}")
            meter.advance()

        report = predict_files(files, out, find, trained.classes, trained.category_ids, tell)
    print(f"{report.objects:,} objects in {report.pictures:,} pictures: {out / 'overlays'}, {out / 'results.json'}")
    if report.failed:
        print(f"minimask: {len(report.failed)} of {len(files)} files could not be read", file=sys.stderr)
    return FAILED if report.failed else 0


def _trained(given: argparse.Namespace) -> Trained:
    """Return the model that is asked for, on the device that is asked for."""
    from minimask.training.models import load_trained, trained_file

    try:
        trained_file(given.model)
    except FileNotFoundError as error:
        raise UsageError(f"argument MODEL: {error}") from error
    import torch

    from minimask.training.distributed import device_of

    if given.threads:
        torch.set_num_threads(given.threads)
    return load_trained(given.model, device_of(given.device))


def export(given: argparse.Namespace) -> int:
    """`minimask export-coco`: write generated shapes in COCO's format."""
    from minimask.data.coco import export_coco
    from minimask.data.shapes import ShapesWorld
    from minimask.folders import empty_folder
    from minimask.meter import Meter

    names = ("height", "width", "objects", "sizes", "seed", "clutter", "crowding", "visible")
    chosen = {name: getattr(given, name) for name in names if hasattr(given, name)}
    chosen.update({name: tuple(value) for name, value in chosen.items() if isinstance(value, list)})
    if not given.pictures:
        raise UsageError("argument --pictures: must be at least 1, got 0")
    try:
        world = ShapesWorld(**chosen)
        empty_folder(given.folder, "argument FOLDER:")
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from error
    with Meter(given.pictures, "picture", shown=not given.quiet) as meter:
        path = export_coco(meter.over(world.pictures(given.pictures, given.start)), given.folder)
    print(
        f"{given.pictures:,} pictures of {world.width} x {world.height} pixels in {path.parent}, listed in {path.name}"
    )
    print(f"Train on them:  minimask train --data {path.parent}")
    return 0


def import_masks(given: argparse.Namespace) -> int:
    """`minimask import-label-masks`: write pictures and label masks in COCO's format."""
    from minimask.data.label_masks import import_label_masks, pairs_in
    from minimask.folders import empty_folder
    from minimask.meter import Meter

    try:
        empty_folder(given.out, "argument FOLDER:")
        pairs = pairs_in(given.pictures, given.masks)
    except (ValueError, FileExistsError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    with Meter(len(pairs), "picture", shown=not given.quiet) as meter:
        report = import_label_masks(
            given.pictures, given.masks, given.out, given.name, lambda _done, _all: meter.advance()
        )
    without = f", {report.without} of them without any" if report.without else ""
    print(f"{report.pictures:,} pictures with {report.objects:,} objects{without}: {report.annotations.parent}")
    print(f"Train on them:  minimask train --data {report.annotations.parent}")
    return 0


def export_screens(given: argparse.Namespace) -> int:
    """`minimask export-screens`: write screenshots of generated pages in COCO's format."""
    from minimask.folders import empty_folder
    from minimask.meter import Meter
    from minimask.screens.pages import HEIGHT, WIDTH
    from minimask.screens.themes import SEEN, UNSEEN
    from minimask.screens.world import export_screens

    if not given.pages:
        raise UsageError("argument --pages: must be at least 1, got 0")
    try:
        empty_folder(given.folder, "argument FOLDER:")
    except FileExistsError as error:
        raise UsageError(str(error)) from error
    themes = SEEN if given.themes == "seen" else UNSEEN
    with Meter(given.pages, "page", shown=not given.quiet) as meter:
        path = export_screens(given.folder, given.pages, given.seed, themes, given.start, meter.over)
    print(f"{given.pages:,} pages of {WIDTH} x {HEIGHT} pixels in {path.parent}, listed in {path.name}")
    print(f"Train on them:  minimask train screens --data {path.parent}")
    return 0


def classroom(given: argparse.Namespace) -> int:
    """`minimask classroom` alone: say what there is."""
    given.parser.print_help(sys.stderr)
    return WRONG_USAGE


def classroom_export(given: argparse.Namespace) -> int:
    """`minimask classroom export`: write what a teacher hands out, and a course for nbgrader."""
    try:
        from minimask.classroom.export import CHAPTERS, PARTS, export_classroom
    except ModuleNotFoundError as error:
        raise _without_classroom(error) from error
    try:
        done = export_classroom(
            given.folder,
            chapters=given.chapters or CHAPTERS,
            parts=(given.only,) if given.only else PARTS,
            notebooks=given.notebooks,
            outputs=given.outputs,
            points=given.points,
            seed=secrets.randbits(32) if given.seed is None else given.seed,
            force=given.force,
            tell=(lambda _: None) if given.quiet else print,
        )
    except (ValueError, FileExistsError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    if done.notebooks:
        print(f"{done.notebooks} student notebooks: {done.folder / 'notebooks'}")
    if done.assignments:
        print(f"{len(done.assignments)} assignments for nbgrader, {done.points} points: {done.folder / 'source'}")
    print(f"Read first:  {done.folder / 'README.md'}")
    return 0


def classroom_grade(given: argparse.Namespace) -> int:
    """`minimask classroom grade`: grade notebooks without nbgrader."""
    from minimask.folders import empty_folder
    from minimask.meter import Meter

    try:
        from minimask.classroom import gradesheet
    except ModuleNotFoundError as error:
        raise _without_classroom(error) from error
    try:
        paths = gradesheet.notebooks_of(given.paths)
        asked = gradesheet.asked_for(paths, given.exercises or ())
        to_file = gradesheet.new_file(given.csv, "argument --csv:") if given.csv else None
        to_folder = empty_folder(given.feedback, "argument --feedback:") if given.feedback else None
    except (ValueError, FileExistsError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    seed = secrets.randbits(32) if given.seed is None else given.seed
    with Meter(len(paths) * len(asked), "answer", shown=not given.quiet) as meter:
        meter.say(gradesheet.protections())
        rows = [gradesheet.grade_notebook(path, asked, seed, lambda _: meter.advance()) for path in paths]
    print(gradesheet.as_table(rows, given.points))
    if to_file:
        to_file.write_text(gradesheet.as_csv(rows, given.points), encoding="utf-8")
        print(f"As a sheet:  {to_file}")
    if to_folder:
        gradesheet.write_feedback(rows, to_folder, given.points)
        print(f"Feedback:    {to_folder}")
    print(f"The same inputs again:  --seed {seed}")
    return 0


def _without_classroom(error: ModuleNotFoundError) -> Exception:
    """Return what is said where the libraries of notebooks are missing."""
    if error.name == "nbformat":
        return ImportError('needs the libraries of notebooks: pip install "minimask[classroom]"')
    return error


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "export-coco": export,
    "export-screens": export_screens,
    "import-label-masks": import_masks,
    "classroom": classroom,
    "classroom export": classroom_export,
    "classroom grade": classroom_grade,
}
