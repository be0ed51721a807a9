"""Slides made from the chapters by rule: a notebook is read (`chapter`), cut (`cutting`), and written (`page`)."""
