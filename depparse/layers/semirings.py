"""How the weights of paths are added up and multiplied, for algorithms that are the same for numbers and logarithms.

Axes are those of `depparse.layers.role_sums`: predicates, sets of roles, roles.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Numbers:
    """Weights, and sums of them, as they are: fast, but what is very small vanishes."""

    zero, one = 0.0, 1.0
    of_log = staticmethod(torch.exp)
    log = staticmethod(torch.log)
    times = staticmethod(torch.mul)
    over = staticmethod(torch.div)
    plus = staticmethod(torch.add)

    @staticmethod
    def plus_product(values: Tensor, others: Tensor, weights: Tensor) -> Tensor:
        """The values plus the products of the other two."""
        return torch.addcmul(values, others, weights)

    @staticmethod
    def total(values: Tensor) -> Tensor:
        """The sum over the last axis."""
        return values.sum(-1)

    @staticmethod
    def dot(values: Tensor, weights: Tensor) -> Tensor:
        """The sum over roles of the products of ``[predicates, sets, roles]`` and ``[predicates, 1, roles]``:
        ``[predicates, sets]``."""
        return (values @ weights.transpose(1, 2)).squeeze(2)

    @staticmethod
    def over_sets(values: Tensor, others: Tensor) -> Tensor:
        """The sum over sets of the products of ``[predicates, sets]``, or ``[predicates, sets, roles]``, and
        ``[predicates, sets, roles]``: ``[predicates, roles]``."""
        if values.dim() == 2:
            return (values[:, None] @ others).squeeze(1)
        return (values * others).sum(1)


class Logarithms:
    """The same in logarithms: for any scores, at several times the cost."""

    zero, one = -torch.inf, 0.0
    of_log = staticmethod(torch.clone)
    log = staticmethod(torch.clone)
    times = staticmethod(torch.add)
    over = staticmethod(torch.sub)
    plus = staticmethod(torch.logaddexp)

    @staticmethod
    def plus_product(values: Tensor, others: Tensor, weights: Tensor) -> Tensor:
        """The values plus the products of the other two."""
        return torch.logaddexp(values, others + weights)

    @staticmethod
    def total(values: Tensor) -> Tensor:
        """The sum over the last axis."""
        return values.logsumexp(-1)

    @staticmethod
    def dot(values: Tensor, weights: Tensor) -> Tensor:
        """The sum over roles of the products, as that of `Numbers`."""
        return (values + weights).logsumexp(-1)

    @staticmethod
    def over_sets(values: Tensor, others: Tensor) -> Tensor:
        """The sum over sets of the products, as that of `Numbers`."""
        return ((values[..., None] if values.dim() == 2 else values) + others).logsumexp(1)


Semiring = type[Numbers] | type[Logarithms]
