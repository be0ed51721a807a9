"""Make the model of the screens anew, pages and all: `python -m minimask.screens.training`.

Pages are rendered into a folder in COCO's format, unless they are there already; then it is
`minimask train screens`, and what the run ends with becomes the model that chapter 6 hands out. With one thread of a
slow processor it takes the better part of an hour; stopped, it goes on where it was.
"""
