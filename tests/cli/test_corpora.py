"""``depparse corpora``."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from depparse.errors import ConfigError
from depparse.treebanks import catalogue
from depparse.treebanks.checks import check
from depparse.treebanks.official import compare, find_program
from depparse.treebanks.treebank import Treebank
from tests.cli.conftest import Run, on_a_terminal
from tests.local_github import LocalGitHub, local_github

NAME = "UD_Tamil-TTB"


@pytest.fixture
def sample(samples: Path) -> Path:
    return samples / "UD_English-Sample"


@pytest.fixture
def server(samples: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalGitHub]:
    names = ("en_sample-ud-train.conllu", "README.md", "LICENSE.txt")
    files = {name: (samples / "UD_English-Sample" / name).read_bytes() for name in names}
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with local_github(f"UniversalDependencies/{NAME}", "r2.17", files) as running:
        monkeypatch.setenv("DEPPARSE_MIRROR", running.url)
        yield running


def test_without_a_command_there_is_help(run: Run) -> None:
    result = run("corpora")
    assert (result.returncode, result.stderr) == (0, "")
    for command in ("list", "get", "stats", "check"):
        assert command in result.stdout


@pytest.mark.parametrize("command", ["list", "get", "stats", "check"])
def test_help_has_an_example(command: str, run: Run) -> None:
    assert f"Example: depparse corpora {command}" in run("corpora", command, "--help").stdout


# -- list


def test_list_shows_the_treebanks_of_a_language(run: Run) -> None:
    lines = run("corpora", "list", "--language", "ta").stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["treebank", "language", "code"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["UD_Tamil", "UD_Tamil-MWTT", NAME]
    assert len(run("corpora", "list").stdout.splitlines()) == len(catalogue.entries()) + 1


def test_list_writes_json(run: Run) -> None:
    data = json.loads(run("corpora", "list", "--language", "tam", "--json").stdout)
    assert data[-1]["repository"] == f"UniversalDependencies/{NAME}"


def test_list_shows_samples(run: Run) -> None:
    data = json.loads(run("corpora", "list", "--samples", "--json").stdout)
    assert {row["treebank"]: Path(row["folder"]) for row in data} == catalogue.samples()


def test_a_typo_in_list_gets_a_suggestion(run: Run) -> None:
    result = run("corpora", "list", "--language", "Tamill")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "depparse: error: no treebank of a language or family 'Tamill'; did you mean Tamil?\n"


def test_list_on_a_terminal_has_styles() -> None:
    output = on_a_terminal("corpora", "list", "--language", "Tamil")
    assert "\x1b[1m" in output
    assert NAME in output
    assert "Dravidian" in output


def test_list_on_a_narrow_terminal_shows_less(run: Run) -> None:
    lines = on_a_terminal("corpora", "list", "--language", "Tamil", width=80).splitlines()
    assert any(re.fullmatch(rf"{NAME} +Tamil +ta +2\.2 +2\.18 *", line) for line in lines), lines
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80 for line in lines)


# -- get


def test_get_fetches_each_file_once(run: Run, server: LocalGitHub, tmp_path: Path) -> None:
    result = run("corpora", "get", NAME, "--release", "2.17", "--to", "treebanks")
    assert (result.returncode, result.stderr) == (0, "")
    train = Path("treebanks") / NAME / "en_sample-ud-train.conllu"
    assert (tmp_path / train).read_bytes() == server.files[train.name]
    lines = result.stdout.splitlines()
    assert str(train) in lines
    assert lines[-2:] == [
        f"3 files of UniversalDependencies/{NAME} 2.17, each checked by git object ID.",
        "Licence: CC0 1.0",
    ]
    again = run("corpora", "get", NAME, "--release", "2.17", "--to", "treebanks")
    assert f"{train}  (already there)" in again.stdout
    assert run("corpora", "stats", tmp_path / "treebanks" / NAME).returncode == 0


def test_get_compares_sha256_with_those_of_a_mirror(run: Run, server: LocalGitHub, tmp_path: Path) -> None:
    first = json.loads(run("corpora", "get", NAME, "--release", "2.17", "--json").stdout)
    assert sorted(first["fetched"]) == sorted(server.files)
    sums = f"{NAME}/sha256sums.txt"
    arguments = ["--release", "2.17", "--to", "b", "--mirror", server.url, "--sha256", sums]
    assert "each checked by SHA-256" in run("corpora", "get", NAME, *arguments).stdout
    server.corrupt = {"README.md"}
    (tmp_path / "b" / NAME / "README.md").unlink()
    result = run("corpora", "get", NAME, *arguments)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "the file was deleted" in result.stderr


def test_mistakes_in_get_are_one_line(run: Run, server: LocalGitHub) -> None:
    for arguments, message in [
        (["UD_Tamil-TBT"], "did you mean UD_Tamil-TTB"),
        ([NAME, "--release", "1.0"], "in the releases 2.2 to 2.18 of UD, not in 1.0"),
        ([NAME, "--release", "2.16"], "or not in release 2.16"),
        ([NAME, "--mirror", "ftp://x"], "begins with http"),
    ]:
        result = run("corpora", "get", *arguments)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr


# -- stats


def test_stats_are_those_of_the_library(run: Run, sample: Path) -> None:
    lines = run("corpora", "stats", sample).stdout.splitlines()
    counts = Treebank.open(sample).statistics()
    assert lines[0] == "UD_English-Sample"
    assert lines[1].split() == ["train", "dev", "test", "all"]
    words = [found.words for found in counts.values()]
    row = next(line for line in lines if line.startswith("words "))
    assert [int(cell.replace(",", "")) for cell in row.split()[1:]] == [*words, sum(words)]
    assert len({len(line) for line in lines[1:]}) == 1


def test_stats_are_written_as_json(run: Run, sample: Path) -> None:
    file = sample / "en_sample-ud-dev.conllu"
    whole, part = json.loads(run("corpora", "stats", sample, file, "--json").stdout)
    assert whole["treebank"] == "UD_English-Sample"
    expected = {split: found.to_dict() for split, found in Treebank.open(sample).statistics().items()}
    assert whole["splits"] == expected
    assert part == {"treebank": file.name, "splits": {"dev": expected["dev"]}}


def test_stats_are_those_of_standard_input(run: Run, sample: Path) -> None:
    text = (sample / "en_sample-ud-dev.conllu").read_text(encoding="utf-8")
    lines = run("corpora", "stats", "-", input=text).stdout.splitlines()
    assert lines[0] == "standard input"
    assert lines[2].split() == ["sentences", "15"]


def test_stats_on_a_terminal_have_styles(sample: Path) -> None:
    output = on_a_terminal("corpora", "stats", sample)
    assert "\x1b[1m" in output
    assert "non-projective trees" in output


def test_stats_of_a_broken_file_are_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.conllu").write_text("1\tx\n\n", encoding="utf-8")
    result = run("corpora", "stats", "x.conllu")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "x.conllu:1: expected 10 columns" in result.stderr


# -- check


def test_check_prints_every_finding(run: Run, sample: Path) -> None:
    result = run("corpora", "check", sample)
    assert (result.returncode, result.stderr) == (0, "")
    findings = check(sample)
    warnings = sum(finding.severity == "warning" for finding in findings)
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"UD_English-Sample: 0 errors, {warnings} warning")
    for finding in findings:
        assert finding.message in result.stdout
        assert f"         remedy: {finding.remedy}" in lines
    assert "\x1b" not in result.stdout


def test_check_finds_errors(run: Run, sample: Path, tmp_path: Path) -> None:
    text = (sample / "en_sample-ud-dev.conllu").read_text(encoding="utf-8")
    (tmp_path / "bad.conllu").write_text(text + "1\tA\ta\tX\t_\t_\t1\tdep\t_\t_\n\n", encoding="utf-8")
    result = run("corpora", "check", sample, "bad.conllu")
    assert (result.returncode, result.stderr) == (1, "")
    line = text.count("\n") + 1
    assert f"at bad.conllu:{line}\n" in result.stdout
    data = json.loads(run("corpora", "check", sample, "bad.conllu", "--json").stdout)
    assert [entry["treebank"] for entry in data] == ["UD_English-Sample", "bad.conllu"]
    assert data[0]["findings"] == [finding.to_dict() | {"places": list(finding.places)} for finding in check(sample)]
    errors = [finding["code"] for finding in data[1]["findings"] if finding["severity"] == "error"]
    assert errors == ["missing-sent-id", "missing-text", "no-root", "cycle", "graph-missing"]


def test_check_without_a_treebank_is_one_line(run: Run, tmp_path: Path) -> None:
    for path in ("nowhere", tmp_path):
        result = run("corpora", "check", path)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_check_on_a_terminal_has_colours(sample: Path) -> None:
    assert "\x1b[33mwarning" in on_a_terminal("corpora", "check", sample)


BROKEN = """# sent_id = s1
# text = Birds sing
1\tBirds\tbird\tNOUN\tN\tNumber=Plur|Case=Nom\t2\tnsubj\t_\t_
2\tsing\tsing\tVERB\tV\t_\t0\troot\t_\t_

"""


def test_a_level_decides_what_is_found_and_the_exit_code(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.conllu").write_text(BROKEN, encoding="utf-8")
    results = {level: run("corpora", "check", "x.conllu", *level) for level in ((), ("--level", "1"), ("--level", "2"))}
    assert [result.returncode for result in results.values()] == [1, 0, 1]
    assert "feats-order (1 word, level 2)" in results[()].stdout
    assert "feats-order" not in results["--level", "1"].stdout
    advmod = BROKEN.replace("Number=Plur|Case=Nom", "_").replace("nsubj", "advmod")
    (tmp_path / "y.conllu").write_text(advmod, encoding="utf-8")
    assert run("corpora", "check", "y.conllu").returncode == 0  # a warning
    assert run("corpora", "check", "y.conllu", "--level", "3").returncode == 1
    assert run("corpora", "check", "y.conllu", "--level", "4").returncode == 2
    shown = " ".join(run("corpora", "check", "--help").stdout.split())
    assert "warnings do not count unless --level is given" in shown


def test_fix_shows_the_difference_and_writes_only_if_asked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    path.write_text(BROKEN, encoding="utf-8")
    shown = run("corpora", "check", "x.conllu", "--fix")
    assert shown.returncode == 0
    assert "-1\tBirds\tbird\tNOUN\tN\tNumber=Plur|Case=Nom" in shown.stdout
    assert "+1\tBirds\tbird\tNOUN\tN\tCase=Nom|Number=Plur" in shown.stdout
    assert "1 line to mend" in shown.stderr
    assert path.read_text(encoding="utf-8") == BROKEN
    mended = BROKEN.replace("Number=Plur|Case=Nom", "Case=Nom|Number=Plur")
    run("corpora", "check", "x.conllu", "--fix", "-o", "y.conllu")
    assert (tmp_path / "y.conllu").read_text(encoding="utf-8") == mended
    assert path.read_text(encoding="utf-8") == BROKEN
    run("corpora", "check", "x.conllu", "--fix", "--write")
    assert path.read_text(encoding="utf-8") == mended
    again = run("corpora", "check", "x.conllu", "--fix", "--write")
    assert (again.stdout, again.stderr) == ("", "x.conllu: nothing to mend\n")
    for wrong in (["--write"], ["--fix", "--write", "-o", "z"], ["--fix", "--json"], ["--fix", "x.conllu", "-o", "z"]):
        result = run("corpora", "check", "x.conllu", *wrong)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1), wrong


def test_the_official_validator_is_run_and_compared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.conllu").write_text(BROKEN + BROKEN.replace("s1", "s2"), encoding="utf-8")
    result = run("corpora", "check", "x.conllu", "--official", "--level", "2")
    assert "official validator, level 2, x.conllu: 2 sentences in both, 0 only here, 0 only there" in result.stdout
    (tmp_path / "x.conllu.gz").write_bytes(gzip.compress((tmp_path / "x.conllu").read_bytes()))
    for name in ("x.conllu", "x.conllu.gz"):
        data = json.loads(run("corpora", "check", name, "--official", "--level", "2", "--json").stdout)
        assert data[0]["official"][0]["file"] == name
        assert data[0]["official"][0]["both"] == {"1": [], "2": [1, 2]}


def test_the_official_validator_is_not_run_on_what_it_cannot_read(run: Run, sample: Path, tmp_path: Path) -> None:
    (tmp_path / "x.iob2").write_text("Berlin\tB-LOC\n\n", encoding="utf-8")
    (tmp_path / "x.conllup").write_text("# global.columns = ID FORM\n1\tBerlin\n\n", encoding="utf-8")
    for name in ("x.iob2", "x.conllup", "-"):
        result = run("corpora", "check", sample, name, "--official", input=BROKEN)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert "--official takes files in CoNLL-U" in result.stderr
        with pytest.raises(ConfigError, match="takes files in CoNLL-U"):
            compare(tmp_path / name, [], 2)


def test_without_the_official_validator_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depparse.treebanks.official.PROGRAM", "no-such-validator")
    with pytest.raises(ConfigError, match="pip install udtools"):
        find_program()


def test_profile_tells_of_trees_and_contrasts(run: Run, samples: Path) -> None:
    german, english = (str(samples / f"UD_{name}-Sample") for name in ("German", "English"))
    shown = run("corpora", "profile", german, "--table", "relations", "--without", "punct", "--first", "3").stdout
    assert shown.splitlines()[1].split() == "relation words mean length head first, % non-projective %".split()
    assert len(shown.splitlines()) == 5
    assert not any(line.startswith("punct") for line in shown.splitlines())
    whole = json.loads(run("corpora", "profile", german, "--json").stdout)
    assert whole["relations"]["punct"]["words"] > 0
    assert {"mean_dependency_length", "frames", "by_sentence_length", "multiword_tokens"} <= set(whole)
    contrast = run("corpora", "profile", german, "--against", english, "--by", "UPOS", "--first", "2").stdout
    assert len(contrast.splitlines()) == 4
    upos = run("corpora", "profile", german, "--by", "UPOS", "--first", "2").stdout.splitlines()
    assert (upos[0], [line.split()[0] for line in upos[1:]]) == ("15 labels of 309 words", ["UPOS", "NOUN", "DET"])
    every = json.loads(run("corpora", "profile", german, "--by", "UPOS", "--first", "2", "--json").stdout)
    assert (every["by"], len(every["labels"]), sum(label["count"] for label in every["labels"])) == ("UPOS", 15, 309)
    features = json.loads(run("corpora", "profile", german, "--against", english, "--by", "feats", "--json").stdout)
    (cases,) = [contrast for contrast in features["contrasts"] if contrast["label"] == "Case=Nom"]
    assert (cases["first"], cases["first_share"]) == (59, 59 / 309)
    for wrong in (
        ["--table", "tree"],
        ["--by", "UPOS", "--without", "punct"],
        ["--by", "UPOS", "--plot", "x.svg"],
        ["--by", "UPO"],
        ["--without", "nmod:poss", "--without", "pnct"],
        ["--against", english, "--table", "trees"],
        ["--plot", "x.svg", "--json"],
        ["--plot", "x.txt"],
        ["--plot", "no/such/x.svg"],
    ):
        result = run("corpora", "profile", german, *wrong)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_profiles_and_contrasts_are_drawn(run: Run, samples: Path, tmp_path: Path) -> None:
    german, english = (str(samples / f"UD_{name}-Sample") for name in ("German", "English"))
    assert run("corpora", "profile", german, "--plot", "p.svg").stdout == f"p.svg: {german}\n"
    contrast = run(
        "corpora", "profile", german, "--against", english, "--by", "UPOS", "--plot", "c.svg", "--first", "3"
    )
    assert contrast.returncode == 0, contrast.stderr
    texts = {
        name: re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / name).read_text()) for name in ("p.svg", "c.svg")
    }
    assert {"nsubj", "punct", "depth", "words, %", "rank of the form"} <= set(texts["p.svg"])
    assert sum(text.endswith(" % behind the head") for text in texts["p.svg"]) == 25
    assert "UPOS: more often in UD_German-Sample (right) or UD_English-Sample (left)" in texts["c.svg"]
    assert sum(bool(re.fullmatch(r"[\d,]+ and [\d,]+", text)) for text in texts["c.svg"]) == 3
    # Labels are no formulas.
    (tmp_path / "odd.conllu").write_text("1\ta\ta\tX\t$x^$\t_\t0\troot\t_\t_\n\n", encoding="utf-8")
    odd = run("corpora", "profile", "odd.conllu", "--against", english, "--by", "XPOS", "--plot", "odd.svg")
    assert odd.returncode == 0, odd.stderr
    assert "$x^$" in (tmp_path / "odd.svg").read_text().replace(r"\$", "$")
    # Without some relations, words in random order are no standard.
    assert "the same in random order" in texts["p.svg"]
    assert run("corpora", "profile", german, "--without", "punct", "--plot", "p.svg").returncode == 0
    assert "the same in random order" not in (tmp_path / "p.svg").read_text()
