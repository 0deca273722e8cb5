"""Edit scripts: always exact on what they were made from, and the same label for the same change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.features.edit_scripts import apply_script, fit_script, is_absolute, make_script
from depparse.formats.conllu import iter_conllu

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(texts, texts)
def test_a_script_makes_what_it_was_made_for(source: str, target: str) -> None:
    assert apply_script(make_script(source, target), source) == target


@given(st.text("aAbBIİßǅ\x1f=~.-+", min_size=1, max_size=6), st.text("aAbBIİßǅ\x1f=~.-+", min_size=1, max_size=6))
def test_a_script_is_exact_on_awkward_characters(source: str, target: str) -> None:
    assert apply_script(make_script(source, target), source) == target


@given(texts, texts, texts)
def test_a_script_never_fails_on_another_word(source: str, target: str, other: str) -> None:
    assert apply_script(make_script(source, target), other) != ""


@pytest.mark.parametrize(
    ("pair", "like"),
    [
        (("loving", "love"), ("Baking", "bake")),
        (("sang", "sing"), ("rang", "ring")),
        (("dogs", "dog"), ("CATS", "cat")),
        (("anna", "Anna"), ("bob", "Bob")),
        (("usa", "USA"), ("nato", "NATO")),
        (("gegangen", "gehen"), ("gegangen", "gehen")),
        (("the", "the"), ("Table", "table")),
    ],
)
def test_the_same_change_is_the_same_label(pair: tuple[str, str], like: tuple[str, str]) -> None:
    assert apply_script(make_script(*pair), like[0]) == like[1]


@pytest.mark.parametrize(
    ("pair", "other"),
    [
        (("12,000", "12000"), "120.00"),
        (("12.", "12"), "3,5"),
        (("playing", "play"), "sinned"),
        (("’d", "would"), "he’d"),
        (("she'd", "she"), "Maud"),
    ],
)
def test_a_script_does_not_fit_words_that_lack_what_it_drops(pair: tuple[str, str], other: str) -> None:
    script = make_script(*pair)
    assert is_absolute(script) or fit_script(script, other) is None
    assert is_absolute(script) or apply_script(script, other) == other


@pytest.mark.parametrize(("source", "target"), [("5,000", "5000"), ("1,234,567", "1234567"), ("soft\xadly", "softly")])
def test_a_sign_that_is_removed_everywhere_is_one_script(source: str, target: str) -> None:
    script = make_script(source, target)
    assert fit_script(script, source + source) == target + target


@pytest.mark.parametrize(
    ("source", "target"), [("20015", "2005"), ("went", "go"), ("feet", "foot"), ("x" * 60_000, "y" + "x" * 50_000)]
)
def test_strings_with_little_in_common_have_the_target_as_their_script(source: str, target: str) -> None:
    assert make_script(source, target) == "=" + target


@pytest.mark.parametrize("word", ["McLeran", "NiMo", "O'Neill", "vANgie"])
def test_odd_case_is_that_of_the_source(word: str) -> None:
    script = make_script(word, word)
    assert fit_script(script, "iPhone") == "iPhone"
    assert fit_script(make_script(word + "s", word), "iPhones") == "iPhone"


def test_a_script_that_does_not_fit_leaves_the_word() -> None:
    assert apply_script(make_script("running", "run"), "a") == "a"


@pytest.mark.shared
def test_real_lemmas_need_few_scripts(shared: Path) -> None:
    path = shared / "treebanks" / "UD_Turkish-IMST" / "tr_imst-ud-train.conllu"
    pairs = {(w.text, w.lemma) for s in iter_conllu(path) for w in s.words if w.lemma is not None}
    scripts = {make_script(form, lemma) for form, lemma in pairs}
    assert all(apply_script(make_script(form, lemma), form) == lemma for form, lemma in pairs)
    assert len(scripts) < len(pairs) / 6
