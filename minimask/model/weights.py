"""Trained weights: read safely from a file of either naming, or fetched on request, with a checksum."""

from __future__ import annotations

import hashlib
import http.client
import os
import pickle
import re
import tempfile
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

CACHE = "MINIMASK_CACHE"
"""The environment variable that names the folder of downloads, in place of `.cache/minimask` in the user's home."""
COUNTERS = "num_batches_tracked"
"""Batch norms count their batches; nothing depends on it."""
NAMES_OF_2019 = (
    (r"^(rpn\.head\.conv)\.(weight|bias)$", r"\1.0.0.\2"),
    (r"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$", r"\1.0.\2"),
    (r"^(roi_heads\.mask_head)\.mask_fcn(\d+)\.(weight|bias)$", lambda old: f"{old[1]}.{int(old[2]) - 1}.0.{old[3]}"),
)
"""What parameters were called in the files that torchvision published first, and what they are called today."""
SHOWN = 5
"""Names that an error lists of each kind."""
CHUNK = 2**20
PATIENCE = 30
"""Seconds without a byte after which a connection counts as broken."""


class Published(NamedTuple):
    """A file of weights that torchvision has published."""

    url: str
    sha256: str
    """The beginning of the file's checksum, as its name has it."""


PUBLISHED = {
    "COCO_V1": Published("https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth", "bf2d0c1e"),
    "IMAGENET1K_V1": Published("https://download.pytorch.org/models/resnet50-0676ba61.pth", "0676ba61"),
}
"""By torchvision's names: Mask R-CNN trained on COCO (box AP 37.9, mask AP 34.6), and its backbone on ImageNet."""


class Weights(NamedTuple):
    """What a file of weights holds."""

    path: Path
    tensors: dict[str, Tensor]
    """By today's names, without counters of batches."""
    of_2019: bool
    """Whether the file has the names of 2019; its frozen batch norms were trained without an epsilon then."""


def load_weights(model: nn.Module, source: Weights | str | os.PathLike[str], unused: Sequence[str] = ()) -> None:
    """Give a model the weights of a file.

    Parameters
    ----------
    model : nn.Module
        Changed in place, and only if all fits.
    source : path, or Weights
        See `read_weights`.
    unused : sequence of str
        Beginnings of names that the file may hold beyond what the model has, as `fc.`, a classifier.

    Raises
    ------
    ValueError
        If the file cannot be read as weights; or if tensors are missing, left over or of another shape, naming them.
    OSError
        If there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> source, model = nn.Linear(2, 1), nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save(source.state_dict(), Path(folder) / "weights.pth")
    ...     load_weights(model, Path(folder) / "weights.pth")
    >>> torch.equal(model.weight, source.weight)
    True
    """
    path, weights, _ = source if isinstance(source, Weights) else read_weights(source)
    own = {name: value for name, value in model.state_dict().items() if not name.endswith(COUNTERS)}
    complaints = {
        "missing": [name for name in own if name not in weights],
        "left over": [name for name in weights if name not in own and not name.startswith(tuple(unused))],
        "of another shape": [
            f"{name} {tuple(weights[name].shape)} in place of {tuple(value.shape)}"
            for name, value in own.items()
            if name in weights and weights[name].shape != value.shape
        ],
    }
    if any(complaints.values()):
        lists = "; ".join(f"{len(names)} {kind}: {_some(names)}" for kind, names in complaints.items() if names)
        raise ValueError(f"the weights in {path} do not fit the model, {lists}")
    model.load_state_dict({name: weights[name] for name in own}, strict=False)


def read_weights(path: str | os.PathLike[str]) -> Weights:
    """Return what a file of weights holds.

    Nothing in the file is executed: what is more than tensors is refused.

    Parameters
    ----------
    path : path
        Ends in `.safetensors`, or is what `torch.save` made of a `state_dict()`.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    OSError
        If there is no such file.
    """
    path = Path(path)
    with path.open("rb"):
        pass  # what cannot be opened says so itself
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    if not isinstance(state, Mapping) or not state:
        raise ValueError(f"{path} must hold tensors by name, got {type(state).__name__}")
    strangers = [str(name) for name, value in state.items() if not isinstance(value, Tensor)]
    if strangers:
        raise ValueError(f"{path} must hold tensors by name, and nothing else; got {_some(strangers)} too")
    tensors = {todays_name(name): value for name, value in state.items() if not name.endswith(COUNTERS)}
    return Weights(path, tensors, any(name not in tensors for name in state if not name.endswith(COUNTERS)))


def todays_name(name: str) -> str:
    """Return what torchvision calls a parameter today.

    Examples
    --------
    >>> todays_name("roi_heads.mask_head.mask_fcn1.weight"), todays_name("rpn.head.conv.bias")
    ('roi_heads.mask_head.0.0.weight', 'rpn.head.conv.0.0.bias')
    """
    for pattern, replacement in NAMES_OF_2019:
        name = re.sub(pattern, replacement, name)
    return name


def fetch(name: str, progress: bool = True) -> Path:
    """Return the file of published weights, downloaded at the first time.

    Parameters
    ----------
    name : str
        A key of `PUBLISHED`.
    progress : bool
        Whether a bar shows how far it is.

    Notes
    -----
    Files lie in `.cache/minimask` in the user's home, or in the folder that the environment variable MINIMASK_CACHE
    names.
    """
    url, sha256 = PUBLISHED[name]
    return download(url, cache_folder(), sha256, progress)


def cache_folder() -> Path:
    """Return the folder in which downloads are kept."""
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "minimask").expanduser()


def download(url: str, folder: str | os.PathLike[str], sha256: str, progress: bool = True) -> Path:
    """Return the path of a file in a folder; fetch it first, unless it is there and whole.

    A file appears under its name only when it is complete and its checksum is right.

    Parameters
    ----------
    url : str
        Of http or https; its last part is the file's name.
    folder : path
        Made if it does not exist.
    sha256 : str
        The file's checksum, or its beginning, in hexadecimal digits.
    progress : bool
        Whether a bar shows how far it is.

    Raises
    ------
    ValueError
        If the address or the checksum is malformed, or the file's checksum is another one.
    ConnectionError
        If the server cannot be reached, refuses, or breaks off.
    """
    if not re.match(r"https?://", url):
        raise ValueError(f"url must begin with http:// or https://, got {url!r}")
    if not re.fullmatch(r"[0-9a-f]{8,64}", sha256):
        raise ValueError(f"sha256 must be 8 to 64 hexadecimal digits, lower case, got {sha256!r}")
    path = Path(folder) / url.rpartition("/")[2]
    if path.exists() and _checksum(path).startswith(sha256):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(path) as (file, temporary):
        _copy(url, file, path.name if progress else None)
        file.close()
        found = _checksum(temporary)
        if not found.startswith(sha256):
            raise ValueError(
                f"{url} must have the checksum {sha256}..., got {found[: len(sha256)]}...; nothing is kept"
            )
        temporary.replace(path)
    return path


def _copy(url: str, file: IO[bytes], name: str | None) -> None:
    """Write what an address answers into a file, under a bar of this name."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            with tqdm(total=size or None, desc=name, unit="B", unit_scale=True, disable=name is None) as bar:
                while piece := answer.read(CHUNK):
                    file.write(piece)
                    bar.update(len(piece))
    except urllib.error.HTTPError as error:
        with error:
            raise ConnectionError(f"{url} cannot be downloaded: the server says {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"{url} cannot be downloaded: {error}") from error
    if size and file.tell() != size:
        raise ConnectionError(f"{url} broke off after {file.tell():,} of {size:,} bytes; try again")


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Open a new file beside a path, which is gone at the end unless it was renamed."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as file:
        temporary = Path(file.name)
        try:
            yield file, temporary
        finally:
            file.close()
            temporary.unlink(missing_ok=True)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_safetensors(path: Path) -> Mapping[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read as safetensors: {error}") from error


def _read_torch(path: Path) -> Mapping[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the version of what is refused next
            state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path} is damaged, or holds more than tensors, which is not loaded: {error}") from error
    except Exception as error:  # what torch makes of damaged files has many names
        raise ValueError(f"{path} cannot be read as weights: {error}") from error
    return state


def _some(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
