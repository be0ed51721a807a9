"""The predictions of chapter 6, out in the world."""

from minimask.exercises.prediction import Answer, Prediction

CLOSER = Prediction(
    name="rules come closer",
    question="Rules without learning: where do they come closer to the model?",
    answers=(
        Answer("with nuclei", "Spots can be thresholded. They stay behind all the same.", right=True),
        Answer(
            "with screens: edges there are sharp", "Sharp, until something lies above them; then frames are broken."
        ),
    ),
)
MANY_OR_FEW = Prediction(
    name="too many or too few",
    question="Otsu's threshold and watersheds count nuclei. What goes wrong?",
    answers=(
        Answer("too many: parts are cut up", "In brown tissue, yes: there the gland is taken apart. Not everywhere."),
        Answer("too few: clumps stay whole", "Where nuclei touch without a waist, yes. Not everywhere."),
        Answer("both, each in its own pictures", "So a total over many pictures may look right by luck.", right=True),
    ),
)
TOUCHING = Prediction(
    name="neighbors that touch",
    question="Of 100 pairs of nuclei that touch, how many have boxes with an IoU above 0.5?",
    number=0,
    answers=(
        Answer("about 50", "Then NMS would lose half of all clumps. Touching is not covering.", low=25),
        Answer("about 10", "It is what the usual argument for masks needs. It does not hold here.", low=1, high=25),
        Answer("none", "Round things that touch at a side have boxes that share little.", right=True, high=1),
    ),
)
DOUBT = Prediction(
    name="the most doubtful quarter",
    question="What share of all wrong nuclei lies in the quarter with the most doubt?",
    answers=(
        Answer("a quarter: doubt tells nothing", "It tells much, of errors that are *made*.", high=35),
        Answer("between a third and half", "More than that.", low=35, high=50),
        Answer("more than half", "But what was missed has no doubt, and nobody is told.", right=True, low=50),
    ),
)
ONE_CELL = Prediction(
    name="a single large cell",
    question="A single cell, four times as wide as any nucleus of the training. What does the model find at full size?",
    answers=(
        Answer("the cell: it is only larger", "A model knows sizes as it knows colors."),
        Answer("no whole cell", "Reduced to 128 pixels, it is found with a good outline.", right=True),
    ),
)
EASY = Prediction(
    name="easy for rules",
    question="Which class is easiest for rules about edges, and which hardest?",
    answers=(
        Answer(
            "panels are easiest: large, with a frame",
            "Large things have something above them, and then the frame is broken: they are the hardest.",
        ),
        Answer("check boxes are easiest, panels hardest", "Nothing else is so small and square.", right=True),
        Answer("text is hardest: it has no frame", "Letters with small gaps run together well enough."),
    ),
)
WIDE = Prediction(
    name="anchors for wide things",
    question="With the lesson's three ratios, what share of all boxes on screens has an anchor with an IoU of 0.5?",
    number=0.69,
    answers=(
        Answer(
            "nearly all", "With ratios down to 1:16 it is 98 %. A line of text is ten times as wide as high.", low=0.9
        ),
        Answer("about 70 %", "And of the lines of text less than 60 %.", right=True, low=0.5, high=0.9),
        Answer("less than half", "Buttons and pictures are no wider than other things.", high=0.5),
    ),
)
ORDER = Prediction(
    name="panel by panel",
    question="In which order does one meet the page's own more often?",
    answers=(
        Answer(
            "panel by panel, as people read",
            "By one pair in a hundred it is *worse*: a dialog lies in the middle and stands at the end.",
        ),
        Answer(
            "row by row across panels", "By a hundredth, and the interval says that this is no accident.", right=True
        ),
        Answer("no difference to be shown", "It is small, but its interval does not reach 0."),
    ),
)
TWICE = Prediction(
    name="twice the pixels",
    question="The same page with twice the pixels. The model's average precision, above 0.9 before, is then",
    answers=(
        Answer(
            "the same: nothing has changed", "For a person. The model knows how many *pixels* a check box has.", low=0.9
        ),
        Answer("a little lower", "Much lower: no size is what it was.", low=0.3, high=0.9),
        Answer(
            "next to nothing", "Below 0.3. Bring pictures to the scale of the training first.", right=True, high=0.3
        ),
    ),
)
SURE = Prediction(
    name="too sure",
    question="Of all detections with a given faint score, is the model too sure, or not sure enough?",
    answers=(
        Answer("too sure", "Most of them are doubles, or another class's word on an object already found.", right=True),
        Answer("not sure enough", "That will be so of the *pixels* of its masks."),
        Answer(
            "neither: it was trained to say probabilities", "It was, of another event: of a RoI, not of a detection."
        ),
    ),
)
PIXELS = Prediction(
    name="pixels of masks",
    question="And the pixels of a mask?",
    answers=(
        Answer("too sure, as the scores", "The other way around: temperatures *below* 1 suit them."),
        Answer("not sure enough", "They learned how much of a cell is covered, and pasting blurs it.", right=True),
    ),
)
STRANGERS = Prediction(
    name="strangers",
    question="A letter, a silhouette, a coin: in how many of 100 pictures is it surely called one of the six?",
    answers=(
        Answer("in few: the scores will be low", "A softmax over six classes has no word for anything else.", high=30),
        Answer("in about half", "More than that.", low=30, high=70),
        Answer("in 75 or more", "Nearly as often as what it knows.", right=True, low=70),
    ),
)
STRENGTH = Prediction(
    name="eight levels",
    question="Every pixel may change by 8 levels of 255. What does noise of that size hide, and what an attack?",
    answers=(
        Answer("noise a few objects, the attack a few more", "Noise cancels over many pixels; an attack adds up."),
        Answer("noise none, the attack four in five", "In pictures that look the same.", right=True),
        Answer("neither anything: it cannot be seen", "What nobody sees, the network still adds up."),
    ),
)
KNOWING = Prediction(
    name="who knows the defense",
    question="How many of the four defenses stop half of the attacks once the attacker knows of them?",
    number=3,
    answers=(
        Answer("none", "Three still do at this strength; at twice the strength they hide half and more.", high=0.5),
        Answer(
            "three",
            "17, 21 and 38 % vanish, in place of 79. But at twice the strength it is half and more: no cure.",
            right=True,
            low=2.5,
            high=3.5,
        ),
        Answer("all", "Behind eight levels 62 % still vanish.", low=3.5),
    ),
)
PREDICTIONS = (
    *(CLOSER, MANY_OR_FEW, TOUCHING, DOUBT, ONE_CELL),
    *(EASY, WIDE, ORDER, TWICE),
    *(SURE, PIXELS, STRANGERS, STRENGTH, KNOWING),
)
