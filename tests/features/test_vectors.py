"""Files of word vectors: every kind is read as by gensim, wanted words are kept, and broken files are one line."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model

from depparse.errors import FormatError
from depparse.features.vectors import WordVectors, read_vectors

WORDS = ["the", "of", "Haus", "Việt_Nam", "ปลา", "🐟", "x" * 300]


def keyed_vectors() -> KeyedVectors:
    vectors = KeyedVectors(5)
    vectors.add_vectors(WORDS, np.random.default_rng(1).normal(size=(len(WORDS), 5)).astype(np.float32))
    return vectors


def packed(path: Path) -> Path:
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


def check_same(vectors: WordVectors, expected: KeyedVectors, words: list[str]) -> None:
    assert vectors.words == words
    np.testing.assert_allclose(vectors.rows, [expected[word] for word in words], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["v.vec", "v.txt", "v.bin"])
@pytest.mark.parametrize("gzipped", [False, True])
def test_word2vec_is_read_as_by_gensim(name: str, gzipped: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    keyed_vectors().save_word2vec_format(str(path), binary=name.endswith(".bin"))
    expected = KeyedVectors.load_word2vec_format(str(path), binary=name.endswith(".bin"))
    if gzipped:
        path = packed(path)
    check_same(read_vectors(path, limit=100), expected, WORDS)
    check_same(read_vectors(path, limit=2), expected, WORDS[:2])
    check_same(read_vectors(path, ["ปลา", "of", "nothing"], limit=1), expected, ["the", "of", "ปลา"])
    assert read_vectors(path, ["nothing"]).rows.shape == (0, 5)


def test_long_binary_files_may_have_newlines_between_vectors(tmp_path: Path) -> None:
    # The original word2vec ends each vector with a newline; and a file is longer than what is read at once.
    generator = np.random.default_rng(2)
    rows = generator.normal(size=(5000, 100)).astype("<f4")
    content = b"5000 100\n" + b"".join(b"w%d " % n + row.tobytes() + b"\n" for n, row in enumerate(rows))
    (tmp_path / "v.bin").write_bytes(content)
    vectors = read_vectors(tmp_path / "v.bin", {"w4999", "w2500"}, limit=1)
    assert vectors.words == ["w0", "w2500", "w4999"]
    assert np.array_equal(vectors.rows, rows[[0, 2500, 4999]])


def test_text_may_lack_the_first_line_and_have_spaces_in_words(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text(
        "the 0.5 1e-3 -2\nViệt Nam 1 2 3\na\t4\t5\t6\r\n. . . 7 8 9 \nthe 0 0 0\n\n10 11 12 13\n", encoding="utf-8"
    )
    vectors = read_vectors(path, limit=100)
    assert vectors.words == ["the", "Việt Nam", "a", ". . .", "10"]
    np.testing.assert_allclose(vectors.rows, [[0.5, 1e-3, -2], [1, 2, 3], [4, 5, 6], [7, 8, 9], [11, 12, 13]])
    # The first word may have spaces too, and so may words of a file with a first line, which may be cut off by head.
    path.write_text("Việt Nam 1 2 3\n", encoding="utf-8")
    assert read_vectors(path, limit=1).words == ["Việt Nam"]
    path.write_text("900 3\nViệt Nam 1 2 3\n 4 5 6\n\u00a0 7 8 9\n", encoding="utf-8")
    assert read_vectors(path, limit=9).words == ["Việt Nam", "", "\u00a0"]


def test_words_that_are_not_utf8_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_bytes(b"2 1\nca\xff 1\nok 2\n")
    assert read_vectors(tmp_path / "v.vec", limit=9).words == ["ok"]


@pytest.mark.parametrize(("shortest", "longest"), [(3, 6), (1, 3), (2, 2), (0, 0)])
@pytest.mark.parametrize("gzipped", [False, True])
def test_fasttext_models_are_read_as_by_gensim(shortest: int, longest: int, gzipped: bool, tmp_path: Path) -> None:
    sentences = [["Das", "große", "Haus"], ["das", "kleine", "Haus", "ปลาดาว"], ["ein", "Fisch", "🐟"]] * 5
    ngrams = {"min_n": shortest, "max_n": longest, "bucket": 500} if longest else {"max_n": 0}
    model = FastText(sentences, vector_size=7, min_count=1, epochs=1, seed=1, workers=1, **ngrams)
    path = tmp_path / "model.bin"
    save_facebook_model(model, str(path))
    expected = load_facebook_vectors(str(path))
    if gzipped:
        path = packed(path)
    frequent = expected.index_to_key
    check_same(read_vectors(path, limit=100), expected, frequent)
    # Of words that the model does not know, those with n-grams have a vector.
    vectors = read_vectors(path, ["Häuser", "🐟", "Fischgroßhaus"], limit=2)
    kept_words = [word for word in frequent if word in frequent[:2] or word == "🐟"]
    assert vectors.words == [*kept_words, *(["Fischgroßhaus", "Häuser"] if longest else [])]
    np.testing.assert_allclose(vectors.rows, [expected[word] for word in vectors.words], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.vec", b"2 3\nthe 1 2 3\nof 1 2\n", r"v\.vec:3: expected a word and 3 numbers, found 3 fields"),
        ("v.vec", b"2 3\nthe 1 2 3\nof 1 x 2\n", r"v\.vec:3: expected 3 numbers after the word 'of'"),
        ("v.vec", b"2 3\nthe 1 2 3 4\n", r"v\.vec:2: expected a word and 3 numbers"),
        ("v.vec", b"2 3\nthe 1 nan 2\n", r"v\.vec:2: the vector of 'the' has a number that is not finite"),
        ("v.vec", b"\x89PNG\r\n\x1a\n", r"v\.vec:1: expected a word and its vector"),
        ("v.vec", b"", r"v\.vec: holds no vectors"),
        ("v.vec", b"2 3\n", r"v\.vec: holds no vectors"),
        ("v.vec.gz", gzip.compress(b"2 1\na 1\nb 2\n", mtime=0)[:-9], r"v\.vec\.gz: not a whole gzip file"),
        ("v.bin", b"2 1\nthe \0\0\0\0\nof \0\0\0", r"v\.bin: ends too early"),
        ("v.bin", b"2 1\nthe \0\0\0\0\n", r"v\.bin: .*get the file again"),
        ("v.bin", b"2 1\nthe \0\0\xc0\x7f\nof \0\0\0\0", r"v\.bin: the vector of 'the', number 1, has a number"),
        ("v.bin", b"the 1 2 3\n", r"v\.bin: neither binary word2vec nor a model of fastText"),
        ("v.bin", b"", r"v\.bin: neither binary word2vec"),
        ("v.bin", struct.pack("<4i", 793712314, 12, 3, 0), r"v\.bin: ends too early"),
        ("v.bin", struct.pack("<3i11id", 793712314, 99, 3, *[1] * 11, 0.0), r"v\.bin: .*unknown version 99"),
        (
            "v.ftz",
            struct.pack("<3i11id3i2q?", 793712314, 12, 3, *[1] * 11, 0.0, 0, 0, 0, 0, -1, True),
            r"v\.ftz: a quantized model of fastText",
        ),
    ],
)
def test_a_broken_file_is_one_line(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_vectors(tmp_path / name, limit=100)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no\.vec: cannot be read"):
        read_vectors(tmp_path / "no.vec")
