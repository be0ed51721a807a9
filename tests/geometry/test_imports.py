import json
import pkgutil
import subprocess
import sys

import minimask.geometry


def test_the_geometry_needs_numpy_and_nothing_heavier():
    modules = [f"minimask.geometry.{module.name}" for module in pkgutil.iter_modules(minimask.geometry.__path__)]
    assert "minimask.geometry.ceilings" in modules
    program = (
        f"import importlib, json, sys\nlist(map(importlib.import_module, {modules}))\nprint(json.dumps([*sys.modules]))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(answer.stdout))
    assert set(modules) <= loaded
    assert "numpy" in loaded
    heavy = {"torch", "numba", "matplotlib", "scipy", "skimage", "pycocotools", "ipywidgets", "anywidget", "IPython"}
    assert not heavy & loaded


def test_the_front_door_alone_needs_not_even_numpy():
    program = "import sys, minimask\nprint('numpy' in sys.modules, sorted(set(minimask.__all__) - set(dir(minimask))))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "[]"]
