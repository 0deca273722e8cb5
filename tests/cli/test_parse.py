"""``depparse parse``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from depparse.cli.app import make_app
from depparse.document.document import Document
from depparse.errors import DepparseError
from depparse.inference.pipeline import Pipeline
from tests.cli.conftest import Run
from tests.models import small_model
from tests.recipes import INPUTS
from tests.sentences import TWO

NOTE = "note: the model has no segmenter, so rules split the text; multiword tokens stay whole\n"
TEXT = "Tom sees Anna.  Whom did\nTom see?\n"


@pytest.fixture
def nlp(tmp_path: Path) -> Pipeline:
    """A pipeline, saved as the model ``m``."""
    pipeline = Pipeline(small_model())
    pipeline.save(tmp_path / "m")
    return pipeline


def test_text_is_parsed(run: Run, nlp: Pipeline, tmp_path: Path) -> None:
    expected = nlp(TEXT).to_conllu()
    result = run("parse", "--model", "m", "--from", "text", input=TEXT)
    assert (result.stdout, result.stderr) == (expected, NOTE)
    (tmp_path / "a letter.txt").write_text(TEXT, encoding="utf-8")
    named = expected.replace("# newdoc\n", "# newdoc id = a_letter\n")
    for options in ([], ["--workers", "2"]):
        assert run("parse", "a letter.txt", "--model", "m", *options).stdout == named
    # UTF-8 is read in pieces that end inside characters, and the text comes out as it went in.
    (tmp_path / "long.txt").write_text("\ufeff" + "x" + "ä€😀 " * 8_000, encoding="utf-8")
    assert run("parse", "long.txt", "-m", "m", "--without", ",".join(nlp.parts), "-o", "long.json").returncode == 0
    document = Document.from_dict(json.loads((tmp_path / "long.json").read_text(encoding="utf-8")))
    assert document.text == (tmp_path / "long.txt").read_text(encoding="utf-8")


def test_text_is_recognized_without_its_format(run: Run, nlp: Pipeline, tmp_path: Path) -> None:
    """Standard input, unknown endings, and pipes, which can be read only once; broken CoNLL-U is no text."""
    told = "note: {} is read as text; if it is not, say what it is: --from FORMAT\n"
    expected = nlp(TEXT).to_conllu()
    result = run("parse", "--model", "m", input=TEXT)
    assert (result.stdout, result.stderr) == (expected, told.format("standard input") + NOTE)
    result = run("parse", "--model", "m", "--presplit", input=TEXT)  # which only text can be
    assert (result.stdout, result.stderr) == (nlp(TEXT, presplit=True).to_conllu(), NOTE)
    (tmp_path / "letter.md").write_text("# Letter\n\nTom sees Anna.\n", encoding="utf-8")
    result = run("parse", "letter.md", "--model", "m")
    assert "# newdoc id = letter\n" in result.stdout
    assert result.stderr == told.format("letter.md") + NOTE
    assert [s.sent_id for s in nlp.read([tmp_path / "letter.md"])] == ["1", "2"]
    os.mkfifo(tmp_path / "pipe")
    writer = Thread(target=(tmp_path / "pipe").write_text, args=(TEXT,))
    writer.start()
    assert run("parse", "pipe", "--model", "m").stdout == expected.replace("# newdoc\n", "# newdoc id = pipe\n")
    writer.join()
    result = run("parse", "--model", "m", input=TWO.replace("\t_\n", "\n", 1))
    assert (result.returncode, result.stdout) == (2, "")
    assert "expected 10 columns separated by tabs, found 9" in result.stderr


def test_several_files_are_several_documents(run: Run, nlp: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, text in (
        ("a.txt", TEXT),
        ("b.horizontal", "Tom sees\nAnna\n"),
        ("sub/a.txt", "2 apples"),
        ("c.txt", " "),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "d.conllu").write_text(TWO, encoding="utf-8")
    files = ["a.txt", "b.horizontal", "d.conllu", "c.txt", "sub/a.txt"]
    result = run("parse", *files, "--model", "m")
    assert result.stderr == NOTE
    document = Document.from_conllu(result.stdout)
    assert [s.sent_id for s in document] == ["a.txt-1", "a.txt-2", "b-1", "b-2", "1", "2", "sub/a.txt-1"]
    begins = {s.sent_id: name for s in document if (name := s.comment("newdoc id")) is not None}
    assert begins == {"a.txt-1": "a.txt", "b-1": "b", "sub/a.txt-1": "sub/a.txt"}
    assert document[2].text == "Tom sees"
    assert "".join(s.to_conllu() for s in document[4:6]) == nlp(Document.from_conllu(TWO)).to_conllu()  # type: ignore[index]
    assert run("parse", *files, "--model", "m", "--workers", "2").stdout == result.stdout


def test_each_input_has_an_output_of_its_name(run: Run, nlp: Pipeline, tmp_path: Path) -> None:
    texts = {"a.txt": TEXT, "b.v2.txt": "2 apples", "c.txt": "", "d.txt": TEXT * 40}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "e.conllu").write_text(TWO, encoding="utf-8")
    files = [*texts, "e.conllu"]
    alone = {name: run("parse", name, "--model", "m").stdout for name in files}
    for options in ([], ["--workers", "2"]):
        folder = tmp_path / "out" / str(len(options))
        result = run("parse", *files, "--model", "m", "--outdir", folder, *options)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", NOTE)
        for name in files:
            assert (folder / name).with_suffix(".conllu").read_text(encoding="utf-8") == alone[name]
        assert len(list(folder.iterdir())) == len(files)
    assert (
        run("parse", "a.txt", "e.conllu", "--model", "m", "--outdir", "o", "--to", "json", "--k-best", "2").returncode
        == 0
    )
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["a.json", "e.json"]
    ranked = json.loads((tmp_path / "o" / "e.json").read_text(encoding="utf-8"))
    assert Document.from_dict(ranked).to_conllu() == nlp(Document.from_conllu(TWO), k_best=2).to_conllu()
    (tmp_path / "out" / "a.txt").write_text("", encoding="utf-8")
    for arguments, message in (
        (["a.txt", "out/a.txt", "--outdir", "o"], "a.txt and out/a.txt would both be written to o/a.conllu"),
        (["e.conllu", "--outdir", "."], "e.conllu would be written over the input"),
        (["--outdir", "o"], "standard input has no name"),
        (["a.txt", "--outdir", "o", "-o", "x.conllu"], "give one of them"),
    ):
        result = run("parse", *arguments, "--model", "m", input=TWO)
        assert result.returncode == 2
        assert message in result.stderr
    assert (tmp_path / "e.conllu").read_text(encoding="utf-8") == TWO


def test_presplit_text_and_given_words_are_parsed(run: Run, nlp: Pipeline) -> None:
    result = run("parse", "--model", "m", "--from", "text", "--presplit", input=TEXT)
    assert result.stdout == nlp(TEXT, presplit=True).to_conllu()
    assert result.stdout.count("# sent_id") == 2
    words = nlp([["Tom", "sees", "Anna", "."], ["2", "apples"]]).to_conllu()
    assert run("parse", "-m", "m", "--from", "horizontal", input="Tom sees Anna .\n2 apples\n").stdout == words
    vertical = "Tom\nsees\nAnna\n.\n\n2\napples\n"
    assert run("parse", "-m", "m", "--from", "vertical", input=vertical).stdout == words
    result = run("parse", "-m", "m", "--from", "vertical", "--to", "json", "--without", "tagger", input=vertical)
    tokens = json.loads(result.stdout)["sentences"][1]["tokens"]
    assert [sorted(token) for token in tokens] == [
        ["deprel", "end_char", "head", "id", "lemma", "start_char", "text"]
    ] * 2


def test_no_text_gives_no_output(run: Run, nlp: Pipeline) -> None:
    for text in ("", "\ufeff", "\n \n"):
        result = run("parse", "--model", "m", "--from", "text", input=text)
        assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.txt"], "nowhere.txt: cannot be read: no such file or directory"),
        (["a.txt", "nowhere.txt"], "nowhere.txt: cannot be read: no such file or directory"),
        (["m"], "m: is a folder; give the files in it, such as m/*.json"),
        (["-", "-"], "standard input (-) can be read only once"),
        (["--from", "txt"], "there is no format 'txt'; did you mean text?"),
        (["--presplit", "d.conllu"], "presplit is for text, a sentence a line, but d.conllu is read as conllu"),
        (["--expand"], "expanding multiword tokens takes a segmenter"),
        (
            ["--without", "tager,ner"],
            "there is no part ner, tager to switch off; did you mean tagger? the pipeline has tagger, lemmatizer, ",
        ),
        (["--keep", "ups"], "not UPS; did you mean UPOS?"),
        (["latin1.txt"], "latin1.txt:2: not UTF-8: byte 0xe4"),
    ],
)
def test_mistakes_leave_no_file(
    nlp: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(TEXT, encoding="utf-8")
    Path("latin1.txt").write_bytes(b"One.\nM\xe4r")
    Path("d.conllu").write_text(TWO, encoding="utf-8")
    result = CliRunner().invoke(make_app(), ["parse", "--model", "m", *arguments, "-o", "out.conllu", "--to", "conllu"])
    assert isinstance(result.exception, DepparseError)
    assert message in str(result.exception)
    assert not Path("out.conllu").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "conlu"], "there is no format 'conlu'; did you mean conllu?"),
        (["--to", "parquet"], "Parquet is written to a file"),
        (["--worker", "2"], "No such option: --worker"),
        (["--workers", "0"], "Invalid value for '--workers'"),
    ],
)
def test_mistakes_are_one_line(run: Run, arguments: list[str], message: str) -> None:
    result = run("parse", "--model", "m", *arguments)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr


def test_a_treebank_is_chosen_by_name(run: Run, tmp_path: Path) -> None:
    pipeline = Pipeline(small_model("none", [*INPUTS, {"type": "treebank"}], treebanks=["UD_A", "UD_B"]))
    pipeline.save(tmp_path / "m")
    outputs = {}
    for name in ("UD_A", "UD_B"):
        result = run("parse", "--model", "m", "--treebank", name, input=TWO)
        assert result.stdout == pipeline(Document.from_conllu(TWO), treebank=name).to_conllu(), result.stderr
        outputs[name] = result.stdout
    assert outputs["UD_A"] != outputs["UD_B"]
    assert run("parse", "--model", "m", input=TWO).stdout == outputs["UD_A"]
    result = run("parse", "--model", "m", "--treebank", "UD_C", input=TWO)
    assert result.returncode == 2
    message = "the model learned no treebank 'UD_C'; did you mean UD_B? it knows: UD_A, UD_B"
    assert f"depparse: error: {message}" in result.stderr
