"""Non-maximum suppression to use: compiled, for NumPy arrays and torch tensors."""

from minimask.suppression.door import batched_nms, nms

__all__ = ["batched_nms", "nms"]
