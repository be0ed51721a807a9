"""How fast are the kernels on an NVIDIA card? First, though, whether they are right, and the same every time.

Every operator is held against float64 on numbers drawn anew, its outputs poisoned before, and repeated a hundred times.
It is timed beside torchvision's, which gets the layout that it likes, and beside the time in which the card copies as
many bytes as must move at least: what is written, and what is read, once. Times are those of the card, with launches
queued before; and those of a public function's whole call on an idle card, with launches and checks. Then whole
training steps of Mask R-CNN are timed beside torchvision's.

    python benchmarks/gpu.py               a few minutes on a card; writes benchmarks/gpu.md and gpu.json
    python benchmarks/gpu.py --sanitize    then also a small call of each kernel under memcheck and racecheck
    python benchmarks/gpu.py --foretell    what bounds each kernel, without a card

It needs torch for NVIDIA cards, `pip install "minimask[cuda]"`, and torchvision to compare with. Without a card it says
so, and ends well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

REPEATS = 100
MINUTES = 5.0
"""After which no more problem is begun: the last ones are the least important."""
FOR_SANITIZER = ("float32", "bfloat16")
LIMIT_OF_SANITIZER = 80.0
"""Seconds, for each of its tools."""


def main(arguments: list[str] | None = None) -> int:
    """Check, measure, write the report, and print it last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sanitize", action="store_true", help="also run each kernel under compute-sanitizer")
    parser.add_argument("--small", action="store_true", help="only a small call of each kernel, for compute-sanitizer")
    parser.add_argument("--foretell", action="store_true", help="only say what bounds each kernel; needs no card")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="begin no problem later than this")
    options = parser.parse_args(arguments)
    if options.foretell:
        return foretell()
    missing, code = what_is_missing()
    if missing:
        print(f"no GPU benchmark: {missing}")
        return code
    return small() if options.small else measure(options.minutes, options.sanitize)


def what_is_missing() -> tuple[str, int]:
    """Return what keeps this machine from the benchmark, or "", and the exit code: 0 where there simply is no card."""
    try:
        import torch
    except ImportError:
        return "torch is not installed", 0
    if not torch.cuda.is_available():
        built = "" if torch.version.cuda else ", for it was built without CUDA; a torch with CUDA is another package"
        return f"torch sees no NVIDIA card on this machine{built}", 0
    try:
        from minimask.roi import cuda_shim

        cuda_shim.require(torch.cuda.current_device())
    except (ImportError, RuntimeError) as error:  # it says what to install
        return str(error), 1
    return "", 0


def measure(minutes: float, sanitize: bool) -> int:
    """Measure on this machine's card."""
    import torch
    from measuring.problem import all_problems
    from measuring.row import has_torchvision
    from measuring.run import Plan, run
    from measuring.sanitizer import sanitized

    from minimask.roi import cuda

    plan = Plan(all_problems(), 60 * minutes, REPEATS)
    if has_torchvision():
        from measuring.steps import steps

        plan = plan._replace(steps=steps)
    page = Path(__file__).with_suffix(".md")
    device = torch.device("cuda", torch.cuda.current_device())
    report = run(cuda, device, plan, lambda report: report.write(page))
    clean = True
    if sanitize:
        clean = sanitized(report, [__file__, "--small"], LIMIT_OF_SANITIZER)
    else:
        report.notes.append("Not run under memcheck and racecheck: that is `python benchmarks/gpu.py --sanitize`.")
    report.write(page)
    print(f"\n{report.page(whole=False)}")
    return int(bool(report.failures) or not clean)


def small() -> int:
    """Call each kernel on small problems, once."""
    import torch
    from measuring.corner_cases import corner_cases

    from minimask.roi import cuda

    wrong = [one for one in corner_cases(cuda, torch.device("cuda"), FOR_SANITIZER, repeats=1) if not one.good]
    print("\n".join(map(str, wrong)) or "all right")
    return int(bool(wrong))


def foretell() -> int:
    """Say what each kernel has to do for the problems of the targets."""
    from measuring.foretold import foretold

    print(foretold())
    return 0


if __name__ == "__main__":
    sys.exit(main())
