"""Try all mutants, and write the table: `python -m benchmarks.mutation --help`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from minimask import exercises
from minimask.exercises.exercise import Exercise

from .hand import Hand
from .mutants import mutants
from .record import Record
from .report import REPORT, Trial, report


def trials(exercise: Exercise, hand: Hand, record: Record) -> Iterator[Trial]:
    """Try all mutants of an exercise's solution."""
    for mutant in mutants(exercise.source):
        known = record.get(exercise, mutant.source)
        if known is None:
            start = time.perf_counter()
            outcome = hand.outcome(exercise.id, mutant.source)
            known = outcome, time.perf_counter() - start
            record.put(exercise, mutant.source, *known)
        yield Trial(exercise, mutant, *known)


def main() -> None:
    """Print what survives, and write the table where all exercises were tried."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description=__doc__)
    parser.add_argument(
        "ids", nargs="*", metavar="id", help="exercises such as 1.1, or chapters such as 1 (default: all)"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep outcomes here, and go on from them")
    arguments = parser.parse_args()
    chosen = [it for it in exercises.all() if not arguments.ids or {it.id, str(it.chapter)} & set(arguments.ids)]
    record, done = Record(arguments.record), list[Trial]()
    with Hand() as hand:
        for exercise in chosen:
            found = list(trials(exercise, hand, record))
            record.save()
            done += found
            open_ones = [trial for trial in found if trial.is_open]
            print(f"{exercise.id} {exercise.name}: {len(found)} mutants, {len(open_ones)} unexplained", flush=True)
            for trial in open_ones:
                print(f"    {trial.mutant.operator}: {trial.mutant.change}", flush=True)
    text = report(done)
    if not arguments.ids:
        REPORT.write_text(text, encoding="utf-8")
    print(text.partition("\n## ")[0])
    sys.exit(any(trial.is_open or trial.is_misjudged for trial in done))


if __name__ == "__main__":
    main()
