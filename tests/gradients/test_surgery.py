"""Surgery held against what each method promises, on drawn gradients, and against plain formulas for two of them."""

import numpy as np
import pytest
from scipy.optimize import minimize

from minimask.gradients.surgery import METHODS, cagrad, least_norm, mgda, pcgrad, summed, upgrad

CASES = [
    (seed, tasks, size)
    for seed in range(6)
    for tasks, size in ((1, 3), (2, 2), (2, 9), (3, 2), (3, 8), (5, 4), (5, 40))
]
drawn = pytest.mark.parametrize(("seed", "tasks", "size"), CASES)


def gradients(seed, tasks, size):
    """Return rows of very different lengths; more of them than dimensions are never independent."""
    rng = np.random.default_rng([seed, tasks, size])
    return rng.normal(size=(tasks, size)) * 10.0 ** rng.uniform(-2, 2, (tasks, 1))


@drawn
def test_the_shortest_vector_is_the_shortest(seed, tasks, size):
    rows = gradients(seed, tasks, size)
    weights = least_norm(rows @ rows.T)
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
    shortest = weights @ rows
    assert (rows @ shortest).min() >= shortest @ shortest - 1e-9 * (rows * rows).sum(axis=1).max()
    assert mgda(rows @ rows.T) == pytest.approx(tasks * weights)


@drawn
def test_upgrad_moves_each_as_little_as_needed_for_no_task_to_lose(seed, tasks, size):
    rows = gradients(seed, tasks, size)
    gram = rows @ rows.T
    lengths = np.sqrt(np.diag(gram))
    direction = upgrad(gram) @ rows
    assert (rows @ direction / lengths).min() >= -1e-9 * lengths.max()
    expected = np.zeros(size)
    for row in rows:  # the nearest point of the dual cone, found by another way
        inside = {"fun": lambda point: rows @ point / lengths, "jac": lambda _: rows / lengths[:, None]}
        found = minimize(
            lambda point, row=row: ((point - row) ** 2).sum() / (row @ row),
            row,
            jac=lambda point, row=row: 2 * (point - row) / (row @ row),
            constraints={"type": "ineq", **inside},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 2000},
        )
        expected += found.x
    assert np.linalg.norm(direction - expected) < 1e-4 * np.linalg.norm(rows)


@drawn
def test_pcgrad_is_the_loop_of_its_paper(seed, tasks, size):
    rows = gradients(seed, tasks, size)
    rng = np.random.default_rng(seed)
    expected = np.zeros(size)
    for i in range(tasks):
        own = rows[i].copy()
        for j in rng.permutation([j for j in range(tasks) if j != i]):
            if own @ rows[j] < 0:
                own -= own @ rows[j] / (rows[j] @ rows[j]) * rows[j]
        expected += own
    found = pcgrad(rows @ rows.T, np.random.default_rng(seed)) @ rows
    assert np.linalg.norm(found - expected) < 1e-6 * np.linalg.norm(rows)


@drawn
@pytest.mark.parametrize("c", [0.0, 0.2, 0.5, 0.9])
def test_cagrad_is_the_best_for_who_gains_least_within_its_reach(seed, tasks, size, c):
    rows = gradients(seed, tasks, size)
    mean = rows.mean(axis=0)
    direction = cagrad(rows @ rows.T, c) @ rows / tasks
    away = np.linalg.norm(direction - mean)
    assert away <= (c * (1 + 1e-6) + 1e-14) * np.linalg.norm(mean)
    least = (rows @ direction).min()
    rng = np.random.default_rng(seed)
    ways = rng.normal(size=(3000, size))
    tries = mean + c * np.linalg.norm(mean) * ways / np.linalg.norm(ways, axis=1, keepdims=True)
    assert (tries @ rows.T).min(axis=1).max() <= least + 1e-5 * np.abs(rows @ mean).max()


def test_of_two_gradients_that_agree_nothing_is_changed_but_by_those_who_weigh():
    gram = np.array([[4.0, 1], [1, 2]])
    for method in (summed, pcgrad, upgrad):
        assert method(gram).tolist() == [1, 1]


def test_of_one_task_there_is_nothing_to_choose():
    for name, method in METHODS.items():
        weight = method([[3.0]])
        assert weight.tolist() == [1.5 if name == "cagrad" else 1], name


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_gradients_of_zero_are_no_trouble(method):
    assert np.isfinite(method(np.zeros((3, 3)))).all()
    assert np.isfinite(method(np.diag([0.0, 2, 5]))).all()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_result_grows_with_the_gradients_and_follows_their_order(method):
    rows = gradients(1, 4, 6)
    gram = rows @ rows.T
    weights = method(gram)
    assert method(1e8 * gram) == pytest.approx(weights, rel=1e-5, abs=1e-5)
    assert method(1e-8 * gram) == pytest.approx(weights, rel=1e-5, abs=1e-5)
    if method is not pcgrad:  # whose order is that of the tasks
        order = [2, 0, 3, 1]
        assert method(gram[np.ix_(order, order)]) == pytest.approx(weights[order], rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("gram", "words"),
    [
        (np.ones((2, 3)), r"gram must have shape \(T, T\), with T from 1 to 10, got shape \(2, 3\)"),
        (np.ones((0, 0)), "gram must have shape"),
        (np.ones((11, 11)), "gram must have shape"),
        ([[1, 2], [0, 1]], r"gram must be symmetric, got \[\[1.0, 2.0\], \[0.0, 1.0\]\]"),
        ([[1, 2], [2, 1]], "gram must hold products of vectors, got an eigenvalue of -1"),
        ([[np.nan]], "gram must be finite, got nan"),
    ],
)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_is_no_gram_matrix_is_refused(method, gram, words):
    with pytest.raises(ValueError, match=words):
        method(gram)


@pytest.mark.parametrize("c", [-0.1, 1.0])
def test_cagrads_reach_is_a_fraction(c):
    with pytest.raises(ValueError, match="c must be at least 0 and below 1, got"):
        cagrad([[1.0]], c)
