"""RoIAlign on an NVIDIA card: whether it is right and gives the same bits every time, and how fast it is.

Every kernel is held against the reference in float64, its outputs poisoned before, and repeated; then forward and
backward pass are timed beside torchvision's operator, where that is installed, on data in the layout that it likes,
and beside the time in which the card copies as many bytes as must be moved at least: the output once, and the cells
that any RoI touches once.

Without a card it says so, and ends well.
"""

from __future__ import annotations

import importlib
import importlib.util
import statistics
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

REPEATS_FOR_BITS, REPEATS_FOR_TIME = 100, 30
CHANNELS, IMAGES = 256, 2
LEVELS = ((200, 272), (100, 136), (50, 68), (25, 34))
SCALES = (1 / 4, 1 / 8, 1 / 16, 1 / 32)
COUNTS = (100, 512, 2000, 8000)
Tensor = Any


def main() -> None:
    """Check, measure, and print one table."""
    try:
        import torch
    except ImportError:
        print("no GPU benchmark: torch is not installed")
        return
    if not torch.cuda.is_available():
        print("no GPU benchmark: torch sees no NVIDIA card on this machine")
        return
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    failures = check(torch)
    rate = copy_rate(torch)
    print(f"copies {rate / 1e12:.2f} TB/s (read and written)\n")
    print_table(torch, rate)
    print("\nall kernels right, the same bits every time" if not failures else f"\nWRONG: {', '.join(failures)}")
    sys.exit(bool(failures))


def random_rois(count: int, seed: int = 0, size: tuple[int, int] = (800, 1088)) -> np.ndarray:
    """Return float32 RoIs (count, 5) with sides from 16 px on, most of them small, as proposals are."""
    rng = np.random.default_rng(seed)
    sides = 16 * 2 ** rng.uniform(0, 5, (count, 2))
    centers = rng.uniform(0, 1, (count, 2)) * size[::-1]
    numbers = rng.integers(0, IMAGES, (count, 1))
    return np.concatenate([numbers, centers - sides / 2, centers + sides / 2], axis=1).astype(np.float32)


def check(torch: Any) -> list[str]:  # noqa: ANN401
    """Hold every kernel against the reference; return the names of those that fail."""
    failures = []
    rois = np.concatenate([random_rois(40, size=(80, 96)), np.array([[0, 5, 5, 5, 5], [1, -900, -900, 1e5, 900]])])
    rois = rois.astype(np.float32)
    for name in ("float64", "float32", "float16", "bfloat16"):
        tolerance = {"float64": 1e-11, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}[name]
        for ratio, aligned, channels in ((2, True, 256), (0, True, 33), (0, False, 7), (3, False, 300)):
            for kernel, error, equal in errors(torch, rois, name, channels, (ratio, aligned)):
                allowed = max(tolerance, 1e-4) if kernel == "boxes" else tolerance  # the boxes are float32
                if not (error < allowed and equal):
                    failures.append(f"{kernel} {name} {channels} ratio {ratio}: error {error:.1e}, same bits: {equal}")
    return failures


def errors(
    torch: Any,  # noqa: ANN401
    rois: np.ndarray,
    name: str,
    channels: int,
    settings: tuple[int, bool],
) -> list[tuple[str, float, bool]]:
    """Return name, relative error and whether all repeats gave the same bits, of every operator."""
    from minimask.roi import cuda, pool, reference

    dtype, rng, size = getattr(torch, name), np.random.default_rng(1), (7, 5)
    shape = (IMAGES, 23, 27, channels)
    maps = [torch.tensor(rng.normal(size=shape)).to("cuda", dtype) for _ in range(2)]
    grad = torch.tensor(rng.normal(size=(len(rois), *size, channels))).to("cuda", dtype)
    levels = torch.arange(len(rois), device="cuda") % 2
    boxes, scales = torch.tensor(rois, device="cuda"), [1 / 4, 1 / 8]
    outs, of_maps = torch.empty_like(grad), [torch.empty_like(level) for level in maps]
    of_boxes, argmax = torch.empty((len(rois), 4), device="cuda"), torch.empty(grad.shape, dtype=torch.int64).cuda()
    pooled, of_pooled = torch.empty_like(grad), torch.empty_like(maps[0])
    calls: dict[str, tuple[Callable[[], None], list[Tensor]]] = {
        "forward": (lambda: cuda.roi_align_forward(maps, boxes, levels, outs, scales, *settings), [outs]),
        "features": (lambda: cuda.roi_align_features_grad(grad, boxes, levels, of_maps, scales, *settings), of_maps),
        "boxes": (
            lambda: cuda.roi_align_boxes_grad(grad, maps, boxes, levels, of_boxes, scales, *settings),
            [of_boxes],
        ),
        "pool": (lambda: cuda.roi_pool_forward(maps[0], boxes, pooled, argmax, scales[0]), [pooled, argmax]),
        "pool grad": (lambda: cuda.roi_pool_features_grad(grad, argmax, boxes, of_pooled), [of_pooled]),
    }
    first = [np.asarray(level.double().cpu()).transpose(0, 3, 1, 2) for level in maps]
    shares = np.asarray(grad.double().cpu()).transpose(0, 3, 1, 2)
    mine = [np.arange(len(rois)) % 2 == level for level in range(2)]
    plain, where = pool.roi_pool(first[0], rois, size, scales[0])
    forward, sides = np.empty(shares.shape), np.empty((len(rois), 4))
    for level in range(2):
        chosen, how = rois[mine[level]], (scales[level], *settings)
        forward[mine[level]] = reference.roi_align(first[level], chosen, size, *how)
        sides[mine[level]] = reference.roi_align_boxes_grad(shares[mine[level]], first[level], chosen, *how)
    expected: dict[str, list[np.ndarray]] = {
        "forward": [forward],
        "features": [
            reference.roi_align_features_grad(shares[mine[i]], rois[mine[i]], first[i].shape, scales[i], *settings)
            for i in range(2)
        ],
        "boxes": [sides],
        "pool": [plain, where],
        "pool grad": [pool.roi_pool_features_grad(shares, where, rois, first[0].shape)],
    }
    found = []
    for kernel, (call, results) in calls.items():
        bits = []
        for _ in range(REPEATS_FOR_BITS):
            for tensor in results:
                tensor.fill_(float("nan") if tensor.is_floating_point() else -77)
            call()
            bits.append([tensor.clone() for tensor in results])
        equal = all(
            torch.equal(a.view(torch.uint8), b.view(torch.uint8))
            for again in bits
            for a, b in zip(bits[0], again, strict=True)
        )
        error = 0.0
        for tensor, true in zip(results, expected[kernel], strict=True):
            values = np.asarray(tensor.double().cpu())
            values = values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
            # a NaN, or a number that was not written, makes the error NaN, and no tolerance passes it
            error = max(error, float(np.linalg.norm(values - true) / (np.linalg.norm(true) or 1)), key=_nan_last)
        found.append((kernel, error, equal))
    return found


def _nan_last(value: float) -> float:
    return float("inf") if value != value else value


def copy_rate(torch: Any) -> float:  # noqa: ANN401
    """Return how many bytes a second the card copies, those read and those written."""
    source = torch.randn(2**28, device="cuda")
    target = torch.empty_like(source)
    return float(2 * source.nbytes / seconds(torch, lambda _: target.copy_(source), 1))


def seconds(torch: Any, call: Callable[[int], Any], sets: int) -> float:  # noqa: ANN401
    """Return the median time of a call, by the card's clock; calls take turns among so many sets of data."""
    for i in range(3 * sets):
        call(i % sets)
    times = []
    for i in range(REPEATS_FOR_TIME):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call(i % sets)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1e3)
    return float(statistics.median(times))


def print_table(torch: Any, rate: float) -> None:  # noqa: ANN401
    """Print, for each setting, times in microseconds and the ratio to torchvision's."""
    print("levels  dtype      layout  bins   RoIs | forward  floor  torchvision  ratio | backward  torchvision  ratio")
    for levels in (1, 4):
        for name in ("float32", "float16", "bfloat16"):
            for bins in (7, 14):
                for count in COUNTS:
                    for channels_last in (True, False) if count == 512 else (True,):
                        row = measure(torch, levels, name, bins, count, channels_last, rate)
                        layout = "last" if channels_last else "first"
                        print(f"{levels:6d}  {name:9s}  {layout:6s}  {bins:4d}  {count:5d} | {row}", flush=True)


def measure(torch: Any, levels: int, name: str, bins: int, count: int, channels_last: bool, rate: float) -> str:  # noqa: ANN401
    """Return one row of the table: kernels alone where channels are last, else with the change of layout."""
    from minimask.roi import cuda

    dtype, sets = getattr(torch, name), 3
    boxes = torch.tensor(random_rois(count), device="cuda")
    areas = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
    chosen = (
        (4 + torch.log2(areas.sqrt() / 224)).floor().clamp(2, 5).long() - 2 if levels == 4 else boxes[:, 0].long() * 0
    )
    shapes, scales = LEVELS[:levels], list(SCALES[:levels])
    data = [[torch.randn(IMAGES, CHANNELS, *s, device="cuda", dtype=dtype) for s in shapes] for _ in range(sets)]
    grads = [torch.randn(count, CHANNELS, bins, bins, device="cuda", dtype=dtype) for _ in range(sets)]
    if channels_last:
        data = [[level.contiguous(memory_format=torch.channels_last) for level in maps] for maps in data]
        grads = [grad.contiguous(memory_format=torch.channels_last) for grad in grads]

    def last(tensor: Tensor) -> Tensor:
        return tensor.permute(0, 2, 3, 1).contiguous()

    def first(tensor: Tensor) -> Tensor:
        tensor = tensor.permute(0, 3, 1, 2)
        return tensor if channels_last else tensor.contiguous()

    def forward(i: int) -> Tensor:
        out = torch.empty((count, bins, bins, CHANNELS), device="cuda", dtype=dtype)
        cuda.roi_align_forward([last(level) for level in data[i]], boxes, chosen, out, scales, 2, True)
        return first(out)

    def backward(i: int) -> list[Tensor]:
        outs = [torch.empty((IMAGES, *s, CHANNELS), device="cuda", dtype=dtype) for s in shapes]
        cuda.roi_align_features_grad(last(grads[i]), boxes, chosen, outs, scales, 2, True)
        return [first(out) for out in outs]

    size = torch.finfo(dtype).bits // 8
    windows = sum(
        float((areas[chosen == level] * scales[level] ** 2).sum().clamp(max=IMAGES * shape[0] * shape[1]))
        for level, shape in enumerate(shapes)
    )
    floor = (count * bins * bins + windows) * CHANNELS * size / rate
    mine, back = seconds(torch, forward, sets), seconds(torch, backward, sets)
    theirs, their_back = torchvision_times(torch, data, grads, boxes, chosen, scales, bins, sets)
    return (
        f"{1e6 * mine:7.0f}  {1e6 * floor:5.0f}  {1e6 * theirs:11.0f}  {theirs / mine:5.1f} | "
        f"{1e6 * back:8.0f}  {1e6 * their_back:11.0f}  {their_back / back:5.1f}"
    )


def torchvision_times(
    torch: Any,  # noqa: ANN401
    data: list[list[Tensor]],
    grads: list[Tensor],
    boxes: Tensor,
    chosen: Tensor,
    scales: list[float],
    bins: int,
    sets: int,
) -> tuple[float, float]:
    """Return the times of torchvision's forward and backward operator, level by level; NaN where it is missing."""
    if importlib.util.find_spec("torchvision") is None or grads[0].dtype == torch.bfloat16:  # it has no such kernel
        return float("nan"), float("nan")
    importlib.import_module("torchvision")
    operators = torch.ops.torchvision
    data = [[level.contiguous() for level in maps] for maps in data]
    grads = [grad.contiguous() for grad in grads]
    picks = [torch.nonzero(chosen == level)[:, 0] for level in range(len(scales))]
    parts = [boxes[pick].to(data[0][0].dtype) for pick in picks]
    settings = (bins, bins)

    def forward(i: int) -> None:
        out = torch.empty_like(grads[i]) if len(scales) > 1 else None
        for level, pick, part, scale in zip(data[i], picks, parts, scales, strict=True):
            found = operators.roi_align(level, part, scale, *settings, 2, True)
            if out is not None:
                out[pick] = found

    def backward(i: int) -> None:
        for level, pick, part, scale in zip(data[i], picks, parts, scales, strict=True):
            grad = grads[i] if len(scales) == 1 else grads[i][pick]
            operators._roi_align_backward(grad, part, scale, *settings, *level.shape, 2, True)

    return seconds(torch, forward, sets), seconds(torch, backward, sets)


if __name__ == "__main__":
    main()
