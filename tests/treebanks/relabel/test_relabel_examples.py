"""The examples of docs/relabel.md: each changes what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from depparse.treebanks.fixes import Change, difference
from depparse.treebanks.query.files import find_files
from depparse.treebanks.relabel import syntax
from depparse.treebanks.relabel.files import FileRelabelling, relabel_file
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "relabel.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^### (\d+)\. [^\n]*\n.*?^```text\n(.*?)^```\n\nMatches: (\d+); changed lines: (\d+), in `([^`]+)`"
    r".*?^```diff\n(.*?)^```",
    PAGE, re.M | re.S,
)  # fmt: skip


@pytest.mark.parametrize(("number", "rules", "matches", "lines", "folder", "shown"), EXAMPLES)
def test_example(number: str, rules: str, matches: str, lines: str, folder: str, shown: str) -> None:
    results = [FileRelabelling(file, syntax.parse_rules(rules)) for file in find_files([str(ROOT / folder)])]
    changes: list[Change] = [change for result in results for change, _ in result if change is not None]
    assert sum(result.log.applied.total() for result in results) == int(matches), number
    assert sum(result.lines for result in results) == int(lines), number
    assert not any(result.log.refused for result in results)
    assert any(
        shown in "\n".join(line for line in difference(change, 0) if line[0] in "+-") + "\n" for change in changes
    )


def test_the_page_has_all_examples_and_all_commands() -> None:
    assert [int(example[0]) for example in EXAMPLES] == list(range(1, 16))
    table = PAGE.partition("| command | meaning |")[2].partition("\n\n")[0]
    assert all(f"`{command} " in table for command in syntax._READERS)


def test_the_rules_of_the_page_are_rules() -> None:
    text = PAGE.partition("## Rules")[2].partition("```text\n")[2].partition("```")[0]
    assert [rule.name for rule in syntax.parse_rules(text)] == ["agent", "flatten"]


@pytest.mark.parametrize(
    ("folder", "rules", "inverse"),
    [
        ("UD_English-Sample", 'rule r { pattern { X [upos=VERB] } commands { split X at 1 as Y } }',
         "rule r { pattern { X -[dep]-> Y; X < Y } commands { join X Y } }"),
        ("UD_French-Sample", "rule r { pattern { e: X -[nsubj]-> Y } commands { e.label = x } }",
         "rule r { pattern { e: X -[x]-> Y } commands { e.label = nsubj } }"),
        ("UD_German-Sample", "rule r { pattern { X -[det]-> Y } commands { Y.MISC:A = b; add_edge X -[E:q]-> Y } }",
         "rule r { pattern { e: X -[E:q]-> Y } commands { del_feat Y.A; del_edge e } }"),
        ("UD_English-Sample", "rule r { pattern { X [upos=AUX]; Y [form=\"n't\"]; X < Y } commands { del_mwt X } }",
         "rule r { pattern { X [upos=AUX]; Y [form=\"n't\"]; X < Y } commands { make_mwt X Y } }"),
    ],
)  # fmt: skip
def test_a_rule_and_its_inverse_give_the_file_back(folder: str, rules: str, inverse: str, tmp_path: Path) -> None:
    new = tmp_path / "x.conllu"
    changed = 0
    for file in find_files([str(ROOT / "corpora" / "samples" / folder)]):
        with open(file, "rb") as stream:
            data = stream.read()
        changed += len(relabel_file(file, syntax.parse_rules(rules), new).places)
        relabel_file(new, syntax.parse_rules(inverse), new)
        assert new.read_bytes() == data
    assert changed
