"""The text of a document as the scorer sees it: characters without spaces, and tokens and words as ranges of them.

The shared tasks ignore spaces: a token is a range of the characters of all tokens joined, so two files of one text can
be compared however they split it. All arrays are flat over the whole document: `n` is its number of words, and a word
is its index from 0 to n - 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import EvaluationError, FormatError

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# All characters of the Unicode category Zs, which the shared task deletes from forms.
SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """Tokens, words and sentences of a document as ranges of its characters."""

    name: str  # the name of the file, for errors
    document: Document
    characters: str  # those of all tokens, without spaces
    token_starts: Ints
    token_ends: Ints  # the character after each token
    token_words: Ints  # the first word of each token
    sentence_words: Ints  # the first word of each sentence, then n
    starts: Ints  # the first character of each word's token
    ends: Ints  # the character after each word's token
    multiword: Bools  # whether the word belongs to a multiword token, even one of a single word
    forms: list[str]

    def __len__(self) -> int:
        """The number of words."""
        return len(self.forms)

    @property
    def sentence_starts(self) -> Ints:
        """The first character of each sentence."""
        return self.starts[self.sentence_words[:-1]]

    @property
    def sentence_ends(self) -> Ints:
        """The character after each sentence."""
        return self.ends[self.sentence_words[1:] - 1]

    def sentence_of(self, word: int) -> int:
        """The index of the sentence that has the word, from 0."""
        return int(np.searchsorted(self.sentence_words, word, "right")) - 1

    def error(self, message: str, sentence: int, column: str | None = None) -> FormatError:
        """The error about the sentence with that index (from 0)."""
        sent_id = self.document[sentence].sent_id
        return FormatError(
            message, path=self.name, sent_id=f"number {sentence + 1}" if sent_id is None else sent_id, column=column
        )


def segment(document: Document, name: str) -> Segmentation:
    """The segmentation of a document, which errors call `name`. Raises FormatError for empty sentences or forms."""
    forms: list[str] = []
    token_forms: list[str] = []
    sizes: list[int] = []  # [token]: the number of its words, 0 if it is a plain word
    sentence_words = [0]
    for number, sentence in enumerate(document):
        column = sentence.columns["FORM"]
        if not column:
            raise FormatError(f"sentence number {number + 1} has no words; remove it", path=name)
        forms += column
        sentence_words.append(len(forms))
        if sentence.mwts:
            _add_tokens(sentence, column, token_forms, sizes)
        else:
            token_forms += column
            sizes += [0] * len(column)

    joined = "".join(token_forms)
    has_spaces = SPACES.search(joined) is not None
    if has_spaces:
        token_forms = [SPACES.sub("", form) for form in token_forms]
        joined = "".join(token_forms)
    lengths = np.fromiter(map(len, token_forms), np.int64, len(token_forms))
    token_sizes = np.array(sizes, np.int64)
    counts = np.maximum(token_sizes, 1)
    token_words = np.cumsum(counts) - counts
    token_ends = np.cumsum(lengths)
    result = Segmentation(
        name=name,
        document=document,
        characters=joined,
        token_starts=token_ends - lengths,
        token_ends=token_ends,
        token_words=token_words,
        sentence_words=np.array(sentence_words, np.int64),
        starts=np.repeat(token_ends - lengths, counts),
        ends=np.repeat(token_ends, counts),
        multiword=np.repeat(token_sizes > 0, counts),
        forms=forms,
    )
    if not lengths.all():
        word = int(token_words[int(np.argmin(lengths))])
        raise result.error("a form without characters other than spaces", result.sentence_of(word), "FORM")
    if has_spaces:
        # Plain words are compared without spaces too, but words of multiword tokens as they are written.
        for token in np.flatnonzero(token_sizes == 0).tolist():
            forms[int(token_words[token])] = token_forms[token]
    return result


def _add_tokens(sentence: Sentence, column: list[str], token_forms: list[str], sizes: list[int]) -> None:
    end = 0
    for multiword in sentence.mwts:
        plain = column[end : multiword.start - 1]
        token_forms += plain
        sizes += [0] * len(plain)
        token_forms.append(multiword.cells.get("FORM", "_"))
        end = multiword.end
        sizes.append(end - multiword.start + 1)
    token_forms += column[end:]
    sizes += [0] * (len(column) - end)


def check_same_text(gold: Segmentation, system: Segmentation) -> None:
    """Raises EvaluationError, with the place, unless both have the same characters in the same order."""
    if gold.characters == system.characters:
        return
    low, high = 0, min(len(gold.characters), len(system.characters))
    while low < high:  # binary search for the length of the common beginning: O(length) in all
        middle = (low + high + 1) // 2
        if gold.characters[low:middle] == system.characters[low:middle]:
            low = middle
        else:
            high = middle - 1
    raise EvaluationError(
        f"the files hold different texts, and only two analyses of one text can be compared: after {low} characters"
        f" {_place(gold, low)} but {_place(system, low)}"
    )


def _place(side: Segmentation, character: int) -> str:
    if character >= len(side.characters):
        return f"{side.name} ends"
    sentence = int(np.searchsorted(side.sentence_ends, character, "right"))
    sent_id = side.document[sentence].sent_id or f"number {sentence + 1}"
    return f"{side.name} goes on with {side.characters[character : character + 20]!r} (sentence {sent_id})"
