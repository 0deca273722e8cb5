"""``depparse convert``."""

from __future__ import annotations

from pathlib import Path

from depparse.formats import table as formats
from tests.cli.conftest import Run


def test_formats_are_told_by_endings(run: Run, samples: Path, tmp_path: Path) -> None:
    source = samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"
    for name in ("a.json", "a.parquet", "a.conllup", "a.conllu.gz"):
        assert run("convert", source, "-o", name).returncode == 0
        assert run("convert", name, "-o", "back.conllu").returncode == 0
        assert (tmp_path / "back.conllu").read_bytes() == source.read_bytes(), name


def test_text_is_written_plain_or_wrapped(run: Run, samples: Path, tmp_path: Path) -> None:
    source = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    text = run("convert", source, "--to", "text").stdout
    assert text == formats.read(source).text + "\n"
    lines = run("convert", source, "--to", "text", "--wrap", "40").stdout.split("\n")
    assert all(len(line) <= 40 or " " not in line for line in lines)
    assert " ".join(lines).split() == text.split()


def test_join_adds_annotation_and_reports_it(run: Run, samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    result = run(
        "convert", folder / "en_sample-ud-dev.conllu", "--join", folder / "en_sample-ner-dev.iob2", "-o", "a.conllup"
    )
    assert result.stderr == "joined 15 of 15 sentences of en_sample-ud-dev.conllu\n"
    header = (tmp_path / "a.conllup").read_text(encoding="utf-8").split("\n")[0]
    assert header.endswith("DEPS MISC NER")
    assert run("convert", "a.conllup", "-o", "b.iob2").returncode == 0
    assert formats.read(tmp_path / "b.iob2").ents == formats.read(folder / "en_sample-ner-dev.iob2").ents
    result = run("convert", folder / "en_sample-ud-test.conllu", "--join", "a.conllup", "--to", "conllu")
    assert result.stderr.count("not joined: treebank sentence") == 15
    assert result.stdout == (folder / "en_sample-ud-test.conllu").read_text(encoding="utf-8")


def test_columns_without_a_place_are_named(run: Run) -> None:
    source = "# global.columns = ID FORM X:COLOUR\n1\tsky\tblue\n\n"
    result = run("convert", "-", "--from", "conllup", "--to", "conllu", input=source)
    assert result.stderr == "note: CoNLL-U has no place for X:COLOUR; convert to conllup to keep them\n"


def test_columns_of_later_sentences_are_kept(run: Run, tmp_path: Path) -> None:
    rows = "1\t{0}\t_\tPROPN\t_\t_\t0\troot\t_\t_\n\n"
    (tmp_path / "a.conllu").write_text(rows.format("Rain") + rows.format("Oslo"), encoding="utf-8")
    result = run(
        "convert", "a.conllu", "--join", "-", "--join-from", "two-column", "-o", "a.conllup", input="Oslo\tB-LOC\n\n"
    )
    assert result.returncode == 0, result.stderr
    assert "joined 1 of 2 sentences of a.conllu\n" in result.stderr
    for source, target in [("a.conllup", "a.json"), ("a.json", "b.conllup"), ("b.conllup", "b.parquet"),
                           ("b.parquet", "c.conllup")]:  # fmt: skip
        assert run("convert", source, "-o", target).returncode == 0
    for name in ("a.conllup", "b.conllup", "c.conllup"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text.split("\n")[0].endswith("DEPS MISC NER"), name
        assert [(span.type, span.text) for span in formats.read(tmp_path / name).ents] == [("LOC", "Oslo")]


def test_wrong_options_of_join_are_one_line(run: Run) -> None:
    for arguments, message in [
        (["x.conllu", "--join", "-"], "say the format of standard input: --join-from FORMAT"),
        (["-", "--from", "conllu", "--join", "-", "--join-from", "iob2"], "only one of the files can be standard"),
        (["x.conllu", "--join-from", "iob2"], "--join-from goes with --join"),
        (["x.conllu", "--join", "y", "--join-from", "iob"], "there is no format 'iob'; did you mean iob2?"),
    ]:
        result = run("convert", *arguments, "--to", "conllup")
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr


def test_exact_text_comes_back(run: Run, tmp_path: Path) -> None:
    data = "\ufeff One  line.\r\n\r\n\tNext\xa0one|\\s: «日本».\x0c \n".encode()
    (tmp_path / "a.txt").write_bytes(data)
    for name in ("a.conllu", "a.json", "a.parquet"):
        assert run("convert", "a.txt", "-o", name).returncode == 0
        assert run("convert", name, "--to", "text", "--exact", "-o", "back.txt").returncode == 0
        assert (tmp_path / "back.txt").read_bytes() == data, name
    plain = run("convert", "a.conllu", "--to", "text").stdout
    assert plain == "One line.\n\nNext one|\\s: «日本».\n"
    for arguments, message in [
        (["--exact", "--to", "conllu"], "--exact goes with --to text, not with --to conllu"),
        (["--exact", "--to", "text", "--wrap", "80"], "--exact keeps the lines as they were and --wrap breaks them"),
    ]:
        result = run("convert", "a.conllu", *arguments)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr
