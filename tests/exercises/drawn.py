"""What the tests of exercises look at: remarks on the inputs that a check draws, and the words of a picture."""

from dataclasses import replace
from functools import cache

from minimask import exercises


@cache
def remarks_on_drawn(id):
    """Return what an exercise remarks on each of the inputs that its check draws."""
    exercise, seen = exercises.get(id), []
    drawn_only = replace(exercise, examples=(), large_examples=(), draws=150)
    drawn_only.check(lambda *given: seen.append(exercise.remark(*given)) or exercise.solution(*given))
    return tuple(seen)


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def labels_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def framed_cells(axes):
    """Return the (row, column) of the cells that have a thick frame."""
    frames = [patch for patch in axes.patches if patch.get_linewidth() == 2.5]
    return [(round(frame.get_y() + 0.46), round(frame.get_x() + 0.46)) for frame in frames]
