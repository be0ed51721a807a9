"""The exercises of chapter 4, a committee of specialists: angles of gradients, what they say of losses, and surgery."""

from minimask.exercises.committee.cosines_with_floor import COSINES_WITH_FLOOR
from minimask.exercises.committee.fork_gradients import FORK_GRADIENTS
from minimask.exercises.committee.gradient_cosine import GRADIENT_COSINE
from minimask.exercises.committee.project_conflicts import PROJECT_CONFLICTS
from minimask.exercises.committee.shortest_of_three import SHORTEST_OF_THREE
from minimask.exercises.committee.shortest_of_two import SHORTEST_OF_TWO
from minimask.exercises.committee.who_loses import WHO_LOSES

EXERCISES = (
    GRADIENT_COSINE,
    COSINES_WITH_FLOOR,
    FORK_GRADIENTS,
    WHO_LOSES,
    SHORTEST_OF_TWO,
    PROJECT_CONFLICTS,
    SHORTEST_OF_THREE,
)
