"""How it fails, and how to know: calibration, damaged pictures, strangers, attacks and defences (chapter 6)."""
