"""Boxes, polygons, masks, and how well the ones can stand for the others. NumPy only."""
