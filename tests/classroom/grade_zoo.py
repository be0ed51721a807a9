"""Grade the whole zoo as a class would hand it in, without nbgrader: `python tests/classroom/grade_zoo.py`.

Numbers behind it choose chapters. All of it takes a quarter of an hour.

Every wrong answer must get nothing, with the words that its check has for it in a notebook, and every right one all.
"""

import sys
import time

from handed_in import RIGHT, WRONG, of_the_zoo

from minimask import exercises
from minimask.classroom.grading import grade


def main(chapters):
    start, failed, done = time.monotonic(), [], {True: 0, False: 0}
    for animals, right in ((WRONG, False), (RIGHT, True)):
        for animal in animals:
            if chapters and animal.exercise.partition(".")[0] not in chapters:
                continue
            mark = grade(exercises.get(animal.exercise), of_the_zoo(animal))
            done[right] += 1
            if mark.passed != right or (not right and animal.says not in mark.message):
                failed.append(animal)
                print(f"{animal} was to be {'right' if right else 'wrong'} with {animal.says!r}: {mark}", flush=True)
    seconds = time.monotonic() - start
    print(f"{done[False]} wrong answers, {done[True]} right ones, {seconds:.0f} s; {len(failed)} not as they should be")
    return len(failed) > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
