"""Addition and multiplication of the weights of paths, for algorithms that work on numbers or on their logarithms.

The axes are those of `depparse.layers.role_sums`: predicates, sets of roles, roles.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Numbers:
    """Weights and their sums as plain numbers: fast, but very small weights become zero."""

    zero, one = 0.0, 1.0
    of_log = staticmethod(torch.exp)
    log = staticmethod(torch.log)
    times = staticmethod(torch.mul)
    over = staticmethod(torch.div)
    plus = staticmethod(torch.add)

    @staticmethod
    def plus_product(values: Tensor, others: Tensor, weights: Tensor) -> Tensor:
        """The values plus the products of `others` and `weights`."""
        return torch.addcmul(values, others, weights)

    @staticmethod
    def total(values: Tensor) -> Tensor:
        """The sum over the last axis."""
        return values.sum(-1)

    @staticmethod
    def dot(values: Tensor, weights: Tensor) -> Tensor:
        """The sum of products over roles, ``[predicates, sets]``.

        `values` are ``[predicates, sets, roles]``, `weights` ``[predicates, 1, roles]``.
        """
        return (values @ weights.transpose(1, 2)).squeeze(2)

    @staticmethod
    def over_sets(values: Tensor, others: Tensor) -> Tensor:
        """The sum of products over sets, ``[predicates, roles]``.

        `values` are ``[predicates, sets]`` or ``[predicates, sets, roles]``, `others` ``[predicates, sets, roles]``.
        """
        if values.dim() == 2:
            return (values[:, None] @ others).squeeze(1)
        return (values * others).sum(1)


class Logarithms:
    """Weights and their sums as logarithms: right for any scores, at several times the cost."""

    zero, one = -torch.inf, 0.0
    of_log = staticmethod(torch.clone)
    log = staticmethod(torch.clone)
    times = staticmethod(torch.add)
    over = staticmethod(torch.sub)
    plus = staticmethod(torch.logaddexp)

    @staticmethod
    def plus_product(values: Tensor, others: Tensor, weights: Tensor) -> Tensor:
        """The values plus the products of `others` and `weights`."""
        return torch.logaddexp(values, others + weights)

    @staticmethod
    def total(values: Tensor) -> Tensor:
        """The sum over the last axis."""
        return values.logsumexp(-1)

    @staticmethod
    def dot(values: Tensor, weights: Tensor) -> Tensor:
        """The sum of products over roles, with the shapes of `Numbers.dot`."""
        return (values + weights).logsumexp(-1)

    @staticmethod
    def over_sets(values: Tensor, others: Tensor) -> Tensor:
        """The sum of products over sets, with the shapes of `Numbers.over_sets`."""
        return ((values[..., None] if values.dim() == 2 else values) + others).logsumexp(1)


Semiring = type[Numbers] | type[Logarithms]
