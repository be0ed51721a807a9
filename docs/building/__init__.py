"""What the site is built with, beside Sphinx: chapters become pages, widgets stay alive, formulas become MathML."""
