"""The gradient alignment, driven without a browser."""

import json
import runpy
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from minimask.gradients.aligned import Alignment
from minimask.gradients.surgery import METHODS
from minimask.widgets import GradientAlignment, gradient_alignment
from minimask.widgets.gradient_alignment import MOST_MOMENTS
from minimask.widgets.gradient_alignment_bytes import MOST_BATCHES, STEPS, pack, unpack
from minimask.widgets.gradient_alignment_measures import cell_gram, effect, in_plane

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "gradient_alignment.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_gradient_alignment.py"))
RECORDED = {"source": "recorded"}


@pytest.fixture
def studies():
    return [MAKE["small"](), MAKE["small"](heads="joint", chance=1)]


@pytest.fixture
def widget(studies) -> GradientAlignment:
    return GradientAlignment(studies)


def live_one(**options) -> GradientAlignment:
    live = GradientAlignment.live()
    for step, alignment in MAKE["alignments"](**options):
        live.add(step, alignment)
    return live


# --- what the browser is held to


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=[str(k) for k in range(len(FIXTURE["cases"]))])
def test_the_fixture(widget, case):
    found = MAKE["shown"]((widget, live_one())[case["studies"]], case["state"])
    assert found.pop("words") == case["words"]
    assert found.pop("state") == case["state"]
    for name, values in found.items():
        if isinstance(values, dict):
            for part, numbers in values.items():
                np.testing.assert_allclose(numbers, case[name][part], rtol=0, atol=1e-12, err_msg=part)
        else:
            np.testing.assert_allclose(values, case[name], rtol=0, atol=1e-7)


def test_the_fixture_holds_what_travels(widget):
    assert [widget.studies, live_one().studies] == FIXTURE["studies"]


def test_a_followed_training_in_words():
    live = GradientAlignment.live()
    assert live.words() == FIXTURE["runs"]["nothing"] == "No gradients yet."
    live = live_one()
    live.state = FIXTURE["runs"]["state"]
    for case in FIXTURE["runs"]["said"]:
        live.run = case["run"]
        assert live.words() == case["words"]


def test_the_fixture_covers_everything():
    words = " ".join(case["words"] for case in (*FIXTURE["cases"], *FIXTURE["runs"]["said"]))
    for said in (
        "pull against each other",
        "pull the same way",
        "nearly at right angles",
        "does not pull at all",
        "there is no cosine between",
        "on different batches",
        "over 2 seeds)",
        "There is no noise floor here.",
        "Beyond that,",
        "The cosine is no larger: they pull the same way, but no more than that.",
        "no larger than the spread over seeds",
        "stands still",
        "as one by the plain sum,",
        "changes nothing",
        "but raises",
        "after step 1,500",
        "failed. ValueError: too hot.",
    ):
        assert said in words, said


# --- the numbers, by plain loops


def by_hand(study, state, place, moment):
    """Return what a pair's cosine, floor and counts are, straight from the products."""
    (i, j), seeds = state["pair"], range(len(study.seeds)) if state["seed"] < 0 else [state["seed"]]
    batches = study.losses.shape[2]
    product = study.gram[:, moment, place]
    cos = lambda s, a, t, b, u: product[s, a, t, b, u] / np.sqrt(product[s, a, t, a, t] * product[s, b, u, b, u])  # noqa: E731
    same = [cos(s, a, i, a, j) for s in seeds for a in range(batches)]
    two = [(a, b) for a in range(batches) for b in range(batches) if a != b]
    across = [cos(s, a, i, b, j) for s in seeds for a, b in two]
    floor = max(np.mean([cos(s, a, t, b, t) for s in seeds for a, b in two]) for t in (i, j))
    return np.mean(same), np.mean(across), floor, sum(v < 0 for v in same), len(same)


@pytest.mark.parametrize("seed", [-1, 1])
@pytest.mark.parametrize("pair", [[0, 1], [2, 4], [1, 3]])
def test_cosines_floor_and_counts_are_those_of_the_products(widget, studies, pair, seed):
    for row, place in ((0, 0), (2, 2)):
        for moment in range(4):
            state = {**widget.fresh, **RECORDED, "pair": pair, "seed": seed, "place": row, "moment": moment}
            widget.state = state
            same, across, floor, negative, cases = by_hand(studies[0], state, place, moment)
            found = widget.measures["course"]
            assert found.mean[moment] == pytest.approx(same, abs=1 / STEPS)
            assert found.floor[moment] == pytest.approx(floor, abs=1 / STEPS)
            assert (found.negative[moment], found.cases[moment]) == (negative, cases)
            widget.choose(batches="across")
            assert widget.measures["course"].mean[moment] == pytest.approx(across, abs=1 / STEPS)


def test_what_is_clear_is_beyond_floor_and_spread(widget):
    widget.choose(source="recorded", place="RPN convolution", pair=("class", "mask"))
    found = widget.measures["course"]
    bar = np.maximum(found.floor, found.spread)
    assert found.clear.tolist() == (np.abs(found.mean) > bar).tolist()
    assert set(found.clear.tolist()) == {True, False}
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    np.testing.assert_allclose(found.spread, (found.high - found.low) / np.sqrt(2), atol=1e-12)  # of two seeds
    widget.choose(batches="across")
    other = widget.measures["course"]
    assert other.clear.tolist() == (np.abs(other.mean) > other.spread).tolist()


def test_places_that_are_activations_have_no_floor(widget):
    widget.choose(source="recorded", place="maps of the pyramid")
    assert np.isnan(widget.measures["course"].floor).all()
    assert np.isfinite(widget.measures["course"].mean).all()
    widget.choose(batches="across")
    assert np.isnan(widget.measures["course"].mean).all()


@pytest.mark.parametrize("name", METHODS)
def test_steps_against_vectors(name):
    """Projected into a space of many weights, a step does what the products say."""
    rng = np.random.default_rng(3)
    pulls, weights = rng.normal(size=(4, 9)) * [[1], [0.1], [3], [1]], [1.0, 2.0, 0.3, 0.7]
    found = effect(pulls @ pulls.T, weights, name)
    heavy = pulls * np.array(weights)[:, None]
    step = METHODS[name](heavy @ heavy.T) @ heavy
    step /= np.linalg.norm(step)
    np.testing.assert_allclose(found.change, -pulls @ step, atol=1e-9)
    np.testing.assert_allclose(found.share, pulls @ step / np.linalg.norm(pulls, axis=1), atol=1e-9)


def test_surgery_spares_the_task_that_the_sum_harms():
    widget = GradientAlignment([])
    for method in ("pcgrad", "mgda", "upgrad"):
        widget.choose(method=method)
        assert min(widget.measures["shares"].values()) > 0 > min(widget.measures["sum"].values())
        assert all(np.sign(change) == -np.sign(share) for change, share in zip(
            widget.measures["changes"].values(), widget.measures["shares"].values(), strict=True))  # fmt: skip
    widget.weigh(B=2.0)
    assert min(widget.measures["sum"].values()) > 0


def test_a_task_that_does_not_pull_has_no_say():
    gram = np.array([[4.0, 0.0, -1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]])
    for name in METHODS:
        two = effect(gram[::2, ::2], [1.0, 2.0], name)
        for found in (
            effect(gram, [1.0, 1.0, 2.0], name),
            effect(gram + np.diag([0.0, 7.0, 0.0]), [1.0, 0.0, 2.0], name),
        ):
            np.testing.assert_allclose(found.share[::2], two.share, atol=1e-12)
            assert found.share[1] == 0


def test_the_plane_keeps_lengths_and_angles():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(3, 7))
    gram, weights = vectors @ vectors.T, np.array([1.0, 0.5, 2.0])
    (one, other), step = in_plane(gram, (0, 2), weights)
    np.testing.assert_allclose([one @ one, one @ other, other @ other], gram[[0, 0, 2], [0, 2, 2]], atol=1e-12)
    assert one[0] < 0 < other[0]
    across = weights @ vectors
    np.testing.assert_allclose([step @ one, step @ other], [across @ vectors[0], across @ vectors[2]], atol=1e-12)
    pulls, step = in_plane(np.array([[1.0, 2.0], [2.0, 4.0]]), (0, 1), np.ones(2))
    np.testing.assert_allclose([*pulls[:, 1], *step], [1, 2, 0, 3], atol=1e-7)


def test_products_of_every_cell_are_those_of_some_vectors():
    """Rounded, and with gradients that are zero on some batches: surgery must take them all."""
    made = MAKE["small"]()
    made.gram[0, 0, 0, 0, 2] = made.gram[0, 0, 0, :, :, 0, 2] = 0
    made.gram[:, 1, 0, :, 1] = made.gram[:, 1, 0, :, 0]
    made.gram[:, 1, 0, :, :, :, 1] = made.gram[:, 1, 0, :, :, :, 0]
    study = unpack(pack(made))
    for place in range(4):
        for moment in range(4):
            for seed in (-1, 0, 1):
                gram = cell_gram(study, {"seed": seed}, place, moment)
                assert np.linalg.eigvalsh(gram)[0] >= -1e-12 * gram.max()
                for name in METHODS:
                    effect(gram, [1, 1, 1, 1, 1], name)


def test_what_travels_comes_back():
    made = MAKE["invented"](seeds=3, batches=4, chance=5)
    study = unpack(pack(made))
    assert study.places[0] == "first convolution"
    assert study.places.index("RoI features") < study.places.index("head fc6")
    order = [made.places.index("rpn.head.conv"), made.places.index("backbone.fpn/output")]
    there = [study.places.index("RPN convolution"), study.places.index("maps of the pyramid")]
    np.testing.assert_allclose(study.same[:, :, there], made.same_batch()[:, :, order].mean(axis=3), atol=0.6 / STEPS)
    across = made.across_batches()[:, :, order].mean(axis=3)
    np.testing.assert_allclose(study.across[:, :, there], across, atol=0.6 / STEPS)
    squares = np.einsum("smpbtbt->smpbt", made.gram)[:, :, order].mean(axis=3)
    np.testing.assert_allclose(study.lengths[:, :, there], np.sqrt(squares), rtol=1e-6)
    np.testing.assert_allclose(study.losses, made.losses.mean(axis=2), rtol=1e-6)
    with pytest.raises(ValueError, match=f"batches must be at most {MOST_BATCHES}, got 16"):
        pack(made._replace(losses=np.zeros((3, 9, 16, 5))))


def test_what_travels_is_small():
    widget = GradientAlignment([MAKE["invented"](), MAKE["invented"]("joint")])
    assert len(json.dumps([widget.studies, widget.rows, widget.state])) < 250_000


# --- the reader's hand


def test_choosing(widget):
    widget.choose(source="recorded", study="joint", place="RPN convolution", step=200, seed=1, pair=("mask", "class"))
    state = widget.state
    assert (state["study"], state["place"], state["moment"], state["seed"], state["pair"]) == (1, 2, 2, 1, [2, 4])
    assert widget.words().startswith(
        "Joint, RPN convolution, after step 200: the cosine between the pulls of class and mask"
    )
    widget.weigh(RPN_box=0.5, mask=2)
    assert widget.state["weights"] == [1.0, 0.5, 1.0, 1.0, 2.0]
    widget.choose(source="arrows", tasks=3)
    assert len(widget.state["arrows"]) == len(widget.state["arrow_weights"]) == 3
    widget.drag("C", 0.25, -0.5)
    assert widget.state["arrows"][2] == [0.25, -0.5]
    widget.choose(tasks=2, method="mgda")
    assert len(widget.state["arrows"]) == 2
    widget.reset()
    assert widget.state == widget.fresh
    for wrong, said in (
        ({"place": "attic"}, "place must be one of first convolution"),
        ({"step": 3}, "step must be one of 0, 10, 200, 1500, got 3"),
        ({"study": "tied"}, "study must be one of decoupled, joint"),
        ({"pair": ("mask", "depth")}, "pair must be one of objectness"),
        ({"source": "live"}, "source must be one of arrows, recorded, got 'live'"),
    ):
        with pytest.raises(ValueError, match=said):
            widget.choose(**wrong)
    with pytest.raises(ValueError, match="task must be one of A, B, got 'C'"):
        widget.drag("C", 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "radio"},
        {"arrows": [[0, 1]]},
        {"arrows": [[0, 1], [0, 1.5]]},
        {"arrows": [[0, 1], [0, float("nan")]]},
        {"arrows": [[0, 1], 3]},
        {"arrow_weights": [1.0]},
        {"arrow_weights": [1.0, 3.5]},
        {"arrow_weights": [1.0, True]},
        {"weights": [1.0] * 4},
        {"method": "gradnorm"},
        {"study": 2},
        {"place": 4},
        {"place": True},
        {"moment": 4},
        {"seed": 2},
        {"pair": [3, 2]},
        {"pair": [0, 5]},
        {"pair": [0, 1, 2]},
        {"pair": "ab"},
        {"batches": "all"},
        {"zoom": 1},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_shown_is_refused(widget, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        widget.state = {**widget.state, **wrong}
    assert widget.state == widget.fresh


def test_a_place_that_these_heads_lack_is_refused():
    places = ("backbone.body.conv1", "roi_heads.mask_head.0", "roi_heads.box_head.fc6")
    widget = GradientAlignment(
        [MAKE["small"](places=[*places[::2], "a", "b"]), MAKE["small"](heads="joint", places=[*places, "b"])]
    )
    assert widget.rows == ["first convolution", "head convolution 1", "head fc6", "a", "b"]
    widget.choose(source="recorded", study="joint", place="head convolution 1")
    with pytest.raises(ValueError, match="place must be one of decoupled, got 'head convolution 1'"):
        widget.choose(study="decoupled")
    widget.choose(place="b")
    own = widget.measures["gram"]
    widget.choose(study="decoupled")
    assert not np.allclose(widget.measures["gram"], own)


def test_studies_that_do_not_fit_are_refused(studies):
    for wrong, said in (
        (studies * 2, "studies must be at most 2, got 4"),
        ([studies[0], MAKE["small"](moments=(0, 1, 2, 3))], "studies must have the same tasks, moments and seeds"),
        ([MAKE["small"](places=[str(k) for k in range(41)])], "places must be 1 to 40, got 41"),
        ([studies[0]._replace(tasks=("one",))], "tasks must be 2 to 6, got 1"),
    ):
        with pytest.raises(ValueError, match=said):
            GradientAlignment(wrong)


def test_the_recorded_trainings_are_shown_unless_others_are_given(monkeypatch, studies):
    monkeypatch.setattr(gradient_alignment, "followed", lambda heads: studies[heads == "joint"])
    widget = GradientAlignment()
    assert widget.sources == ["arrows", "recorded"]
    assert [study["name"] for study in widget.studies] == ["decoupled", "joint"]
    assert GradientAlignment([]).sources == ["arrows"]


# --- a training in the notebook


def training(steps: int):
    for step in range(steps + 1):
        yield SimpleNamespace(step=step, steps=steps)


def test_adding_gradients_step_by_step():
    live = GradientAlignment.live()
    assert live.state["source"] == "live"
    assert live.measures["cosines"] == {}
    (first, alignment), *_ = MAKE["alignments"]()
    live.add(first, alignment)
    assert live.state["weights"] == [1.0, 1.0]
    assert live.rows == ["0", "2", "2/output"]
    live.choose(place="2", method="mgda")
    live.add(7, alignment)
    assert (live.state["place"], live.state["method"]) == (1, "mgda")  # what the reader chose is kept
    assert live.studies[0]["moments"] == [0, 7]
    assert "after step 7:" in live.words()
    for wrong, step, said in (
        (alignment, 7, "step must be above 7"),
        (alignment._replace(tasks=("left", "wrong")), 8, "tasks must be those of before"),
        (alignment._replace(places=("0", "1", "2")), 8, "places must be those of before"),
        (alignment._replace(losses=np.zeros((1, 2))), 8, "alignment must have losses of shape"),
    ):
        with pytest.raises(ValueError, match=said):
            live.add(step, wrong)
    live.reset()
    assert live.state == live.fresh


def test_of_many_looks_every_second_one_is_forgotten():
    live = GradientAlignment.live()
    (_, alignment), *_ = MAKE["alignments"]()
    for step in range(2 * MOST_MOMENTS):
        live.add(step, alignment)
    moments = live.studies[0]["moments"]
    assert len(moments) <= MOST_MOMENTS
    assert moments[-1] == 2 * MOST_MOMENTS - 1
    assert moments == sorted(moments)


def test_following_a_training():
    asked = []
    alignment = MAKE["alignments"]()[1][1]
    live = GradientAlignment.live().follow(lambda: training(45), lambda: asked.append(1) or alignment, every=10)
    assert live.wait(20) == "finished"
    assert live.studies[0]["moments"] == [0, 10, 20, 30, 40, 45]
    assert len(asked) == 6
    assert live.words().startswith("Step 45 of 45, finished. This training, 2, after step 45:")
    with pytest.raises(RuntimeError, match="follows a training already"):
        live.follow(training(3), lambda: alignment)
    with pytest.raises(RuntimeError, match="only a widget of GradientAlignment"):
        GradientAlignment([]).follow(training(3), lambda: alignment)
    with pytest.raises(RuntimeError, match="only a widget of GradientAlignment"):
        GradientAlignment([]).add(3, alignment)
    with pytest.raises(TypeError, match="progress must be"):
        GradientAlignment.live().follow(3, lambda: alignment)
    with pytest.raises(ValueError, match="every must be"):
        GradientAlignment.live().follow(training(3), lambda: alignment, every=0)


def test_a_followed_training_stops_goes_on_and_fails():
    alignment, permits = MAKE["alignments"]()[1][1], threading.Semaphore(3)

    def slowly():
        for progress in training(40):
            assert permits.acquire(timeout=20)
            yield progress

    live = GradientAlignment.live().follow(slowly, lambda: alignment)
    live.stop()
    permits.release(100)
    for _ in range(1000):
        if live.run["phase"] == "paused":
            break
        time.sleep(0.01)
    assert live.wait(0.05) == "paused"
    assert live.run["step"] < 40
    live.asked = "go"  # what the reader's button does
    assert live.wait(20) == "finished"
    assert len(live.studies[0]["moments"]) == 21
    failing = GradientAlignment.live().follow(training(3), lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failing.wait(20)
    assert failing.words() == "Step 0 of 3, failed. ZeroDivisionError: division by zero. No gradients yet."


def test_one_batch_has_no_floor():
    gram = np.array([[4.0, -1.0], [-1.0, 1.0]]).reshape(1, 1, 2, 1, 2)
    live = GradientAlignment.live()
    live.add(3, Alignment(("trunk",), ("left", "right"), np.ones((1, 2)), gram))
    assert "There is no noise floor here. So they pull against each other." in live.words()


# --- without a browser


@pytest.mark.parametrize("state", [{}, {"method": "upgrad"}, RECORDED, {**RECORDED, "study": 1, "batches": "across"}])
def test_the_still_picture_says_what_it_shows(widget, state):
    widget.state = {**widget.fresh, **state}
    bundle = widget.still()._repr_mimebundle_()
    assert widget.words() in bundle["text/plain"]
    assert len(bundle["text/html"]) < 150_000


def test_the_still_picture_of_a_training(tmp_path):
    assert "No gradients yet." in GradientAlignment.live().still().alt
    live = live_one()
    assert live.words() in live.still().alt
    live.save(tmp_path / "page.html")
    assert live.studies[0]["numbers"] in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_recorded_study_needs_no_torch():
    script = (
        "import sys, minimask.gradients.recorded, minimask.widgets;"
        "print([name for name in ('torch', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
