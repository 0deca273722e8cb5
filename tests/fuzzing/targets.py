"""What is done with mutated input. Anything but the right result or a `DepparseError` is a failure.

Each target makes its input from a generator, so that a case is known by its number, and writes it to a folder.
"""

from __future__ import annotations

import json
import random
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import depparse
from depparse.document.document import Document
from depparse.document.raw_text import iter_exact_text
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError
from depparse.evaluation.metrics import metrics
from depparse.files import hash_file
from depparse.formats.table import FORMATS, read, write
from depparse.inference.pipeline import Pipeline
from depparse.text import rules
from depparse.text.spacing import is_visible
from depparse.training.recipe import read_recipe, recipe_file
from depparse.treebanks.checks import check
from depparse.visualize.hits import draw_lines
from tests.conftest import ROOT
from tests.fuzzing.mutators import NASTY, make_text, mutate_bytes, mutate_json, mutate_lines
from tests.models import model_of, small_model
from tests.recipes import ENHANCED, FLAT, GCN, TASKS
from tests.segmenters import random_segmenter

TARGETS = ("conllu", "formats", "parquet", "settings", "folders", "texts", "patterns", "rules")
_KEYS = ("model", "training", "data", "tasks", "epochs", "optimizer", "seed")
_SHORT = 12  # words of a sentence that is searched for changed patterns, which may match in very many ways
SAMPLES = ROOT / "corpora" / "samples"


@dataclass
class Fuzzer:
    """All targets, with the material that they mutate. `folder` is for files of the running case."""

    folder: Path

    def __post_init__(self) -> None:
        self.samples = [path for path in sorted(SAMPLES.glob("*/*")) if path.suffix in (".conllu", ".conllup")]
        self.documents = [Document(read(path).sentences[:8]) for path in self.samples]
        whole = [path.read_text(encoding="utf-8") for path in self.samples]
        self.texts = [text[: text.index("\n\n", min(3000, len(text) - 3)) + 2] for text in whole]
        self.words = sorted({word.text for document in self.documents for s in document for word in s.words})
        english = next(d for d, path in zip(self.documents, self.samples, strict=True) if path.suffix == ".conllup")
        segmenter = random_segmenter(SAMPLES)
        self.pipeline = Pipeline(small_model(document=english), segmenter=segmenter)
        self.saved = []  # one that torch computes, one that OpenVINO does
        tasks = {**TASKS, "enhanced": ENHANCED | {"tree_width": 8}}
        for context, others in (("bilstm", {"ner": FLAT}), ("linear_recurrent", {"srl": {"type": "srl"} | GCN})):
            self.saved.append(self.folder / context)
            model = model_of({**tasks, **others}, english, context)
            Pipeline(model, segmenter=segmenter).save(self.saved[-1])
        page = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
        self.queries = re.findall(r"^```text\n(pattern .*?)^```", page, re.MULTILINE | re.DOTALL)
        page = (ROOT / "docs" / "relabel.md").read_text(encoding="utf-8")
        self.rules = re.findall(r"^```text\n((?:repeat )?rule .*?)^```", page, re.MULTILINE | re.DOTALL)
        self.recipes = [recipe_file(path.stem) for path in sorted((ROOT / "configs").glob("*.toml"))]

    @property
    def targets(self) -> dict[str, Callable[[random.Random], None]]:
        """The targets by name."""
        files = (self.conllu, self.formats, self.parquet, self.settings, self.folders, self.texts_)
        return dict(zip(TARGETS, (*files, self.patterns, self.rules_), strict=True))

    # -- files

    def conllu(self, rng: random.Random) -> None:
        """CoNLL-U (Plus): what is read is written byte for byte, and everything may be asked of it."""
        number = rng.randrange(len(self.texts))
        text = self.texts[number]
        data = mutate_lines(rng, text).encode("utf-8", "surrogatepass") if rng.random() < 0.8 else text.encode()
        data = mutate_bytes(rng, data) if rng.random() < 0.4 else data
        path = self._written(f"case{self.samples[number].suffix}", data)
        if rng.random() < 0.1:
            check(path)
        document = read(path)
        if path.suffix == ".conllu":
            expected = data.removeprefix(b"\xef\xbb\xbf").decode()
            assert _lines(document.to_conllu()) == _lines(expected), "not written as it was read"
        self._ask(rng, document)

    def formats(self, rng: random.Random) -> None:
        """Every other format: what is read can be written, and what is written reads alike."""
        name = rng.choice([name for name in FORMATS if name not in ("conllu", "conllup", "parquet")])
        path = self.folder / "case"
        write(rng.choice(self.documents), path, name)
        data = path.read_bytes()
        if name == "json" and rng.random() < 0.7:
            data = json.dumps(mutate_json(rng, json.loads(data))).encode("utf-8", "surrogatepass")
        elif rng.random() < 0.6:
            data = mutate_lines(rng, data.decode()).encode("utf-8", "surrogatepass")
        else:
            data = mutate_bytes(rng, data)
        document = read(self._written("case", data), name)
        self._ask(rng, document)
        write(document, path, name)
        again = self.folder / "again"
        write(read(path, name), again, name)
        assert again.read_bytes() == path.read_bytes(), "written, read and written, it is another file"

    def parquet(self, rng: random.Random) -> None:
        """Parquet files with other bytes, and tables with other values."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / "case.parquet"
        write(rng.choice(self.documents), path)
        if rng.random() < 0.5:
            self._written("case.parquet", mutate_bytes(rng, path.read_bytes()))
        else:
            rows = pq.read_table(path).to_pylist()
            number = rng.randrange(len(rows))
            rows[number] = mutate_json(rng, rows[number])
            try:
                pq.write_table(pa.Table.from_pylist(rows), path)
            except (pa.ArrowException, AttributeError, TypeError, UnicodeError, OverflowError):
                return  # no table
        self._ask(rng, read(path))

    # -- settings and models

    def settings(self, rng: random.Random) -> None:
        """Recipes with other values, and settings of the command line."""
        import tomllib

        content = tomllib.loads(rng.choice(self.recipes).read_text(encoding="utf-8"))
        overrides = []
        for _ in range(rng.randrange(3)):
            key = ".".join(rng.choices((*_KEYS, *NASTY), k=2))
            overrides.append(key + rng.choice(("=", "", "==")) + rng.choice(NASTY))
        read_recipe(mutate_json(rng, content) if rng.random() < 0.7 else content, overrides)

    def folders(self, rng: random.Random) -> None:
        """Model folders with other files, whose hashes are right: they are refused, or they parse."""
        folder = self.folder / "model"
        folder.mkdir(exist_ok=True)
        for file in rng.choice(self.saved).iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        names = ("config.json", "vocab.json", "facts.json", "model.safetensors", "README.md", "manifest.json")
        path = folder / rng.choice(names)
        if path.suffix == ".json" and rng.random() < 0.7:
            value = mutate_json(rng, json.loads(path.read_bytes()))
            self._written(f"model/{path.name}", json.dumps(value).encode("utf-8", "surrogatepass"))
        else:
            self._written(f"model/{path.name}", mutate_bytes(rng, path.read_bytes()))
        if path.name != "manifest.json" and rng.random() < 0.9:
            hashes = {name: hash_file(folder / name) for name in json.loads((folder / "manifest.json").read_bytes())}
            (folder / "manifest.json").write_text(json.dumps(hashes), encoding="utf-8")
        depparse.load(folder)("Anna liked it. So did 3 others.")

    # -- text

    def texts_(self, rng: random.Random) -> None:
        """Text of any kind: all its characters come back, by rules and by a model."""
        text = make_text(rng, self.words)
        self._written("case.txt", text.encode("utf-8", "surrogatepass"))
        document = self.pipeline(text)
        for sentences in (document.sentences, list(rules.segment([text]))):
            exact = "".join(_exact_pieces(sentences))
            assert exact in (text, text.rstrip()) or not is_visible(text), "the text is lost"
        again = Document(depparse.parse_conllu(document.to_conllu()))
        assert again.to_conllu() == document.to_conllu()

    def patterns(self, rng: random.Random) -> None:
        """A pattern that is read can be searched for, and what is found can be drawn."""
        data = mutate_bytes(rng, rng.choice(self.queries).encode())
        self._written("case.txt", data)
        pattern = depparse.parse_pattern(data.decode("utf-8", "surrogateescape"))
        short = [sentence for sentence in rng.choice(self.documents) if len(sentence) <= _SHORT]
        for sentence in short[:3]:
            matches = list(islice(pattern.matches(sentence), 20))
            assert pattern.may_be_in(sentence.to_conllu()) or not matches or "S:" in pattern.text
            if matches:
                _allowing(lambda matches=matches: draw_lines(matches))  # type: ignore[misc]

    def rules_(self, rng: random.Random) -> None:
        """Rules that are read make a document that can be written and read, and leave the given one as it is."""
        data = mutate_bytes(rng, rng.choice(self.rules).encode())
        self._written("case.txt", data)
        rules = depparse.parse_rules(data.decode("utf-8", "surrogateescape"))
        short = [sentence for sentence in rng.choice(self.documents) if len(sentence) <= _SHORT]
        document = Document([sentence.copy() for sentence in short[:3]])
        before = document.to_conllu()
        changed = depparse.relabel(document, rules).document.to_conllu()
        assert document.to_conllu() == before
        assert Document.from_conllu(changed).to_conllu() == changed

    # -- what may be asked of a document

    def _ask(self, rng: random.Random, document: Document) -> None:
        """Asks for all annotation, and for a drawing, an export, a conversion or scores."""
        for sentence in document:
            for question in (
                lambda s=sentence: s.ents, lambda s=sentence: s.frames, lambda s=sentence: s.heads,
                lambda s=sentence: [(t.text, t.start_char) for t in s.tokens], lambda s=sentence: s.copy().to_conllup(),
            ):  # fmt: skip
                _allowing(question)
        what = rng.randrange(7)
        if what == 0:
            _allowing(lambda: [depparse.draw_tree(sentence, show="all") for sentence in document])
        elif what == 1:
            width = rng.choice([None, 100, 500])
            _allowing(lambda: [depparse.draw_svg(sentence, width=width, show="all") for sentence in document])
            _allowing(document._repr_html_)
        elif what == 2:
            _allowing(lambda: _same_by_json(document))
            name = rng.choice(["networkx", "polars"])
            _allowing(lambda: _same_by(name, document))
            for drawn in ("nltk", "displacy"):
                _allowing(lambda drawn=drawn: document.to(drawn))  # type: ignore[misc]
        elif what == 3:
            _allowing(lambda: depparse.evaluate(document, document).to_dict() and len(metrics()))
        elif what == 4:
            name = rng.choice([name for name in FORMATS if name != "parquet"])
            path = self.folder / "converted"
            _allowing(lambda: (write(document, path, name), read(path, name)))
        elif what == 5:
            _allowing(lambda: document.query(rng.choice(self.queries)))
        else:
            _allowing(lambda: self.pipeline(document, without=["segmenter"], keep=["HEAD"]))

    def _written(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


def _allowing(question: Callable[[], Any]) -> None:
    """Asks, and allows a `DepparseError` for an answer."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            question()
    except DepparseError:
        pass


def _same_by_json(document: Document) -> None:
    data = json.loads(json.dumps(document.to_dict()))
    assert Document.from_dict(data).to_dict() == document.to_dict(), "from_dict makes another document"


def _same_by(name: str, document: Document) -> None:
    lines = [sentence.to_conllup() for sentence in document]
    back = Document.of(name, document.to(name))
    assert [sentence.to_conllup() for sentence in back] == lines, f"{name} makes another document"


def _lines(text: str) -> list[str]:
    """The lines, with one empty line for several and none at the beginning and the end."""
    return re.sub("\n\n+", "\n\n", text.replace("\r\n", "\n")).strip("\n").split("\n")


def _exact_pieces(sentences: Iterable[Sentence]) -> list[str]:
    return list(iter_exact_text(sentences))
