"""The command line: help at once, errors in a sentence; trainings, measurements and predictions as users make them."""

import contextlib
import csv
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import minimask.cli
from minimask.arguments import GROUPS, setting_help
from minimask.cli import FAILED, INTERRUPTED, WRONG_USAGE, main
from minimask.data.label_masks import as_labels
from minimask.data.nuclei import NucleiWorld
from minimask.data.shapes import ShapesWorld
from minimask.training.checkpoint import load_checkpoint
from minimask.training.config import CHOICES, Config
from minimask.training.task import First, task_of

COMMANDS = ("train", "evaluate", "predict", "export-coco", "import-label-masks")
TINY = ("--size", "64", "--batch", "2", "--threads", "1", "--held-out-pictures", "3")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """In a folder of its own, for what goes to `runs` and `predictions`."""
    monkeypatch.chdir(tmp_path)


def ask(capsys, *arguments):
    """Return the exit code and what was said, as a shell sees them."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code
    return code, *capsys.readouterr()


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(capsys, command):
    code, out, err = ask(capsys, command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: minimask {command}")
    examples = out[out.index("\nexamples:\n") :].splitlines()[2:]
    assert len(examples) >= 2
    assert all(re.match(r"  (torchrun --nproc-per-node 2 -m )?minimask ", line) for line in examples)


def test_examples_are_understood(capsys):
    """Those of the help, up to what they would do."""
    from minimask.arguments import read_arguments

    lines = [
        line for name in COMMANDS for line in ask(capsys, name, "--help")[1].split("\nexamples:\n")[1].splitlines()
    ]
    for line in lines:
        words = line.partition("#")[0].split()
        given = read_arguments(words[words.index("minimask") + 1 :])
        assert given.command in COMMANDS


def test_no_command_lists_them(capsys):
    code, out, err = ask(capsys)
    assert (code, out) == (WRONG_USAGE, "")
    assert all(f"\n    {name}" in err for name in COMMANDS)


def test_the_version_is_the_packages(capsys):
    assert ask(capsys, "--version") == (0, f"minimask {minimask.__version__}\n", "")


def test_every_setting_is_explained_with_its_default(capsys):
    names = [field.name for field in fields(Config)]
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(names)
    told = setting_help()
    assert list(told) == names and all(told.values())
    text = " ".join(ask(capsys, "train", "--help")[1].split())
    for name in names:
        shown = f"{{{','.join(CHOICES[name])}}}" if name in CHOICES else r"[A-Z]+"
        default = getattr(Config(), name)
        ending = f" [default: {default}]" if default != "" else ""
        words = re.escape(told[name] + ending)
        assert re.search(rf"--{name.replace('_', '-')} {shown} {words}", text), name


def test_help_needs_neither_torch_nor_numba_nor_matplotlib():
    code = """if True:
        import sys
        import minimask.cli
        try:
            minimask.cli.main(["train", "--help"])
        except SystemExit:
            print({"torch", "numba", "matplotlib", "pycocotools", "PIL"} & set(sys.modules))
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "set()"


def test_the_module_is_the_command(capsys):
    run = subprocess.run([sys.executable, "-m", "minimask", "--version"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"minimask {minimask.__version__}\n")


# Errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("fly", "argument COMMAND: invalid choice: 'fly'"),
        ("train --learning-rat 0.1", "unrecognized argument --learning-rat; did you mean --learning-rate?"),
        ("train --learning_rate 0.1", "unrecognized argument --learning_rate; did you mean --learning-rate?"),
        ("train --batch", "argument --batch: expected one argument"),
        ("train --batch many", "batch must be a whole number, got 'many'"),
        ("train --batch 0", "batch must be a whole number of at least 1, got 0"),
        ("train --model big", "model must be one of lesson, resnet50, got 'big'"),
        ("train --data nowhere", "argument --data: there is no nowhere"),
        ("train --held-out nowhere", "argument --held-out: there is no nowhere"),
        ("train --weights nowhere", "argument --weights: there is no nowhere"),
        ("train nowhere.toml", "No such file or directory: 'nowhere.toml'"),
        ("train broken.toml", "broken.toml: unknown setting 'learning_rat'; the closest is 'learning_rate'"),
        ("train --resume", "argument --resume: needs --out RUN"),
        ("train --out full", "argument --out: must be new or empty, but full holds thesis.txt"),
        ("train --out full --resume", "argument --out: must be new or empty, but full holds thesis.txt"),
        ("evaluate nowhere", "argument MODEL: there is no run and no model nowhere"),
        ("evaluate full", "argument MODEL: there is no model in full"),
        ("evaluate full --pictures 0", "argument --pictures: must be at least 1, got 0"),
        ("evaluate full --pictures few", "argument --pictures: must be a whole number of at least 0, got 'few'"),
        ("evaluate full --json broken.toml", "argument --json: broken.toml is there already"),
        ("predict nowhere", "the following arguments are required: PICTURE"),
        ("predict full nowhere.png", "argument PICTURE: there is no nowhere.png"),
        ("predict full full", "there are none in full"),
        ("predict full broken.toml --out full", "argument --out: must be new or empty, but full holds thesis.txt"),
        ("predict full broken.toml --score 1.5", "argument --score: must be a number from 0 to 1, got '1.5'"),
        ("predict full broken.toml --mask half", "argument --mask: must be a number from 0 to 1, got 'half'"),
        ("predict full broken.toml", "argument MODEL: there is no model in full"),
        ("export-coco", "the following arguments are required: FOLDER"),
        ("export-coco full", "argument FOLDER: must be new or empty, but full holds thesis.txt"),
        ("export-coco new --pictures 0", "argument --pictures: must be at least 1, got 0"),
        ("export-coco new --objects 4 3", "objects must be (fewest, most)"),
        ("export-coco new --sizes 16 500", "sizes must be (smallest, largest)"),
        ("export-coco new --crowding 2", "argument --crowding: must be a number from 0 to 1, got '2'"),
    ],
)
def test_wrong_usage_is_named_and_leaves_nothing_behind(capsys, tmp_path, arguments, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("the only copy")
    (tmp_path / "broken.toml").write_text("learning_rat = 1")
    before = files(tmp_path)
    code, out, err = ask(capsys, *arguments.split())
    assert (code, out) == (WRONG_USAGE, "")
    assert err.startswith("usage: minimask") and message in err and "Traceback" not in err
    assert files(tmp_path) == before and not (tmp_path / "runs").exists() and not (tmp_path / "new").exists()


def failing(error):
    def fail(given):
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ValueError("the words of an error"), FAILED, "minimask: the words of an error\n"),
        (OSError(28, "No space left on device"), FAILED, "minimask: [Errno 28] No space left on device\n"),
        (KeyError("x"), FAILED, "minimask: KeyError: 'x' (this should not happen; --debug shows where it did)\n"),
        (KeyboardInterrupt(), INTERRUPTED, "\nInterrupted.\n"),
    ],
)
def test_errors_are_told_in_a_sentence(capsys, monkeypatch, error, code, said):
    monkeypatch.setitem(minimask.cli.COMMANDS, "train", failing(error))
    assert ask(capsys, "train") == (code, "", said)


def test_debug_shows_where(monkeypatch):
    monkeypatch.setitem(minimask.cli.COMMANDS, "train", failing(ValueError("here")))
    with pytest.raises(ValueError, match="here"):
        main(["train", "--debug"])


def test_a_reader_who_leaves_early_is_no_error():
    script = "import sys, minimask.cli as cli; cli.COMMANDS['train'] = lambda given: print('0\\n' * 10**6) or 0; "
    script += "sys.exit(cli.main(['train']))"
    command = f'"{sys.executable}" -c "{script}" | head -n 1'
    run = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("0\n", "")


# Exporting


def test_export_writes_the_same_pictures_for_the_same_seed(capsys, tmp_path):
    options = ("--pictures", 3, "--height", 48, "--width", 64, "--sizes", 16, 32, "--objects", 1, 2, "--seed", 5)
    code, out, err = ask(capsys, "export-coco", "one", *options)
    assert (code, err) == (0, "")
    assert "3 pictures of 64 x 48 pixels in one" in out and "minimask train --data one" in out
    assert ask(capsys, "export-coco", "same", *options, "--quiet")[0] == 0
    ask(capsys, "export-coco", "later", *options, "--start", 1)
    ask(capsys, "export-coco", "other", *options[:-1], 6)
    one, same, later, other = (
        [(tmp_path / name / "images" / f"{k:06d}.png").read_bytes() for k in range(3)]
        for name in ("one", "same", "later", "other")
    )
    assert one == same and one[1:] == later[:2] and one != other
    assert files("one") == ["annotations.json", *(f"images/{k:06d}.png" for k in range(3))]


# Training, measuring, predicting


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training of four steps, and what it said."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    options = (
        "--steps",
        "4",
        "--evaluate-every",
        "2",
        "--pictures-every",
        "4",
        "--checkpoint-every",
        "1",
        "--keep",
        "9",
    )
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["train", *TINY, *options, "--tensorboard", "--out", str(folder)]) == 0
    return folder, said.getvalue()


def rows(path, without=()):
    with path.open(newline="") as file:
        return [{name: cell for name, cell in row.items() if name not in without} for row in csv.DictReader(file)]


TIMES = ("pictures_per_second", "data_seconds", "compute_seconds", "seconds")


def test_a_training_leaves_all_that_came_of_it(run):
    folder, _ = run
    events = [name for name in files(folder) if name.startswith("tensorboard/events")]
    assert len(events) == 1
    assert files(folder) == sorted(
        [
            *(f"checkpoints/step-{step:08d}.safetensors" for step in (1, 2, 3, 4)),
            *("config.toml", "evaluations.csv", "log.csv", "model.safetensors", "pictures/step-00000004.webp", *events),
        ]
    )
    log, evaluations = rows(folder / "log.csv"), rows(folder / "evaluations.csv")
    assert [row["step"] for row in log] == ["1", "2", "3", "4"]
    for row in log:
        parts = [float(row[name]) for name in row if name.startswith("loss_")]
        assert len(parts) == 5 and float(row["loss"]) == pytest.approx(sum(parts), rel=1e-6)
    assert [(row["step"], row["pictures"]) for row in evaluations] == [("2", "3"), ("4", "3")]
    assert all(0 <= float(row[f"{kind}_ap"]) <= 1 for row in evaluations for kind in ("mask", "box"))
    with (folder / "config.toml").open("rb") as file:
        settings = tomllib.load(file)
    assert (settings["steps"], settings["batch"], settings["size"]) == (4, 2, 64)


def test_a_training_says_what_it_does_and_what_to_do_next(run):
    folder, out = run
    ready, *lines = out.splitlines()
    assert ready == "Getting ready ..."
    assert re.match(r"Training: the lesson model \(2,685,161 weights, 6 classes\) on .* 64 x 64 pixels\.$", lines[0])
    assert lines[1:3] == ["4 steps of 2 pictures on 1 thread; 3 held-out pictures.", f"Everything goes to {folder}."]
    assert re.match(r"step 1 of 4, [\d.]+ pictures/s, loss [\d.]+: objectness [\d.]+, rpn .*, mask [\d.]+$", lines[3])
    for step in (2, 4):
        assert re.search(rf"^step {step}: mask AP 0\.\d+, box AP 0\.\d+, 3 held-out pictures, ", out, re.MULTILINE)
    assert re.search(r"^Done: 4 of 4 steps, .* of training\. Mask AP 0\.\d+, box AP 0\.\d+\.$", out, re.MULTILINE)
    for path in ("model.safetensors", "log.csv", "pictures/step-00000004.webp"):
        assert str(folder / path) in out
    assert lines[-3:] == ["Next:", f"  minimask evaluate {folder}", f"  minimask predict {folder} PICTURE..."]


def test_the_sheet_shows_the_held_out_pictures(run):
    with Image.open(run[0] / "pictures" / "step-00000004.webp") as sheet:
        shown = np.asarray(sheet)
    assert shown.shape == (396, 1176, 3)  # three pictures of 384 pixels, and margins
    tiles = [shown[6:390, 6 + k * 390 : 390 + k * 390] for k in range(3)]
    world = First(task_of(Config(size=64)).held_out, 3)
    for tile, picture in zip(tiles, (world[k].image for k in range(3)), strict=True):
        mean = tile.reshape(64, 6, 64, 6, 3).mean(axis=(1, 3))
        assert np.corrcoef(mean.ravel(), picture.ravel())[0, 1] > 0.8


def test_a_run_that_ended_early_goes_on_to_the_same_rows_and_bits(run, capsys, tmp_path):
    """As it is when it was killed in step 3: after its row was written, before its checkpoint was."""
    folder = tmp_path / "again"
    shutil.copytree(run[0], folder)
    for name in ("step-00000003", "step-00000004"):
        (folder / "checkpoints" / f"{name}.safetensors").unlink()
    (folder / "model.safetensors").unlink()
    log = (folder / "log.csv").read_text().splitlines(keepends=True)
    (folder / "log.csv").write_text("".join(log[:4])[:-5])
    code, out, _ = ask(capsys, "train", "--out", folder, "--resume", "--pictures-every", 0)
    assert code == 0 and "\nGoing on after step 2: " in out
    for name in ("log.csv", "evaluations.csv"):
        assert rows(folder / name, TIMES) == rows(run[0] / name, TIMES)
    assert [row["step"] for row in rows(folder / "log.csv")] == ["1", "2", "3", "4"]
    one, other = (load_checkpoint(place / "model.safetensors") for place in (folder, run[0]))
    assert one.step == other.step == 4 and one.model.keys() == other.model.keys()
    assert all(torch.equal(value, other.model[name]) for name, value in one.model.items())


def test_a_run_killed_before_its_evaluation_was_written_makes_it_up(run, capsys, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(run[0], folder)
    lines = (folder / "evaluations.csv").read_text().splitlines(keepends=True)
    (folder / "evaluations.csv").write_text("".join(lines[:2]))
    assert ask(capsys, "train", "--out", folder, "--resume", "--quiet")[0] == 0
    assert rows(folder / "evaluations.csv", TIMES) == rows(run[0] / "evaluations.csv", TIMES)
    assert (folder / "log.csv").read_text() == (run[0] / "log.csv").read_text()


def test_a_run_is_neither_overwritten_nor_changed(run, capsys):
    folder, _ = run
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    code, _, err = ask(capsys, "train", "--out", folder)
    assert (
        code == WRONG_USAGE and "holds checkpoints, config.toml, evaluations.csv; --resume goes on with that run" in err
    )
    code, _, err = ask(capsys, "train", "--out", folder, "--resume", "--steps", 8)
    assert code == WRONG_USAGE and "argument --steps: the run in" in err and "was begun with 4" in err
    code, _, err = ask(capsys, "train", folder / "config.toml", "--out", folder, "--resume")
    assert code == WRONG_USAGE and "a run goes on with its own settings" in err
    assert {name: (folder / name).read_bytes() for name in files(folder)} == before


def test_runs_get_numbers_and_ctrl_c_a_checkpoint(capsys, monkeypatch, tmp_path):
    """Ctrl-C in the second step."""
    from minimask.model.mask_rcnn import MaskRCNN

    losses, calls = MaskRCNN.losses, []

    def interrupted(model, *arguments, **named):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return losses(model, *arguments, **named)

    monkeypatch.setattr(MaskRCNN, "losses", interrupted)
    code, out, err = ask(capsys, "train", *TINY, "--steps", 9, "--evaluate-every", 0)
    assert (code, err, len(calls)) == (INTERRUPTED, "", 2)
    assert out.splitlines()[-2:] == [
        f"Stopped after 2 of 9 steps; all is saved in {Path('runs/001/checkpoints/step-00000002.safetensors')}.",
        f"Go on:  minimask train --out {Path('runs/001')} --resume",
    ]
    assert [row["step"] for row in rows(tmp_path / "runs" / "001" / "log.csv")] == ["1", "2"]
    assert not (tmp_path / "runs" / "001" / "model.safetensors").exists()


def test_what_a_checkpoint_says_was_done_is_on_the_disk_before_it(capsys, monkeypatch):
    from minimask.training import logs, loop

    told, sync, save = [], logs.CsvLog.sync, loop.save_checkpoint
    monkeypatch.setattr(logs.CsvLog, "sync", lambda log: told.append(log.path.name) or sync(log))
    monkeypatch.setattr(loop, "save_checkpoint", lambda *given: told.append("checkpoint") or save(*given))
    options = ("--steps", 3, "--checkpoint-every", 2, "--evaluate-every", 0, "--pictures-every", 0, "--out", "new")
    assert ask(capsys, "train", *TINY, *options)[0] == 0
    assert told == ["log.csv", "evaluations.csv", "checkpoint"] * 2


def test_settings_come_from_a_file_and_then_from_the_command_line(capsys, tmp_path):
    (tmp_path / "recipe.toml").write_text('steps = 7\noptimizer = "adamw"\nevaluate_every = 0\n')
    code, out, _ = ask(capsys, "train", "recipe.toml", *TINY, "--steps", 0, "--out", "new")
    settings = Config.read("new/config.toml")
    assert (code, settings.steps, settings.optimizer, settings.size) == (0, 0, "adamw", 64)
    assert "minimask evaluate new\n" in out


def test_evaluating_says_what_the_run_said(run, capsys, tmp_path):
    folder, _ = run
    code, out, err = ask(capsys, "evaluate", folder, "--threads", 1, "--json", "figures.json")
    assert (code, err) == (0, "")
    assert "AP, mean over IoU .50 to .95" in out and "AP of disc" in out
    figures = json.loads((tmp_path / "figures.json").read_text())
    last = rows(folder / "evaluations.csv")[-1]
    assert (figures["step"], figures["data"], figures["pictures"]) == (4, "shapes", 3)
    for kind in ("mask", "box"):
        for name in ("ap", "ap50", "recall100"):
            assert figures[{"mask": "masks", "box": "boxes"}[kind]][name] == pytest.approx(
                float(last[f"{kind}_{name}"])
            )
    code, out, _ = ask(capsys, "evaluate", folder, "--threads", 1, "--pictures", 2, "--json", "-")
    assert json.loads(out)["pictures"] == 2


def test_predicting_with_a_checkpoint_on_good_and_bad_files(run, capsys, tmp_path):
    for k in range(2):
        Image.fromarray(ShapesWorld(64, 64, seed=3)[k].image).save(tmp_path / f"{k}.png")
    (tmp_path / "bad.png").write_text("bad")
    checkpoint = run[0] / "checkpoints" / "step-00000003.safetensors"
    code, out, err = ask(capsys, "predict", checkpoint, ".", "0.png", "--score", 0.01, "--threads", 1)
    assert (code, err) == (FAILED, "minimask: 1 of 3 files could not be read\n")
    assert "bad.png: not read: " in out and "objects in 2 pictures" in out
    assert files("predictions/001") == ["images.json", "overlays/0.png", "overlays/1.png", "results.json"]
    results = json.loads(Path("predictions/001/results.json").read_text())
    assert results and all(one["score"] > 0.01 for one in results)
    assert ask(capsys, "predict", run[0], "0.png", "--quiet", "--out", "found", "--threads", 1)[0] == 0
    assert files("found") == ["images.json", "overlays/0.png", "results.json"]


def test_what_export_writes_is_trained_on_and_measured(capsys, tmp_path):
    for name, seed in (("learn", 1), ("test", 2)):
        options = ("--pictures", 3, "--height", 64, "--width", 64, "--objects", 1, 2, "--sizes", 16, 32, "--seed", seed)
        assert ask(capsys, "export-coco", name, *options, "--quiet")[0] == 0
    code, out, _ = ask(capsys, "train", "--data", "learn", "--held-out", "test", *TINY, "--steps", 2, "--out", "run")
    assert code == 0 and "on 3 pictures in learn.\n" in out and "; 3 held-out pictures.\n" in out
    assert rows(tmp_path / "run" / "evaluations.csv")[-1]["pictures"] == "3"
    code, out, _ = ask(capsys, "evaluate", "run", "--data", "learn", "--threads", 1, "--json", "-")
    assert code == 0 and json.loads(out)["data"] == "learn"


def test_from_label_masks_to_a_trained_model_as_the_readme_says(capsys, tmp_path):
    for number, (pictures, masks) in enumerate((("slides", "masks"), ("more-slides", "more-masks"))):
        for kind in (pictures, masks):
            (tmp_path / kind).mkdir()
        for k, picture in enumerate(NucleiWorld(64, 64, seed=number).pictures(2)):
            Image.fromarray(picture.image).save(tmp_path / pictures / f"{k}.png")
            Image.fromarray(as_labels(picture).astype(np.uint16)).save(tmp_path / masks / f"{k}_mask.png")
    shutil.copytree("slides", "new-slides")
    readme = (Path(minimask.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    commands = re.search(r"```\n(minimask import-label-masks .*?)```", readme, re.DOTALL)[1].splitlines()
    told = []
    for command in commands:
        _, *words = command.split()
        if words[0] == "train":
            words[words.index("--steps") + 1] = "2"
            words += TINY
        code, out, err = ask(capsys, *words)
        assert (code, err) == (0, ""), command
        told.append(out)
    assert len(commands) == 4 and "2 pictures with " in told[0] and "on 2 pictures in cells.\n" in told[2]
    settings = Config.read("runs/mine/config.toml")
    assert (settings.anchors, settings.density, settings.data) == ("nuclei", "dense", "cells")
    assert files("found")[:3] == ["images.json", "overlays/0.png", "overlays/1.png"]


def test_without_held_out_pictures_nothing_is_measured_and_evaluate_asks_for_some(capsys, tmp_path):
    ask(capsys, "export-coco", "learn", "--pictures", 2, "--height", 64, "--width", 64, "--quiet")
    code, out, _ = ask(capsys, "train", "--data", "learn", *TINY, "--steps", 1, "--out", "run")
    assert code == 0 and "no held-out pictures" in out and "minimask evaluate run --data FOLDER" in out
    code, _, err = ask(capsys, "evaluate", "run")
    assert code == WRONG_USAGE and "argument --data: is needed" in err


def test_a_run_that_fails_says_why(capsys):
    wild = ("--learning-rate", "1e12", "--rest-rate", "1e12", "--warmup", 0)
    code, _, err = ask(capsys, "train", *TINY, "--steps", 9, *wild)
    assert code == FAILED and re.match(r"minimask: step \d+ is not finite: .* Probable cause: learning_rate ", err)
