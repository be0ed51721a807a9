"""The predictions of chapter 5, the whole machine."""

from minimask.exercises.prediction import Answer, Prediction

PARTS = Prediction(
    name="weights and work",
    question="Which part has the most weights, and which does the most work?",
    answers=(
        Answer(
            "the box head has the weights, the backbone the work",
            "A single layer of it has 30 %, yet the whole backbone has more still.",
        ),
        Answer("the backbone has both", "Over half of each. The box head comes second in weights only.", right=True),
        Answer("the mask head does the work", "It looks at a few detections only: 19 %."),
    ),
)
RISING = Prediction(
    name="the loss that rises",
    question="As training goes well, which loss rises?",
    answers=(
        Answer("objectness", "It falls first: one has to know where things are."),
        Answer("the class", "More RoIs have an object, but the classes are learned faster."),
        Answer("the boxes of the heads", "It counts only RoIs on objects, and there are more of them.", right=True),
        Answer("the mask", "It starts above log 2 and falls at once."),
    ),
)
PASTE = Prediction(
    name="the oracle's half pixel",
    question="An oracle knows every mask. Through a 28 by 28 grid with the published half pixel, its mask AP is",
    answers=(
        Answer("1.00: it makes no mistake", "It makes none. The *convention* does.", low=0.98),
        Answer("0.95: half a pixel is little", "Little on large objects; here many are small.", low=0.88, high=0.98),
        Answer("0.80", "A fifth is gone, and no number of cells brings it back.", right=True, low=0.7, high=0.88),
        Answer("0.50", "Not so bad: large objects hardly notice.", high=0.7),
    ),
)
DECISION = Prediction(
    name="the decision that matters",
    question="Which decision costs masks the most, if it is taken the other way?",
    answers=(
        Answer("RoIPool in place of RoIAlign", "0.135 of mask AP: much, but not the most."),
        Answer("joint heads", "The least of all, 4 % of the mask AP."),
        Answer("no pyramid", "13 % of the mask AP."),
        Answer("classes that compete for cells", "Nearly half of the mask AP.", right=True),
    ),
)
SWAPPED = Prediction(
    name="swapped x and y",
    question="x and y are swapped in the truth. How many of the five losses tell?",
    number=0,
    answers=(
        Answer("the boxes' two", "They learn the swapped boxes as willingly as the true ones.", low=1.5, high=2.5),
        Answer("the mask's", "Many targets are empty now, and easy.", low=0.5, high=1.5),
        Answer("all five", "Not one of them knows what a box should hold.", low=2.5),
        Answer("none", "All fall. A check of the *data* tells: are the masks in their boxes?", right=True, high=0.5),
    ),
)
PREDICTIONS = (PARTS, RISING, PASTE, DECISION, SWAPPED)
