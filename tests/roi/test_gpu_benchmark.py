"""The benchmark for NVIDIA cards, without a card: on kernels of paper, tiny problems and invented times."""

import json
import os
import re
import stat
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import paper_kernels
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import gpu
from measuring import row, run, sanitizer
from measuring.bounds import Bound, bounds, counted
from measuring.corner_cases import SETTINGS, corner_cases
from measuring.foretold import foretold
from measuring.held import TOLERANCE, held, relative_error, same_bits
from measuring.ours import Ours
from measuring.problem import DTYPES, FEW, TARGET, Problem, all_problems, draw, levels_of, random_rois
from measuring.report import ALL_PROBLEMS, Report
from measuring.row import Row
from measuring.verdicts import verdicts
from measuring.work import TILE, work

import minimask
from minimask.roi import cuda_shim, reference

pytestmark = pytest.mark.no_cover
ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")
TINY = Problem(9, channels=12, size=(96, 128))


def paper(**broken):
    """Return the kernels of paper, some of them replaced by broken ones."""
    return SimpleNamespace(**{**vars(paper_kernels), **broken})


# What is measured


def test_all_that_is_to_be_measured_is_among_the_problems():
    problems = all_problems()
    assert problems[:2] == [TARGET, FEW] and len(set(problems)) == len(problems) == 96
    assert {one.rois for one in problems} == {100, 512, 2000, 8000} and {one.levels for one in problems} == {1, 4}
    assert {one.dtype for one in problems} == set(DTYPES) and {one.bins for one in problems} == {7, 14}
    assert {one.layout for one in problems} == {"last", "first"}
    assert {(one.channels, one.images, one.size) for one in problems} == {(256, 2, (800, 1088))}


@pytest.mark.parametrize("layout", ["last", "first"])
def test_numbers_are_drawn_anew_and_lie_as_they_are_to(layout):
    problem = TINY._replace(layout=layout, dtype="bfloat16")
    data, other = draw(problem, CPU, 0, 0), draw(problem, CPU, 1, 1)
    form = torch.channels_last if layout == "last" else torch.contiguous_format
    for tensor in (*data.maps, data.grad):
        assert tensor.is_contiguous(memory_format=form) and tensor.dtype == torch.bfloat16
    assert not torch.equal(data.maps[0], other.maps[0]) and not torch.equal(data.boxes, other.boxes)
    assert [tuple(level.shape) for level in data.maps] == [(2, 12, 24 >> i, 32 >> i) for i in range(4)]
    assert (data.boxes[:, 0].diff() >= 0).all()


def test_every_level_has_rois():
    assert set(levels_of(TARGET, torch.from_numpy(random_rois(TARGET, 0))).tolist()) == {0, 1, 2, 3}


# What must be done


@pytest.mark.parametrize("levels", [1, 4])
def test_work_is_what_a_gradient_of_ones_touches(levels):
    """Weights are above zero: so the cells that a gradient of ones reaches are those that are read."""
    problem = TINY._replace(levels=levels, rois=30)
    rois = random_rois(problem, 0)
    chosen = levels_of(problem, torch.from_numpy(rois)).numpy()
    found = work(rois, chosen, problem.shapes, problem.scales, 7, 2, True)
    touched = 0
    for level, (shape, scale) in enumerate(zip(problem.shapes, problem.scales, strict=True)):
        mine = rois[chosen == level]
        ones = np.ones((len(mine), 1, 7, 7))
        grad = reference.roi_align_features_grad(ones, mine, (shape[0], 1, *shape[1:]), scale, 2, True)
        touched += np.count_nonzero(grad)
    assert found.touched == touched
    assert found.reads >= found.tile_reads >= touched / TILE**2


def test_work_of_one_roi_by_hand():
    """Samples at 2.5 and 3.5, 4.5 and 5.5: two bins of three cells each, of which the first spans two tiles."""
    roi = np.array([[0, 2.0, 2.0, 6.0, 6.0]])
    assert work(roi, np.zeros(1, np.int64), [(1, 10, 10)], [1.0], 2, 2, False) == (5**2, (3 + 3) ** 2, (2 + 1) ** 2)


def test_tiles_are_those_of_the_kernel():
    from minimask.roi import cuda_gather

    assert cuda_gather.TILE == TILE


def test_bounds_count_bytes():
    found = counted(TINY)
    single, half = (bounds(TINY._replace(dtype=dtype), found) for dtype in ("float32", "float16"))
    pooled = 9 * 49 * 12 * 4
    assert single["forward"].least == pooled + found.touched * 12 * 4
    assert single["features"].least == pooled + sum(2 * h * w for _, h, w in TINY.shapes) * 12 * 4
    assert {name: bound.launches for name, bound in single.items()} == {"forward": 1, "features": 2, "boxes": 1}
    assert all(2 * half[name].least == single[name].least for name in single)


# Whether kernels are right


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("layout", "levels"), [("last", 4), ("first", 1)])
def test_right_kernels_are_found_right(dtype, layout, levels):
    data = draw(TINY._replace(dtype=dtype, layout=layout, levels=levels), CPU, 0)
    findings = held(data, Ours(data, paper_kernels), repeats=2)
    assert [one.name for one in findings] == ["forward", "features", "boxes"]
    assert all(one.good for one in findings), findings


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_right_kernels_pass_the_corner_cases(dtype):
    findings = list(corner_cases(paper_kernels, CPU, (dtype,), repeats=1))
    assert len(findings) == 5 * len(SETTINGS)
    assert all(one.good for one in findings), [str(one) for one in findings if not one.good]


def forgets_a_number(features, boxes, levels, out, *settings):
    kept = out[-1, -1, -1, -1].clone()
    paper_kernels.roi_align_forward(features, boxes, levels, out, *settings)
    out[-1, -1, -1, -1] = kept


def half_a_pixel_off(grad, boxes, levels, outs, scales, ratio, aligned):
    paper_kernels.roi_align_features_grad(grad, boxes, levels, outs, scales, ratio, not aligned)


def never_twice_the_same(grad, features, boxes, levels, out, *settings):
    paper_kernels.roi_align_boxes_grad(grad, features, boxes, levels, out, *settings)
    out[0, 0] *= 1 + np.random.default_rng().choice([-1e-6, 1e-6])


BROKEN = [
    ("forward", {"roi_align_forward": forgets_a_number}),
    ("features", {"roi_align_features_grad": half_a_pixel_off}),
    ("boxes", {"roi_align_boxes_grad": never_twice_the_same}),
]


@pytest.mark.parametrize(("name", "broken"), BROKEN)
def test_broken_kernels_are_found(name, broken):
    data = draw(TINY, CPU, 0)
    findings = held(data, Ours(data, paper(**broken)), repeats=20)
    assert [one.name for one in findings if not one.good] == [name]
    cases = corner_cases(paper(**broken), CPU, ("float32",), repeats=20)
    assert {one.name for one in cases if not one.good} == {name}


def test_what_is_not_drawn_must_be_written_too():
    """The truth is computed for some RoIs only; the others may not stay poisoned."""

    def half_of_them(features, boxes, levels, out, *settings):
        whole = torch.empty_like(out)
        paper_kernels.roi_align_forward(features, boxes, levels, whole, *settings)
        out[0], out[2:] = whole[0], whole[2:]

    data = draw(TINY._replace(rois=200), CPU, 0)
    (forward, *_) = held(data, Ours(data, paper(roi_align_forward=half_of_them)), repeats=1)
    assert not forward.good


def test_errors_and_bits():
    nan = np.array([np.nan, 1])
    assert relative_error([np.ones(2), nan], [np.ones(2), np.ones(2)]) == np.inf
    assert relative_error([nan, np.ones(2)], [np.ones(2), np.ones(2)]) == np.inf
    assert relative_error([np.array([3.0, 4.5])], [np.array([3.0, 4.0])]) == 0.1
    zero, nans = torch.zeros(2), torch.full((2,), float("nan"))
    assert not same_bits(zero, -zero) and same_bits(nans, nans.clone())


# The verdicts


def invented(problem, ours=1.0, theirs=4.0, least=600, whole=1.0, their_whole=1.0):
    """Return a row in which each operator takes so long, and moves so many bytes at least."""
    names = ("forward", "features")
    bound = Bound(1, least, 10 * least)
    return Row(
        problem, [], dict.fromkeys((*names, "boxes"), bound), dict.fromkeys((*names, "boxes"), ours),
        dict.fromkeys(names, theirs), dict.fromkeys(names, whole), dict.fromkeys(names, their_whole),
    )  # fmt: skip


def words(*rows, copies=1000.0):
    return [one.word for one in verdicts(rows, copies)]


def test_targets_that_are_just_met():
    assert words(invented(TARGET), invented(FEW)) == ["met"] * 5


@pytest.mark.parametrize(
    ("target", "few", "missed"),
    [
        ({"theirs": 3.99}, {}, [0]),
        ({"theirs": 2.99}, {}, [0, 1]),
        ({"least": 599}, {}, [2]),
        ({"ours": 1.01}, {}, [0, 2]),
        ({}, {"their_whole": 0.99}, [3, 4]),
        ({}, {"whole": 1.01}, [3, 4]),
        ({"whole": 9.0}, {"theirs": 0.1}, []),  # what a verdict is not about
    ],
)
def test_targets_that_are_missed(target, few, missed):
    found = words(invented(TARGET, **target), invented(FEW, **few))
    assert [i for i, word in enumerate(found) if word == "MISSED"] == missed
    assert found.count("met") == 5 - len(missed)


def test_what_was_not_measured_is_not_met():
    assert words() == ["not measured"] * 5
    assert words(invented(TARGET._replace(dtype="float16"))) == ["not measured"] * 5
    alone = invented(TARGET)._replace(theirs={}, their_whole={})  # without torchvision
    assert words(alone, invented(FEW)._replace(their_whole={})) == ["not measured"] * 2 + ["met"] + ["not measured"] * 2


# The report


@pytest.fixture
def quick(monkeypatch):
    """Copy rates without copying, corner cases of one dtype, times of few repeats."""
    monkeypatch.setattr(row, "seconds", partial(row.seconds, repeats=2))
    monkeypatch.setattr(run, "copy_rate", lambda *_: 1e12)
    monkeypatch.setattr(run, "TOLERANCE", ("float32",))


def plan(problems, steps=None, seconds=60.0):
    return run.Plan(problems, seconds, 1, steps)


def step(agree=True):
    return {"what": "a step", "ours": 0.1, "theirs": 0.15, "losses": {"loss_mask": [1.0, 1.0]}, "agree": agree}


def test_a_whole_run_on_paper(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(row, "has_torchvision", lambda: False)
    kept = []
    problems = [TINY, TINY._replace(layout="first"), TINY._replace(dtype="float16", levels=1)]
    report = run.run(
        paper_kernels, CPU, plan(problems, lambda _: [step()]), lambda report: kept.append(len(report.rows))
    )
    assert report.failures == [] and kept == [1, 2, 3]
    assert report.checked == 5 * len(SETTINGS) + 3 * len(problems)
    page = report.page()
    assert "All kernels are right" in page and "WRONG" not in page
    assert "| a step | 100.0 | 150.0 | 1.50 |" in page
    assert all(f"| {problem} |" in page for problem in problems)
    assert ALL_PROBLEMS not in report.page(whole=False)
    report.write(tmp_path / "gpu.md")
    assert (tmp_path / "gpu.md").read_text(encoding="utf-8") == page
    record = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert record["card"] == "a processor" and record["date"] == report.date and len(record["rows"]) == 3
    assert record["rows"][2]["dtype"] == "float16" and record["rows"][2]["ours"]["forward"] > 0
    assert {one["verdict"] for one in record["verdicts"]} == {"not measured"}


def test_what_is_wrong_is_said(quick):
    report = run.run(paper(roi_align_forward=forgets_a_number), CPU, plan([TINY], None), lambda _: None)
    assert len(report.failures) == len(SETTINGS) + 1
    assert "WRONG: corner cases: forward float32: error inf" in report.page() and "All kernels" not in report.page()
    assert report.failures[-1].startswith(str(TINY))


def test_losses_that_differ_are_wrong(quick):
    report = run.run(paper_kernels, CPU, plan([TINY] * 3, lambda _: [step(agree=False)]), lambda _: None)
    assert len(report.failures) == 1 and "losses of both differ" in report.failures[0]


def test_what_breaks_is_told_and_the_rest_goes_on(quick):
    def breaks(*_):
        raise TypeError("numba cannot\nthis")

    report = run.run(paper(roi_align_boxes_grad=breaks), CPU, plan([TINY]), lambda _: None)
    assert f"{TINY}: TypeError: numba cannot" in report.failures
    assert len(report.failures) == 2 and report.checked == 2


def test_too_little_memory_is_no_failure(quick):
    def too_large(*_):
        raise torch.OutOfMemoryError("no")

    report = Report("a card", "today", "", 1.0, 1.0)
    run.attempt(report, "a problem", too_large)
    assert report.failures == [] and "too little memory" in report.notes[0]


def test_time_that_is_over(quick):
    report = run.run(paper_kernels, CPU, plan([TINY] * 3, seconds=0.0), lambda _: None)
    assert report.rows == [] and "3 problems were left out" in report.page()


def test_the_targets_stand_in_the_short_table():
    report = Report("a card", "today", "", 1000.0, 2000.0, rows=[invented(FEW), invented(TARGET)])
    page = report.page(whole=False)
    assert page.count("\n| 100 | ") == page.count("\n| 512 | ") == 3
    assert page.count("| met |") == 5 and len(page.splitlines()) < 30
    tables = [part.splitlines() for part in page.split("\n\n") if part.startswith("|")]
    assert len(tables) == 2 and all(len({line.count("|") for line in lines}) == 1 for lines in tables)


def test_what_is_foretold_needs_no_card():
    said = foretold()
    assert said.count("| backward, features | 2 |") == 2 and said.count("\n") == 7


# The chapter


def cells_that_say(words):
    """Return the code of the chapter's cells with certain words."""
    cells = json.loads((ROOT / "notebooks/03_a_magnifying_glass.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [source for source in sources if words in source]


def test_the_chapter_shows_the_recorded_page_up_to_its_long_table(tmp_path, monkeypatch):
    (cell,) = cells_that_say("benchmarks/gpu.md")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")

    def shown():
        names = {"Path": Path, "Markdown": lambda text: text}
        exec(cell.replace("Markdown(", "said = Markdown("), names)
        return names["said"]

    assert "Nothing is recorded yet" in shown()
    report = Report("a card", "today", "", 1000.0, 2000.0, rows=[invented(TARGET)])
    report.write(tmp_path / "benchmarks" / "gpu.md")
    assert shown().strip() == report.page(whole=False).strip()


@pytest.mark.parametrize("there", [True, False])
def test_the_chapter_times_the_reader_s_card(monkeypatch, capsys, there):
    """Here the processor stands in for one."""
    (cell,) = cells_that_say("def measure_card")
    card = SimpleNamespace(is_available=lambda: there, synchronize=lambda: None, get_device_name=lambda: "paper")
    monkeypatch.setattr(torch.Tensor, "cuda", lambda tensor: tensor)
    names = {"np": np, "cuda": card, "rng": np.random.default_rng(0), "time": time, "minimask": minimask}
    names |= {"find_spec": lambda _: True, "from_numpy": torch.from_numpy}
    exec(cell, names)
    names["measure_card"](channels=2, boxes=3)
    assert re.fullmatch(r"\d+ µs on paper\n" if there else "torch sees no .* card .*\n", capsys.readouterr().out)


# Without a card, without what a card needs


def test_without_a_card_it_says_so_and_writes_nothing(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu, "measure", None)
    assert gpu.main([]) == gpu.main(["--sanitize"]) == gpu.main(["--small"]) == 0
    assert capsys.readouterr().out.count("no GPU benchmark: torch sees no NVIDIA card on this machine") == 3


@pytest.mark.parametrize("problem", [cuda_shim.CudaUnavailableError("install this"), ImportError("install this")])
def test_a_card_that_numba_cannot_use_is_a_failure(capsys, monkeypatch, problem):
    def refuse(*_):
        raise problem

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(cuda_shim, "require", refuse)
    assert gpu.main([]) == 1
    assert "no GPU benchmark: install this" in capsys.readouterr().out


# The sanitizer


def test_a_missing_sanitizer_is_said(monkeypatch):
    monkeypatch.setattr(sanitizer, "find", lambda: None)
    report = Report("a card", "today", "", 1.0, 1.0)
    assert not sanitizer.sanitized(report, ["x.py"], 1.0)
    page = report.page()
    for tool in ("memcheck", "racecheck"):
        assert f"{tool}: NOT RUN. compute-sanitizer was not found: it is part of NVIDIA's CUDA toolkit" in page
    assert report.failures == []


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program that takes the sanitizer's place: it notes what it is called with, and ends with a code."""

    def make(code, sleeps=0):
        path = tmp_path / "bin" / "compute-sanitizer"
        path.parent.mkdir()
        path.write_text(f'#!/bin/sh\necho "$PYTORCH_NO_CUDA_MEMORY_CACHING $@" >> {tmp_path}/calls\nsleep {sleeps}\n'
                        f"echo '========= ERROR SUMMARY: seen'\nexit {code}\n")  # fmt: skip
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", os.environ["PATH"] if sleeps else str(path.parent) + os.pathsep + os.environ["PATH"])
        monkeypatch.setenv("CUDA_HOME", str(tmp_path))
        return tmp_path / "calls"

    return make


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("code", "clean", "said", "failures"),
    [(0, True, "nothing found.", 0), (sanitizer.FOUND, False, "FOUND: ERROR SUMMARY: seen", 2),
     (3, False, "NOT RUN, exit code 3: ERROR SUMMARY: seen", 0)],
)  # fmt: skip
def test_what_the_sanitizer_says(program, code, clean, said, failures):
    calls = program(code)
    report = Report("a card", "today", "", 1.0, 1.0)
    assert sanitizer.sanitized(report, ["benchmarks/gpu.py", "--small"], 20.0) == clean
    assert len(report.failures) == failures and report.page().count(said) == 2
    lines = calls.read_text().splitlines()
    assert [line.split()[:3] for line in lines] == [["1", "--tool", "memcheck"], ["1", "--tool", "racecheck"]]
    assert all(line.endswith("benchmarks/gpu.py --small") and f"exitcode {sanitizer.FOUND}" in line for line in lines)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_sanitizer_that_takes_too_long(program):
    program(0, sleeps=5)
    report = Report("a card", "today", "", 1.0, 1.0)
    assert not sanitizer.sanitized(report, ["x.py"], 0.2)
    assert report.page().count("NOT RUN to its end") == 2
