"""Where the tasks of one network pull its weights: gradients task by task, and what to do when they disagree."""
