"""Logs: whatever a run was killed in, the run that goes on leaves no row out and none twice."""

import csv
import math
import sys

import numpy as np
import pytest

from minimask.training.logs import CsvLog, EventLog

COLUMNS = ("loss", "note")
ROWS = {step: {"loss": 1 / step, "note": f"about, {step}"} for step in range(1, 6)}


def written(path, steps, done=None):
    with CsvLog(path, COLUMNS, done) as log:
        for step in steps:
            log.write(step, ROWS[step])
    return path.read_bytes()


def test_a_table_reads_back(tmp_path):
    written(tmp_path / "log.csv", ROWS)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(ROWS)
    assert [row["note"] for row in rows] == [row["note"] for row in ROWS.values()]
    assert [np.float32(row["loss"]) for row in rows] == [np.float32(row["loss"]) for row in ROWS.values()]


def test_cells_are_short_and_float32_survives(tmp_path):
    values = np.random.default_rng(0).standard_normal(200, dtype=np.float32)
    with CsvLog(tmp_path / "log.csv", ["x"]) as log:
        for step, value in enumerate(values):
            log.write(step, {"x": float(value)})
        log.write(200, {"x": float("nan")})
        log.write(201, {"x": 3.0})
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [np.float32(line.split(",")[1]) for line in lines[1:201]] == values.tolist()
    assert lines[201:] == ["200,nan", "201,3"]


def test_a_row_is_in_the_file_before_the_next_line_of_code(tmp_path):
    with CsvLog(tmp_path / "log.csv", COLUMNS) as log:
        log.write(1, ROWS[1])
        assert (tmp_path / "log.csv").read_text().splitlines()[1:] == ['1,1,"about, 1"']


def test_cut_off_at_any_byte_a_table_is_finished_to_the_same_bytes(tmp_path):
    """Checkpoints were made after steps 0, 2, and 5; the file may end anywhere after their rows."""
    path = tmp_path / "log.csv"
    whole = written(path, ROWS)
    ends = [k + 1 for k, byte in enumerate(whole) if byte == ord("\n")]
    for done in (0, 2, 5):
        for end in range(0 if done == 0 else ends[done], len(whole) + 1):
            path.write_bytes(whole[:end])
            assert written(path, range(done + 1, 6), done) == whole
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]


def test_no_table_yet_is_no_hindrance(tmp_path):
    assert written(tmp_path / "log.csv", [4, 5], done=3).count(b"\n") == 3


def test_a_table_is_never_overwritten(tmp_path):
    before = written(tmp_path / "log.csv", ROWS)
    with pytest.raises(FileExistsError, match=r"log\.csv"):
        CsvLog(tmp_path / "log.csv", COLUMNS)
    assert (tmp_path / "log.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "step,other,note\n1,2,3\n",
            r"columns must be those of .*log\.csv, \['other', 'note'\], got \['loss",
        ),
        ("step,loss,note\n1,2\n2,2,3\n", r"log\.csv must have a step and \['loss', 'note'\] in each row, got '1,2'"),
        ("step,loss,note\none,2,3\n", r"log\.csv must have a step .* got 'one,2,3'"),
    ],
)
def test_a_table_that_no_log_wrote_is_left_as_it_is(tmp_path, content, message):
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(ValueError, match=message):
        CsvLog(tmp_path / "log.csv", COLUMNS, done=1)
    assert (tmp_path / "log.csv").read_text() == content


@pytest.mark.parametrize("row", [{"loss": 1.0}, {"loss": 1.0, "note": "", "more": 2}])
def test_a_row_has_every_column(tmp_path, row):
    with (
        CsvLog(tmp_path / "log.csv", COLUMNS) as log,
        pytest.raises(ValueError, match=r"row must have a value for each"),
    ):
        log.write(1, row)
    assert (tmp_path / "log.csv").read_text() == "step,loss,note\n"


def test_the_disk_is_waited_for(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", synced.append)
    with CsvLog(tmp_path / "log.csv", COLUMNS) as log:
        log.write(1, ROWS[1])
        assert not synced
        log.sync()
        assert len(synced) == 1


# TensorBoard


def curves(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    scalars = {tag: [(one.step, one.value) for one in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    return scalars, {tag: events.Images(tag) for tag in events.Tags()["images"]}


def test_tensorboard_shows_curves_and_pictures_and_what_was_done_twice_once(tmp_path):
    log = EventLog(tmp_path)
    for step in (1, 2, 3):
        log.write(step, {"mask": 1 / step, "box": math.nan, "note": "text"}, "losses")
    log.show(3, np.full((4, 6, 3), 7, dtype=np.uint8), "held_out")
    log.sync()
    log.close()
    resumed = EventLog(tmp_path, done=2)
    resumed.write(3, {"mask": 0.25}, "losses")
    resumed.close()
    scalars, images = curves(tmp_path)
    assert scalars == {"losses/mask": [(1, 1), (2, 0.5), (3, 0.25)]}
    assert images == {"held_out": []}  # it was of a step that is done anew


def test_without_tensorboard_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "minimask\[tensorboard\]"'):
        EventLog(tmp_path)
    assert list(tmp_path.iterdir()) == []
