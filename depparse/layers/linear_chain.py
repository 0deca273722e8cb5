"""Linear-chain conditional random fields within a regular language: sums over its sequences, and the best sequence.

The model is that of Lafferty, McCallum & Pereira 2001 (*Conditional Random Fields*), within a language that of Papay,
Klinger & Padó 2022 (*Constraining Linear-chain CRFs to Regular Languages*). The chain runs over the product of the
labels and the states of a deterministic automaton, so sequences outside the language have a probability of exactly
zero, in training and in decoding. Where we differ: only reachable pairs of label and state are nodes of the chain, and
arcs are lists of neighbours. The automaton is the smallest one, so if a language only says which label may follow which
(BIOES), the nodes are the labels, and the arcs are the permitted pairs.

``scores[batch, words, labels]`` are the scores of the labels of each word, without ROOT. The scores of pairs of labels
are ``transitions[previous, next]``; the last row is the beginning of the sentence, the last column its end. -inf
forbids. ``lengths[batch]`` are in words; scores behind the end are ignored. O(words · arcs) time, one step for each
word of the longest sentence, in logarithms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from depparse.features.vocabulary import IGNORE
from depparse.structs.automaton import Automaton, Deterministic, determinize


class _Neighbours(NamedTuple):
    """The neighbours of each node, padded to the same number, ``[nodes, neighbours]``."""

    nodes: Tensor
    mask: Tensor  # True at neighbours, False at padding


class _Forward(NamedTuple):
    """The results of the forward algorithm, as logarithms of sums."""

    weights: _Weights
    node_scores: Tensor  # [batch, words, nodes]
    alphas: Tensor  # [words, batch, nodes], over all beginnings of sequences up to this node, this included
    total: Tensor  # [batch]


class _Weights(NamedTuple):
    """The scores of arcs, by transitions and language; -inf if there is none."""

    begin: Tensor  # [nodes]
    end: Tensor  # [nodes]
    before: Tensor  # [nodes, neighbours], from the nodes before
    after: Tensor  # [nodes, neighbours], to the nodes after


class LinearChain(nn.Module):
    """A chain within a language. It has no weights; it is a module so that its buffers move between devices."""

    labels: Tensor  # [nodes], the label of each
    begins: Tensor  # [nodes], True where a sequence may begin
    ends: Tensor  # [nodes], True where a sequence may end

    def __init__(self, automaton: Automaton | Deterministic) -> None:
        super().__init__()
        language = automaton if isinstance(automaton, Deterministic) else determinize(automaton)
        self.language = language
        self.n_labels = language.n_labels
        following = language.following.tolist()
        nodes = sorted({(label, after) for row in following for label, after in enumerate(row) if after >= 0})
        numbers = {node: number for number, node in enumerate(nodes)}
        after = [
            [numbers[label, state] for label, state in enumerate(following[reached]) if state >= 0]
            for _, reached in nodes
        ]
        before: list[list[int]] = [[] for _ in nodes]
        for number, row in enumerate(after):
            for other in row:
                before[other].append(number)
        self.accepts_empty = bool(language.accepting[0])
        # A language without a sequence of words gets one node that cannot be reached, so that no tensor is empty.
        self._add("labels", torch.tensor([label for label, _ in nodes] or [0]))
        self._add("begins", torch.tensor([following[0][label] == state for label, state in nodes] or [False]))
        self._add("ends", torch.tensor([bool(language.accepting[state]) for _, state in nodes] or [False]))
        for name, rows in (("before", before or [[]]), ("after", after or [[]])):
            n_neighbours = max(1, *map(len, rows))
            self._add(f"{name}_nodes", torch.tensor([row + [0] * (n_neighbours - len(row)) for row in rows]))
            self._add(f"{name}_mask", torch.tensor([[n < len(row) for n in range(n_neighbours)] for row in rows]))

    def _add(self, name: str, value: Tensor) -> None:
        self.register_buffer(name, value, persistent=False)  # not saved, because it is made from the automaton

    @property
    def n_nodes(self) -> int:
        """The number of nodes."""
        return len(self.labels)

    @property
    def before(self) -> _Neighbours:
        """The nodes from which arcs lead to each node."""
        return _Neighbours(self.get_buffer("before_nodes"), self.get_buffer("before_mask"))

    @property
    def after(self) -> _Neighbours:
        """The nodes to which arcs lead from each node."""
        return _Neighbours(self.get_buffer("after_nodes"), self.get_buffer("after_mask"))

    # -- results

    def log_partition(self, scores: Tensor, transitions: Tensor, lengths: Tensor) -> Tensor:
        """The logarithm of Σ exp(score) over the sequences of the language, ``[batch]``; -inf if there is none.

        Its gradient, by the backward algorithm, are the probabilities of labels and of pairs of labels. There is no
        second derivative.
        """
        total: Tensor = _LogPartition.apply(scores, transitions, lengths, self)  # type: ignore[no-untyped-call]
        return total

    def path_score(self, scores: Tensor, transitions: Tensor, lengths: Tensor, labels: Tensor) -> Tensor:
        """The score of ``labels[batch, words]``, whether they are in the language or not, ``[batch]``."""
        present = _present(scores, lengths)
        labels = labels.masked_fill(~present, 0)
        emitted = scores.gather(2, labels[..., None]).squeeze(2).masked_fill(~present, 0.0)
        boundary = labels.new_full((len(labels), 1), self.n_labels)
        inside = transitions[torch.cat([boundary, labels[:, :-1]], 1), labels].masked_fill(~present, 0.0)
        last = labels.gather(1, (lengths - 1).clamp(min=0)[:, None]).squeeze(1)
        end = transitions[last, self.n_labels].masked_fill(lengths == 0, 0.0)
        return emitted.sum(1) + inside.sum(1) + end

    def marginals(self, scores: Tensor, transitions: Tensor, lengths: Tensor) -> Tensor:
        """The probability of each label, ``[batch, words, labels]``; 0 if the language has no sequence."""
        forward = self._forward(scores, transitions, lengths)
        betas, _ = self._backward(forward, lengths)
        return self._by_label(forward, betas, lengths)

    def segment_probabilities(
        self, scores: Tensor, transitions: Tensor, lengths: Tensor, sentences: Tensor, starts: Tensor, labels: Tensor
    ) -> Tensor:
        """The probability that a sequence has the labels of the segment, whatever its others are, ``[segments]``.

        A segment begins at the word ``starts[segments]``, from 0, of the sentence ``sentences[segments]`` of the batch,
        and has the labels ``labels[segments, words]``, with IGNORE behind its end.
        """
        if not len(labels):
            return scores.new_zeros(0)
        forward = self._forward(scores, transitions, lengths)
        betas, _ = self._backward(forward, lengths)
        # This is the forward algorithm, but only through the labels of the segment.
        values = forward.alphas[starts, sentences].masked_fill(labels[:, :1] != self.labels, -torch.inf)
        word = starts
        for number in range(1, labels.shape[1]):
            inside = labels[:, number] != IGNORE
            word = word + inside
            new = self._advance(values, forward.weights) + forward.node_scores[sentences, word]
            new = new.masked_fill(labels[:, number, None] != self.labels, -torch.inf)
            values = torch.where(inside[:, None], new, values)
        logarithms = torch.logsumexp(values + betas[word, sentences], 1) - _finite(forward.total)[sentences]
        return logarithms.exp().clamp(max=1.0)

    def viterbi(self, scores: Tensor, transitions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The best sequence of the language ``labels[batch, words]``, and its score ``[batch]``.

        Labels are IGNORE behind the end. If the language has no sequence, all are IGNORE and the score is -inf.
        """
        node_scores, weights = self._node_scores(scores, lengths), self._weights(transitions.to(scores.dtype))
        best = weights.begin + node_scores[:, 0]
        pointers = []
        for word in range(1, scores.shape[1]):
            terms = best[:, self.before.nodes.flatten()].view(-1, *self.before.nodes.shape) + weights.before
            new, number = terms.max(-1)
            pointers.append(self.before.nodes.expand_as(terms).gather(-1, number[..., None]).squeeze(-1))
            best = torch.where((word < lengths)[:, None], new + node_scores[:, word], best)
        score, node = (best + weights.end).max(-1)
        path = [node]
        for word in range(scores.shape[1] - 1, 0, -1):
            before = pointers[word - 1].gather(1, node[:, None]).squeeze(1)
            node = torch.where(word < lengths, before, node)
            path.append(node)
        score = self._with_empty(score, lengths)
        labels = self.labels[torch.stack(path[::-1], 1)]
        return labels.masked_fill(~_present(scores, lengths) | (score == -torch.inf)[:, None], IGNORE), score

    # -- the algorithms

    def _weights(self, transitions: Tensor) -> _Weights:
        """The scores of the arcs of the chain."""
        labels, forbidden = self.labels, -torch.inf
        before, after = self.before, self.after
        return _Weights(
            transitions[self.n_labels, labels].masked_fill(~self.begins, forbidden),
            transitions[labels, self.n_labels].masked_fill(~self.ends, forbidden),
            transitions[labels[before.nodes], labels[:, None]].masked_fill(~before.mask, forbidden),
            transitions[labels[:, None], labels[after.nodes]].masked_fill(~after.mask, forbidden),
        )

    def _node_scores(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """The scores of nodes, ``[batch, words, nodes]``; 0 behind the end."""
        present = _present(scores, lengths)
        return scores.masked_fill(~present[..., None], 0.0)[..., self.labels]

    def _advance(self, values: Tensor, weights: _Weights) -> Tensor:
        """For each node, the sum over the nodes before, with their ``values[rows, nodes]``; ``[rows, nodes]``."""
        nodes = self.before.nodes
        return torch.logsumexp(values.index_select(1, nodes.flatten()).view(-1, *nodes.shape) + weights.before, -1)

    def _forward(self, scores: Tensor, transitions: Tensor, lengths: Tensor) -> _Forward:
        weights, node_scores = self._weights(transitions.to(scores.dtype)), self._node_scores(scores, lengths)
        alpha = weights.begin + node_scores[:, 0]
        alphas = [alpha]
        for word in range(1, scores.shape[1]):
            new = self._advance(alpha, weights) + node_scores[:, word]
            alpha = torch.where((word < lengths)[:, None], new, alpha)
            alphas.append(alpha)
        total = self._with_empty(torch.logsumexp(alpha + weights.end, 1), lengths)
        return _Forward(weights, node_scores, torch.stack(alphas), total)

    def _backward(self, forward: _Forward, lengths: Tensor, sentences: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """``betas[words, batch, nodes]``, the logarithms of sums over all that can follow a node, and counts of arcs.

        The expected counts ``[nodes, neighbours after]`` are sums over the batch, with ``sentences[batch]`` as the
        weights of the sentences; without these they are zeros.
        """
        weights, node_scores, alphas, total = forward
        nodes = self.after.nodes
        beta = weights.end.expand(node_scores.shape[0], -1)
        betas = [beta]
        counts = torch.zeros_like(weights.after)
        for word in range(node_scores.shape[1] - 1, 0, -1):
            inside = (word < lengths)[:, None]
            later = (beta + node_scores[:, word]).index_select(1, nodes.flatten())
            terms = later.view(-1, *nodes.shape) + weights.after
            if sentences is not None:
                share = (alphas[word - 1] - _finite(total)[:, None]).masked_fill(~inside, -torch.inf)
                arcs = (share[..., None] + terms).exp()
                counts += (sentences @ arcs.flatten(1)).view_as(counts)
            beta = torch.where(inside, torch.logsumexp(terms, -1), beta)
            betas.append(beta)
        return torch.stack(betas[::-1]), counts

    def _by_label(self, forward: _Forward, betas: Tensor, lengths: Tensor) -> Tensor:
        """The probabilities of labels, ``[batch, words, labels]``: sums over the nodes of each label."""
        probabilities = (forward.alphas + betas - _finite(forward.total)[:, None]).exp().transpose(0, 1)
        present = _present(probabilities, lengths)
        by_label = probabilities.new_zeros(*probabilities.shape[:2], self.n_labels)
        return by_label.index_add_(2, self.labels, probabilities * present[..., None])

    def _with_empty(self, total: Tensor, lengths: Tensor) -> Tensor:
        """The totals, with the right ones for sentences without words."""
        return total.masked_fill(lengths == 0, 0.0 if self.accepts_empty else -torch.inf)


class _LogPartition(torch.autograd.Function):
    """The log-partition by the forward algorithm. The backward algorithm is its gradient, faster than autograd's."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, transitions: Tensor, lengths: Tensor, chain: LinearChain) -> Tensor:
        forward = chain._forward(scores, transitions, lengths)
        ctx.chain = chain
        ctx.save_for_backward(*forward.weights, *forward[1:], lengths, transitions)
        return forward.total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        chain: LinearChain = ctx.chain
        *saved, lengths, transitions = ctx.saved_tensors
        forward = _Forward(_Weights(*saved[:4]), *saved[4:])
        betas, counts = chain._backward(forward, lengths, gradient)
        by_label = chain._by_label(forward, betas, lengths) * gradient[:, None, None]
        pairs = torch.zeros_like(transitions, dtype=by_label.dtype)
        after, labels = chain.after.nodes, chain.labels
        pairs.index_put_((labels[:, None].expand_as(after), labels[after]), counts, accumulate=True)
        pairs[chain.n_labels, : chain.n_labels] += by_label[:, 0].sum(0)
        last = (lengths - 1).clamp(min=0)[:, None, None].expand(-1, 1, chain.n_labels)
        pairs[: chain.n_labels, chain.n_labels] += by_label.gather(1, last).sum((0, 1))
        return by_label, pairs.to(transitions.dtype), None, None


def _present(scores: Tensor, lengths: Tensor) -> Tensor:
    """True at real words, ``[batch, words]``."""
    return torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]


def _finite(total: Tensor) -> Tensor:
    """Log-partitions for division; 0 if there is no sequence, because then numerators already make probabilities 0."""
    return total.masked_fill(total == -torch.inf, 0.0)
