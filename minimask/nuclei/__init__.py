"""Medicine: counting and measuring nuclei in tissue, with a model and without one."""
