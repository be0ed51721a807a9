"""The exercises of chapter 3, a magnifying glass for pixels: RoIPool, RoIAlign and their gradients."""

from minimask.exercises.magnifying_glass.align_gradient import ALIGN_GRADIENT
from minimask.exercises.magnifying_glass.align_roi import ALIGN_ROI
from minimask.exercises.magnifying_glass.bilinear_sample import BILINEAR_SAMPLE
from minimask.exercises.magnifying_glass.interval_on_map import INTERVAL_ON_MAP
from minimask.exercises.magnifying_glass.pool_bins import POOL_BINS
from minimask.exercises.magnifying_glass.pool_gradient import POOL_GRADIENT
from minimask.exercises.magnifying_glass.pool_roi import POOL_ROI
from minimask.exercises.magnifying_glass.side_gradients import SIDE_GRADIENTS
from minimask.exercises.magnifying_glass.weights_matrix import WEIGHTS_MATRIX

EXERCISES = (
    INTERVAL_ON_MAP,
    BILINEAR_SAMPLE,
    POOL_BINS,
    POOL_ROI,
    POOL_GRADIENT,
    WEIGHTS_MATRIX,
    ALIGN_ROI,
    ALIGN_GRADIENT,
    SIDE_GRADIENTS,
)
