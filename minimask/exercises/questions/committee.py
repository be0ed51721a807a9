"""The predictions of chapter 4, a committee of specialists."""

from minimask.exercises.prediction import Answer, Prediction

RISES = Prediction(
    name="which loss rises",
    question="The gradients (2, 0) and (-1, 2) have a negative cosine. A step follows their sum. Which loss rises?",
    answers=(
        Answer("that of the class", "It falls by 2. It would fall by 4 alone, so it is *slowed*, and still gains."),
        Answer("that of the mask", "It falls by 3: its gradient is the longer one, and the sum leans towards it."),
        Answer(
            "neither",
            "A negative cosine says that a task gets *less than alone*. To lose, it must be outweighed as well.",
            right=True,
        ),
        Answer("both", "Then the sum of the losses would rise, against its own gradient."),
    ),
)
CHANCE = Prediction(
    name="random directions",
    question="Two random directions among 10,000 weights: how large is their cosine, typically?",
    number=0.01,
    digits=1,
    answers=(
        Answer("about 0.5", "So it feels in the plane. Every further direction is one more way to differ.", low=0.2),
        Answer("about 0.1", "With a *hundred* weights: 1/√100.", low=0.03, high=0.2),
        Answer(
            "about 0.01",
            "1/√10,000. So 0.05 may be much, and 0.05 of a *gradient* may be noise.",
            right=True,
            high=0.03,
        ),
    ),
)
ROOM = Prediction(
    name="one feature or two",
    question="Both heads begin with the same row. With two features, in how many of 100 steps do they conflict?",
    answers=(
        Answer("in few: there is room for both", "There is, and both losses end at 0; the conflict stays.", high=30),
        Answer("in about half of them", "It does not fade half way: the heads turn apart slowly.", low=30, high=80),
        Answer(
            "in nearly all of them",
            "Just as with one feature, where half of the error remains. The cosine's sign does not tell the two apart.",
            right=True,
            low=80,
        ),
    ),
)
HARM = Prediction(
    name="how often a loss rises",
    question="Training follows the plain sum. In how many of 100 cases does any loss rise on the batch of the step?",
    answers=(
        Answer("in none", "Not quite: the sum guarantees nothing to a single task.", high=5),
        Answer(
            "in 10 to 20", "So little harm is there to cure; on *another* batch it is 70.", right=True, low=5, high=30
        ),
        Answer("in about half", "Cosines are negative about as often. But slowed is not lost.", low=30, high=70),
        Answer("in nearly all", "On another batch, in seven of ten. Not on its own.", low=70),
    ),
)
FRONT = Prediction(
    name="front",
    question="Fixed weights reach a front of compromises. Where do methods of surgery end?",
    answers=(
        Answer("below it: both losses lower", "Nothing is there: that is what makes it the front."),
        Answer("on it", "They choose a compromise, as two numbers would.", right=True),
        Answer("above it: something is wasted", "They come to rest only where no step helps all: on the front."),
    ),
)
WEIGHING = Prediction(
    name="ways of weighing",
    question="Eight ways of weighing five losses, five seeds each. Which has the highest mask AP?",
    answers=(
        Answer("a method of surgery", "The best two, PCGrad and UPGrad, do what the plain sum does."),
        Answer("weights that are learned as one goes", "GradNorm is far behind, and uncertainty beside the sum."),
        Answer("the plain sum", "Close. But nobody had given it a thought."),
        Answer("the sum with two tuned weights", "With every seed, and at no cost in the step.", right=True),
    ),
)
PREDICTIONS = (RISES, CHANCE, ROOM, HARM, FRONT, WEIGHING)
