"""Mask AP: small cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from minimask.evaluation import mask_average_precision


def block(x1, y1, x2, y2, size=(20, 20)):
    mask = np.zeros(size, dtype=bool)
    mask[y1:y2, x1:x2] = True
    return mask


TRUE = block(2, 2, 12, 12)


def test_perfect_predictions_get_one():
    ap = mask_average_precision([[("a", TRUE)], []], [[("a", TRUE, 0.3)], []])
    assert ap == pytest.approx({"AP": 1, "AP50": 1, "AP75": 1})


def test_an_iou_between_two_thresholds_passes_those_below_it():
    # 80 of 100 pixels: IoU 0.8 passes the thresholds 0.50 to 0.75, and 0.80 itself: seven of ten.
    ap = mask_average_precision([[("a", TRUE)]], [[("a", block(2, 2, 12, 10), 0.9)]])
    assert ap == pytest.approx({"AP": 0.7, "AP50": 1, "AP75": 1})


def test_a_false_alarm_scored_higher_halves_the_precision():
    wrong = block(14, 14, 19, 19)
    first = mask_average_precision([[("a", TRUE)]], [[("a", TRUE, 0.5), ("a", wrong, 0.9)]])
    last = mask_average_precision([[("a", TRUE)]], [[("a", TRUE, 0.9), ("a", wrong, 0.5)]])
    assert first["AP"] == pytest.approx(0.5)
    assert last["AP"] == pytest.approx(1)


def test_ap_is_the_mean_over_classes():
    truth = [[("a", TRUE), ("b", block(0, 13, 19, 19))]]
    assert mask_average_precision(truth, [[("a", TRUE, 0.9)]])["AP"] == pytest.approx(0.5)


def test_the_wrong_class_does_not_count():
    truth = [[("a", TRUE)], [("b", TRUE)]]
    assert mask_average_precision(truth, [[("b", TRUE, 0.9)], [("a", TRUE, 0.9)]])["AP"] == 0


def test_nothing_is_printed(capsys):
    mask_average_precision([[("a", TRUE)]], [[]])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("truth", "predictions", "message"),
    [
        ([[("a", TRUE)]], [], "predictions must have one list per picture"),
        ([[]], [[]], "truth must hold at least one object"),
        ([[("a", TRUE)]], [[("b", TRUE, 1.0)]], r"predictions must name classes of truth \(a\), got \['b'\]"),
    ],
)
def test_bad_input_is_named(truth, predictions, message):
    with pytest.raises(ValueError, match=message):
        mask_average_precision(truth, predictions)
