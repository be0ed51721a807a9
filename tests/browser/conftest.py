"""A real browser and a real JupyterLab for the tests in this folder: `python start.py browser`."""

import contextlib
import functools
import gzip
import http.server
import io
import json
import math
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from on_page import OnPage
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from minimask.widgets import front_end
from minimask.widgets.living_picture import LivingPicture

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what runs in JupyterLab, which takes longest, and end with the site: one process builds it, then.

    Were it in the middle of what each of two processes has to do, one would wait for the other.
    """
    for needed, last in (("open_notebook", False), ("site", True)):
        items.sort(key=lambda item: (needed in getattr(item, "fixturenames", ())) == last)


def pytest_terminal_summary(terminalreporter) -> None:
    """End with what was measured, which comes with the tests' reports, from whatever process."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for kind, title in (("latency", "from the event to the new picture"), ("site", "pages of the site")):
        lines = sorted(words for report in reports for name, words in report.user_properties if name == kind)
        if lines:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.write_line(line)


@dataclass
class Lab:
    """A running JupyterLab: its address, the token to enter, and the folder that it shows."""

    address: str
    token: str
    folder: Path
    environment: dict[str, str]

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """Ask the server's REST interface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}?token={self.token}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def trust(self, path: Path) -> None:
        """Do what `File > Trust Notebook` does."""
        command = [sys.executable, "-m", "jupyter", "trust", str(path)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, Chrome or Edge without a window."""
    found = filter(None, map(shutil.which, [os.environ.get("MINIMASK_BROWSER", ""), *BROWSERS]))
    program = next(found, None)
    assert program, "no Chromium, Chrome or Edge on the PATH, and MINIMASK_BROWSER does not name one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def javascript(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., object]]:
    """Evaluate JavaScript with functions of the widgets at hand.

    The test module names them in AT_HAND: by the name of an object, the module of `js/` and its functions.
    """
    page = chromium.new_page()
    for name, (module, functions) in request.module.AT_HAND.items():
        source = re.sub(r"^export ", "", front_end.module(module), flags=re.MULTILINE)
        page.evaluate(
            "async ([name, source]) => { globalThis[name] = await import(URL.createObjectURL(new Blob([source], "
            "{ type: 'text/javascript' }))); }",
            [name, f"{source}\nexport {{ {functions} }};"],
        )
    yield page.evaluate
    page.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages (the options are those of a browser context), and see that none asks for anything from elsewhere."""
    outside: list[str] = []
    errors: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:")):
            outside.append(request.url)

    with contextlib.ExitStack() as contexts:

        def open_page(**options: object) -> Page:
            context = contexts.enter_context(
                chromium.new_context(**{"viewport": {"width": 1000, "height": 900}, **options})
            )
            page = context.new_page()
            page.on("request", note)
            page.on("pageerror", lambda error: errors.append(str(error)))
            return page

        yield open_page
    assert not outside, f"the page asked for {outside}"
    assert not errors, f"the page raised {errors}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as `python start.py` serves it, on a folder of its own and with settings of its own."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={token}"]
    options += [f"--LabApp.app_settings_dir={ROOT / 'lab'}", "--ServerApp.port_retries=0"]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    own["JUPYTER_CONFIG_PATH"] = str(home / "first")
    without_nbgrader(home / "first")
    environment = {**os.environ, **own}
    with (home / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=folder,
            env={**os.environ, **own},
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_up(server, f"{address}/api/status?token={token}", home / "log.txt")
        yield Lab(address, token, folder, environment)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def without_nbgrader(folder: Path) -> None:
    """Leave out what teachers install beside the chapters, which takes JupyterLab seconds to load."""
    parts = ("assignment_list", "course_list", "formgrader", "validate_assignment")
    switched_off = {f"nbgrader.server_extensions.{part}": False for part in parts}
    place = folder / "jupyter_server_config.d" / "nbgrader.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({"ServerApp": {"jpserver_extensions": switched_off}}))


def _wait_until_up(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(1800):
        assert server.poll() is None, f"JupyterLab stopped:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text()}")


@pytest.fixture
def opened(new_page, widget: LivingPicture, tmp_path: Path) -> Callable[..., OnPage]:
    """Open the widget of the test module's fixture `widget` on a page of its own, cut off from every network."""

    def open_it(**options: object) -> OnPage:
        widget.save(tmp_path / "widget.html")
        page = new_page(offline=True, **options)
        page.goto((tmp_path / "widget.html").as_uri())
        page.wait_for_function("window.minimask")
        shown = OnPage(page)
        expect(shown.caption).not_to_be_empty()
        return shown

    return open_it


@dataclass
class Notebook:
    """A notebook open in JupyterLab."""

    page: Page

    def run_all(self, timeout: float = 600) -> None:
        """Run all cells, and wait until the kernel has nothing left to do."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        prompts = self.page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
        self.page.wait_for_timeout(300)
        expect(prompts.filter(has_text="[*]")).to_have_count(0, timeout=1000 * timeout)
        self.wait_for_kernel(timeout)
        self._no_errors()

    def run_cell(self, index: int, timeout: float = 120) -> None:
        """Run one code cell, and wait for its number."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)
        cell.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")
        prompt = cell.locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=1000 * timeout)
        self._no_errors()

    def _no_errors(self) -> None:
        assert self.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts() == []

    def wait_for_kernel(self, timeout: float = 60) -> None:
        """Wait until the status bar says that a kernel runs and is idle."""
        status = self.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"^(?!No Kernel).* \| Idle$"))
        expect(status).to_be_visible(timeout=1000 * timeout)


@pytest.fixture
def open_notebook(lab: Lab, new_page: Callable[..., Page]) -> Iterator[Callable[..., Notebook]]:
    """Open notebooks of the lab's folder; the kernel of each is ready then, and shut down after the test."""

    def open_it(name: str, **options: object) -> Notebook:
        page = new_page(**options)
        page.goto(f"{lab.address}/lab/tree/{name}?token={lab.token}&reset")
        notebook = Notebook(page)
        expect(page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        notebook.wait_for_kernel()
        return notebook

    yield open_it
    for session in json.loads(lab.ask("GET", "/api/sessions")):
        lab.ask("DELETE", f"/api/sessions/{session['id']}")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built once, whatever number of processes test it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    target = shared / "site"
    with FileLock(shared / "site.lock", timeout=900):
        if not (target / "built").exists():
            command = [sys.executable, ROOT / "docs" / "build_site.py", "--to", target]
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            assert made.returncode == 0, made.stdout + made.stderr
            (target / "built").touch()
    return target


class Host(http.server.SimpleHTTPRequestHandler):
    """Serve files as a host of sites does, texts compressed, and without a word."""

    def send_head(self):
        """Send what stands before a file, and return the file."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in (".html", ".css", ".js", ".json", ".svg", ".txt") or not path.is_file():
            return super().send_head()
        content = compressed(path)
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def handle(self) -> None:
        """Answer, and take it well if the browser does not wait for it."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@functools.cache
def compressed(path: Path) -> bytes:
    """Return a file of the site, which does not change any more, in gzip's format."""
    return gzip.compress(path.read_bytes(), 6)


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The address of the site."""
    handler = functools.partial(Host, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def latency(record_property: Callable[[str, object], None]) -> Callable[[Locator, str], float]:
    """Drag from the middle of a canvas in 100 small moves, and measure each.

    The clock of a move starts when the browser takes the mouse's event, and stops when the next picture is complete: at
    the first task after the animation frame. Median and 95th percentile go to the end of the report. They depend on the
    machine and on what else it does, so that no test may fail by them; what the tests hold is how long the widget's
    own code works on a picture, in ms. Of that the lower quartile is returned: on a busy machine the median waits, too.
    `python start.py browser -n 0 -k latency` measures with nothing beside it.
    """

    def measure(canvas: Locator, name: str) -> float:
        canvas.evaluate(
            """(canvas) => {
              const latencies = [], work = [];
              canvas.addEventListener("pointermove", (event) => requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => latencies.push(performance.now() - event.timeStamp);
                port2.postMessage(0);
              }), { capture: true });
              canvas.closest(".minimask").addEventListener("minimask:drawn", (event) => work.push(event.detail.work));
              window.latency = { latencies, work };
            }"""
        )
        box = canvas.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = canvas.page.mouse
        mouse.move(x, y)
        mouse.down()
        for step in range(100):
            mouse.move(x + 60 * math.sin(step / 9), y + 40 * math.sin(step / 7))
        mouse.up()
        canvas.page.wait_for_timeout(300)
        found = canvas.page.evaluate("window.latency")
        assert len(found["latencies"]) >= 60
        assert len(found["work"]) >= 40
        p50, p95, most = np.percentile(found["latencies"], [50, 95, 100])
        work = float(np.percentile(found["work"], 25))
        record_property(
            "latency",
            f"{name}: median {p50:.1f} ms, p95 {p95:.1f} ms, most {most:.1f} ms over {len(found['latencies'])} moves; "
            f"lower quartile of the widget's own work {work:.2f} ms",
        )
        return work

    return measure


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Keep a picture of a page, or of a part of it, in build/screenshots."""

    def save(what, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        what.screenshot(path=SCREENSHOTS / f"{name}.png")

    return save
