"""Progress is kept on this machine alone, loses nothing, and never disturbs a lesson."""

import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread

import nbformat
import pytest

from minimask import chapters, exercises
from minimask.exercises import progress_file
from minimask.exercises.places import front_of, notebook_of
from minimask.folders import PROGRESS, data_folder

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    """A file of progress that is not there yet, in a folder that is not there yet."""
    path = tmp_path / "of the reader" / "progress.json"
    monkeypatch.setenv(PROGRESS, str(path))
    return path


def pass_it(id):
    return exercises.attempt(id, exercises.get(id).solution)


def test_only_what_passes_is_kept(file):
    exercises.attempt("1.1", lambda box_a, box_b: 0.5)
    assert not file.exists()
    report = pass_it("1.1")
    assert report.passed
    assert not report.trouble
    assert list(json.loads(file.read_text(encoding="utf-8"))["passed"]) == ["1.1"]
    assert [path.name for path in file.parent.iterdir() if path.suffix not in (".json", ".lock")] == []


def test_a_second_pass_leaves_the_file_alone(file):
    pass_it("1.1")
    before = file.read_bytes(), file.stat().st_mtime_ns
    pass_it("1.1")
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_check_alone_keeps_nothing(file):
    it = exercises.get("1.1")
    it.check(it.solution)
    assert not file.exists()


def test_the_table_says_what_is_passed_and_what_comes_next(file):
    for id in ("1.1", "1.2", "2.1"):
        progress_file.add(id)
    everything = exercises.progress()
    assert everything.next.id == "1.3"
    assert repr(everything).startswith(f"3 of {len(exercises.all())} exercises passed")
    assert "1 Beyond the box                 2 of 6  [x] 1.1 [x] 1.2 [ ] 1.3" in repr(everything)
    assert repr(everything).endswith(
        "Next: exercise 1.3, The tight box of a mask (10 minutes), in 01_beyond_the_box.ipynb."
    )
    html = everything._repr_mimebundle_()["text/html"]
    assert html.count("✓ ") == 3
    assert 'href="01_beyond_the_box.ipynb"' in html
    assert 'title="The IoU of two boxes: passed"' in html
    assert exercises.progress(3).next.id == "3.1"


def test_a_chapter_that_is_done_says_so():
    for exercise in exercises.chapter(1):
        progress_file.add(exercise.id)
    done = exercises.progress(1)
    assert done.next is None
    assert repr(done).splitlines()[0] == "6 of 6 exercises passed: all of them."
    assert "Nothing is left to do here." in done._repr_mimebundle_()["text/html"]


def test_tags_of_the_table_are_closed():
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    parser = Tags()
    parser.feed(exercises.progress()._repr_mimebundle_()["text/html"])
    assert not parser.open


def test_two_kernels_at_once_lose_nothing(monkeypatch):
    """A second one comes just when the first has read the file and not yet written it."""
    replace, others = progress_file._replace, []

    def interrupted(passed):
        if not others:
            others.append(Thread(target=progress_file.add, args=("2.1",)))
            others[0].start()
            others[0].join(0.3)
        replace(passed)

    monkeypatch.setattr(progress_file, "_replace", interrupted)
    progress_file.add("1.1")
    others[0].join(20)
    assert set(progress_file.read()) == {"1.1", "2.1"}


def test_a_lock_that_is_not_given_back_is_one_line(file, monkeypatch):
    monkeypatch.setattr(progress_file, "PATIENCE", 0.1)
    with progress_file._alone():
        report = pass_it("1.1")
    assert report.passed
    assert repr(report).endswith(
        f"(This pass was not kept: {file} is being written by another program. The lesson does not need it.)"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks by another module")
@pytest.mark.parametrize("error", [OSError(95, "Operation not supported"), ImportError("no module named fcntl")])
def test_where_there_are_no_locks_it_goes_on_without(monkeypatch, error):
    def none(*_):
        raise error

    monkeypatch.setattr("fcntl.flock", none)
    progress_file.add("1.1")
    assert list(progress_file.read()) == ["1.1"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"passed": ["1.1"]}', '{"passed": {"1.1": 3}}', "\x00\xff"])
def test_a_broken_file_is_left_as_it_is_and_said_in_one_line(file, content):
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    report = pass_it("1.1")
    assert report.passed
    assert "not a file of minimask's progress" in repr(report)
    assert "\n" not in repr(report)
    assert file.read_text(encoding="utf-8") == content
    assert "Your progress is not known" in repr(exercises.progress())
    assert "Your progress is not known" in exercises.progress()._repr_mimebundle_()["text/html"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv(PROGRESS, str(tmp_path / "a file" / "progress.json"))
    report = pass_it("1.1")
    assert report.passed
    assert "This pass was not kept" in repr(report)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(file, monkeypatch):
    progress_file.add("1.1")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress_file.os, "fsync", full)
    assert "No space left" in pass_it("1.2").trouble
    assert list(progress_file.read()) == ["1.1"]
    assert {path.name for path in file.parent.iterdir()} == {"progress.json", "progress.json.lock"}


def test_forgetting_keeps_the_old_file(file):
    progress_file.add("1.1")
    anew = exercises.progress(forget=True)
    assert not anew.passed
    assert str(file.with_name("progress.json.old")) in repr(anew)
    assert json.loads(file.with_name("progress.json.old").read_text(encoding="utf-8"))["passed"]
    assert not exercises.progress(forget=True).remark


def test_without_the_variable_it_lies_in_the_readers_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(PROGRESS)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    assert progress_file.place() == data_folder() / "progress.json"
    if sys.platform.startswith("linux"):
        assert progress_file.place() == tmp_path / "minimask" / "progress.json"
        monkeypatch.delenv("XDG_DATA_HOME")
        assert progress_file.place().parts[-4:] == (".local", "share", "minimask", "progress.json")


def test_chapters_are_executed_without_anybodys_progress(file, tmp_path):
    progress_file.add("1.1")
    before = file.read_bytes()
    source = (
        "from minimask import exercises\nexercises.attempt('1.2', exercises.get('1.2').solution)\nexercises.progress(1)"
    )
    path = tmp_path / "chapter.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    chapters.execute(path)
    assert "1 of 6 exercises passed" in str(nbformat.read(path, as_version=4).cells[0].outputs)
    assert file.read_bytes() == before


@pytest.mark.parametrize("exercise", exercises.all(), ids=lambda exercise: exercise.id)
def test_the_notebook_of_each_exercise_is_the_one_that_has_it(exercise):
    cells = nbformat.read(NOTEBOOKS / notebook_of(exercise.id), as_version=4).cells
    assert exercise.cells()[0] in [cell.source for cell in cells]
    assert (NOTEBOOKS / front_of(exercise.chapter)).exists()


def test_every_exercise_has_hints_of_increasing_help():
    """Three at least, from a nudge in a sentence or three to nearly all, none of them said twice."""
    for exercise in exercises.all():
        assert len(exercise.hints) >= 3, exercise.id
        assert len(set(exercise.hints)) == len(exercise.hints), exercise.id
        for hint in exercise.hints:
            assert 6 <= len(hint.split()) <= 80, (exercise.id, hint)
        body = [line.strip() for line in exercise.source.splitlines() if len(line.strip()) > 20]
        assert not any(line in exercise.hints[0] for line in body), f"the first hint of {exercise.id} gives code away"
