"""RoI extraction: RoIPool and RoIAlign, from the formula to the metal."""

from minimask.roi.door import multilevel_roi_align, roi_align, roi_pool
from minimask.roi.pyramid import assign_levels

__all__ = ["assign_levels", "multilevel_roi_align", "roi_align", "roi_pool"]
