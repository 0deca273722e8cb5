"""Embeddings of the dependency paths between a word and all others (Roth & Lapata 2016, *Neural Semantic Role Labeling
with Dependency Path Embeddings*, PathLSTM).

An LSTM reads the words from a predicate to another word along the tree, each with the relation and the direction, up or
down, by which it is reached; its last state is the embedding of the path. The path to a word is the path to the word
before it and one step more. So the LSTM runs only once over the tree, which hangs from the predicate, and takes all
words at the same distance and all predicates together. That is O(predicates · words) steps of the LSTM, but only as
many in sequence as the longest path has words.

Where we differ:

- Word, relation and direction are one item of the path, not several items in sequence.
- A word is represented by the encoder's inputs, which tell of its part of speech too, not by embeddings of form and
  part of speech that are learned for the paths. The same units are dropped in a whole sentence.
- There is a path to every word, not only to candidates that another classifier has chosen.
- The embedding is used beside a biaffine form of predicate and word (depparse/tasks/srl/argument_network.py), not
  beside binary features made by hand.
- Arguments are decoded together, not identified, classified and reranked.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.layers.dropout import SharedDropout
from depparse.layers.trees.paths import PathInputs, PathsConfig, levels
from depparse.layers.trees.reader import Arcs


class Paths(nn.Module):
    """The network that embeds the path from each predicate to each word, ``[predicates, words, width]``."""

    def __init__(self, config: PathsConfig, input_width: int, n_relations: int) -> None:
        super().__init__()
        self.width, self.n_relations = config.width, n_relations
        self.word = nn.Sequential(nn.Linear(input_width, config.word_width), SharedDropout(config.dropout))
        # Number 0 is the start of a path; then come relations up, then relations down.
        self.steps = nn.Embedding(1 + 2 * n_relations, config.relation_width)
        self.cell = nn.LSTMCell(config.word_width + config.relation_width, config.width)

    def prepare(self, values: Tensor, arcs: Arcs[Tensor]) -> PathInputs[Tensor]:
        """The input of `forward`, from ``values[batch, words, input width]``; it is the same for all predicates."""
        return PathInputs(self.word(values), arcs.heads, arcs.relations)

    def forward(self, inputs: PathInputs[Tensor], positions: Tensor) -> Tensor:
        """The embedding of the path from each predicate to each word; zeros if there is no path.

        ``positions[predicates, 2]`` are the sentence and the word of each predicate.
        """
        sentence, word = positions.T
        heads, relations = inputs.heads[sentence], inputs.relations[sentence]
        paths = inputs.words.new_zeros(len(positions), inputs.words.shape[1], self.width)
        hidden = cell = inputs.words.new_zeros(1, self.width)
        states: list[Tensor] = []
        rows: list[Tensor] = []
        for distance, level in enumerate(levels(heads.numpy(force=True), word.numpy(force=True))):
            predicates, words, before, earlier = (torch.as_tensor(field, device=heads.device) for field in level)
            down = heads[predicates, words] == before
            step = torch.where(down, self.n_relations, 0) + torch.where(
                down, relations[predicates, words], relations[predicates, before]
            )
            step = torch.zeros_like(words) if not distance else 1 + step
            item = torch.cat([inputs.words[sentence[predicates], words], self.steps(step)], -1)
            hidden, cell = self.cell(item, (hidden[earlier], cell[earlier]))
            states.append(hidden)
            rows.append(predicates * paths.shape[1] + words)
        if not states:
            return paths
        return paths.flatten(0, 1).index_copy(0, torch.cat(rows), torch.cat(states).to(paths.dtype)).view_as(paths)
