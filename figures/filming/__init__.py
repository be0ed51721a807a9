"""What the figures share that film a widget; no figure of its own."""
