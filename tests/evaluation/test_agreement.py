"""Agreement between annotators: by hand, and kappa as scikit-learn computes it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from depparse.document.document import Document
from depparse.evaluation.agreement import agreement, kappa

ROWS = """\
# sent_id = s1
1\tShe\tshe\tPRON\tP\tCase=Nom\t2\tnsubj\t_\t_
2\tsaw\tsee\tVERB\tV\t_\t0\troot\t_\t_
3\tthe\tthe\tDET\tD\t_\t4\tdet\t_\t_
4\tman\tman\tNOUN\tN\t_\t2\tobj\t_\t_
5\twith\twith\tADP\tA\t_\t6\tcase\t_\t_
6\tglasses\tglass\tNOUN\tN\t_\t4\tnmod\t_\t_

"""
OTHER = (
    ROWS.replace("6\tglasses\tglass\tNOUN\tN\t_\t4\tnmod", "6\tglasses\tglasses\tNOUN\tN\tNumber=Plur\t2\tobl")
    .replace("VERB", "AUX").replace("DET\tD", "DET\t_")
)  # fmt: skip


def test_agreement_by_hand() -> None:
    result = agreement(Document.from_conllu(ROWS), Document.from_conllu(OTHER))
    assert (result.words, result.aligned) == ((6, 6), 6)
    assert (result.uas, result.las) == (5 / 6, 5 / 6)
    found = {one.kind: (one.words, one.agreement, one.kappa) for one in result.kappas}
    # UPOS: NOUN 2 and 2, four tags 1 and 1 each, but VERB and AUX once each: chance (4 + 3) / 36.
    assert found["upos"] == (6, 5 / 6, pytest.approx((5 / 6 - 7 / 36) / (1 - 7 / 36)))
    assert found["label"] == (6, 5 / 6, pytest.approx((5 / 6 - 5 / 36) / (1 - 5 / 36)))
    assert found["xpos"] == (5, 1.0, 1.0)  # one tag of the second side is not annotated
    assert found["lemma"] == (6, 5 / 6, pytest.approx((5 / 6 - 5 / 36) / (1 - 5 / 36)))
    assert found["feats"] == (6, 5 / 6, pytest.approx((5 / 6 - 21 / 36) / (1 - 21 / 36)))
    relations = {one.relation: (one.words, one.labels, one.heads, one.both, one.kappa) for one in result.relations}
    assert relations["nsubj"] == (1, 1, 1, 1, 1.0)
    assert relations["nmod"] == (1, 0, 0, 0, 0.0)
    assert list(relations) == ["case", "det", "nmod", "nsubj", "obj", "obl", "root"]


def test_agreement_is_symmetric_and_full_with_oneself() -> None:
    first, second = Document.from_conllu(ROWS), Document.from_conllu(OTHER)
    one, other = agreement(first, second), agreement(second, first)
    assert (one.uas, one.las, one.kappas, one.relations) == (other.uas, other.las, other.kappas, other.relations)
    same = agreement(first, first)
    assert (same.uas, same.las) == (1, 1)
    assert {item.kappa for item in same.kappas} == {1.0}


def test_words_that_only_one_side_has_are_left_out() -> None:
    joined = ROWS.replace("3\tthe\tthe\tDET\tD\t_\t4\tdet\t_\t_\n4\tman\tman", "3\ttheman\tman")
    pairs = [("\t6\tcase", "\t5\tcase"), ("\t4\tnmod", "\t3\tnmod"), ("5\twith", "4\twith"), ("6\tgl", "5\tgl")]
    for old, new in pairs:
        joined = joined.replace(old, new)
    result = agreement(Document.from_conllu(ROWS), Document.from_conllu(joined))
    assert (result.words, result.aligned) == ((6, 5), 4)
    assert result.uas == 3 / 4  # the head of *glasses* has no partner


def test_what_one_side_lacks_is_not_compared() -> None:
    bare = Document.from_conllu(ROWS)
    bare[0].columns |= {name: ["_"] * 6 for name in ("HEAD", "DEPREL", "LEMMA", "XPOS", "FEATS")}
    result = agreement(Document.from_conllu(ROWS), bare)
    assert (result.uas, result.las, result.relations) == (None, None, [])
    assert [one.kind for one in result.kappas] == ["upos"]


@pytest.mark.parametrize("seed", range(20))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = random.Random(seed)
    first = [rng.choice("abcd"[: 2 + seed % 3]) for _ in range(60)]
    second = [one if rng.random() < 0.7 else rng.choice("abcde") for one in first]
    assert kappa(Counter(zip(first, second, strict=True))) == pytest.approx(metrics.cohen_kappa_score(first, second))


def test_kappa_is_not_defined_where_chance_alone_agrees() -> None:
    assert kappa(Counter()) is None
    assert kappa(Counter({("a", "a"): 5})) is None
    assert kappa(Counter({("a", "b"): 1, ("b", "a"): 1})) == -1
