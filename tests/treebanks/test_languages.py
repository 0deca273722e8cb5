"""Languages: that of a treebank, the treebank that is nearest to a language, and the language of a text."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Sequence

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.treebanks import languages as languages_module
from depparse.treebanks.catalogue import entries
from depparse.treebanks.languages import AUTO, UNKNOWN, Choice, Languages, code_of, entry_of

TREEBANKS = [
    "UD_English-EWT", "UD_Marathi-UFAL", "UD_Thai-TUD", "UD_Portuguese-Bosque", "UD_Hebrew-Own", "ug_udt-ud-train"
]  # fmt: skip
ENGLISH = "The committee had not yet decided whether the old bridge should be repaired or replaced."
PORTUGUESE = "A comissão ainda não tinha decidido se a velha ponte devia ser reparada ou substituída."
THAI = "คณะกรรมการยังไม่ได้ตัดสินใจว่าจะซ่อมหรือเปลี่ยนสะพานเก่า"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UD_Thai-TUD", "th"),
        ("UD_Thai-OfOurOwn", "th"),
        ("UD_Scottish_Gaelic-ARCOSG", "gd"),
        ("sv_talbanken-ud-dev", "sv"),
        ("UD_Quenya-Test", None),
        ("train", None),
        ("en", "en"),
        ("", None),
    ],
)
def test_names_of_treebanks_and_of_their_files_tell_the_language(name: str, code: str | None) -> None:
    entry = entry_of(name)
    assert (entry and entry.code) == code


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("Thai", "th"), ("th", "th"), ("tha", "th"), ("pt-BR", "pt"), ("pt_br", "pt"), ("Scottish_Gaelic", "gd"),
        ("scottish gaelic", "gd"), ("nb", "no"),
    ],
)  # fmt: skip
def test_languages_go_by_name_and_by_code(language: str, code: str) -> None:
    assert code_of(language) == code


@pytest.mark.parametrize(
    ("language", "nearest"),
    [
        ("fr", "UD_Portuguese-Bosque"),  # Romance
        ("hi", "UD_Marathi-UFAL"),  # Indic
        ("ar", "UD_Hebrew-Own"),  # Semitic
        ("de", "UD_English-EWT"),  # Germanic
        ("pl", "UD_English-EWT"),  # Indo-European, as the first
        ("tr", "ug_udt-ud-train"),  # Turkic
        ("zh", "UD_Thai-TUD"),  # no kin, but written without spaces, too
        ("sjo", "UD_English-EWT"),  # neither kin nor script
        ("ms", "UD_English-EWT"),  # Malay, which UD lacks, goes with the kin of Indonesian, which is not here
        ("lo", "UD_Thai-TUD"),  # Lao with Thai
        ("xx", "UD_English-EWT"),  # not in the catalogue
    ],
)
def test_other_languages_go_with_the_nearest_treebank_and_one_warning(language: str, nearest: str) -> None:
    languages = Languages(TREEBANKS)
    with pytest.warns(UserWarning, match=f"in the style of {nearest}"):
        assert TREEBANKS[languages.of_language(language)] == nearest
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert TREEBANKS[languages.of_language(language)] == nearest


def test_every_language_that_can_be_found_is_known() -> None:
    """Each code of the library is one of UD, another code of such a language, or has a kin there."""
    found = {code for code, _ in languages_module._identifier().rank(ENGLISH)} - {"zxx"}
    assert len(found) > 100
    assert [code for code in found if languages_module.known_code(code) is None] == []
    codes = {entry.code for entry in entries()}
    assert set(languages_module._KIN.values()) <= codes
    assert codes.isdisjoint(languages_module._KIN)
    assert set(languages_module._OTHER_CODES.values()) <= codes


def test_own_languages_go_with_their_first_treebank_without_a_warning() -> None:
    languages = Languages([*TREEBANKS, "UD_Thai-Other"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert languages.of_language("th") == 2
        assert languages.of_language("he") == 4
        assert languages.of_language(UNKNOWN) == 0
        assert languages.number(Choice("UD_Thai-Other")) == 6
        assert languages.number(Choice("UD_Hebrew-PUD")) == 4  # of a model that has another treebank of the language
        assert languages.number(Choice()) == languages.number(Choice(language=AUTO)) == 0
        assert languages.number(Choice(language=AUTO), "ug") == 5
        assert languages.number(Choice(language="pt"), "ug") == 3
    again = pickle.loads(pickle.dumps(languages))
    assert again.treebanks == languages.treebanks
    assert again.codes == languages.codes


def test_what_users_ask_for() -> None:
    several, one, unnamed = Languages(TREEBANKS), Languages(["UD_Thai-TUD", "UD_Thai-Other"]), Languages(["a", "b"])
    assert several.choose() == several.choose(language="AUTO") == Choice(language=AUTO)
    assert one.choose() == Choice("UD_Thai-TUD")
    assert unnamed.choose() == unnamed.choose(language="auto") == Choice("a")
    assert Languages(()).choose() == Choice()
    with pytest.raises(ConfigError, match="the treebanks of the model tell no languages"):
        unnamed.choose(language="th")
    assert several.choose(language="Hebrew") == Choice(language="he")
    assert several.choose(treebank="UD_Thai-TUD") == Choice("UD_Thai-TUD")
    for treebank, language, message in [
        ("UD_Thai-TUT", None, "the model learned no treebank 'UD_Thai-TUT'; did you mean UD_Thai-TUD?"),
        (None, "Thay", "no language 'Thay' is known; did you mean Thai?"),
        (None, "", "no language '' is known"),
        ("UD_Thai-TUD", "th", "give a treebank or a language, not both"),
    ]:
        with pytest.raises(ConfigError) as raised:
            several.choose(treebank, language)
        assert message in str(raised.value)


def test_each_paragraph_has_a_language() -> None:
    languages = Languages(TREEBANKS)
    assert languages.identify([ENGLISH, PORTUGUESE, THAI]) == ["en", "pt", "th"]
    # What is short, or has no letters, goes with the whole.
    assert languages.identify([PORTUGUESE, "1984", "Ok.", PORTUGUESE]) == ["pt"] * 4
    assert languages.identify(["1984", "..."]) == [UNKNOWN] * 2
    assert languages.identify([]) == []
    # What is short or doubtful as a whole goes with a language of the model.
    assert languages.identify(["Ok!"])[0] in languages.codes
    # Where there is no choice, nothing is found.
    assert Languages(["UD_Thai-TUD"]).identify([ENGLISH]) == ["th"]


def of_texts(texts: Sequence[str], comments: Sequence[list[str]]) -> list[Sentence]:
    pairs = zip(texts, comments, strict=True)
    return [Sentence({"FORM": text.split()}, lines) for text, lines in pairs]


def test_sentences_are_marked_by_paragraph_in_copies() -> None:
    texts = [ENGLISH, "No .", PORTUGUESE, "1 2 3", ENGLISH]
    sentences = of_texts(texts, [[], [], ["# newpar"], [], ["# lang = th"]])
    marked = list(Languages(TREEBANKS).mark(sentences))
    assert [sentence.comment("lang") for sentence in marked] == ["en", "en", "pt", "pt", "th"]
    assert [sentence.comment("lang") for sentence in sentences] == [None, None, None, None, "th"]
    assert marked[4] is sentences[4]
    assert [sentence.columns for sentence in marked] == [sentence.columns for sentence in Document(sentences)]
    assert list(Languages(TREEBANKS).mark([])) == []


@pytest.mark.parametrize(
    ("comment", "code"),
    [("tha", "tha"), ("TH", "TH"), ("Thai", "Thai"), ("th-TH", "th-TH"), ("", "en"), ("x" * 500, "en"), ("xx", "en")],
)
def test_comments_may_name_a_language_in_any_way_and_others_are_replaced(comment: str, code: str) -> None:
    languages = Languages(TREEBANKS)
    (sentence,) = of_texts([ENGLISH], [[f"# lang = {comment}"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (marked,) = languages.mark([sentence])
        number = languages.number(Choice(language=AUTO), marked.comment("lang"))
    assert marked.comment("lang") == code
    assert number == (0 if code == "en" else 2)


def test_nothing_is_remembered_of_what_is_no_language() -> None:
    languages = Languages(TREEBANKS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(50):
            assert languages.number(Choice(language=AUTO), f"x{number}") == 0
    assert not languages._nearest


def test_renamed_languages_have_no_code_but_a_name() -> None:
    assert code_of("Kurmanji") != code_of("Swiss German")
    with pytest.warns(UserWarning, match="Swiss German"):
        assert Languages(["UD_Thai-TUD", "UD_German-GSD"]).of_language(code_of("Swiss German")) == 0


def test_without_the_library_there_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "py3langid.langid", None)
    languages_module._identifier.cache_clear()
    with pytest.raises(ConfigError, match="install py3langid"):
        Languages(TREEBANKS).identify([ENGLISH])
    languages_module._identifier.cache_clear()
