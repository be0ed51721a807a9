"""Widgets: pictures that answer one question each, under the reader's hand."""

from minimask.widgets.anchor_sea import AnchorSea
from minimask.widgets.attack_strength import AttackStrength
from minimask.widgets.box_ceiling import BoxCeiling
from minimask.widgets.count_explorer import CountExplorer
from minimask.widgets.funnel import Funnel
from minimask.widgets.gradient_alignment import GradientAlignment
from minimask.widgets.roi_window import RoIWindow
from minimask.widgets.screen_picker import ScreenPicker
from minimask.widgets.training_monitor import TrainingMonitor
from minimask.widgets.weather_map import WeatherMap
from minimask.widgets.x_ray import XRay

__all__ = [
    "AnchorSea",
    "AttackStrength",
    "BoxCeiling",
    "CountExplorer",
    "Funnel",
    "GradientAlignment",
    "RoIWindow",
    "ScreenPicker",
    "TrainingMonitor",
    "WeatherMap",
    "XRay",
]
