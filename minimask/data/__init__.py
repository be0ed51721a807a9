"""Data: generated, shipped inside a package, or read from files; nothing is downloaded."""
