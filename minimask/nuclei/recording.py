"""Record what the count explorer shows: `python -m minimask.nuclei.recording`.

Six pictures of tissue that the model never learned from, all that it finds in them from a low score on, and what rules
find.
"""

from __future__ import annotations

import torch

from minimask.data.counted import RECORDED, CountedPicture, save_counted
from minimask.data.nuclei import NucleiWorld
from minimask.nuclei.baseline import watershed_nuclei
from minimask.nuclei.counting import Look
from minimask.nuclei.trained import trained_nuclei_model
from minimask.training.batches import as_target
from minimask.training.proposals import evaluating

LEAST_SCORE = 0.05
PICTURES: dict[str, tuple[NucleiWorld, int]] = {
    "a gland": (NucleiWorld(seed=2, look="dab"), 5),
    "fibres": (NucleiWorld(seed=2, look="eosin"), 3),
    "bright on dark": (NucleiWorld(seed=2, look="gray"), 4),
    "in clumps": (NucleiWorld(seed=2, crowding=0.9, nuclei=(40, 45)), 7),
    "a weak stain": (NucleiWorld(seed=2, look="dab", stain=0.4), 5),
    "out of focus": (NucleiWorld(seed=2, look="dab", blur=8), 5),
}
"""By name: a world, and the number of a picture in it."""


def recorded() -> list[CountedPicture]:
    """Return the pictures with what is found in them."""
    model = trained_nuclei_model()
    found = []
    for name, (world, number) in PICTURES.items():
        picture = world[number]
        with evaluating(model), torch.no_grad():
            trace = model.trace([as_target(picture)[0]], score_threshold=LEAST_SCORE, nms_threshold=Look.nms)
        found.append(CountedPicture.of(picture, trace.outputs[0], watershed_nuclei(picture.image), name))
    return found


def main() -> None:
    """Write the file."""
    save_counted(RECORDED, recorded())
    print(f"{RECORDED}: {RECORDED.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
