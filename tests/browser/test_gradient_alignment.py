"""The gradient alignment in the browser: held against Python, and in the reader's hands; a training in JupyterLab."""

import json
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.gradients.surgery import as_gram
from minimask.widgets import GradientAlignment
from minimask.widgets.gradient_alignment_measures import METHODS

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "gradient_alignment.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_gradient_alignment.py"))
NAMES = (
    *("SURGERY", "arrowsGram", "cellGram", "cosine", "describeArrows", "describeRun", "describeStudy", "effect"),
    *("inPlane", "momentOf", "pairAt", "pairsOf", "unpack"),
)
AT_HAND = {
    "g": ("gradient_alignment_measures", ", ".join(NAMES)),
    "p": ("gradient_alignment_picture", "commonArc, courseOf, mapsOf, planeOf"),
}
REACH = 1.22
"""What half of the plane's canvas stands for."""
ALL = {"source": "recorded"}


@pytest.fixture
def widget() -> GradientAlignment:
    return GradientAlignment([MAKE["invented"](), MAKE["invented"]("joint", chance=3)])


# --- held against Python


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=[str(k) for k in range(len(FIXTURE["cases"]))])
def test_the_numbers_and_words_are_python_s(javascript, case):
    found = javascript(
        """([packed, state]) => {
          const studies = packed.map(g.unpack);
          const arrows = state.source === "arrows";
          const study = studies[state.study];
          const place = study.at[state.place];
          const gram = arrows ? g.arrowsGram(state.arrows) : g.cellGram(study, state, place, g.momentOf(study, state));
          const weights = arrows ? state.arrow_weights : state.weights;
          const course = study.moments.map((_, m) => g.pairAt(study, state, place, m));
          const known = (v) => (Number.isNaN(v) ? 9 : v);
          return {
            gram, cosines: g.pairsOf(gram).map(([i, j]) => known(g.cosine(gram, i, j))),
            shares: g.effect(gram, weights, state.method).share, sum: g.effect(gram, weights, "sum").share,
            course: Object.fromEntries(Object.keys(course[0]).map((name) => [name, course.map((cell) =>
              name === "clear" ? cell.clear : known(cell[name]))])),
            words: arrows ? g.describeArrows(state) : g.describeStudy(study, place, state),
          };
        }""",
        [FIXTURE["studies"][case["studies"]], case["state"]],
    )
    assert found["words"] == case["words"]
    for name in ("gram", "shares", "sum", "cosines"):
        wanted = np.nan_to_num(np.array(case[name], dtype=float), nan=9.0)
        np.testing.assert_allclose(found[name], wanted, rtol=0, atol=1e-6, err_msg=name)
    for name, wanted in case.get("course", {}).items():
        np.testing.assert_allclose(found["course"][name], wanted, rtol=0, atol=1e-12, err_msg=name)
    assert found["course"]["clear"] == case.get("clear", found["course"]["clear"])


def test_a_followed_training_in_words(javascript):
    for case in FIXTURE["runs"]["said"]:
        said = javascript("g.describeRun", case["run"])
        assert case["words"].startswith(said)
        assert bool(said) == (case["run"]["phase"] != "ready")


@pytest.mark.parametrize("name", METHODS)
def test_surgery_on_any_products(javascript, name):
    """What a direction does to every task is the same; of weights there may be several that make the same direction."""
    found = javascript("([name, grams]) => grams.map((gram) => g.SURGERY[name](gram))",
                       [name, [case["gram"] for case in FIXTURE["grams"]]])  # fmt: skip
    assert len(found) > 80
    for weights, case in zip(found, FIXTURE["grams"], strict=True):
        gram, wanted = as_gram(case["gram"]), np.array(case["pulled"][name])
        pulled, scale = gram @ weights, np.sqrt(np.outer(np.diag(gram), np.ones(len(gram))) * np.diag(gram).max()).max()
        if name == "cagrad":  # the least gain is what it makes largest
            assert pulled.min() == pytest.approx(wanted.min(), abs=1e-6 * max(scale, 1))
            if not np.diag(gram).all():
                continue  # there the best is not the only one
        np.testing.assert_allclose(pulled, wanted, rtol=0, atol=1e-6 * max(scale, 1))


def test_the_plane(javascript):
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(4, 7))
    gram, weights = vectors @ vectors.T, rng.uniform(0, 2, 4)
    found = javascript("([gram, pair, steps]) => g.inPlane(gram, pair, steps)",
                       [gram.tolist(), [1, 3], [weights.tolist()]])  # fmt: skip
    from minimask.widgets.gradient_alignment_measures import in_plane

    pulls, step = in_plane(gram, (1, 3), weights)
    np.testing.assert_allclose(found["pulls"], pulls, atol=1e-12)
    np.testing.assert_allclose(found["projected"], [step], atol=1e-12)


def test_where_no_pull_loses(javascript):
    rng = np.random.default_rng(8)
    for count in (1, 2, 3) * 20:
        pulls = rng.normal(size=(count, 2))
        arc = javascript("p.commonArc", pulls.tolist())
        for angle in np.linspace(-np.pi, np.pi, 200):
            gains = (pulls @ [np.cos(angle), np.sin(angle)] > 1e-3).all()
            inside = arc is not None and any(arc[0] <= angle + turn <= arc[1] for turn in (-2 * np.pi, 0, 2 * np.pi))
            assert not gains or inside
            assert not inside or (pulls @ [np.cos(angle), np.sin(angle)] > -1e-9).all()


# --- in the reader's hands


def follow(widget: GradientAlignment, shown: OnPage) -> GradientAlignment:
    """Give Python the state of the page, and see that both say the same."""
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    for row, (name, share) in enumerate(widget.measures["shares"].items()):
        line = shown.page.locator(".mm-task").nth(row)
        percent = f"{abs(100 * share):.0f}"
        said = "stays" if percent == "0" else f"{'rises' if share < 0 else 'falls'} {percent} %"
        expect(line).to_contain_text(name)
        expect(line.locator("> span").last).to_have_text(said)
        assert (line.get_attribute("data-loses") is not None) == said.startswith("rises")
    return widget


def at(shown: OnPage, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the plane is on the page."""
    frame = shown.stage.bounding_box()
    half = frame["width"] / 2
    return frame["x"] + half * (1 + x / REACH), frame["y"] + half * (1 - y / REACH)


def test_dragging_arrows(opened, widget):
    shown = opened()
    before = shown.picture()
    start, end = at(shown, -0.45, 0.35), at(shown, 0.5, 0.8)
    shown.drag(start, (end[0] - start[0], end[1] - start[1]))
    np.testing.assert_allclose(shown.state["arrows"], [[1, 0.2], [0.5, 0.8]], atol=0.011)
    assert shown.picture() != before
    assert min(follow(widget, shown).measures["sum"].values()) > 0
    shown.drag(at(shown, 1, 0.2), (900, 0))
    assert shown.state["arrows"][0][0] == 1
    start = at(shown, 0.1, -0.9)  # beside all arrows: the nearest tip comes
    shown.drag(start, (0, 1))
    assert min(np.hypot(*np.subtract(arrow, [0.1, -0.9])) for arrow in shown.state["arrows"]) < 0.05


def test_arrows_by_key(opened, widget):
    shown = opened()
    shown.page.get_by_role("radio", name="tasks: 3").check()
    shown.stage.focus()
    press = shown.page.keyboard.press
    press("c")
    press("ArrowRight")
    press("Shift+ArrowUp")
    press("Alt+ArrowLeft")
    assert shown.state["arrows"][2] == pytest.approx([-0.26, -0.55])
    press("B")
    press("ArrowDown")
    assert shown.state["arrows"][1] == pytest.approx([-0.45, 0.3])
    shown.settle()
    follow(widget, shown)
    press("Escape")
    assert shown.state == widget.fresh


def test_methods_and_weights(opened, widget):
    shown = opened()
    follow(widget, shown)
    assert shown.page.locator(".mm-task[data-loses]").count() == 0
    for name in ("sum", "MGDA", "CAGrad", "UPGrad"):
        shown.page.get_by_role("radio", name=f"step by: {name}", exact=True).check()
        shown.settle()
        follow(widget, shown)
    shown.page.get_by_role("radio", name="step by: sum", exact=True).check()
    shown.settle()
    assert shown.page.locator(".mm-task[data-loses]").count() == 1
    slider = shown.page.get_by_role("slider", name="weight of B")
    slider.focus()
    for _ in range(20):
        shown.page.keyboard.press("ArrowRight")
    assert shown.state["arrow_weights"] == [1, 2]
    shown.settle()
    follow(widget, shown)
    assert shown.page.locator(".mm-task[data-loses]").count() == 0
    expect(shown.page.locator(".mm-task").nth(1)).to_contain_text("× 2.00")


def cell(shown: OnPage, widget: GradientAlignment, study: int, place: int, moment: int) -> dict:
    """Return where a cell of the maps is on their canvas."""
    width = shown.page.locator(".mm-maps").bounding_box()["width"]
    labels, gap = min(150, 0.37 * width), 10
    each = (width - labels) / 2 - gap
    return {"x": labels + gap + (each + gap) * study + each * (moment + 0.5) / 9, "y": 24 + 18 * (place + 0.5)}


def test_choosing_cells(opened, widget):
    shown = opened()
    page = shown.page
    page.get_by_role("radio", name="show: recorded trainings").check()
    shown.settle()
    follow(widget, shown)
    maps, before = page.locator(".mm-maps"), shown.picture(".mm-plane")
    maps.click(position=cell(shown, widget, 1, 17, 7))
    assert (shown.state["study"], shown.state["place"], shown.state["moment"]) == (1, 17, 7)
    shown.settle()
    assert follow(widget, shown).words().startswith("Joint, head convolution 2, after step 500:")
    assert shown.picture(".mm-plane") != before
    maps.click(position=cell(shown, widget, 0, 17, 7))  # heads that lack this place: the nearest one
    assert (shown.state["study"], widget.rows[shown.state["place"]]) == (0, "RoI features")
    maps.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "PageDown", "ArrowUp"):
        page.keyboard.press(key)
    assert (shown.state["study"], widget.rows[shown.state["place"]]) == (1, "head convolution 4")
    assert shown.state["moment"] == 5
    page.keyboard.press("Home")
    assert shown.state["moment"] == 0
    page.keyboard.press("End")
    shown.settle()
    follow(widget, shown)
    course = page.locator(".mm-course")
    course.click(position={"x": 54 + (course.bounding_box()["width"] - 66) * 2.5 / 9, "y": 60})
    assert shown.state["moment"] == 2
    shown.settle()  # the slider takes the value with the next picture; a key before that starts from the old one
    slider = page.get_by_role("slider", name="step of the training")
    slider.focus()
    page.keyboard.press("ArrowRight")
    shown.settle()
    assert shown.state["moment"] == 3
    follow(widget, shown)


def test_pairs_batches_and_seeds(opened, widget):
    shown = opened()
    shown.set(**ALL)
    page = shown.page
    page.locator(".mm-pairs label").nth(7).click()
    assert shown.state["pair"] == [1, 4]
    shown.settle()
    follow(widget, shown)
    expect(page.get_by_text("Cosine of RPN box and mask, place by place")).to_be_visible()
    before = shown.picture(".mm-maps")
    page.get_by_role("radio", name="cosine: on different batches").check()
    shown.settle()
    assert shown.picture(".mm-maps") != before
    follow(widget, shown)
    page.get_by_role("radio", name="seed: 3", exact=True).check()
    shown.settle()
    follow(widget, shown)
    slider = page.get_by_role("slider", name="weight of mask")
    slider.focus()
    page.keyboard.press("End")
    shown.settle()
    assert shown.state["weights"] == [1, 1, 1, 1, 3]
    follow(widget, shown)
    page.get_by_role("button", name="Reset").click()
    assert shown.state == widget.fresh


def test_cells_within_the_noise_are_hatched_and_others_are_not(opened, widget):
    shown = opened()
    shown.set(**ALL)
    widget.state = shown.state

    def inks(study: int, place: int, moment: int) -> int:
        spot = cell(shown, widget, study, place, moment)
        return shown.page.evaluate(
            """([x, y]) => {
              const node = document.querySelector(".mm-maps");
              const { data } = node.getContext("2d").getImageData(x - 6, y - 6, 12, 12);
              return new Set(Array.from({ length: 144 }, (_, k) => data.slice(4 * k, 4 * k + 3).join())).size;
            }""",
            [spot["x"], spot["y"]],
        )

    seen = set()
    for place in (0, 3, 8, 14):
        widget.choose(place=widget.rows[place])
        for moment, clear in enumerate(widget.measures["course"].clear):
            if (place, moment) != (widget.fresh["place"], 4):
                assert (inks(0, place, moment) == 1) == clear
                seen.add(bool(clear))
    assert seen == {True, False}


@pytest.mark.parametrize("on_a_tip", [True, False])
def test_a_finger_moves_an_arrow_and_beside_it_scrolls_the_page(opened, on_a_tip):
    shown = opened(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 600})
    before = shown.state["arrows"]
    shown.stage.scroll_into_view_if_needed()
    scrolled = shown.page.evaluate("scrollY")
    shown.touch(at(shown, *(before[1] if on_a_tip else (-0.6, -0.6))), (0, -60))
    if on_a_tip:
        assert shown.page.evaluate("scrollY") == scrolled
        assert shown.state["arrows"][1][1] > before[1][1] + 0.2
    else:
        assert shown.page.evaluate("scrollY") > scrolled + 30
        assert shown.state["arrows"] == before


def test_all_controls_are_reached_by_tab(opened):
    shown = opened()
    seen = [label.split(":")[0] for label in shown.controls_by_tab(8)]
    assert seen == [
        *("show", "step by", "Reset", "Pulls of tasks on two weights", "tasks", "weight of A", "weight of B", "Keys"),
    ]


# --- a training


def live_page(shown: OnPage, tmp_path: Path, live: GradientAlignment) -> None:
    live.save(tmp_path / "live.html")
    shown.page.goto((tmp_path / "live.html").as_uri())
    shown.page.wait_for_function("window.minimask")
    expect(shown.caption).to_have_text(live.words())


def test_gradients_come_in(opened, tmp_path):
    shown = opened()
    live = GradientAlignment.live()
    live_page(shown, tmp_path, live)
    for step, alignment in MAKE["alignments"](5):
        live.add(step, alignment)
        entries = {name: getattr(live, name) for name in ("studies", "rows", "fresh", "run", "state")}
        shown.page.evaluate(
            "(entries) => Object.entries(entries).forEach(([name, v]) => minimask.model.set(name, v))", entries
        )
        shown.settle()
        expect(shown.caption).to_have_text(live.words())
    expect(shown.page.get_by_role("radio", name="left and right: cosine")).to_be_checked()
    shown.page.locator(".mm-maps").focus()
    shown.page.keyboard.press("ArrowLeft")
    shown.settle()
    live.state = shown.state
    assert shown.state["moment"] == 3
    expect(shown.caption).to_have_text(live.words())


CELLS = [
    """import runpy, time
from types import SimpleNamespace
from minimask.widgets import GradientAlignment
made = runpy.run_path(PATH)
looks = iter([alignment for _, alignment in made["alignments"](60)] * 3)
def training(steps=700):
    for step in range(steps + 1):
        time.sleep(0.02)
        yield SimpleNamespace(step=step, steps=steps)
widget = GradientAlignment.live()
widget.follow(training, lambda: next(looks), every=20)""".replace(
        "PATH", repr(str(FIXTURES / "make_gradient_alignment.py"))
    ),
    "import time; time.sleep(5)",
    "print(widget.wait(60))",
]


def test_a_training_stops_and_goes_on_in_the_lab(open_notebook, lab, screenshot):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, lab.folder / "gradients.ipynb")
    opened = open_notebook("gradients.ipynb", viewport={"width": 1200, "height": 1000})
    page = opened.page
    opened.run_cell(0)
    button = page.locator(".mm-go")
    expect(button).to_have_text("Stop")
    expect(page.locator(".mm-caption")).to_contain_text("running. This training, 2, after step")
    busy = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    busy.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")
    expect(busy.locator(".jp-InputPrompt")).to_contain_text("[*]")
    button.click()
    expect(button).to_have_text("Go on")
    expect(page.locator(".mm-caption")).to_contain_text("of 700, stopped.", timeout=4000)
    screenshot(page, "lab_gradient_alignment_paused")
    button.click()
    opened.run_cell(2)
    expect(page.locator(".jp-OutputArea-output pre").last).to_have_text("finished")
    expect(page.locator(".mm-caption")).to_contain_text("Step 700 of 700, finished. This training, 2, after step 700:")
    expect(button).to_be_hidden()


# --- how fast, and how it looks


@pytest.mark.parametrize(("kind", "state"), [("stage", {"arrows": [[1, 0.2], [-0.4, 0.3], [0, -0.7]]}), ("maps", ALL)])
def test_latency(opened, latency, kind, state):
    shown = opened()
    shown.set(**({**state, "arrow_weights": [1, 1, 1]} if kind == "stage" else state))
    canvas = shown.page.locator(f".mm-{kind}").first
    assert latency(canvas, f"gradient alignment on a page, {kind}") < 15


def test_latency_of_a_weight(opened):
    shown = opened()
    shown.set(**ALL)
    work = shown.page.evaluate(
        """async () => {
          const work = [];
          const root = document.querySelector(".minimask");
          root.addEventListener("minimask:drawn", (event) => work.push(event.detail.work));
          const slider = document.querySelectorAll(".mm-task input")[4];
          for (let k = 0; k < 60; k++) {
            slider.valueAsNumber = k / 20;
            slider.dispatchEvent(new InputEvent("input", { bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          }
          return work;
        }"""
    )
    assert len(work) >= 50
    assert np.median(work) < 15


def test_screenshots(opened, screenshot, tmp_path):
    three = {"arrows": [[1, 0.2], [-0.45, 0.35], [0.2, -0.75]], "arrow_weights": [1, 1, 0.5], "method": "upgrad"}
    for name, state, options in (
        ("arrows", {}, {}),
        ("arrows_dark", three, {"color_scheme": "dark"}),
        ("arrows_narrow", three, {"viewport": {"width": 380, "height": 1150}}),
        ("maps", ALL, {}),
        ("maps_dark", {**ALL, "batches": "across", "method": "mgda"}, {"color_scheme": "dark"}),
        ("maps_narrow", ALL, {"viewport": {"width": 380, "height": 2500}}),
    ):
        shown = opened(**{"viewport": {"width": 1000, "height": 1250}, **options})
        shown.set(**state)
        screenshot(shown.page, f"gradient_alignment_{name}")
        shown.page.context.close()
    live = GradientAlignment.live()
    for step, alignment in MAKE["alignments"](12):
        live.add(step, alignment)
    for name, options in (("live", {}), ("live_dark", {"color_scheme": "dark"})):
        shown = opened(**{"viewport": {"width": 1000, "height": 1050}, **options})
        live_page(shown, tmp_path, live)
        screenshot(shown.page, f"gradient_alignment_{name}")
        shown.page.context.close()
