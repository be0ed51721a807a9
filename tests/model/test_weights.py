"""Weights from files: what is read, what is refused, and what is downloaded from a server on this machine."""

import hashlib
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import torch
from refusals import refused
from safetensors.torch import save_file
from torch import nn

from minimask.model import weights as module
from minimask.model.weights import PUBLISHED, cache_folder, download, fetch, load_weights, read_weights, todays_name

CONTENT = bytes(range(256)) * 5000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def small(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), nn.Linear(2, 2, bias=False))


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_a_file_is_read(tmp_path, kind):
    source, model = small(0), small(1)
    source[1](torch.randn(4, 3, 2, 2))  # the counter is 1 now: it is not taken over
    path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pth")
    if kind == "safetensors":
        save_file(source.state_dict(), path)
    else:
        torch.save(source.state_dict(), path, _use_new_zipfile_serialization=kind == "zip")
    load_weights(model, path)
    for (name, value), other in zip(source.state_dict().items(), model.state_dict().values(), strict=True):
        assert torch.equal(value, other) == (name != "1.num_batches_tracked")
    load_weights(small(2).double(), str(path))
    assert not read_weights(path).of_2019


def test_names_of_2019(tmp_path):
    old = [f"backbone.fpn.{part}_blocks.{level}.{kind}" for part in ("inner", "layer") for level in range(4)
           for kind in ("weight", "bias")]  # fmt: skip
    old += [f"roi_heads.mask_head.mask_fcn{number}.{kind}" for number in range(1, 5) for kind in ("weight", "bias")]
    old += ["rpn.head.conv.weight", "rpn.head.conv.bias"]
    today = [f"backbone.fpn.{part}_blocks.{level}.0.{kind}" for part in ("inner", "layer") for level in range(4)
             for kind in ("weight", "bias")]  # fmt: skip
    today += [f"roi_heads.mask_head.{number}.0.{kind}" for number in range(4) for kind in ("weight", "bias")]
    today += ["rpn.head.conv.0.0.weight", "rpn.head.conv.0.0.bias"]
    same = [
        "rpn.head.cls_logits.weight", "roi_heads.mask_predictor.conv5_mask.bias", "backbone.body.conv1.weight",
        "backbone.body.layer1.0.conv1.weight", "roi_heads.box_head.fc6.weight",
    ]  # fmt: skip
    assert [todays_name(name) for name in old] == today
    assert [todays_name(name) for name in today + same] == today + same
    for names, of_2019 in ((old + same, True), (today + same, False)):
        torch.save({name: torch.tensor(float(number)) for number, name in enumerate(names)}, tmp_path / "w.pth")
        found = read_weights(tmp_path / "w.pth")
        assert found.of_2019 == of_2019
        assert {name: int(value) for name, value in found.tensors.items()} == {
            name: number for number, name in enumerate(today + same)
        }


def test_what_does_not_fit_is_listed_and_nothing_is_changed(tmp_path):
    model, state = small(0), small(1).state_dict()
    del state["0.bias"]
    state["1.bias"] = torch.zeros(4)
    state |= {f"fc.{number}": torch.zeros(1) for number in range(7)}
    torch.save(state, tmp_path / "w.pth")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    refused(
        lambda: load_weights(model, tmp_path / "w.pth"),
        ValueError,
        f"the weights in {tmp_path / 'w.pth'} do not fit the model",
        "1 missing: 0.bias; ",
        "7 left over: fc.0, fc.1, fc.2, fc.3, fc.4 and 2 more; ",
        "1 of another shape: 1.bias (4,) in place of (3,)",
    )
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_may_be_left_over(tmp_path):
    model = nn.Linear(2, 2)
    torch.save({**nn.Linear(2, 2).state_dict(), "fc.weight": torch.zeros(3)}, tmp_path / "w.pth")
    load_weights(model, tmp_path / "w.pth", unused=("fc.",))
    refused(lambda: load_weights(model, tmp_path / "w.pth"), ValueError, "1 left over: fc.weight")


class Trap:
    def __reduce__(self):
        return print, ("executed",)


def test_nothing_in_a_file_is_executed(tmp_path, capsys):
    for content in ({"weight": Trap()}, Trap()):
        torch.save(content, tmp_path / "w.pth")
        refused(lambda: read_weights(tmp_path / "w.pth"), ValueError, "w.pth is damaged, or holds more than tensors")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Trap()))
    refused(
        lambda: read_weights(tmp_path / "plain.pth"), ValueError, "plain.pth is damaged, or holds more than tensors"
    )
    assert "executed" not in capsys.readouterr().out


def test_files_that_are_no_weights(tmp_path):
    for name, content in (("a.pth", b""), ("b.pth", b"words"), ("c.safetensors", b"words"), ("d.safetensors", b"")):
        (tmp_path / name).write_bytes(content)
        refused(lambda name=name: read_weights(tmp_path / name), ValueError, str(tmp_path / name))
    torch.save(small().state_dict(), tmp_path / "cut.pth")
    whole = (tmp_path / "cut.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    refused(lambda: read_weights(tmp_path / "cut.pth"), ValueError, "cut.pth cannot be read as weights")
    for content, message in (
        ([torch.zeros(1)], "must hold tensors by name, got list"),
        ({}, "must hold tensors by name, got dict"),
        ({"model": {"weight": torch.zeros(1)}, "epoch": 3}, "and nothing else; got model, epoch too"),
    ):
        torch.save(content, tmp_path / "w.pth")
        refused(lambda: read_weights(tmp_path / "w.pth"), ValueError, message)
    with pytest.raises(FileNotFoundError):
        read_weights(tmp_path / "nowhere.pth")


class Server(BaseHTTPRequestHandler):
    """Answers by what the address ends in, and keeps count."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        if "missing" in self.path:
            self.send_error(404, "Not Found")
            return
        self.send_response(200)
        if "unmeasured" not in self.path:
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if "broken" in self.path else CONTENT)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        Server.asked.clear()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_a_file_is_downloaded_once(server, tmp_path, capsys):
    folder = tmp_path / "a" / "b"
    path = download(f"{server}/weights-1.pth", folder, SHA256[:8])
    assert path == folder / "weights-1.pth"
    assert path.read_bytes() == CONTENT
    assert "weights-1.pth: 100%" in capsys.readouterr().err
    assert download(f"{server}/weights-1.pth", folder, SHA256) == path
    assert Server.asked == ["/weights-1.pth"]
    assert list(folder.iterdir()) == [path]


def test_a_damaged_file_is_downloaded_again(server, tmp_path, capsys):
    (tmp_path / "w.pth").write_bytes(CONTENT[:-1] + b"x")
    assert download(f"{server}/w.pth", tmp_path, SHA256[:8], progress=False).read_bytes() == CONTENT
    assert capsys.readouterr().err == ""


def test_a_length_need_not_be_known(server, tmp_path):
    assert download(f"{server}/unmeasured.pth", tmp_path, SHA256[:8]).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "sha256", "error", "message"),
    [
        ("w.pth", "00000000", ValueError, f"must have the checksum 00000000..., got {SHA256[:8]}...; nothing is kept"),
        ("missing.pth", SHA256, ConnectionError, "missing.pth cannot be downloaded: the server says 404 Not Found"),
        ("broken.pth", SHA256, ConnectionError, "broken.pth broke off after 640,000 of 1,280,000 bytes; try again"),
    ],
)
def test_a_download_that_fails_leaves_nothing(server, tmp_path, name, sha256, error, message):
    refused(lambda: download(f"{server}/{name}", tmp_path, sha256, progress=False), error, message)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there(server, tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as closed:
        address = f"http://127.0.0.1:{closed.server_address[1]}/w.pth"
    refused(lambda: download(address, tmp_path, SHA256, progress=False), ConnectionError, f"{address} cannot be down")


def test_addresses_and_checksums_are_checked(tmp_path):
    refused(lambda: download("file:///w.pth", tmp_path, SHA256), ValueError, "url must begin with http:// or https://")
    for sha256 in ("", "abc", SHA256.upper(), "g" * 8):
        refused(
            lambda sha256=sha256: download("http://x/w", tmp_path, sha256), ValueError, "sha256 must be 8 to 64 hex"
        )


def test_published_files_are_kept_where_the_user_says(server, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMASK_CACHE", str(tmp_path / "mine"))
    monkeypatch.setitem(module.PUBLISHED, "COCO_V1", module.Published(f"{server}/coco.pth", SHA256[:8]))
    assert fetch("COCO_V1", progress=False) == tmp_path / "mine" / "coco.pth"
    monkeypatch.delenv("MINIMASK_CACHE")
    monkeypatch.setattr(module.Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "minimask"


def test_the_published_checksums_are_those_in_the_names():
    for url, sha256 in PUBLISHED.values():
        assert url.startswith("https://")
        assert url.endswith(f"-{sha256}.pth")
