"""Lemmas from edit scripts: of words that the scripts were not made for, and never invented."""

from __future__ import annotations

import numpy as np
import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.features.batch import Batch, Example
from depparse.features.edit_scripts import absolute_script, make_script
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.tasks.lemmatizer.codec import Candidates, LemmatizerCodec, LemmatizerConfig

Row = tuple[str, str, str, str, str]  # FORM, LEMMA, FEATS, DEPREL, HEAD


def sentence(*rows: Row) -> Sentence:
    names = ("FORM", "LEMMA", "FEATS", "DEPREL", "HEAD")
    return Sentence({name: [row[number] for row in rows] for number, name in enumerate(names)})


def words(*pairs: tuple[str, str]) -> Sentence:
    return sentence(*((form, lemma, "_", "dep", "0") for form, lemma in pairs))


def codec_of(*sentences: Sentence) -> LemmatizerCodec:
    codec = LemmatizerCodec.build(LemmatizerConfig(), sentences)
    assert codec is not None
    return codec


def candidates(codec: LemmatizerCodec, *scripts: str | tuple[str, float]) -> Candidates:
    """The scripts, best first, with logarithms of their probabilities; 0 unless given."""
    pairs = [(script, 0.0) if isinstance(script, str) else script for script in scripts]
    return Candidates([codec.scripts.number(script) for script, _ in pairs], [log for _, log in pairs])


@pytest.mark.parametrize(
    ("source", "target", "form", "lemma"),
    [
        ("cats", "cat", "dogs", "dog"),
        ("cat=", "=", "cat =", "="),  # what is left begins with a space
        ("abcd", "ab", "x cd", "x"),
        ("acb", "ab", "a cb", "a b"),
    ],
)
def test_lemmas_have_no_spaces_at_their_ends(source: str, target: str, form: str, lemma: str) -> None:
    script = make_script(source, target)
    codec = LemmatizerCodec(LemmatizerConfig(), Vocabulary([script]), {script: [form]}, [], False)
    line = Sentence.from_forms([form])
    codec.annotate(line, [Candidates([0], [0.0])])
    assert line.columns["LEMMA"] == [lemma]


@pytest.mark.parametrize(
    ("form", "lemma"),
    [
        ("5,000", "5000"),
        ("34,218", "34218"),
        ("3,500,000", "3500000"),
        ("44.74", "44.74"),
        ("12", "12"),
    ],
)
def test_the_lemma_of_a_number_is_that_number(form: str, lemma: str) -> None:
    codec = codec_of(words(("12,000", "12000"), ("1,234,567", "1234567"), ("10", "10"), ("20015", "2005")))
    numbers = list(range(len(codec.scripts)))
    for first in numbers:
        rotated = numbers[first:] + numbers[:first]
        digits = codec.lemma(form, Candidates(rotated, [-0.1 * number for number in rotated])).replace(",", "")
        assert digits == lemma
    assert codec.lemma(form, candidates(codec, "/,", make_script("10", "10"))) == lemma


def test_an_absolute_lemma_is_given_only_to_forms_that_have_it_in_the_training_data() -> None:
    codec = codec_of(words(("went", "go"), ("Sandra", "Sandra"), ("goes", "go")))
    absolute = make_script("went", "go")
    assert codec.lemma("Went", candidates(codec, absolute)) == "go"
    assert codec.lemma("Olaf", candidates(codec, absolute)) == "Olaf"


def test_a_script_that_does_not_fit_gives_way_to_the_next() -> None:
    codec = codec_of(words(("played", "play"), ("plays", "play")))
    scripts = make_script("played", "play"), (make_script("plays", "play"), -0.1)
    assert codec.lemma("works", candidates(codec, *scripts)) == "work"
    assert codec.lemma("sang", candidates(codec, *scripts)) == "sang"


def test_a_known_lemma_is_preferred_and_a_new_one_made_only_by_a_script_that_is_sure() -> None:
    codec = codec_of(words(("planned", "plan"), ("played", "play"), ("sin", "sin")))
    likely, rarer = make_script("played", "play"), make_script("planned", "plan")
    assert codec.lemma("sinned", candidates(codec, (likely, -0.1), (rarer, -2.4))) == "sin"
    assert codec.lemma("pinned", candidates(codec, (likely, -0.1), (rarer, -2.4))) == "pinn"
    assert codec.lemma("pinned", candidates(codec, (likely, -0.5), (rarer, -0.9))) == "pinned"
    assert codec.lemma("sinned", candidates(codec, (likely, -0.01), (rarer, -9.0))) == "sinn"


def test_words_in_parts_teach_nothing_and_typos_only_their_own_lemma() -> None:
    parts = [("Tom", "TomAdams@ACME", "_", "root", "0"), ("Adams@ACME", "_", "_", "goeswith", "1")]
    typos = [("teh", "the", "Typo=Yes", "det", "0")] * 2 + [("playd", "play", "Typo=Yes", "dep", "0")]
    codec = codec_of(sentence(*parts, *typos, ("dogs", "dog", "_", "dep", "0")), words(("card", "card")))
    assert "TomAdams@ACME" not in str(codec.to_json())
    targets = codec.targets(sentence(*parts, *typos))
    assert targets[:2] == [IGNORE, IGNORE]
    assert codec.scripts.item(targets[2]) == absolute_script("the")
    assert targets[4] == IGNORE  # a typo that occurs once
    assert codec.lemma("teh", candidates(codec, absolute_script("the"))) == "the"
    assert codec.lemma("tea", candidates(codec, absolute_script("the"))) == "tea"


@pytest.mark.parametrize("apostrophe", "'’`´")
def test_forms_of_apostrophes_have_the_lemmas_that_the_common_one_has(apostrophe: str) -> None:
    codec = codec_of(words(("n't", "not"), ("'d", "would"), ("’s", "'s"), ("’s", "'s")))
    assert codec.lemma(f"n{apostrophe}t", candidates(codec, make_script("n't", "not"))) == "not"
    assert codec.lemma(f"{apostrophe}d", candidates(codec, absolute_script("would"))) == "would"
    assert codec.lemma(f"{apostrophe}s", candidates(codec, make_script("'s", "'s"))) == "'s"


def test_lemmas_keep_the_apostrophe_of_the_form_if_those_of_the_training_data_do() -> None:
    codec = codec_of(words(("aujourd’hui", "aujourd’hui"), ("l’", "le")))
    script = make_script("aujourd'hui", "aujourd'hui")
    assert codec.lemma("aujourd’hui", candidates(codec, script)) == "aujourd’hui"
    assert codec.lemma("quelqu`un", candidates(codec, script)) == "quelqu`un"
    assert codec.lemma("l'", candidates(codec, make_script("l'", "le"))) == "le"


def test_the_best_scripts_come_first_with_logarithms_of_probabilities() -> None:
    codec = codec_of(words(*((f"a{letter}", "a") for letter in "bcdefghijkl")))
    batch = Batch([Example(Sentence.from_forms(["ab", "ac"]), 2, [])], np.array([2]), np.array([0]), [], {})
    scores = np.random.default_rng(1).normal(size=(1, 3, len(codec.scripts))).astype(np.float32)
    ((first, second),) = codec.decode(scores, batch, lambda *_: ())
    for found, row in ((first, scores[0, 1]), (second, scores[0, 2])):
        logs = row - np.log(np.exp(row).sum())
        assert found.numbers == np.argsort(-row)[:8].tolist()
        assert found.logs == pytest.approx(logs[np.argsort(-row)[:8]].tolist(), abs=1e-5)


def test_saved_and_read_codecs_are_the_same() -> None:
    codec = codec_of(words(("went", "go"), ("l’", "l’")))
    again = LemmatizerCodec.from_json(codec.config, codec.to_json())
    assert again.to_json() == codec.to_json()
    assert Document([words(("Went", "_"))]).sentences[0].columns["LEMMA"] == ["_"]
    assert again.lemma("Went", candidates(again, absolute_script("go"))) == "go"
