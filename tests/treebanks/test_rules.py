"""Each rule of UD has sentences that break it; valid sentences, some of them much alike, break none."""

from __future__ import annotations

from pathlib import Path

import pytest

from depparse.treebanks.checks import check
from depparse.treebanks.findings import codes
from depparse.treebanks.official import compare
from depparse.treebanks.rules.cells import CELL_RULES
from depparse.treebanks.rules.comments import COMMENT_RULES
from depparse.treebanks.rules.lines import LINE_RULES
from depparse.treebanks.rules.sentences import SENTENCE_RULES
from depparse.treebanks.rules.trees import TREE_RULES

ROOT = Path(__file__).parents[2]
RULES = {**LINE_RULES, **CELL_RULES, **COMMENT_RULES, **SENTENCE_RULES, **TREE_RULES}


def sentence(*rows: str, sent_id: str = "s1", text: str = "", header: str | None = None) -> str:
    """A sentence; cells are separated by blanks (a tilde is a blank within one), and missing cells are ``_``."""
    table = [[cell.replace("~", " ") for cell in (row.split(" ") + ["_"] * 10)[:10]] for row in rows]
    text = text or " ".join(cells[1] for cells in table if cells[0].isdigit())
    header = f"# sent_id = {sent_id}\n# text = {text}\n" if header is None else header
    return header + "".join("\t".join(cells) + "\n" for cells in table) + "\n"


BIRDS = (
    "1 Birds bird NOUN N Number=Plur 2 nsubj 2:nsubj _",
    "2 sing sing VERB V Mood=Ind|VerbForm=Fin 0 root 0:root SpaceAfter=No",
    "3 . . PUNCT P _ 2 punct 2:punct _",
)
GOOD = sentence(*BIRDS, text="Birds sing.")


def birds(column: int, cell: str) -> str:
    """The good sentence with another cell in the line of its first word."""
    cells = BIRDS[0].split(" ")
    cells[column - 1] = cell
    return sentence(" ".join(cells), *BIRDS[1:], text="Birds sing.")


def headed(*comments: str, sent_id: str | None = "s1", text: str | None = "Birds sing.") -> str:
    """The good sentence with further comments."""
    given = [f"# sent_id = {sent_id}"] if sent_id is not None else []
    given += [f"# text = {text}"] if text is not None else []
    return sentence(*BIRDS, header="".join(line + "\n" for line in (*comments, *given)))


TOKEN = ("1-2 {} {}", BIRDS[0], BIRDS[1].replace("SpaceAfter=No", "_"), BIRDS[2])
NODE = "2.1 sing sing VERB V {} {} {} 2:conj {}"


def with_node(feats: str = "_", head: str = "_", relation: str = "_", misc: str = "_") -> str:
    """The good sentence with an empty node."""
    return sentence(*BIRDS[:2], NODE.format(feats, head, relation, misc), BIRDS[2], text="Birds sing.")


def tree(*words: str) -> str:
    """A sentence of words ``TAG HEAD RELATION [FEATS [LEMMA [MISC]]]``, all with the form x."""
    rows = []
    for number, word in enumerate(words, 1):
        tag, head, relation, feats, lemma, misc = (word.split(" ") + ["_", "x", "_"][len(word.split(" ")) - 3 :])[:6]
        rows.append(f"{number} x {lemma} {tag} _ {feats} {head} {relation} _ {misc}")
    return sentence(*rows)


VERB = "VERB 0 root"
# Code, content of a file, and the line of the first finding.
BROKEN: list[tuple[str, str, int]] = [
    ("not-nfc", birds(3, "bi\u0308rd"), 3),
    ("not-nfc", headed("# note = e\u0301"), 1),
    ("outer-blanks", birds(3, "bird~"), 3),
    ("outer-blanks", birds(3, "~bird"), 3),
    ("outer-blanks", birds(10, "Gloss=a~~b"), 3),
    ("outer-blanks", birds(3, "bird\u00a0"), 3),
    ("empty-cell", birds(3, ""), 3),
    ("empty-cell", birds(10, ""), 3),
    ("blank-in-token", sentence(TOKEN[0].format("Birds~sing", "_ _ _ _ _ _ _ SpaceAfter=No"), *TOKEN[1:],
                                text="Birds sing."), 3),
    ("replacement-character", birds(3, "b\ufffd"), 3),
    ("blank-in-cell", birds(5, "N~N"), 3),
    ("unknown-upos", birds(4, "NOUNS"), 3),
    ("unknown-upos", birds(4, "noun"), 3),
    ("unknown-upos", with_node().replace("sing\tVERB\tV\t_", "sing\tverb\tV\t_"), 5),
    ("malformed-feats", birds(6, "number=Plur"), 3),
    ("malformed-feats", birds(6, "Number=plur"), 3),
    ("malformed-feats", birds(6, "Number[Psor]=Plur"), 3),
    ("malformed-feats", birds(6, "Number=Plur=Sing"), 3),
    ("malformed-feats", birds(6, "Number"), 3),
    ("malformed-feats", birds(6, "Case=Acc|"), 3),
    ("malformed-feats", with_node(feats="tense=Past"), 5),
    ("repeated-feature", birds(6, "Case=Acc|Case=Dat"), 3),
    ("repeated-feature", birds(6, "Number[psor]=Plur|Number[psor]=Plur"), 3),
    ("repeated-value", birds(6, "Case=Acc,Acc"), 3),
    ("feats-order", birds(6, "Number=Plur|Case=Acc"), 3),
    ("feats-order", birds(6, "Number[psor]=Plur|Number=Sing"), 3),
    ("values-order", birds(6, "Case=Dat,Acc"), 3),
    ("malformed-relation", birds(8, "Nsubj"), 3),
    ("malformed-relation", birds(8, "nsubj:a:b"), 3),
    ("unknown-relation", birds(8, "subj:x"), 3),
    ("malformed-deps", birds(9, "2:nsubj:And"), 3),
    ("malformed-deps", birds(9, "2:conj:and/or"), 3),
    ("unknown-deps", birds(9, "2:subj"), 3),
    ("deps-order", birds(9, "3:dep|2:nsubj"), 3),
    ("deps-order", birds(9, "2:nsubj|2:csubj"), 3),
    ("repeated-deps", birds(9, "2:nsubj|2:nsubj"), 3),
    ("space-after-value", birds(10, "SpaceAfter=Yes"), 3),
    ("space-after-value", birds(10, "NoSpaceAfter=Yes"), 3),
    ("repeated-attribute", birds(10, "Gloss=a|Gloss=b"), 3),
    ("empty-attribute", birds(10, "Gloss=a||Ref=b"), 3),
    ("empty-attribute", birds(10, "=a"), 3),
    ("blank-in-attribute", birds(10, "Gloss=~a"), 3),
    ("missing-sent-id", headed(sent_id=None), 1),
    ("malformed-sent-id", headed("# sent_id"), 1),
    ("malformed-sent-id", headed("# sent_id_old = 7"), 1),
    ("several-sent-ids", headed("# sent_id = other"), 1),
    ("duplicate-sent-id", GOOD + GOOD, 7),
    ("missing-text", headed(text=None), 1),
    ("several-texts", headed("# text = Birds sing."), 1),
    ("blank-after-text", headed(text="Birds sing. "), 1),
    ("text-mismatch", headed(text="Birds sing ."), 1),
    ("text-mismatch", headed(text="Birds sing. Yes"), 1),
    ("text-mismatch", headed(text="Birdssing."), 1),
    ("several-breaks", headed("# newdoc id = a", "# newdoc"), 1),
    ("several-breaks", headed("# newpar", "# newpar id = b"), 1),
    ("unspaced-break", sentence(*BIRDS[:2], text="Birds sing") + headed("# newpar", sent_id="s2"), 6),
    ("malformed-parallel-id", headed("# parallel_id = own"), 1),
    ("malformed-parallel-id", headed("# parallel_id = Own/1"), 1),
    ("malformed-parallel-id", headed("# parallel_id = own/1/part0"), 1),
    ("several-parallel-ids", headed("# parallel_id = own/1", "# parallel_id = own/2"), 1),
    ("parallel-id-order", headed("# parallel_id = own/1") + headed("# parallel_id = own/1", sent_id="s2"), 7 + 1),
    ("parallel-id-order", headed("# parallel_id = own/1/alt2"), 1),
    ("parallel-id-order", headed("# parallel_id = own/1/part1")
                          + headed("# parallel_id = own/1/part3", sent_id="s2"), 8),
    ("unfilled", birds(4, "_"), 3),
    ("unfilled", birds(8, "_"), 3),
    ("annotated-token", sentence(TOKEN[0].format("Birdsing", "birdsing _ _ _ _ _ _ SpaceAfter=No"), *TOKEN[1:],
                                 text="Birdsing."), 3),
    ("annotated-token", sentence(TOKEN[0].format("Birdsing", "_ _ _ Number=Sing _ _ _ SpaceAfter=No"), *TOKEN[1:],
                                 text="Birdsing."), 3),
    ("annotated-node", with_node(head="2"), 5),
    ("annotated-node", with_node(relation="conj"), 5),
    ("space-after-within", with_node(misc="SpaceAfter=No"), 5),
    ("space-after-within", sentence(TOKEN[0].format("Birdsing", "_ _ _ _ _ _ _ SpaceAfter=No"), *BIRDS,
                                    text="Birdsing."), 5),
    ("relation-tag", tree(VERB, "NOUN 1 advmod"), 4),
    ("relation-tag", tree(VERB, "NOUN 1 det:poss"), 4),
    ("relation-tag", tree(VERB, "ADP 1 case ExtPos=PROPN"), 4),
    ("punct-tag", tree(VERB, "PUNCT 1 obj"), 4),
    ("punct-tag", tree(VERB, "SYM 1 punct"), 4),
    ("fixed-name", tree(VERB, "ADP 1 case ExtPos=ADP", "PROPN 2 fixed"), 5),
    ("backward-relation", tree("NOUN 2 conj", "VERB 0 root"), 3),
    ("backward-relation", tree("NOUN 2 flat:name", "NOUN 0 root"), 3),
    ("several-subjects", tree("NOUN 2 nsubj", "VERB 0 root", "VERB 2 csubj"), 4),
    ("several-objects", tree("NOUN 2 obj", "VERB 0 root", "NOUN 2 obj"), 4),
    ("function-word-children", tree(VERB, "AUX 1 aux", "NOUN 2 obj"), 5),
    ("function-word-children", tree(VERB, "ADP 1 case", "NOUN 2 nmod"), 5),
    ("function-word-children", tree(VERB, "PUNCT 1 punct", "NOUN 2 dep"), 5),
    ("function-word-children", tree(VERB, "DET 1 det", "NOUN 2 nmod"), 5),
    ("oblique-of-nominal", tree(VERB, "NOUN 1 obj", "NOUN 2 obl"), 5),
    ("punct-crossing", tree("PUNCT 2 punct", "NOUN 3 nsubj", "VERB 0 root", "PUNCT 2 punct"), 6),
    ("punct-crossed", tree("NOUN 3 nmod", "PUNCT 4 punct", "NOUN 4 nsubj", "VERB 0 root"), 4),
    ("goeswith-gap", tree("VERB 0 root Typo=Yes", "NOUN 1 obj", "X 1 goeswith _ _"), 3),
    ("goeswith-spacing", sentence("1 x x VERB _ Typo=Yes 0 root _ SpaceAfter=No", "2 y _ X _ _ 1 goeswith",
                                  text="xy"), 3),
    ("goeswith-annotation", tree("VERB 0 root Typo=Yes", "NOUN 1 goeswith _ _"), 4),
    ("goeswith-annotation", tree("VERB 0 root Typo=Yes", "X 1 goeswith _ x"), 4),
    ("goeswith-typo", tree("VERB 0 root Mood=Ind", "X 1 goeswith _ _"), 3),
    ("fixed-gap", tree(VERB, "ADP 1 case ExtPos=ADP", "NOUN 1 obj", "ADP 2 fixed"), 4),
    ("fixed-without-extpos", tree(VERB, "ADP 1 case", "ADP 2 fixed"), 4),
    ("orphan-head", tree(VERB, "NOUN 1 obj", "NOUN 2 orphan"), 5),
    ("flat-foreign", tree(VERB, "X 1 obj Foreign=Yes", "NOUN 2 flat:foreign"), 5),
    ("finite-without-mood", tree("VERB 0 root VerbForm=Fin"), 3),
    ("pronoun-without-type", tree("VERB 0 root Mood=Ind", "PRON 1 obj"), 4),
]  # fmt: skip

# What is valid although it looks like one of these.
VALID = {
    "plain": GOOD,
    "comments": "# newdoc id = a b\n# newpar\n#\n# parallel_id = own/a-1/alt1part1\n" + GOOD,
    "form with a space": sentence("1 New~York New~York PROPN _ _ 0 root"),
    "features": birds(6, "Case=Acc,Dat|Number=Plur|Number[psor]=Sing|NumType=Card"),
    "digits": birds(6, "Aspect=1|Person=1,2"),
    "graph": with_node().replace("2:nsubj", "2:nsubj|2:obl:in_front:dat|2.1:nsubj"),
    "case marker": birds(9, "2:obl:\u0915\u0947:gen"),
    "node": with_node(feats="Tense=Past"),
    "typo of a token": sentence(TOKEN[0].format("Birdsing", "_ _ _ Typo=Yes _ _ _ SpaceAfter=No"), *TOKEN[1:],
                                text="Birdsing."),
    "subtype of root": tree("VERB 0 root:x"),
    "expression": tree(VERB, "NOUN 1 advmod ExtPos=ADV", "ADP 2 fixed"),
    "outer subject": tree("NOUN 2 nsubj:outer", "VERB 0 root", "NOUN 2 nsubj"),
    "predicate nominal": tree(VERB, "NOUN 1 obj", "AUX 2 cop", "NOUN 2 obl"),
    "negated auxiliary": tree(VERB, "AUX 1 aux", "PART 2 advmod Polarity=Neg"),
    "split word": tree("VERB 0 root Typo=Yes", "X 1 goeswith _ _"),
    "PUNCT alone": tree("PUNCT 0 root"),
    "parallel": headed("# parallel_id = own/1/part1") + headed("# parallel_id = own/1/part2", sent_id="s2"),
}  # fmt: skip


def found(tmp_path: Path, content: str) -> dict[str, tuple[str, ...]]:
    """The places of what was found that has a level, by code."""
    path = tmp_path / "x.conllu"
    path.write_text(content, encoding="utf-8", newline="")
    return {finding.code: finding.places for finding in check(path) if finding.level}


@pytest.mark.parametrize(("code", "content", "line"), BROKEN, ids=[f"{c}-{n}" for n, (c, *_) in enumerate(BROKEN)])
def test_a_broken_rule_is_found(code: str, content: str, line: int, tmp_path: Path) -> None:
    places = found(tmp_path, content)
    assert places[code][0] == f"x.conllu:{line}"


@pytest.mark.parametrize("name", VALID)
def test_what_is_valid_breaks_no_rule(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, VALID[name]) == {}


def test_every_rule_is_tested() -> None:
    assert {code for code, *_ in BROKEN} == set(RULES)


@pytest.mark.parametrize("level", [1, 2])
def test_a_level_leaves_out_the_rules_above(level: int, tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    path.write_text("".join(content for _, content, _ in BROKEN), encoding="utf-8")
    every, lower = check(path), check(path, level=level)
    assert [f for f in every if (f.level or 0) <= level] == lower


def test_errors_are_what_levels_1_and_2_forbid() -> None:
    for name, code in codes().items():
        if code.level in (1, 2):
            assert code.severity == ("note" if name in ("empty-attribute", "blank-in-attribute") else "error"), name
        elif code.level == 3:
            assert code.severity in ("warning", "note"), name


def test_all_codes_are_documented() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8").partition("## All codes")[2]
    sections = page.split("### ")[1:]
    assert [section[:7] for section in sections] == ["Level 1", "Level 2", "Level 3", "Without"]
    for level, section in zip((1, 2, 3, None), sections, strict=True):
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert rows == [
            f"| `{name}` | {c.severity} | {c.message.format(subject='a column', examples='…')} | {c.remedy} |"
            for name, c in codes().items()
            if c.level == level
        ]


# -- the official validator

# It takes newpar with and without a value for two things, and numbers alternatives even where parts tell them apart.
OTHERWISE = ("several-breaks", "duplicate-sent-id")


def test_the_official_validator_finds_what_breaks_levels_1_and_2(tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    cases = [content for code, content, _ in BROKEN if (codes()[code].level or 0) < 3 and code not in OTHERWISE]
    named = [text.replace("_id = s1", f"_id = a{n}").replace("_id = s2", f"_id = b{n}") for n, text in enumerate(cases)]
    named = [text.replace("own/", f"own/{n}") for n, text in enumerate(named)]
    path.write_text("".join(named), encoding="utf-8")
    comparison = compare(path, check(path, level=2, places=10**6), 2)
    assert (comparison.ours, comparison.theirs) == ({1: [], 2: []}, {1: [], 2: []}), comparison.codes
    assert len(comparison.both[1]) + len(comparison.both[2]) > 60


@pytest.mark.parametrize("name", ["English", "French", "German", "Chinese", "Turkish"])
def test_the_official_validator_finds_the_same_in_the_samples(name: str, samples: Path) -> None:
    for path in sorted((samples / f"UD_{name}-Sample").glob("*.conllu")):
        comparison = compare(path, check(path, places=10**6), 3)
        assert comparison.both == comparison.ours == comparison.theirs == {1: [], 2: [], 3: []}, comparison.codes


@pytest.mark.shared
@pytest.mark.slow
def test_the_official_validator_finds_the_same_in_all_treebanks(shared: Path) -> None:
    paths = sorted((shared / "treebanks").glob("*/*.conllu"))
    assert len(paths) > 50
    found = 0
    for path in paths:
        comparison = compare(path, check(path, places=10**7), 3)
        assert comparison.ours == comparison.theirs == {1: [], 2: [], 3: []}, (path.name, comparison.codes)
        found += len(comparison.both[3])
    assert found > 5000
