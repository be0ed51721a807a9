"""Data: generated, or shipped inside a package; nothing is downloaded."""
