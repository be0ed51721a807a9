"""The gradient of each task by itself, place by place, from one forward pass and one backward pass for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

Places = Mapping[str, Sequence[Tensor]]
"""Where gradients are wanted, by name: parameters, or activations that the losses were computed from."""


def task_gradients(losses: Mapping[str, Tensor], places: Places, *, keep_graph: bool = False) -> dict[str, Tensor]:
    r"""Return the gradient of each loss at each place: a row of the place's Jacobian :math:`\partial L_t / \partial x`.

    Parameters
    ----------
    losses : mapping from names to T scalar tensors
        All from one forward pass.
    places : mapping from names to sequences of tensors
        The n numbers of all tensors of a place together are one vector. Tensors that no loss depends on get zeros.
    keep_graph : bool
        Whether a backward pass can still follow, e.g. that of the training step.

    Returns
    -------
    dict of tensors (T, n)
        Of the place's dtype; rows in the order of `losses`. No tensor's `grad` is touched.

    Raises
    ------
    ValueError
        If there is no loss, one is not a single number, one depends on nothing, or a place has no tensor or one that
        needs no gradient.

    Examples
    --------
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> task_gradients({"square": (w * w).sum(), "first": w[0]}, {"w": [w]})["w"]
    tensor([[2., 4.],
            [1., 0.]])
    """
    check_losses(losses)
    _check_places(places)
    tensors = [tensor for place in places.values() for tensor in place]
    last = len(losses) - 1
    rows: list[tuple[Tensor, ...]] = []
    for number, loss in enumerate(losses.values()):
        keep = keep_graph or number < last
        rows.append(torch.autograd.grad(loss, tensors, retain_graph=keep, allow_unused=True, materialize_grads=True))
    columns = iter(zip(*rows, strict=True))
    return {
        name: torch.cat([torch.stack(next(columns)).flatten(1) for _ in place], dim=1) for name, place in places.items()
    }


def products(rows: Tensor, others: Tensor | None = None) -> Tensor:
    """Return the Gram matrix of gradients: every product of two of them, float64 (T, T).

    With `others`, those of another batch, return the products of each of `rows` with each of `others`. They are what a
    noise floor is made of: a task's product with itself over two batches.

    Examples
    --------
    >>> products(torch.tensor([[2.0, 4.0], [1.0, 0.0]]))
    tensor([[20.,  2.],
            [ 2.,  1.]], dtype=torch.float64)
    """
    second = rows if others is None else others
    if rows.ndim != 2 or rows.shape != second.shape:
        raise ValueError(f"rows and others must both have shape (T, n), got {tuple(rows.shape)}, {tuple(second.shape)}")
    return rows.double() @ second.double().T


def cosines(gram: Tensor, left: Tensor | None = None, right: Tensor | None = None) -> Tensor:
    """Return the cosine of the angle between every two gradients, (..., T, T); nan where one of them is zero.

    Parameters
    ----------
    gram : tensor (..., T, T)
        See `products`.
    left, right : tensor (..., T), optional
        The gradients' lengths; by default the square roots of the diagonal. For products of two batches they must be
        given.

    Examples
    --------
    >>> cosines(torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))
    tensor([[ 1.0000, -0.5000],
            [-0.5000,  1.0000]])
    """
    if (left is None) != (right is None):
        raise ValueError("left and right must both be given, or neither")
    if left is None or right is None:
        left = right = lengths(gram)
    scale = left.unsqueeze(-1) * right.unsqueeze(-2)
    return (gram / scale.masked_fill(scale == 0, torch.nan)).clamp(-1, 1)


def lengths(gram: Tensor) -> Tensor:
    """Return the gradients' lengths (..., T) from their products (..., T, T).

    Examples
    --------
    >>> lengths(torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))
    tensor([2., 1.])
    """
    return gram.diagonal(dim1=-2, dim2=-1).clamp(min=0).sqrt()


def projections(gram: Tensor) -> Tensor:
    """Return how much of gradient j each gradient i contains: g_i · g_j / g_j · g_j, (..., T, T).

    A step along -g_j that is small enough lowers loss i by this much of what it lowers loss j; it is nan where g_j is
    zero.

    Examples
    --------
    >>> projections(torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))
    tensor([[ 1.0000, -1.0000],
            [-0.2500,  1.0000]])
    """
    squares = gram.diagonal(dim1=-2, dim2=-1).unsqueeze(-2)
    return gram / squares.masked_fill(squares == 0, torch.nan)


def layers(model: nn.Module, within: str = "") -> dict[str, list[nn.Parameter]]:
    """Return the parameters that learn, layer by layer: each module that has some of its own, in the model's order.

    Parameters
    ----------
    model : nn.Module
    within : str
        Only those whose name begins so; "" are all.

    Raises
    ------
    ValueError
        If none is left.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> {name: [tuple(one.shape) for one in place] for name, place in layers(model).items()}
    {'0': [(3, 2), (3,)], '2': [(1, 3), (1,)]}
    """
    found = {}
    for name, module in model.named_modules():
        own = [one for one in module.parameters(recurse=False) if one.requires_grad]
        if own and name.startswith(within):
            found[name] = own
    if not found:
        raise ValueError(f"within must be the beginning of the name of a layer that learns, got {within!r}")
    return found


def below(model: nn.Module, names: Sequence[str]) -> dict[str, list[nn.Parameter]]:
    """Return the parameters that learn in some modules and in all that these consist of.

    Parameters
    ----------
    model : nn.Module
    names : sequence of str
        Of modules; those in which nothing learns are left out.

    Raises
    ------
    ValueError
        If a name is no module's.

    Examples
    --------
    >>> model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), nn.ReLU())
    >>> {name: len(place) for name, place in below(model, ["0", "0.1", "1"]).items()}
    {'0': 4, '0.1': 2}
    """
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"names must be of the model's modules, got {name!r}")
    found = {name: [one for one in modules[name].parameters() if one.requires_grad] for name in names}
    return {name: place for name, place in found.items() if place}


def check_losses(losses: Mapping[str, Tensor]) -> None:
    """Make sure that there are losses, each a single number that depends on something that learns."""
    if not losses:
        raise ValueError("losses must name at least one, got none")
    for name, loss in losses.items():
        if loss.numel() != 1:
            raise ValueError(f"losses must be single numbers, got {name!r} of shape {tuple(loss.shape)}")
        if not loss.requires_grad:
            raise ValueError(f"losses must depend on something that learns, got {name!r} which does not")


def _check_places(places: Places) -> None:
    if not places:
        raise ValueError("places must name at least one, got none")
    for name, place in places.items():
        if not place:
            raise ValueError(f"places must have tensors, got {name!r} without any")
        if not all(tensor.requires_grad for tensor in place):
            raise ValueError(f"places must be tensors that need a gradient, got {name!r} with one that does not")
