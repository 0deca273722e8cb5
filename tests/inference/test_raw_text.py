"""Raw text through a trained pipeline: real and hostile texts have valid output, the same in any batch and thread."""

from __future__ import annotations

import itertools
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import depparse
from depparse.document.document import Document
from depparse.document.exact import spaces
from depparse.document.raw_text import iter_text
from depparse.formats.conllu import iter_conllu
from depparse.inference.pipeline import Pipeline
from depparse.text.spacing import MAX_TOKENS, is_visible
from depparse.text.wrap import wrapped
from depparse.treebanks.treebank import find_splits
from tests.forking import run_depparse
from tests.recipes import WHOLE
from tests.validation import complaints

LEMMAS = {"model.tasks.lemmatizer": {"type": "lemmatizer", "width": 16}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """The model of a pipeline that knows its French sample well enough to split text in earnest."""
    run = tmp_path_factory.mktemp("run")
    settings = LEMMAS | {"segmentation.training.epochs": 30, "segmentation.training.evaluate_every": 30}
    train = samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"
    depparse.train(WHOLE, train=train, set=settings, output=run)
    return run / "model"


@pytest.fixture(scope="module")
def nlp(folder: Path) -> Pipeline:
    return depparse.load(folder)


def check(document: Document, text: str) -> None:
    """Checks all promises about the analysis of any text."""
    if not is_visible(text):
        assert len(document) == 0
        return
    assert document.text == text
    assert Document.from_conllu(document.to_conllu()).text == text
    for sentence in document:
        assert len(sentence.tokens) <= MAX_TOKENS
        for token in sentence.tokens:
            raw = spaces(token.misc or "_", "SpacesInToken") or token.text
            assert text[token.start_char : token.end_char] == raw
        for word in sentence.words:
            if word.start_char is not None and not token_has_spaces(word.misc):
                assert word.text.lower() == text[word.start_char : word.end_char].lower()
    assert complaints(document.to_conllu()) == []


def token_has_spaces(misc: str | None) -> bool:
    return "SpacesInToken" in (misc or "")


FRENCH = "Le chat va au lac. Il dort. "
TEXTS = {
    "empty": "",
    "white": " \n\t \r\n\x0b\u2029 " * 50,
    "byte order mark": "\ufeffLe chat dort. Il rêve.",
    "nothing but a byte order mark": "\ufeff",
    "nulls": "Le\x00 chat\x00dort. \x00\x00 Il.",
    "nothing but nulls": "\x00" * 1000,
    "halves of pairs": "Le \ud800chat\udfff dort. \ud83d",
    "no space": "x" * 20_000,
    "a long word among others": FRENCH + "x" * 20_000 + " dort. " + FRENCH,
    "lines without text": "\n" * 20_000,
    "flags": "🇫🇷" * 2000,
    "half a flag": "🇫🇷" * 500 + "🇫",
    "right to left": "שלום עולם. مرحبا بالعالم! \u202eLe chat\u202c dort. " * 5,
    "marks at the begin": "\u0301\u0301 e\u0301 \u0301le\u0301. \u0301",
    "nothing but marks": "\u0301" * 5000,
    "zwj": "👩\u200d🚀" * 500 + "\u200d" * 100,
    "carriage returns": "Le chat dort.\r\nIl va.\r\n\r\nAu lac.\rIl dort.\r",
    "form feeds": "Le chat.\x0cIl dort.\x0c\x0cAu lac.",
    "an address": "https://example.org/" + "a1%20/" * 3000,
    "tabs": "Le\tchat\t\tdort.\t" * 50,
    "separators": "Le\u2028chat\u2029dort\x85au\x0blac\x1c. Le\u00a0chat\u202f!\u3000Oui.",
    "escapes": "a\\n b|c=d \\u0041 SpaceAfter=No _ # text = x \x1b[31mrouge\x1b[0m",
    "points": "." * 500 + "!?" * 100,
    "many tokens in a sentence": "a " * 5000,
    # The characters are composed, because the validator breaks off at some that are not.
    "many characters": unicodedata.normalize("NFC", "".join(map(chr, range(0x3000)))),
    "tags": "a" + "\U000e0020\U000e007f" * 200 + "\U0010ffff\ufffe",
    "multiword tokens": "au " * 500 + "AU Au aU du\u200b aux",
}


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_comes_back(name: str, nlp: Pipeline) -> None:
    check(nlp(TEXTS[name]), TEXTS[name])


def test_presplit_lines_of_any_text_come_back(nlp: Pipeline) -> None:
    text = "\n".join(TEXTS[name] for name in ("byte order mark", "nulls", "right to left", "tabs", "escapes", "flags"))
    document = nlp(text, presplit=True)
    check(document, text)
    assert len(document) == 6


MEMORY = """
import sys
import depparse
from depparse.training.log import peak_memory_mib
nlp = depparse.load(sys.argv[1])
piece = {"x": "x", "line": chr(10), "flag": chr(0x1f1eb), "sentence": "Le chat va au lac. Il dort. "}[sys.argv[2]]
piece = (piece * 1000)[:1000]
count = sum(len(sentence) for sentence in nlp.segment(piece for _ in range(int(sys.argv[3]))))
print(count, peak_memory_mib())
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["x", "line", "flag", "sentence"])
def test_a_megabyte_of_anything_is_segmented_in_bounded_memory(kind: str, folder: Path) -> None:
    peaks = []
    for size in (100, 1000):  # thousands of characters
        command = [sys.executable, "-c", MEMORY, str(folder), kind, str(size)]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        words, peak = result.stdout.split()
        assert (int(words) > 0) is (kind != "line")
        peaks.append(float(peak))
    assert peaks[1] < peaks[0] + 60  # MiB; ten times the text


def test_files_of_hostile_text_come_back(folder: Path, tmp_path: Path) -> None:
    """The command line reads files one after the other, most without a last line end."""
    names = [name for name, text in TEXTS.items() if "\ud800" not in text and "\ud83d" not in text and len(text) < 1500]
    paths = [tmp_path / f"{number}.txt" for number, _ in enumerate(names)]
    for name, path in zip(names, paths, strict=True):
        path.write_bytes(TEXTS[name].encode())
    result = run_depparse("parse", *paths, "--model", folder, "--from", "text", "-o", tmp_path / "out.conllu")
    assert result.returncode == 0, result.stderr
    conllu = (tmp_path / "out.conllu").read_text(encoding="utf-8")
    assert complaints(conllu) == []
    documents: list[list[str]] = []
    for sentence in iter_conllu(tmp_path / "out.conllu"):
        if any(line.startswith("# newdoc") for line in sentence.comments):
            documents.append([])
        documents[-1].append(sentence.to_conllu())
    found = [Document.from_conllu("".join(blocks)).text for blocks in documents]
    assert found == [TEXTS[name] for name in names if is_visible(TEXTS[name])]


def test_threads_get_what_each_gets_alone(nlp: Pipeline, samples: Path) -> None:
    texts = [TEXTS[name] for name in ("right to left", "tabs", "separators", "multiword tokens")]
    texts += ["".join(iter_text(iter_conllu(path))) for path in sorted(samples.glob("UD_*/*-ud-test.conllu"))]
    alone = [nlp(text).to_conllu() for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert [document.to_conllu() for document in pool.map(nlp, texts)] == alone


def first(path: Path, number: int) -> Document:
    return Document(itertools.islice(iter_conllu(path), number))


@pytest.mark.slow
@pytest.mark.shared
def test_the_output_of_every_test_set_is_valid_and_the_same_in_any_batch(shared: Path, tmp_path: Path) -> None:
    """A small pipeline of each treebank reads the raw text of its test set; the form of the output is checked alone."""
    splits_of = {folder.name: find_splits(folder) for folder in sorted((shared / "treebanks").glob("UD_*"))}
    assert splits_of
    for name, splits in splits_of.items():
        data = [splits[split] for split in ("train", "dev", "test", "file") if split in splits]
        test = first(data[-1], 12)
        (tmp_path / f"{name}.conllu").write_text(first(data[0], 20).to_conllu(), encoding="utf-8")
        settings = LEMMAS | {"segmentation.training.epochs": 4, "segmentation.training.evaluate_every": 4}
        nlp = depparse.train(WHOLE, train=tmp_path / f"{name}.conllu", set=settings, output=tmp_path / name)
        text = "".join(iter_text(test))
        lines = "".join(wrapped([text], 60))
        both = [nlp(text), nlp(lines)]
        for document, source in zip(both, (text, lines), strict=True):
            assert document.text == source, name
            assert complaints(document.to_conllu()) == [], name
        expected = [document.to_conllu() for document in both]
        # The output is the same alone, in any order and batch, and in pieces.
        for size, order in ((1, 1), (7, -1)):
            piped = [d.to_conllu() for d in nlp.pipe([text, lines][::order], batch_size=size, batch_words=60)]
            assert piped[::order] == expected, name
        pieces = (text[start : start + 97] for start in range(0, len(text), 97))
        assert Document(nlp.annotate_stream(nlp.segment(pieces), batch_words=1)).to_conllu() == expected[0], name
        scores = depparse.evaluate(test, nlp.reanalyze(test, raw=True))
        assert scores["Words"].gold == test.num_words


PARSING = """
from depparse.cli.main import main
from depparse.training.log import peak_memory_mib
try:
    main()
finally:
    print(peak_memory_mib())
"""


@pytest.mark.slow
def test_a_long_text_is_parsed_in_the_memory_of_a_short_one(folder: Path, samples: Path, tmp_path: Path) -> None:
    """From about 40,000 words on, since that many are sorted by length together."""
    text = "".join(iter_text(iter_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"))) + "\n\n"
    peaks = []
    for size in (300_000, 1_500_000):  # bytes
        source = tmp_path / f"{size}.txt"
        source.write_text(text * (1 + size // len(text.encode())), encoding="utf-8")
        command = ["parse", str(source), "--model", str(folder), "--output", str(tmp_path / "out.conllu")]
        result = subprocess.run([sys.executable, "-c", PARSING, *command], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        peaks.append(float(result.stdout.splitlines()[-1]))
    assert peaks[1] < 1.05 * peaks[0], peaks
