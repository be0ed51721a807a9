"""The predictions of chapter 1, beyond the box."""

from minimask.exercises.prediction import Answer, Prediction

ROOF = Prediction(
    name="roof",
    question="The box around the whole roof has an IoU of 0.5 with it. What does the best of all boxes reach?",
    number=0.75,
    answers=(
        Answer(
            "0.5: nothing beats the box that holds all of it",
            "This takes the *smallest box around a shape* for the *best box*. A box may also leave something out.",
            high=0.51,
        ),
        Answer(
            "a little more, up to 0.6",
            "More, yes, but there is a bolder choice: give up the whole wing, and see what it costs.",
            low=0.51,
            high=0.6,
        ),
        Answer(
            "much more, about 0.75",
            "The box around the block alone loses 25 pixels of roof and gets rid of 100 empty ones: 75 of 100.",
            right=True,
            low=0.6,
            high=0.9,
        ),
        Answer("nearly 1", "For that the box would have to fit the L; it has four corners, the L has six.", low=0.9),
    ),
)
CIRCLE = Prediction(
    name="circle",
    question="Shrink the square until it cuts four slivers off the circle. What does the IoU do?",
    answers=(
        Answer(
            "It falls.",
            "So says the textbook. Cutting off circle costs *intersection*, but the square's empty corners leave the "
            "*union* faster, at first.",
        ),
        Answer("It stays the same.", "At no step do the two effects cancel for long: one of them is always larger."),
        Answer(
            "It rises.",
            "A sliver of circle is thin, a corner of the square is not. It rises until the sides balance, at 0.837.",
            right=True,
        ),
    ),
)
COINS = Prediction(
    name="coins",
    question="Coins are nearly circles. What IoU does the best box of a typical coin reach?",
    answers=(
        Answer("less than 0.77: real coins are worn", "They are, but at the rim, by a pixel or two.", high=0.77),
        Answer(
            "about 0.785, which is π/4",
            "That is the *tight* box's IoU on a circle. The best box leaves slivers out.",
            low=0.77,
            high=0.81,
        ),
        Answer("about 0.837", "What holds for circles holds for coins.", right=True, low=0.81, high=0.86),
        Answer("more than 0.86", "On a perfect circle nothing is above 0.837, and a coin is no better.", low=0.86),
    ),
)
HORSE = Prediction(
    name="horse",
    question="And the horse, with its legs: what IoU does its best box reach?",
    number=0.598,
    digits=3,
    answers=(
        Answer("less than 0.4", "That is the box around all of it, 0.385: mostly not horse.", high=0.4),
        Answer(
            "about 0.6",
            "0.598, with a box around the trunk: the head and the lower legs are not worth their empty surroundings.",
            right=True,
            low=0.4,
            high=0.7,
        ),
        Answer("about 0.8, as the coins", "A coin fills its surroundings; a horse stands on four thin legs.", low=0.7),
    ),
)
FILLED = Prediction(
    name="filled boxes",
    question="A detector has perfect boxes and fills them. Its mask AP is nearest to",
    answers=(
        Answer(
            "80 %: the boxes are perfect, after all",
            "Perfect *boxes* are no perfect *masks*. COCO's thresholds go up to an IoU of 0.95, and a filled box "
            "passes few of them.",
            low=0.65,
        ),
        Answer(
            "50 %",
            "Half of the thresholds would have to be passed by every object. A circle's tight box, at 0.785, passes "
            "six of ten; a triangle's, at 0.5, one; and a star's none.",
            low=0.3,
            high=0.65,
        ),
        Answer(
            "10 %",
            "It is below 0.1. What limits it is not how well it finds, but the language that it speaks.",
            right=True,
            high=0.3,
        ),
    ),
)
PREDICTIONS = (ROOF, CIRCLE, COINS, HORSE, FILLED)
