"""One widget of each kind, for the tests that hold for all of them, and what else it can look like."""

import runpy
from collections.abc import Callable
from pathlib import Path

from on_page import OnPage

from minimask.widgets import AnchorSea, BoxCeiling, Funnel, GradientAlignment, RoIWindow, WeatherMap, XRay
from minimask.widgets.living_picture import LivingPicture

FIXTURES = Path(__file__).parents[1] / "fixtures"
GRADIENTS = runpy.run_path(str(FIXTURES / "make_gradient_alignment.py"))


def trainings() -> GradientAlignment:
    """Return the gradient alignment with trainings in sight."""
    widget = GradientAlignment([GRADIENTS["invented"](), GRADIENTS["invented"]("joint")])
    widget.choose(source="recorded")
    return widget


KINDS: dict[str, Callable[[], LivingPicture]] = {
    "anchor sea": AnchorSea,
    "attack strength": runpy.run_path(str(FIXTURES / "make_attack_strength.py"))["widget"],
    "box ceiling": BoxCeiling,
    "count explorer": runpy.run_path(str(FIXTURES / "make_count_explorer.py"))["widget"],
    "funnel": Funnel,
    "gradient arrows": lambda: GradientAlignment([]),
    "gradient maps": trainings,
    "RoI window": RoIWindow,
    "screen picker": runpy.run_path(str(FIXTURES / "make_screen_picker.py"))["widget"],
    "training monitor": runpy.run_path(str(FIXTURES / "make_training_monitor.py"))["long_run"],
    "weather map": WeatherMap,
    "X-ray": XRay,
}


def _draw_nothing(shown: OnPage) -> None:
    shown.page.get_by_role("button", name="draw").click()
    shown.page.keyboard.press("Enter")


def _fail(shown: OnPage) -> None:
    shown.page.evaluate(
        "minimask.model.set('run', { ...minimask.model.get('run'), phase: 'failed', error: 'The loss is no number.' })"
    )
    shown.settle()


def _state(**entries: object) -> Callable[[OnPage], None]:
    return lambda shown: shown.set(**entries)


OTHERWISE: dict[str, tuple[str, Callable[[OnPage], None]]] = {
    "anchor sea": ("another recipe, no level drawn", _state(recipe="c4", shown=[], dotted=0)),
    "attack strength": ("the strongest attack", _state(found=False, attack=1, step=3)),
    "box ceiling": ("a drawing that is refused", _draw_nothing),
    "count explorer": ("nothing found", _state(score=0.99, truth=True, outlines="none")),
    "funnel": ("one box left", _state(stage="top_n", pre_top_n=1, post_top_n=1)),
    "gradient arrows": ("no gradients yet", _state(source="live")),
    "gradient maps": ("different batches, another method", _state(batches="across", method="pcgrad")),
    "RoI window": ("beyond the map, adaptive", _state(aligned=False, sampling_ratio=0, box=[-20, -20, 40, 40])),
    "screen picker": ("no page found", _state(search="no such theme", view="truth")),
    "training monitor": ("a failed training", _fail),
    "weather map": ("by the nearest, at a corner", _state(ground="nearest", point=[0, 0])),
    "X-ray": ("no detection", _state(stage="detections", score=0.99)),
}
"""Another mode of each, or what it shows when something is empty or went wrong."""
