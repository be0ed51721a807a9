"""Widgets: pictures that answer one question each, under the reader's hand."""

from minimask.widgets.anchor_sea import AnchorSea
from minimask.widgets.box_ceiling import BoxCeiling
from minimask.widgets.count_explorer import CountExplorer
from minimask.widgets.funnel import Funnel
from minimask.widgets.gradient_alignment import GradientAlignment
from minimask.widgets.roi_window import RoIWindow
from minimask.widgets.training_monitor import TrainingMonitor
from minimask.widgets.weather_map import WeatherMap
from minimask.widgets.x_ray import XRay

__all__ = [
    "AnchorSea",
    "BoxCeiling",
    "CountExplorer",
    "Funnel",
    "GradientAlignment",
    "RoIWindow",
    "TrainingMonitor",
    "WeatherMap",
    "XRay",
]
