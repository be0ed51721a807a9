"""Progress: lines that come at their time, a bar only in a terminal, folders that nobody has."""

import io
import sys

import pytest

from minimask.folders import empty_folder, numbered_folder
from minimask.meter import Meter, is_terminal


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def lines(capsys, **settings):
    clock = Clock()
    with Meter(20, "step", clock=clock, **settings) as meter:
        for step in range(meter.done + 1, 21):
            clock.now += 3
            meter.advance(f"loss {step}")
            if step == 15:
                meter.say("halfway")
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_lines_come_first_last_and_every_ten_seconds(capsys):
    assert lines(capsys) == [
        "step 1 of 20, loss 1",
        "step 5 of 20, loss 5, 00:45 left",
        "step 9 of 20, loss 9, 00:33 left",
        "step 13 of 20, loss 13, 00:21 left",
        "halfway",
        "step 17 of 20, loss 17, 00:09 left",
        "step 20 of 20, loss 20",
    ]


def test_what_was_done_before_does_not_count_for_the_time_that_is_left(capsys, monkeypatch):
    monkeypatch.setattr("minimask.meter.SECONDS_BETWEEN_LINES", 6)
    told = ["step 17 of 20, loss 17", "step 19 of 20, loss 19, 00:03 left", "step 20 of 20, loss 20"]
    assert lines(capsys, done=16) == told


def test_what_takes_long_is_told_less_often(capsys, monkeypatch):
    monkeypatch.setattr("minimask.meter.LINES", 2)
    starts = [line.split()[1] for line in lines(capsys) if line.startswith("step")]
    assert starts == ["1", "5", "10", "20"]


def test_where_everything_is_said_anyway_no_lines_come_between(capsys):
    assert lines(capsys, lines=False) == ["halfway"]


def test_quiet_says_nothing(capsys):
    assert lines(capsys, shown=False) == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar_and_words_that_stay(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Meter(3, "picture") as meter:
        for _ in meter.over("abc"):
            meter.note("looking")
        meter.say("seen")
    bar = sys.stderr.getvalue()
    assert "3/3 pictures |" in bar and ", looking" in bar and "seen" not in bar
    assert capsys.readouterr().out.strip("\r\n ") == "seen"


@pytest.mark.parametrize(("stream", "term", "is_one"), [(None, "", 0), (io.StringIO(), "", 0), (Terminal(), "dumb", 0)])
def test_what_is_no_terminal(monkeypatch, stream, term, is_one):
    monkeypatch.setenv("TERM", term)
    assert is_terminal(stream) == is_one


def test_folders_get_the_next_number_whatever_else_is_there(tmp_path):
    (tmp_path / "007").mkdir()
    (tmp_path / "010").write_text("a file takes a number, too")
    (tmp_path / "first").mkdir()
    assert [numbered_folder(tmp_path).name for _ in range(2)] == ["011", "012"]


def test_somebody_else_was_faster(tmp_path, monkeypatch):
    (tmp_path / "001").mkdir()
    monkeypatch.setattr("pathlib.Path.iterdir", lambda path: iter(()))
    assert numbered_folder(tmp_path).name == "002"


def test_what_is_written_to_is_new_or_empty(tmp_path):
    assert empty_folder(str(tmp_path)) == tmp_path
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match=r"^out must be new or empty, but .* holds file$"):
        empty_folder(tmp_path, "out")
    with pytest.raises(FileExistsError, match=r"^out must be a folder, new or empty, but .*file is a file$"):
        empty_folder(tmp_path / "file", "out")
