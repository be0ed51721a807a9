"""The training monitor, driven without a browser."""

import json
import runpy
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from minimask.widgets import TrainingMonitor
from minimask.widgets.training_monitor import FRESH
from minimask.widgets.training_record import MOST_PICTURES, MOST_POINTS, as_curves, describe, duration, smooth

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "training_monitor.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_training_monitor.py"))


def steps(count: int, losses: tuple[float, ...] = (1.0, 2.0)):
    for step in range(1, count + 1):
        said = {f"loss_{k}": step * loss for k, loss in enumerate(losses)}
        yield SimpleNamespace(step=step, steps=count, losses=said, pictures_per_second=8.0)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=[str(k) for k in range(len(FIXTURE["cases"]))])
def test_the_words_of_the_fixture(case):
    curves = as_curves(case["curves"], case["run"]["names"])
    assert describe(case["run"], curves, case["state"]) == case["words"]


def test_the_numbers_of_the_fixture():
    assert [[seconds, duration(seconds)] for seconds, _ in FIXTURE["durations"]] == FIXTURE["durations"]
    for curve, half, wanted in FIXTURE["smooth"]:
        by_hand = [np.mean(curve[max(k - half, 0) : k + half + 1]) for k in range(len(curve))]
        np.testing.assert_allclose(smooth(np.array(curve)[:, None], half)[:, 0], by_hand, rtol=0, atol=1e-12)
        np.testing.assert_allclose(wanted, by_hand, rtol=0, atol=1e-12)


def test_the_fixture_covers_everything():
    words = " ".join(case["words"] for case in FIXTURE["cases"])
    said = (
        "running.",
        "stopped.",
        "failed. ValueError: too hot.",
        "ready to begin. No losses yet.",
        "to go.",
        "mean of",
    )
    assert [phrase for phrase in said if phrase not in words] == []


def test_curves_are_those_of_the_training():
    monitor = TrainingMonitor(steps(4))
    monitor.run_through()
    assert monitor.run["phase"] == "finished"
    np.testing.assert_allclose(monitor.measures["curves"], [[3 * k, k, 2 * k] for k in (1, 2, 3, 4)])
    monitor.slide(step=2, smoothing=1)
    assert "At step 2, mean of 3 steps: loss 6.000 (loss_0 2.000, loss_1 4.000)." in monitor.words()


@pytest.mark.parametrize("count", [MOST_POINTS, MOST_POINTS + 1, 2 * MOST_POINTS + 3, 5 * MOST_POINTS])
def test_of_many_steps_neighbors_become_one_point(count):
    monitor = TrainingMonitor(steps(count, (1.0,)))
    monitor.run_through()
    run, curves = monitor.run, monitor.measures["curves"]
    every = run["every"]
    assert len(curves) <= MOST_POINTS
    assert len(curves) == count // every
    wanted = [1 + every * k + (every - 1) / 2 for k in range(len(curves))]
    np.testing.assert_allclose(curves[:, 0], wanted, rtol=1e-6)


def test_it_looks_ten_times_and_after_the_last_step():
    seen = []
    monitor = TrainingMonitor(steps(34), look=lambda: (seen.append(1) or len(seen) / 100, None))
    monitor.run_through()
    assert [step for step, _ in monitor.run["looks"]] == [3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 34]
    monitor.slide(step=10)
    assert "AP 0.030 on held-out pictures after step 9." in monitor.words()
    monitor.slide(step=1, smoothing=0)
    assert "AP" not in monitor.words()


def test_a_few_sheets_are_kept_and_the_last_always():
    sheets = iter(range(1, 100))
    monitor = TrainingMonitor(steps(23), look=lambda: (0.1, np.full((16, 48, 3), next(sheets), np.uint8)), look_every=1)
    monitor.run_through()
    kept = [picture["step"] for picture in monitor.pictures]
    assert len(kept) <= MOST_PICTURES
    assert kept == sorted(kept)
    assert kept[-1] == 23
    assert kept[0] < 12
    assert all(picture["image"].startswith("data:image/jpeg;base64,") for picture in monitor.pictures)


class Gate:
    """A training that makes a step only when it is let."""

    def __init__(self) -> None:
        self.permits, self.made, self.closed = threading.Semaphore(0), 0, False

    def __call__(self):
        try:
            for step in range(1, 101):
                assert self.permits.acquire(timeout=20)
                self.made = step
                yield SimpleNamespace(step=step, steps=100, losses={"loss": 1.0}, pictures_per_second=1.0)
        finally:
            self.closed = True

    def let(self, count: int) -> None:
        self.permits.release(count)


def until(true) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_stopping_and_going_on():
    gate = Gate()
    monitor = TrainingMonitor(gate).start()
    gate.let(3)
    until(lambda: gate.made == 3)
    monitor.stop()
    assert monitor.run["phase"] in ("stopping", "paused")
    gate.let(97)
    until(lambda: monitor.run["phase"] == "paused")
    before = gate.made
    assert before <= 5
    time.sleep(0.05)
    assert gate.made == before
    assert monitor.wait(0.01) == "paused"
    monitor.asked = "go"  # what the reader's button does
    assert monitor.wait(20) == "finished"
    assert gate.made == 100
    assert monitor.run["step"] == 100


def test_starting_twice_lets_it_go_on():
    gate = Gate()
    monitor = TrainingMonitor(gate)
    monitor.stop()
    monitor.start()
    gate.let(100)
    assert monitor.start() is monitor
    assert monitor.wait(20) == "finished"
    assert gate.made == 100


def test_closing_ends_the_training():
    gate = Gate()
    monitor = TrainingMonitor(gate).start()
    gate.let(2)
    until(lambda: gate.made == 2)
    monitor.close()
    gate.let(1)
    until(lambda: gate.closed)
    assert gate.made <= 3


def test_a_training_that_fails_says_why():
    def broken():
        yield from steps(3)
        raise FloatingPointError("the loss of step 4 is nan.")

    monitor = TrainingMonitor(broken).start()
    with pytest.raises(FloatingPointError, match="step 4"):
        monitor.wait(20)
    assert monitor.run["phase"] == "failed"
    assert "Step 3 of 3, failed. FloatingPointError: the loss of step 4 is nan. At step 3" in monitor.words()
    with pytest.raises(ZeroDivisionError):
        TrainingMonitor(steps(3), look=lambda: (1 / 0, None)).run_through()


def test_interrupting_stops_the_training(monkeypatch):
    gate = Gate()
    monitor = TrainingMonitor(gate).start()
    gate.let(2)

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(monitor._thread, "join", interrupted)
    assert monitor.wait() in ("running", "paused")
    assert monitor.asked == "stop"
    monitor.close()
    gate.let(1)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(TypeError, match="progress must be an iterable or a callable, got int"):
        TrainingMonitor(3)
    with pytest.raises(ValueError, match="look_every"):
        TrainingMonitor([], look_every=0)
    monitor = TrainingMonitor(steps(2))
    monitor.run_through()
    with pytest.raises(RuntimeError, match="begun once; this one is finished"):
        monitor.run_through()
    for wrong in ({"step": -2}, {"smoothing": 51}, {"smoothing": 1.5}, {"log": 1}, {"other": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            monitor.state = {**FRESH, **wrong}
        assert monitor.state == FRESH


def test_the_still_picture_says_what_it_shows():
    monitor = MAKE["long_run"](60)
    bundle = monitor.still()._repr_mimebundle_()
    assert monitor.words() in bundle["text/plain"]
    assert bundle["text/html"].startswith('<img src="data:image/webp;base64,')
    assert "No losses yet." in TrainingMonitor([]).still().alt


def test_a_page_of_its_own(tmp_path):
    monitor = MAKE["long_run"]()
    monitor.save(tmp_path / "page.html")
    assert monitor.curves in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(monitor.curves) < 30_000


def test_a_notebook_shows_it_under_a_name_and_again_in_the_end(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **about: shown.append(("new", data, about)))
    monkeypatch.setattr("IPython.display.update_display", lambda data, **about: shown.append(("again", data, about)))
    monitor = TrainingMonitor(steps(5))
    monitor._ipython_display_()
    monitor.run_through()
    (_, first, about), (kind, last, again) = shown
    assert kind == "again"
    assert about["display_id"] == again["display_id"]
    assert about["raw"]
    assert again["raw"]
    assert "ready to begin" in first["text/plain"]
    assert "Step 5 of 5, finished." in last["text/plain"]
    assert first["application/vnd.jupyter.widget-view+json"] == last["application/vnd.jupyter.widget-view+json"]
