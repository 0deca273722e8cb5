"""Trees by attention in two directions: the network against its formulas, the loss, and models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.tensors import Layout
from depparse.model_folder.store import save
from depparse.tasks.agreement import Agreement, AgreementCodec, AgreementConfig, AgreementScores
from depparse.tasks.dependencies.codec import DependencyTargets
from tests.models import annotated, learn, model_of
from tests.recipes import QUICK
from tests.sentences import two_sentences

WIDTH = 6
TASK = {"type": "agreement", "arc_width": 32, "label_width": 16, "query_width": 32, "dropout": 0.0}


def network_of() -> Agreement:
    torch.manual_seed(2)
    config = AgreementConfig(arc_width=5, label_width=4, query_width=3, smoothing=0.0)
    network = Agreement(AgreementCodec(config, Vocabulary(["root", "obj", "nsubj"])), Widths(WIDTH, WIDTH)).eval()
    with torch.no_grad():
        for form in network.forms:
            form.normal_()
    return network


def scores_of(network: Agreement, vectors: torch.Tensor, *lengths: int) -> AgreementScores:
    words, sizes = torch.arange(vectors.shape[1]), torch.tensor(lengths)
    layout = Layout(sizes, (words > 0) & (words <= sizes[:, None]), torch.zeros_like(sizes))
    with torch.no_grad():
        return network(Encoded(vectors, vectors), layout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("number", [0, 1])
def test_each_direction_reads_the_soft_heads_before(number: int) -> None:
    network, vectors = network_of(), torch.randn(1, 5, WIDTH, generator=torch.Generator().manual_seed(1))
    found = scores_of(network, vectors, 4).directions[number, 0]
    with torch.no_grad():
        dependents, heads = (network.represent[place](vectors)[0] for place in (0, 1))
        state, soft_head = torch.zeros(1, 3), torch.zeros(5)
        for word in (0, 1, 2, 3, 4) if number == 0 else (4, 3, 2, 1, 0):
            state = network.readers[number](torch.cat([dependents[word], soft_head])[None], state)
            query = torch.cat([state[0], torch.ones(1)])
            others = [head for head in range(5) if head != word]
            scores = torch.stack([query @ network.forms[number] @ heads[head] for head in others]) / 5**0.5
            probabilities = scores.softmax(0)
            assert torch.allclose(found[word, others].exp(), probabilities, atol=1e-6)
            assert found[word, word] == float("-inf")
            soft_head = sum(p * heads[head] for p, head in zip(probabilities, others, strict=True))


def test_padding_changes_nothing_and_is_no_head() -> None:
    network, vectors = network_of(), torch.randn(2, 6, WIDTH, generator=torch.Generator().manual_seed(1))
    together = scores_of(network, vectors, 5, 2)
    alone = scores_of(network, vectors[1:, :3], 2)
    assert torch.allclose(together.arc_scores[1, :3, :3], alone.arc_scores[0], atol=1e-6)
    assert (together.arc_scores[1, :, 3:] == float("-inf")).all()
    assert torch.equal(together.arc_scores, together.directions.sum(0))
    assert not together.arc_scores.isnan().any()


def test_the_loss_is_that_of_the_product_of_each_direction_and_of_labels() -> None:
    network, vectors = network_of(), torch.randn(1, 3, WIDTH, generator=torch.Generator().manual_seed(1))
    scores = scores_of(network, vectors, 2)
    targets = DependencyTargets(torch.tensor([[IGNORE, 2, 0]]), torch.tensor([[IGNORE, 1, 0]]))
    product = scores.arc_scores.log_softmax(-1)
    expected = -sum(float(each[0, 1, 2] + each[0, 2, 0]) for each in (product, *scores.directions)) / 2
    with torch.no_grad():
        chosen = torch.tensor([[0, 2, 0]])[..., None]
        labels = network.label_scores(scores.label_dependents, scores.label_heads, chosen)[0, :, 0].log_softmax(-1)
        expected -= float(labels[1, 1] + labels[2, 0]) / 2
        assert float(network.loss(scores, targets)) == pytest.approx(expected, rel=1e-5)


def test_a_model_learns_by_heart_tells_probabilities_and_comes_back_from_disk(tmp_path: Path) -> None:
    document = two_sentences()
    model = model_of({"parser": TASK}, document)
    learn(model, document, QUICK.model_copy(update={"epochs": 200, "evaluate_every": 200}))
    parsed = annotated(model, document)
    assert [sentence.heads for sentence in parsed] == [sentence.heads for sentence in document]
    save(model, tmp_path / "model")
    nlp = depparse.load(tmp_path / "model")
    words = [sentence.columns["FORM"] for sentence in document]
    again = nlp(Document([Sentence.from_forms(forms) for forms in words]), probabilities=True)
    assert [sentence.heads for sentence in again] == [sentence.heads for sentence in document]
    assert all(
        0 < float(word.misc.split("HeadProb=")[1].split("|")[0]) <= 1 for sentence in again for word in sentence.words
    )
    (analysis,) = nlp.analyses([Sentence.from_forms(words[0])])
    assert np.allclose(analysis.arc_probabilities[1:].sum(-1), 1)
