"""Profiles of treebanks, and contrasts between two: by hand, and by networkx and scipy."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import networkx as nx
import pytest
from scipy.stats import chi2_contingency

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.evaluation.contrasts import contrasts, log_likelihood_ratio
from depparse.formats.conllu import read_conllu
from depparse.treebanks import profile as profiles
from depparse.treebanks.profile import Labels, Profile

# In the second sentence, the arc from "hearing" to "issue" is not projective.
TEXT = """\
1\tShe\tshe\tPRON\t_\t_\t2\tnsubj\t_\t_
2\tgave\tgive\tVERB\t_\t_\t0\troot\t_\t_
3\thim\thim\tPRON\t_\t_\t2\tiobj\t_\t_
4\tbooks\tbook\tNOUN\t_\t_\t2\tobj\t_\t_
5\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_

1\tA\ta\tDET\t_\t_\t2\tdet\t_\t_
2\thearing\thearing\tNOUN\t_\t_\t4\tnsubj:pass\t_\t_
3\tis\tbe\tAUX\t_\t_\t4\taux:pass\t_\t_
4\tscheduled\tschedule\tVERB\t_\t_\t0\troot\t_\t_
5\ton\ton\tADP\t_\t_\t7\tcase\t_\t_
6-7\ttheissue\t_\t_\t_\t_\t_\t_\t_\t_
6\tthe\tthe\tDET\t_\t_\t7\tdet\t_\t_
7\tissue\tissue\tNOUN\t_\t_\t2\tnmod\t_\t_
8\ttoday\ttoday\tNOUN\t_\t_\t4\tobl\t_\t_

"""


def test_the_figures_are_those_counted_by_hand() -> None:
    data = Profile.of(Document.from_conllu(TEXT)).to_dict()
    # Lengths: 1+1+2+3 in the first sentence; 1+2+1+2+1+5+4 in the second.
    assert data["mean_dependency_length"] == (7 + 16) / (4 + 7)
    assert (data["dependents_left"], data["dependents_right"]) == (1 + 5, 3 + 2)
    # Dependents: gave 4; hearing 2 (A, issue), scheduled 3, issue 2 (on, the).
    assert data["arity"] == {"0": 4 + 5, "2": 2, "3": 1, "4": 1}
    assert data["mean_arity"] == 11 / 4
    assert data["mean_depth"] == (1 + 3) / 2  # scheduled > hearing > issue > on
    assert data["relations"]["det"] == {
        "words": 2, "mean_length": 1.0, "head_first": 0.0, "nonprojective": 0, "nonprojective_share": 0.0,
    }  # fmt: skip
    assert data["relations"]["nmod"] == {
        "words": 1, "mean_length": 5.0, "head_first": 1.0, "nonprojective": 1, "nonprojective_share": 1.0,
    }  # fmt: skip
    assert data["relations"]["root"]["mean_length"] is None
    assert data["by_sentence_length"] == [
        {"words": 5, "trees": 1, "mean_dependency_length_sum": 7.0, "mean_depth": 1.0, "nonprojective_trees": 0},
        {"words": 8, "trees": 1, "mean_dependency_length_sum": 16.0, "mean_depth": 3.0, "nonprojective_trees": 1},
    ]
    assert data["frames"] == [
        {"lemma": "give", "frame": "nsubj V iobj obj", "count": 1},
        {"lemma": "schedule", "frame": "nsubj:pass V obl", "count": 1},
    ]
    assert data["multiword_tokens"] == [{"form": "theissue", "words": "the issue", "count": 1}]
    assert (data["words"], data["types"], data["hapaxes"], data["type_token_ratio"]) == (12, 12, 12, 1.0)
    assert data["standardized_type_token_ratio"] is None  # of fewer than 1,000 words
    bare = Profile.of(Document.from_conllu(TEXT), without=["punct", "aux"])
    assert bare.mean_length == (7 - 3 + 16 - 1) / (11 - 2)
    assert "aux:pass" not in bare.relations
    bare = Profile.of(Document.from_conllu(TEXT), without=["nsubj:pass"])
    assert bare.mean_length == (7 + 16 - 2) / (11 - 1)
    assert set(bare.relations) == set(data["relations"]) - {"nsubj:pass"}


def test_names_of_no_relation_are_not_left_out() -> None:
    with pytest.raises(ConfigError, match=r"^without nsubj:pas: no relation .*; did you mean nsubj:pass\?"):
        Profile.of(Document.from_conllu(TEXT), without=["punct", "nsubj:pas"])
    with pytest.raises(ConfigError, match=r"^without punct: no relation of the data has this name$"):
        Profile.of([], without=["punct"])


def lines_of(*rows: str) -> str:
    """A sentence of FORM, LEMMA, UPOS, HEAD and DEPREL."""
    cells = [row.split() for row in rows]
    return "".join(f"{n}\t{a}\t{b}\t{c}\t_\t_\t{d}\t{e}\t_\t_\n" for n, (a, b, c, d, e) in enumerate(cells, 1)) + "\n"


def test_an_underscore_is_a_lemma_only_of_an_underscore() -> None:
    bare = lines_of("A _ DET 2 det", "dog _ NOUN 0 root")
    assert Profile.of(Document.from_conllu(bare)).to_dict()["lemmas"] == 0
    parts = lines_of("with with ADP 0 root", "out _ X 1 goeswith", "_ _ SYM 1 dep")
    assert Profile.of(Document.from_conllu(parts)).lemmas == {"with": 1, "_": 1}


@pytest.mark.parametrize("heads", ["231", "022", "312", "130"])
def test_heads_with_a_cycle_are_no_tree(heads: str) -> None:
    text = lines_of(*(f"w w VERB {head} dep" for head in heads))
    profile = Profile.of(Document.from_conllu(text + TEXT))
    expected = Profile.of(Document.from_conllu(TEXT))
    assert (profile.by_length, profile.relations, profile.frames) == (
        expected.by_length, expected.relations, expected.frames,
    )  # fmt: skip
    assert profile.types["w"] == 3  # its words count


def test_windows_of_the_standardized_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "WINDOW", 3)
    words = "a A b c c c d".split()  # the windows a a b and c c c; the last word fills none
    lines = "".join(f"{n}\t{word}\t_\tX\t_\t_\t_\t_\t_\t_\n" for n, word in enumerate(words, 1))
    profile = Profile.of(Document.from_conllu(f"{lines}\n"))
    assert profile.standardized_ratio == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert profile.type_token_ratio == pytest.approx(4 / 7)
    assert (profile.mean_length, profile.mean_depth) == (None, None)  # there is no tree


def test_shapes_are_those_of_networkx(samples: Path) -> None:
    for sentence in read_conllu(samples / "UD_German-Sample" / "de_sample-ud-train.conllu"):
        profile = Profile.of([sentence])
        heads = [int(head) for head in sentence.columns["HEAD"]]
        graph = nx.DiGraph([(head, word) for word, head in enumerate(heads, 1)])
        assert profile.mean_depth == nx.dag_longest_path_length(graph) - 1  # without the arc from the root
        arity = Counter(degree for word, degree in graph.out_degree if word)
        assert profile.arity == arity
        lengths = [abs(word - head) for head, word in graph.edges if head]
        assert profile.mean_length == (sum(lengths) / len(lengths) if lengths else None)


def test_contrasts_are_those_of_scipy() -> None:
    first, second = Counter(a=30, b=50, c=20), Counter(a=10, b=70, d=40)
    found = {contrast.label: contrast for contrast in contrasts(first, second)}
    assert set(found) == set("abcd")
    p_values = {}
    for label, contrast in found.items():
        table = [[first[label], second[label]], [100 - first[label], 120 - second[label]]]
        expected = chi2_contingency(table, correction=False, lambda_="log-likelihood")
        assert contrast.g2 == pytest.approx(expected.statistic)
        assert (contrast.first, contrast.second) == (first[label], second[label])
        p_values[label] = expected.pvalue
    ordered = sorted(p_values, key=p_values.__getitem__)
    assert found[ordered[0]].p_value == pytest.approx(4 * p_values[ordered[0]])  # Holm
    assert found["a"].log_ratio == pytest.approx(math.log2(0.3 / (10 / 120)))
    assert found["d"].log_ratio == pytest.approx(math.log2(0.005 / (40 / 120)))
    assert log_likelihood_ratio((5, 10), (50, 100)) == pytest.approx(0)
    assert contrasts({}, first) == []
    # Words may have several labels, or none.
    (several,) = [contrast for contrast in contrasts(first, second, (1000, 200)) if contrast.label == "b"]
    table = [[50, 70], [950, 130]]
    assert several.g2 == pytest.approx(chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic)
    assert (several.first_share, several.second_share) == (0.05, 0.35)


def test_labels_of_columns() -> None:
    document = Document.from_conllu(TEXT + lines_of("_ _ SYM 0 root", "out _ X 1 goeswith"))
    labels = Labels.of(document, "UPOS")
    assert labels.most_common()[:2] == [("NOUN", 4, 4 / 15), ("DET", 2, 2 / 15)]
    assert labels.to_dict()["words"] == labels.words == 15
    assert labels.to_dict()["labels"][0] == {"label": "NOUN", "count": 4, "share": 4 / 15}
    assert Labels.of(document, "LEMMA").counts["_"] == 1  # of the word whose form it is
    assert (Labels.of(document, "LEMMA").words, Labels.of(document, "FORM").words) == (14, 15)
    assert Labels.of(document, "XPOS").counts == {}


def test_labels_of_features_are_single() -> None:
    feats = ["Case=Nom|Number=Sing", "Case=Nom", "_", "Case=Acc,Dat|Number=Sing"]
    rows = "".join(f"{n}\tw\t_\t_\t_\t{cell}\t_\t_\t_\t_\n" for n, cell in enumerate(feats, 1))
    assert Labels.of(Document.from_conllu(f"{rows}\n"), "FEATS").most_common() == [
        ("Case=Nom", 2, 0.5), ("Number=Sing", 2, 0.5), ("Case=Acc,Dat", 1, 0.25),
    ]  # fmt: skip
