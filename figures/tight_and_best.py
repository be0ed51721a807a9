"""Five silhouettes with their tight and their best boxes."""

from pathlib import Path

from minimask.data.silhouettes import family, horse
from minimask.geometry.ceilings import Shape
from minimask.plots.ceilings import tight_and_best
from minimask.plots.show import show

SHAPES: dict[str, Shape] = {name: family(name) for name in ("circle", "triangle", "star", "L")}
ALT = """A circle, a triangle, a star, an L and a horse, each with its tight box, dashed, and its best box, solid and
smaller. IoU tight and best: circle 0.785 and 0.837, triangle 0.500 and 0.707, star 0.359 and 0.645, L 0.500 and 0.750,
horse 0.385 and 0.598."""

if __name__ == "__main__":
    show(tight_and_best({**SHAPES, "horse": horse()}, width=2.1), ALT).save(Path(__file__).with_suffix(".png"))
