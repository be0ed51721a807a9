"""What the command line takes: its commands, their arguments, and the help that explains them."""

from __future__ import annotations

import argparse
import difflib
import inspect
import re
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from minimask import __version__
from minimask.training.config import CHOICES, Config

GROUPS = {
    "what is learned from": ("data", "held_out", "held_out_pictures", "size", "flip"),
    "model": ("model", "anchors", "density", "scoring", "weights"),
    "recipe": (
        *("steps", "batch", "optimizer", "learning_rate", "rest_rate", "weight_decay", "schedule", "warmup", "clip"),
        *("weighing", "loss_weights", "seed"),
    ),
    "machine": ("device", "precision", "threads", "workers"),
    "while it runs": ("evaluate_every", "checkpoint_every", "pictures_every", "gradients_every", "keep"),
}
"""The settings of a training, as its help shows them."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Examples as they are written, and a default where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = isinstance(action.default, str | int | float) and action.nargs != 0
        shown = told and action.help is not None and action.default != argparse.SUPPRESS
        return f"{action.help} [default: %(default)s]" if shown else action.help


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what arguments ask for, by default those of the process.

    Returns
    -------
    argparse.Namespace
        `command` is the command's name, and `parser` the parser of its arguments.

    Raises
    ------
    SystemExit
        With 2 if they are wrong, after saying what is, and with 0 after help.

    Examples
    --------
    >>> given = read_arguments(["train", "--batch", "4"])
    >>> given.command, given.batch
    ('train', '4')
    """
    parser = _parser()
    given, rest = parser.parse_known_args(arguments)
    if rest:
        command: argparse.ArgumentParser = getattr(given, "parser", parser)
        command.error(_unknown(rest[0], command))
    if given.command is None:
        parser.print_help(sys.stderr)
        parser.exit(2)
    return given


def _unknown(argument: str, parser: argparse.ArgumentParser) -> str:
    """Return what is said about an argument that nobody asked for, and what may have been meant."""
    known = re.findall(r"(?<=\s)--[a-z-]+", parser.format_help())
    close = difflib.get_close_matches(argument.partition("=")[0].replace("_", "-"), known, 1)
    return f"unrecognized argument {argument}" + (f"; did you mean {close[0]}?" if close else "")


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="minimask",
        description="Mask R-CNN built from scratch: train it, measure it, use it.",
        epilog="A first run, of about five minutes:\n  minimask train --out runs/first\n\n"
        "minimask COMMAND --help tells more about a command.",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"minimask {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_add_train, _add_evaluate, _add_predict, _add_export, _add_export_screens, _add_import, _add_classroom):
        add(commands)
    return parser


def _add(commands: Any, name: str, words: str, examples: str) -> argparse.ArgumentParser:  # noqa: ANN401
    """Add a command with what all commands have."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=words[0].lower() + words[1:].partition(".")[0],
        description=words,
        epilog=f"examples:\n{inspect.cleandoc(examples)}".replace("\n", "\n  "),
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.set_defaults(command=name, parser=parser)
    parser.add_argument("--quiet", action="store_true", help="say only how it ended")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    return parser


def _add_train(commands: Any) -> None:  # noqa: ANN401
    parser = _add(
        commands,
        "train",
        "Train a model. Without arguments: the lesson's, on generated shapes. Ctrl-C ends a run with a checkpoint.",
        """
        minimask train --out runs/first --steps 500
        minimask train --data street --held-out street-held-out    # folders in COCO's format
        minimask train nuclei --out runs/nuclei                    # a recipe of this package: chapter 6's tissue
        minimask train recipe.toml --batch 4                       # settings from a file, one of them changed
        minimask train --out runs/first --resume                   # go on where that run ended
        torchrun --nproc-per-node 2 -m minimask train              # two processes, two GPUs if there are
        """,
    )
    parser.usage = "minimask train [RECIPE] [--out RUN] [--resume] [--tensorboard] [--SETTING VALUE ...]"
    parser.add_argument(
        "config",
        nargs="?",
        metavar="RECIPE",
        help="a recipe: `lesson`, `masks_twice`, `nuclei` or `screens`; or a file of settings, as a run writes one",
    )
    parser.add_argument("--out", metavar="RUN", help="the run's folder, new or empty [default: runs/001, 002, ...]")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the run in --out, or begin it if there is none"
    )
    parser.add_argument("--tensorboard", action="store_true", help="write event files for TensorBoard, too")
    told, defaults = setting_help(), Config()
    for title, names in GROUPS.items():
        group = parser.add_argument_group(title)
        for name in names:
            default, choices = getattr(defaults, name), CHOICES.get(name)
            group.add_argument(
                option(name),
                default=argparse.SUPPRESS,
                metavar=f"{{{','.join(choices)}}}" if choices else _metavar(default),
                help=told[name].replace("%", "%%") + (f" [default: {default}]" if default != "" else ""),
            )


def _add_evaluate(commands: Any) -> None:  # noqa: ANN401
    parser = _add(
        commands,
        "evaluate",
        "Measure a model: average precision of boxes and masks, as COCO defines it.",
        """
        minimask evaluate runs/first
        minimask evaluate runs/first --data street-held-out --json street.json
        """,
    )
    _add_model(parser)
    parser.add_argument(
        "--data", metavar="DATA", help="`shapes`, `nuclei` or a folder in COCO's format [default: the run's held_out]"
    )
    parser.add_argument("--pictures", type=_whole, metavar="N", help="at most so many [default: the run's]")
    parser.add_argument("--json", metavar="FILE", help="write all numbers to a new file, too; `-` prints nothing else")


def _add_predict(commands: Any) -> None:  # noqa: ANN401
    parser = _add(
        commands,
        "predict",
        "Find objects in pictures. Writes a picture with masks for each, and COCO's results for all.",
        """
        minimask predict runs/first photo.jpg
        minimask predict runs/first holiday/ more/*.png --out found --score 0.7
        """,
    )
    _add_model(parser)
    parser.add_argument("paths", nargs="+", metavar="PICTURE", help="a picture, or a folder: the pictures in it")
    parser.add_argument(
        "--out", metavar="FOLDER", help="where to write, new or empty [default: predictions/001, 002, ...]"
    )
    parser.add_argument("--score", type=_fraction, default=0.5, metavar="S", help="the least score, from 0 to 1")
    parser.add_argument("--mask", type=_fraction, default=0.5, metavar="P", help="a mask's least probability")
    parser.add_argument(
        "--longest",
        type=_whole,
        default=1333,
        metavar="N",
        help="look at larger pictures reduced to so many pixels; 0: as they are",
    )


def _add_export(commands: Any) -> None:  # noqa: ANN401
    from minimask.data.shapes import ShapesWorld

    world = ShapesWorld()
    parser = _add(
        commands,
        "export-coco",
        "Write generated shapes in COCO's format. The same seed writes the same pictures.",
        """
        minimask export-coco easy --pictures 1000
        minimask export-coco hard --pictures 200 --seed 7 --objects 5 12 --crowding 0.5
        minimask train --data easy
        """,
    )
    parser.add_argument("folder", metavar="FOLDER", help="where to write, new or empty")
    parser.add_argument("--pictures", type=_whole, default=1000, metavar="N", help="how many")
    parser.add_argument("--start", type=_whole, default=0, metavar="N", help="the first picture's number in its world")
    parser.add_argument("--seed", type=_whole, default=world.seed, metavar="S", help="another seed, other pictures")
    parser.add_argument("--height", type=_whole, default=world.height, metavar="N", help="of every picture, in pixels")
    parser.add_argument("--width", type=_whole, default=world.width, metavar="N", help="of every picture, in pixels")
    for name, kind, words in (
        ("objects", _whole, "the fewest and the most objects of a picture"),
        ("sizes", float, "the smallest and the largest longer side of an object, in pixels"),
    ):
        default = getattr(world, name)
        words = f"{words} [default: {default[0]} {default[1]}]"
        parser.add_argument(
            f"--{name}", type=kind, nargs=2, default=argparse.SUPPRESS, metavar=("LOW", "HIGH"), help=words
        )
    parser.add_argument("--clutter", type=float, default=world.clutter, metavar="X", help="marks of no class; 0: none")
    parser.add_argument(
        "--crowding", type=_fraction, default=world.crowding, metavar="P", help="how often objects overlap"
    )
    parser.add_argument("--visible", type=_fraction, default=world.visible, metavar="P", help="of an object, at least")


def _add_import(commands: Any) -> None:  # noqa: ANN401
    parser = _add(
        commands,
        "import-label-masks",
        "Write pictures and label masks in COCO's format. A label mask is a picture of numbers: 0 for the background, "
        "k for the pixels of object k, of 8 or 16 bits, as tools of microscopy write it.",
        """
        minimask import-label-masks pictures masks cells --class nucleus
        minimask train --data cells
        """,
    )
    parser.add_argument("pictures", metavar="PICTURES", help="a folder of pictures")
    parser.add_argument(
        "masks",
        metavar="MASKS",
        help="a folder of their masks, of the same names or with `_mask` or `_labels` behind them",
    )
    parser.add_argument("out", metavar="FOLDER", help="where to write, new or empty")
    parser.add_argument("--class", dest="name", default="object", metavar="NAME", help="what the objects are called")


def _add_export_screens(commands: Any) -> None:  # noqa: ANN401
    parser = _add(
        commands,
        "export-screens",
        "Write screenshots of generated pages in COCO's format. Shown by Chromium, Chrome or Edge, by playwright.",
        """
        minimask export-screens screens --pages 1000               # what `minimask train screens` learns from
        minimask export-screens others --pages 60 --seed 2 --themes unseen
        """,
    )
    parser.add_argument("folder", metavar="FOLDER", help="where to write, new or empty")
    parser.add_argument("--pages", type=_whole, default=1000, metavar="N", help="how many")
    parser.add_argument("--start", type=_whole, default=0, metavar="N", help="the first page's number")
    parser.add_argument("--seed", type=_whole, default=1, metavar="S", help="another seed, other pages")
    parser.add_argument(
        "--themes", choices=("seen", "unseen"), default="seen", help="looks to learn from, or those kept apart"
    )


def _add_classroom(commands: Any) -> None:  # noqa: ANN401
    parser = _add(
        commands,
        "classroom",
        "For teachers: hand out chapters and exercises, and grade what comes back. Answers are graded in a sandbox.",
        """
        minimask classroom export class                            # student notebooks, and a course for nbgrader
        minimask classroom grade handed-in/*.ipynb --csv marks.csv
        """,
    )
    parser.usage = "minimask classroom {export,grade} ..."
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", prog="minimask classroom")
    _add_classroom_export(actions)
    _add_classroom_grade(actions)


def _add_classroom_export(actions: Any) -> None:  # noqa: ANN401
    parser = _add(
        actions,
        "export",
        "Write student notebooks, a course for nbgrader, and a README with all commands from start to finish.",
        """
        minimask classroom export class
        minimask classroom export class --chapters 1 3 --points minutes
        minimask classroom export handout --only notebooks --outputs
        """,
    )
    parser.set_defaults(command="classroom export")
    parser.add_argument("folder", metavar="FOLDER", help="where to write, new or empty")
    parser.add_argument(
        "--chapters", nargs="+", type=_whole, metavar="N", help="which chapters, such as 1 3 [default: all]"
    )
    parser.add_argument("--only", choices=("notebooks", "course"), help="one part [default: both]")
    parser.add_argument(
        "--notebooks",
        metavar="NOTEBOOKS",
        help="where minimask's chapters are [default: the folder notebooks of the checkout]",
    )
    parser.add_argument("--outputs", action="store_true", help="student notebooks keep figures and results")
    _add_marking(parser)
    parser.add_argument("--force", action="store_true", help="write over an earlier export's files, and no others")


def _add_classroom_grade(actions: Any) -> None:  # noqa: ANN401
    parser = _add(
        actions,
        "grade",
        "Grade notebooks without nbgrader. Notebooks are read, not run: each answer is checked in a sandbox.",
        """
        minimask classroom grade handed-in/*.ipynb
        minimask classroom grade handed-in --csv marks.csv --feedback feedback
        minimask classroom grade anna.ipynb --exercises 1.1 1.2
        """,
    )
    parser.set_defaults(command="classroom grade")
    parser.add_argument("paths", nargs="+", metavar="NOTEBOOK", help="a notebook, or a folder: those in it")
    parser.add_argument(
        "--exercises", nargs="+", metavar="ID", help="such as 1.1 1.2 [default: all that are in any of the notebooks]"
    )
    parser.add_argument("--csv", metavar="FILE", help="write a line for each notebook to a new file")
    parser.add_argument("--feedback", metavar="OUT", help="a new or empty folder for a text to each student")
    _add_marking(parser)


def _add_marking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--points",
        choices=("difficulty", "minutes"),
        default="difficulty",
        help="what points go by: the difficulty, 1 to 5, or one for every five minutes",
    )
    parser.add_argument("--seed", type=_whole, metavar="S", help="of the grader's inputs [default: drawn by lot]")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a run's folder, or a file that a run wrote")
    parser.add_argument("--device", choices=CHOICES["device"], default="auto", help="what computes")
    parser.add_argument(
        "--threads", type=_whole, default=0, metavar="N", help="of the processor; 0: as many as torch takes"
    )


def option(name: str) -> str:
    """Return what a setting is called on the command line.

    Examples
    --------
    >>> option("learning_rate")
    '--learning-rate'
    """
    return f"--{name.replace('_', '-')}"


def _metavar(default: object) -> str:
    return {int: "N", float: "X"}.get(type(default), "TEXT")


def _whole(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got {text!r}")
    return number


def _fraction(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got {text!r}")
    return number


def setting_help() -> dict[str, str]:
    """Return what each setting of a training means, in the words of `Config`.

    Examples
    --------
    >>> setting_help()["batch"]
    'pictures of a step, of all processes together'
    """
    text = inspect.cleandoc(Config.__doc__ or "").partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    told = dict.fromkeys((field.name for field in fields(Config)), "")
    for head, body in re.findall(r"^(\S.*?) : .*\n((?: +.*\n?)*)", text, re.MULTILINE):
        words = " ".join(body.split()).rstrip(".")
        kind = re.search(rf"^{re.escape(head)} : (.*)$", text, re.MULTILINE)
        for name in head.split(", "):
            told[name] = words[:1].lower() + words[1:] or (kind[1] if kind else "")
    return told
