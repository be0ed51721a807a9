"""nbgrader's autograder, with the sandbox in place of a kernel.

nbgrader runs a submitted notebook on the grader's machine, from the first cell to the last, and then looks whether the
test cells raised. A student's cell can thus decide what the test cells do. Here no cell is run: the test cells, which
nbgrader has restored from its database by then, only say which exercise they stand for; each is graded by `grade`, and
its outputs are what nbgrader looks at. The course's `nbgrader_config.py` puts this in the place of its `Execute`.
"""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, OverwriteCells
from nbgrader.utils import is_grade
from traitlets import Integer

from minimask import exercises
from minimask.classroom.grading import Mark, grade

TEST = re.compile(r'^exercises\.get\("(\d+\.\d+)"\)\.check\(\w+\)', re.MULTILINE)


class GradeInSandbox(NbGraderPreprocessor):  # type: ignore[misc]
    """Grade the test cells of a submitted notebook, each in a process of its own."""

    seed = Integer(
        None, allow_none=True, help="Draws the inputs on which answers are tried; None: those of the notebooks"
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:  # noqa: ANN401
        """Fill in the outputs of the test cells; those that were deleted come back, at the end."""
        nb.cells += self._missing(nb, resources["nbgrader"])
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        sources = [cell.source for cell in code if not is_grade(cell)]
        for number, cell in enumerate((cell for cell in code if is_grade(cell)), 1):
            cell.execution_count = number
            cell.outputs = [self._output(cell.source, sources)]
        return nb, resources

    def _missing(self, nb: NotebookNode, where: dict[str, str]) -> list[NotebookNode]:
        """Return the test cells that the released notebook has and this one has not.

        nbgrader's own way of adding them stops with an error when the cell before one is missing, too, or not graded.
        """
        there = {cell.metadata.nbgrader.get("grade_id") for cell in nb.cells if is_grade(cell)}
        with Gradebook(where["db_url"]) as book:
            released = book.find_notebook(where["notebook"], where["assignment"])
            sources = {cell.name: cell for cell in released.source_cells}
            made = [
                from_dict(OverwriteCells().missing_cell_transform(sources[test.name], test.max_score))
                for test in released.grade_cells
                if test.name not in there
            ]
        for number, cell in enumerate(made):
            cell.id = f"restored-{number}"
        return made

    def _output(self, test: str, sources: list[str]) -> NotebookNode:
        found = TEST.search(test)
        if not found:
            self.log.error("A test cell that is not of minimask cannot be run in the sandbox; no points: %s", test)
            return _refusal("UnknownTest", "This test is not one of minimask's, and was not run.")
        try:
            mark = grade(exercises.get(found[1]), sources, self.seed)
        except ValueError as error:
            return _refusal("UnknownTest", str(error))
        self.log.info("%s", mark)
        return _told(mark)


def _told(mark: Mark) -> NotebookNode:
    if mark.passed:
        return NotebookNode(new_output("stream", name="stdout", text=f"{mark}\n"))
    return _refusal("NotStartedYet" if mark.status == "not started yet" else "NotRightYet", mark.message)


def _refusal(name: str, message: str) -> NotebookNode:
    """Return an output that nbgrader takes for a test that failed."""
    return NotebookNode(new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"]))
