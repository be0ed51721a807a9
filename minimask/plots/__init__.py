"""Pictures: one visual language for notebooks, figures, README and site."""
