"""The predictions of chapter 3, a magnifying glass for pixels."""

from minimask.exercises.prediction import Answer, Prediction

CORNER = Prediction(
    name="corner",
    question="Between which centers of cells does the corner at (137.2, 54.8) lie, at stride 16?",
    answers=(
        Answer(
            "columns 8 and 9, rows 3 and 4",
            "137.2 / 16 = 8.575 is counted from the *edge* of the first cell. Its center lies half a cell further: the "
            "half pixel, forgotten as often as not.",
        ),
        Answer("columns 8 and 9, rows 2 and 3", "(8.575, 3.425), less one half: (8.075, 2.925).", right=True),
        Answer("columns 9 and 10, rows 3 and 4", "The half was added. Centers lie further in, so it is subtracted."),
    ),
)
BORDER = Prediction(
    name="border of a bin",
    question="At stride 16, how far can RoIPool move the border of a bin from where it belongs, in pixels?",
    answers=(
        Answer("8: rounding is off by half a cell at most", "For the corners. Bins are rounded *again*.", high=12),
        Answer("16: a whole cell", "Both roundings add up, and there is a cell that RoIPool adds.", low=12, high=24),
        Answer(
            "35: more than two cells",
            "Half a cell from the corner, up to six sevenths from the added cell, and as much from rounding up.",
            right=True,
            low=24,
        ),
    ),
)
STEPS = Prediction(
    name="hundredths of a pixel",
    question="The RoI moves by a hundredth of a pixel, 4,800 times. How often does RoIPool's value change?",
    number=3,
    answers=(
        Answer("never", "It must, in the end: 48 pixels are three cells.", high=1),
        Answer("3 times", "Once for every cell. All that lies between is invisible to it.", right=True, low=1, high=10),
        Answer(
            "about 50 times", "That would be once a pixel; but it rounds to *cells*, 16 pixels wide.", low=10, high=500
        ),
        Answer("each time", "That is RoIAlign.", low=500),
    ),
)
TOLD = Prediction(
    name="cells that are told",
    question="How many cells get a gradient from this bin of RoIAlign, with 2 by 2 samples?",
    number=9,
    answers=(
        Answer("1", "That is RoIPool, whose value *is* one cell.", high=2),
        Answer(
            "4, its nearest neighbors",
            "So says the textbook, of *one* sample. The bin has four of them.",
            low=2,
            high=6,
        ),
        Answer("9", "Four samples with four neighbors each, several of which they share.", right=True, low=6, high=12),
        Answer("16, four for each sample", "Only if no two samples share a neighbor; here they do.", low=12),
    ),
)
SLOPE = Prediction(
    name="slope of RoIPool",
    question="What is the derivative of RoIPool's value with respect to a side of the box?",
    number=0,
    answers=(
        Answer(
            "the slope of the map", "RoIAlign's is made of that. RoIPool does not read between the cells.", low=1e-9
        ),
        Answer("0, wherever there is one", "A staircase is flat, but for its steps.", right=True, low=-1e-9, high=1e-9),
    ),
)
SUFFERS = Prediction(
    name="who suffers",
    question="At stride 16, who loses more IoU by RoIPool's rounding, the mask or the box?",
    answers=(
        Answer(
            "the mask, by far",
            "0.16 against 0.02. A box's side is found by many cells together; an outline is not.",
            right=True,
        ),
        Answer(
            "both about the same", "The box's sides average over many cells. The outline has to be right everywhere."
        ),
        Answer("the box", "That is so for RoIPool's *added cell* at stride 32, nearly; not for its rounding."),
    ),
)
PREDICTIONS = (CORNER, BORDER, STEPS, TOLD, SLOPE, SUFFERS)
