"""A hash of a generated picture; run as a program, it prints those of `ShapesWorld(**arguments)[index]`.

python fingerprint.py '{"seed": 3}' 7 0
"""

from __future__ import annotations

import hashlib
import json
import sys

from minimask.data.shapes import ShapesWorld


def fingerprint(picture):
    arrays = (picture.image, picture.masks, picture.boxes, picture.labels)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays) + repr(picture.shapes).encode()).hexdigest()


if __name__ == "__main__":
    arguments = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(sys.argv[1]).items()
    }
    print(*(fingerprint(ShapesWorld(**arguments)[int(index)]) for index in sys.argv[2:]))
