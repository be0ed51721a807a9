"""RoI extraction: RoIPool and RoIAlign, from the formula to the metal."""
