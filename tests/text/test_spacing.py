"""Sentences from raw text: spacing in MISC, exact text and offsets, and what the UD validator says of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.exact import escape, spaces, unescape
from depparse.document.raw_text import iter_exact_text, iter_text
from depparse.document.sentence import Sentence
from depparse.text import rules
from depparse.text.blocks import iter_blocks
from depparse.text.naming import name_sentences
from depparse.text.spacing import MAX_TOKENS, RawToken, build_sentences, is_visible
from tests import validation

# Texts mix common spacing, characters that are hard to hold, and any characters, halves of pairs included.
FORMS = "a Be c. ? | \\ \\u0041 _ = # 👩🏽‍🚀 ❤\ufe0f שלום مرحبا می\u200cخواهم 日本 。 ไทย e\u0301 don't SpaceAfter=No"
WHITE = [" ", "  ", "\n", "\r\n", "\n\n", "\r", "\t", "\xa0", "\u3000", "\u2028", "\u2029", "\x85", "\x0b", "\x1c"]
HIDDEN = ["\x00", "\ufeff", "\u200b", "\u200f", "\xad", "\ud83d"]
PARTS = st.sampled_from([*FORMS.split(" "), *WHITE, *HIDDEN])
TEXTS = st.lists(st.one_of(PARTS, st.characters(exclude_categories=())), max_size=40).map("".join)


@st.composite
def tokenized(draw: st.DrawFn) -> list[tuple[str, list[RawToken]]]:
    """A text in blocks with tokens anywhere, multiword tokens among them."""
    blocks = []
    for text in draw(st.lists(TEXTS, max_size=3)):
        offsets = sorted(draw(st.lists(st.integers(0, len(text)), max_size=30)))
        tokens = []
        for start, end in zip(offsets[::2], offsets[1::2], strict=False):
            words = draw(st.sampled_from([(), (), ("de", "le"), (" a ", "b\n"), ("x", "")]))
            tokens.append(RawToken(start, end, words, draw(st.booleans())))
        blocks.append((text, tokens))
    return blocks


def complaints(conllu: str) -> list[str]:
    """What the validator of UD says of the sentences with a chain as their tree."""
    sentences = []
    for sentence in Document.from_conllu(conllu):
        length = len(sentence)
        sentence.columns |= {
            "UPOS": ["X"] * length,
            "HEAD": [str(i) for i in range(length)],
            "DEPREL": ["root"] + ["dep"] * (length - 1),
        }
        sentences.append(sentence.to_conllu())
    return validation.complaints("".join(sentences))


def check(sentences: list[Sentence], text: str) -> None:
    """Everything that is promised of the sentences of a raw text."""
    if not is_visible(text):
        assert sentences == []
        return
    document = Document(sentences)
    starts = [sentence.start_char for sentence in sentences]
    conllu = document.to_conllu()
    again = Document.from_conllu(conllu)
    assert document.text == again.text == "".join(iter_exact_text(again)) == text
    assert [s.start_char for s in document] == [s.start_char for s in again] == starts
    for token in (token for sentence in again for token in sentence.tokens):
        assert token.start_char is not None
        raw = text[token.start_char : token.end_char]
        assert raw == (spaces(token.misc or "_", "SpacesInToken") or token.text)
        assert is_visible(raw)
        assert raw == raw.strip()
        held = re.sub("[\ud800-\udfff]", "\ufffd", raw)
        assert "".join(token.text.split()) == "".join(held.split())
        for word in token.words if len(token.words) == 1 else ():
            assert (word.start_char, word.end_char) == (token.start_char, token.end_char)
    assert [s.sent_id for s in again] == [str(i) for i in range(1, len(again) + 1)]
    assert sentences[0].comments[:2] == ["# newdoc", "# newpar"]
    assert complaints(conllu) == []


@pytest.mark.parametrize("end", ["", " ", "  ", "\n", "\n\n", "\u200b"])
def test_texts_may_follow_each_other_in_one_file(end: str) -> None:
    texts = [f"A b.{end}", f"Du\tx{end}", f"{end}!"]
    documents = [Document(name_sentences(rules.segment([text]), f"{n}-")) for n, text in enumerate(texts)]
    together = "".join(document.to_conllu() for document in documents)
    assert complaints(together) == []
    assert [document.text for document in documents] == texts
    sentences = Document.from_conllu(together).sentences
    assert [Document([sentence]).text for sentence in sentences] == texts
    # A text usually ends without a space, and only other spacing is written.
    assert ("SpaceAfter=No" in sentences[0].columns["MISC"][-1]) is False
    assert (sentences[0].columns["MISC"][-1] == "_") is (end == "")


@given(tokenized())
def test_the_text_can_be_rebuilt(blocks: list[tuple[str, list[RawToken]]]) -> None:
    check(list(build_sentences(blocks)), "".join(text for text, _ in blocks))


@given(TEXTS, st.lists(st.integers(0, 1000), max_size=6))
@example("\ufeffA \U000e0020b\t\r\n \r\nC.  ", [3])
def test_the_text_can_be_rebuilt_from_tokens_by_rules(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    pieces = [text[begin:end] for begin, end in itertools.pairwise(places)]
    check(list(rules.segment(pieces)), text)


@given(TEXTS)
def test_escapes_give_back_every_text(text: str) -> None:
    value = escape(text)
    assert unescape(value) == text
    assert not any(char.isspace() or char == "|" for char in value)
    assert value.encode().decode() == value


def test_escapes_are_readable_and_those_of_others_are_read() -> None:
    assert escape(" \t\r\n|\\é") == r"\s\t\r\n\p\\é"
    assert escape("\xa0\u200b\U000e0020\ud800") == r"\u00A0\u200B\U000E0020\uD800"
    # Other writers may escape in these ways.
    assert unescape("\xa0\\u00a0\\x\\u12\\U00110000\\") == "\xa0\xa0\\x\\u12\\U00110000\\"


def build(text: str, *tokens: str | tuple[str, ...], ends: tuple[int, ...] = ()) -> list[Sentence]:
    """The sentences of `text` with these tokens; a token of several words is a tuple of its form and the words."""
    raw_tokens, position = [], 0
    for number, token in enumerate(tokens):
        form, *words = (token,) if isinstance(token, str) else token
        start = text.index(form, position)
        position = start + len(form)
        raw_tokens.append(RawToken(start, position, tuple(words), number in ends))
    return list(build_sentences([(text, raw_tokens)]))


def test_spacing_is_written_to_misc() -> None:
    text = "\ufeff\n Au  chat,\tdit-il. \r\n\r\nOui "
    sentences = build(text, ("Au", "À", "le"), "chat", ",", "dit-il", ".", "Oui")
    assert Document(sentences).to_conllu() == (
        "# newdoc\n# newpar\n# sent_id = 1\n# text = Au chat, dit-il.\n"
        "1-2\tAu" + "\t_" * 7 + "\tSpacesAfter=\\s\\s|SpacesBefore=\\uFEFF\\n\\s\n"
        "1\tÀ" + "\t_" * 8 + "\n2\tle" + "\t_" * 8 + "\n"
        "3\tchat" + "\t_" * 7 + "\tSpaceAfter=No\n4\t," + "\t_" * 7 + "\tSpacesAfter=\\t\n"
        "5\tdit-il" + "\t_" * 7 + "\tSpaceAfter=No\n6\t." + "\t_" * 7 + "\tSpacesAfter=\\s\\r\\n\\r\\n\n\n"
        "# newpar\n# sent_id = 2\n# text = Oui\n"
        "1\tOui" + "\t_" * 7 + "\tSpacesAfter=\\s\n\n"
    )
    document = Document(sentences)
    assert document.text == text
    assert "".join(iter_text(document)) == "Au chat, dit-il.\n\nOui"
    assert [text[t.start_char : t.end_char] for s in document for t in s.tokens] == [
        "Au", "chat", ",", "dit-il", ".", "Oui",
    ]  # fmt: skip
    assert document[0].words[0].start_char is None  # where À and le are in Au cannot be told
    assert document[0].words[0].covering_chars == (3, 5)
    assert document[0].exact_text == "Au  chat,\tdit-il."


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("New York", "New York"),
        ("10\xa0000", "10\xa0000"),
        ("10\xa0\xa0000", "10 000"),
        ("New\nYork", "New York"),
        ("New \r\n York", "New York"),
        ("a\x0bb", "a b"),
        ("a\u2028b", "a b"),
        ("日\n本", "日本"),
        ("日 本", "日 本"),
        ("日\t本", "日 本"),
        ("日\nx", "日 x"),
        ("ไท\r\nย", "ไทย"),
        ("한\n국", "한 국"),
        ("a\ud83d", "a\ufffd"),
        ("a\x00b", "a\x00b"),
    ],
)
def test_a_form_has_plain_spaces_and_misc_the_raw_text(raw: str, form: str) -> None:
    (sentence,) = build(raw, raw)
    assert sentence.words[0].text == sentence.text == form
    assert spaces(sentence.words[0].misc or "_", "SpacesInToken") == (raw if raw != form else None)
    assert sentence.exact_text == raw


def test_tokens_are_trimmed_completed_and_dropped() -> None:
    text = " \u200b a \ufeff\u200b b c\nd"
    tokens = [RawToken(0, 3), RawToken(3, 5), RawToken(5, 7, (), True), RawToken(8, 10)]
    sentences = list(build_sentences([(text, tokens)]))
    # The zero-width token is spacing, and the end of a sentence that it had goes to the token before it; "c" and "d"
    # are in no token and become tokens.
    assert [s.columns["FORM"] for s in sentences] == [["a"], ["b", "c", "d"]]
    assert Document(sentences).text == text


def test_sentences_run_over_blocks() -> None:
    blocks = [("One ", [RawToken(0, 3)]), ("\n two", [RawToken(2, 5)]), ("\n", []), ("\n", []), ("x", [RawToken(0, 1)])]
    sentences = list(build_sentences(blocks))
    assert [s.text for s in sentences] == ["One two", "x"]
    assert sentences[0].columns["MISC"] == [r"SpacesAfter=\s\n\s", r"SpacesAfter=\n\n"]
    assert sentences[1].comments[0] == "# newpar"


@pytest.mark.parametrize(
    ("spacing", "breaks"),
    [("\n", False), ("\r\n", False), ("\r\n\r\n", True), ("\n\u200b \n", True), ("\r\r", True), ("\u2029", True),
     ("\u2028\n", True), (" " * 9, False)],
)  # fmt: skip
def test_blank_lines_begin_paragraphs(spacing: str, breaks: bool) -> None:
    sentences = build(f"a{spacing}b", "a", "b")
    assert [s.starts_paragraph for s in sentences] == ([True, True] if breaks else [True])


def test_multiword_tokens_that_conllu_cannot_hold_are_words() -> None:
    (sentence,) = build("du\nx des", ("du\nx", "de", "le"), ("des", " ", "x"))
    assert (sentence.mwts, sentence.columns["FORM"]) == ([], ["du x", "des"])


def test_text_without_ends_is_streamed() -> None:
    def blocks() -> Iterator[tuple[str, list[RawToken]]]:
        for _ in itertools.count():
            yield "word " * 100, [RawToken(5 * i, 5 * i + 4) for i in range(100)]

    first, second = itertools.islice(build_sentences(blocks()), 2)
    assert len(first) == len(second) == MAX_TOKENS
    assert second.start_char == 5 * MAX_TOKENS


@pytest.mark.parametrize("ranges", [[(1, 4)], [(2, 1)], [(0, 2), (1, 3)], [(-1, 2)]])
def test_wrong_tokens_are_refused(ranges: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="in a block of 3 characters"):
        list(build_sentences([("abc", [RawToken(*range_) for range_ in ranges])]))


# -- documents from elsewhere


def rows(*words: str) -> str:
    """A sentence in CoNLL-U, from a form and a MISC for each word."""
    lines = [f"{i}\t{word.replace(' ', '	_' * 7 + '	')}" for i, word in enumerate(words, 1)]
    return "\n".join([*lines, "", ""])


def test_without_attributes_the_text_is_plain() -> None:
    document = Document.from_conllu("# text = A  b.\n" + rows("A _", "b Spaces=x|NoSpacesAfter=\\n", ". SpaceAfter=No"))
    assert document.text == document[0].exact_text == "A  b."


def test_texts_of_other_writers_are_rebuilt() -> None:
    source = (
        "# newpar\n# text = A b\n" + rows("A SpacesAfter=\\n", "b SpaceAfter=No|SpacesAfter=\\s\\n")
        + "# text = c d\n" + rows("c SpacesBefore=\\t", "d _")
        + "# newpar\n# text = e\n" + rows("e SpacesBefore=\\t|SpacesAfter=")
        + "# newpar\n# text = f\n" + rows("f _")
    )  # fmt: skip
    document = Document.from_conllu(source)
    assert document.text == "A\nb \n\tc d\n\n\tef"
    assert "".join(iter_text(document)) == "A bc d\n\ne\n\nf"
    assert [document.text[w.start_char : w.end_char] for w in document.iter_words()] == list("Abcdef")
    document.sentences.reverse()
    assert document.text == "f\n\n\te\tc d\n\nA\nb \n"


def test_offsets_follow_changes_of_misc() -> None:
    document = Document.from_conllu(rows("a _", "b _"))
    word = document[0].words[1]
    assert word.start_char == 2
    document[0].words[0].misc = "SpacesAfter=\\n\\n\\n"
    assert word.start_char == 4
    assert document.text == "a\n\n\nb"


def test_entities_have_the_text_of_the_document() -> None:
    (sentence,) = build("in New\nYork", "in", "New", "York")
    sentence.columns["NER"] = ["O", "B-LOC", "I-LOC"]
    assert sentence.ents[0].text == "New\nYork"


def test_rules_are_the_same_however_the_text_is_read() -> None:
    text = "Some words, and some more. And a\nline end.\n\n" * 5000
    whole = [s.to_conllu() for s in rules.segment([text])]
    assert len(list(iter_blocks([text]))) > 3
    assert [s.to_conllu() for s in rules.segment(iter(text))] == whole
    assert len(whole) == 10_000
