"""How the class and the mask gradient lie to each other, place by place through recorded trainings."""

from pathlib import Path

from minimask.gradients.recorded import HEADS, followed
from minimask.plots.gradients import heat
from minimask.plots.show import show

ALT = """Cosines of the class and the mask gradient, place by place from the picture upward and from the first step of
the training to the last. With joint heads they oppose each other after ten steps, below -0.5 in the pyramid and in the
head; from step 100 on they agree nearly everywhere. With decoupled heads the early conflict is faint."""


if __name__ == "__main__":
    runs = {f"{heads} heads": followed(heads) for heads in reversed(HEADS)}
    maps = {title: run.by_place("class", "mask") for title, run in runs.items()}
    names = {title: of[0] for title, of in maps.items()}
    cosines = {title: of[1] for title, of in maps.items()}
    split = {title: of[2] for title, of in maps.items()}
    moments = next(iter(runs.values())).moments
    show(heat(cosines, names, moments, split), ALT).save(Path(__file__).with_suffix(".png"))
