"""Training, in torch: short loops that can be watched."""
