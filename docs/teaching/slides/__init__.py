"""Slides made from the chapters by rule: a notebook is read (`chapter`), cut into slides (`cutting`), and written (`page`)."""
