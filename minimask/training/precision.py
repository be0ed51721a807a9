"""What convolutions and matrix products are computed in: float32, or half as many bits where that is faster."""

from __future__ import annotations

import torch

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""By the names that a configuration gives them."""


def chosen(precision: str, device: torch.device) -> str:
    """Return a precision by name; for `"auto"`, bfloat16 where the device multiplies matrices of it, else float32.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16", "float16"}
    device : torch.device

    Raises
    ------
    ValueError
        If float16 is to be computed on a processor.

    Notes
    -----
    Processors that only convert to bfloat16, or have instructions for vectors but none for matrices, gain little or
    lose. Older versions of torch do not say which ones have; there `"auto"` is float32.

    Examples
    --------
    >>> chosen("float32", torch.device("cpu")), chosen("auto", torch.device("cpu")) in DTYPES
    ('float32', True)
    """
    if precision == "float16" and device.type != "cuda":
        raise ValueError(f"precision float16 must be computed on a graphics card, got device {device}; try bfloat16")
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    features: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return "bfloat16" if features.get("amx_bf16") else "float32"
