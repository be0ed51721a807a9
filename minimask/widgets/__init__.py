"""Widgets: pictures that answer one question each, under the reader's hand."""

from minimask.widgets.box_ceiling import BoxCeiling

__all__ = ["BoxCeiling"]
