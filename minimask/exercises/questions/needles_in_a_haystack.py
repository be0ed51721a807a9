"""The predictions of chapter 2, needles in a haystack."""

from minimask.exercises.prediction import Answer, Prediction

LYING = Prediction(
    name="lying anchor",
    question="An anchor of size 32 and ratio ½:",
    answers=(
        Answer("standing, 23 by 45", "That is ratio 2: here a ratio is height over width. (Some libraries turn it.)"),
        Answer("lying, 32 by 16", "The *area* is 32², whatever the ratio; 32 by 16 has half of it."),
        Answer("lying, 45 by 23", "32 times √2 by 32 over √2.", right=True),
    ),
)
MULTIPLICATIONS = Prediction(
    name="multiplications",
    question="How many multiplications does the mask branch need for one box?",
    number=532_066_304,
    answers=(
        Answer(
            "about as many as it has weights: three million",
            "A convolution uses each weight *once for every cell*, 196 times and more.",
            high=2e7,
        ),
        Answer("some fifty million", "One of its five layers takes more than that.", low=2e7, high=2e8),
        Answer("half a billion", "532 million, of which four convolutions take most.", right=True, low=2e8, high=2e9),
        Answer("a trillion", "For a *thousand* boxes it would be half of that.", low=2e9),
    ),
)
BACKGROUND = Prediction(
    name="background",
    question="Of a hundred anchors, how many are background?",
    number=96,
    answers=(
        Answer("about 50", "The sample that a step looks at is half and half; the sea is not.", high=70),
        Answer("about 80", "Even more: a picture has three objects, and 4,032 anchors.", low=70, high=92),
        Answer("about 96", "One in a thousand is positive, the rest is ignored.", right=True, low=92, high=99),
        Answer("all but one", "Nearly; but some overlap by 0.3 to 0.7, and are ignored.", low=99),
    ),
)
CROWD = Prediction(
    name="crowd",
    question="Every object in a crowd has one perfect box. How many objects does NMS at 0.5 throw away?",
    number=24,
    digits=1,
    answers=(
        Answer(
            "none: there are no duplicates", "NMS cannot tell a duplicate from a neighbor: it sees only IoU.", high=2
        ),
        Answer("one in twenty", "That would be so at the milder threshold of 0.7.", low=2, high=15),
        Answer(
            "one in four", "And nothing has been predicted yet: the rule itself does it.", right=True, low=15, high=35
        ),
        Answer("more than half", "At the stricter 0.3 it is half.", low=35),
    ),
)
PREDICTIONS = (LYING, MULTIPLICATIONS, BACKGROUND, CROWD)
