"""What each command makes of a sentence, written by hand; and commands that undo one another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.formats.table import read
from depparse.treebanks.relabel import rules as bounds
from depparse.treebanks.relabel.documents import relabel

# *du* is a multiword token, *cannot* is one word; the enhanced graph has an empty node.
SENTENCE = """\
# newpar
# sent_id = s1
# text = Paul cannot come du parc, and Ann too
# translit = x
1\tPaul\tPaul\tPROPN\tNNP\tNumber=Sing\t3\tnsubj\t3:nsubj\t_
2\tcannot\tcan\tAUX\tMD\tVerbForm=Fin\t3\taux\t3:aux\tGloss=may
3\tcome\tcome\tVERB\tVB\tVerbForm=Inf\t0\troot\t0:root\tCopyOf=9
4-5\tdu\t_\t_\t_\t_\t_\t_\t_\t_
4\tde\tde\tADP\t_\t_\t6\tcase\t6:case\t_
5\tle\tle\tDET\t_\tGender=Masc|Number=Sing\t6\tdet\t6:det\t_
6\tparc\tparc\tNOUN\t_\tGender=Masc|Number=Sing\t3\tobl\t3:obl:de\tSpaceAfter=No
7\t,\t,\tPUNCT\t,\t_\t9\tpunct\t9.1:punct\t_
8\tand\tand\tCCONJ\tCC\t_\t9\tcc\t9.1:cc\t_
9\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t3\tconj\t9.1:nsubj\t_
9.1\t_\tcome\tVERB\tVB\tVerbForm=Inf\t_\t_\t3:conj\t_
10\ttoo\ttoo\tADV\tRB\t_\t9\torphan\t9.1:advmod\t_

"""
SECOND = """\
# sent_id = s2
# text = She left.
# note = y
1\tShe\tshe\tPRON\t_\t_\t2\tnsubj\t2:nsubj\t_
2\tleft\tleave\tVERB\t_\t_\t0\troot\t0:root\tSpaceAfter=No
3\t.\t.\tPUNCT\t_\t_\t2\tpunct\t2:punct\t_

"""


def changed(rules: str, text: str = SENTENCE) -> str:
    """The text after the rules; nothing is refused."""
    result = relabel(Document.from_conllu(text), rules)
    assert not result.refused, result.refused
    return result.document.to_conllu()


def rule(pattern: str, commands: str, repeat: str = "") -> str:
    return f"{repeat} rule r {{ pattern {{ {pattern} }} commands {{ {commands} }} }}"


def replaced(*pairs: tuple[str, str], text: str = SENTENCE) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("pattern", "commands", "pairs"),
    [
        # -- cells
        ("X [form=come]", "X.SpaceAfter = No", [("CopyOf=9", "CopyOf=9|SpaceAfter=No"), ("come du", "comedu")]),
        ("X [form=too]", "X.misc = A", [("advmod\t_", "advmod\tA")]),
        ("X [id=9]", 'X.misc = "SpaceAfter=No"', [("j\t_\n9.1", "j\tSpaceAfter=No\n9.1"), ("Ann too", "Anntoo")]),
        ("X [form=come]", r'X.lemma = "a\"\\t"', [("come\tcome", 'come\ta"\\t')]),
        ("X [form=come]", "X.upos = NOUN; X.xpos = NN", [("VERB\tVB\tVerbForm=Inf\t0", "NOUN\tNN\tVerbForm=Inf\t0")]),
        ("X [form=come]", 'X.lemma = "come on"', [("come\tcome", "come\tcome on")]),
        ("X [form=come]; Y [form=Ann]", "X.lemma = Y.lemma", [("come\tcome\t", "come\tAnn\t")]),
        ("X [form=come]; Y [form=Ann]", 'X.lemma = Y.upos + "+" + Y.Number', [("come\tcome\t", "come\tPROPN+Sing\t")]),
        ("X [form=come]", "X.Aspect = Perf", [("VerbForm=Inf\t0", "Aspect=Perf|VerbForm=Inf\t0")]),
        ("X [form=come]", "X.VerbForm = Ger", [("VerbForm=Inf\t0", "VerbForm=Ger\t0")]),
        ("X [form=come]", "del_feat X.VerbForm", [("VerbForm=Inf\t0", "_\t0")]),
        ("X [form=le]", "del_feat X.Number", [("Gender=Masc|Number=Sing\t6", "Gender=Masc\t6")]),
        ("X [form=le]", "del_feat X.feats", [("Gender=Masc|Number=Sing\t6", "_\t6")]),
        ("X [form=cannot]", "X.Gloss = kann", [("Gloss=may", "Gloss=kann")]),
        ("X [form=come]", "X.Gloss = kommen", [("CopyOf=9", "CopyOf=9|Gloss=kommen")]),
        ("X [form=come]", "X.FEATS:Gloss = a", [("VerbForm=Inf\t0", "Gloss=a|VerbForm=Inf\t0")]),
        ("X [form=come]", "X.MISC:Aspect = a", [("CopyOf=9", "CopyOf=9|Aspect=a")]),
        ("X [form=cannot]", "del_feat X.Gloss", [("Gloss=may", "_")]),
        ("X [form=cannot]", "del_feat X.misc; del_feat X.xpos", [("Gloss=may", "_"), ("MD", "_")]),
        ("X [form=come]", "X.form = go", [("3\tcome\t", "3\tgo\t"), ("cannot come du", "cannot go du")]),
        ("X [form=le]", "X.form = la", [("5\tle\t", "5\tla\t")]),
        ("X [empty]", "X.lemma = go; X.A = b", [("_\tcome\tVERB\tVB\tVerb", "_\tgo\tVERB\tVB\tA=b|Verb")]),
        # -- arcs of the tree
        ("e: X -[obl]-> Y", "e.label = obl:arg", [("3\tobl\t", "3\tobl:arg\t")]),
        ("e: X -[obl]-> Y", "e.2 = arg; e.3 = a; del_feat e.3", [("3\tobl\t", "3\tobl:arg\t")]),
        ("e: X -[obl]-> Y; f: X -[aux]-> Z", 'e.1 = f.label; e.2 = f.1 + "x"', [("3\tobl\t", "3\taux:auxx\t")]),
        ("X [form=parc]", "X.deprel = dep", [("3\tobl\t", "3\tdep\t")]),
        ("X [form=too]; Y [form=come]", "add_edge Y -[advmod]-> X", [("9\torphan", "3\tadvmod")]),
        ("X [form=too]; Y [form=come]", "add_edge Y -> X", [("9\torphan", "3\torphan")]),
        ("X [form=too]; Y [form=come]", "add_edge e: Y -> X; e.label = dep", [("9\torphan", "3\tdep")]),
        ("e: X -[orphan]-> Y", "del_edge e", [("9\torphan", "_\t_")]),
        ("X [form=Ann]; Y [form=too]", "del_edge X -[re\"o.*\"]-> Y", [("9\torphan", "_\t_")]),
        ("R [form=come]; X [form=Ann]; R -> X", "del_edge R -> X; shift R ==> X; add_edge X -[dep]-> R",
         [("3\tnsubj\t", "9\tnsubj\t"), ("3\taux\t", "9\taux\t"), ("3\tobl\t", "9\tobl\t"), ("3\tconj\t", "0\troot\t"),
          ("VerbForm=Inf\t0\troot\t", "VerbForm=Inf\t9\tdep\t")]),
        ("R [form=come]; X [form=Ann]", "shift_out R =[nsubj|obl]=> X",
         [("3\tnsubj\t", "9\tnsubj\t"), ("3\tobl\t", "9\tobl\t")]),
        ("R [form=come]; X [form=Ann]", "shift_out R =[^nsubj|obl]=> X", [("3\taux\t", "9\taux\t")]),
        ("R [form=parc]; X [form=de]", "shift_in R ==> X; add_edge X -[a]-> R",
         [("6\tcase\t", "3\tobl\t"), ("Number=Sing\t3\tobl\t", "Number=Sing\t4\ta\t")]),
        # -- arcs of the enhanced graph
        ("e: X -[E:advmod]-> Y", "e.label = obl", [("9.1:advmod", "9.1:obl")]),
        ("X [form=Paul]; Y [form=come]", "add_edge Y -[E:obj]-> X", [("3:nsubj\t", "3:nsubj|3:obj\t")]),
        ("X [form=too]; Y [form=come]", "add_edge Y -[E:obj]-> X; add_edge * -[E:root]-> X",
         [("9.1:advmod", "0:root|3:obj|9.1:advmod")]),
        ("X [form=Ann]", "add_edge * -[E:root]-> X; del_edge * -[E:*]-> X; add_edge * -[E:r]-> X",
         [("9.1:nsubj", "0:r|9.1:nsubj")]),
        ("e: X -[E:conj]-> Y", "del_edge e", [("3:conj", "_")]),
        ("X [form=come]; Y [empty]", "shift_out Y =[E:advmod|nsubj]=> X".replace("|nsubj", "|E:nsubj"),
         [("9.1:advmod", "3:advmod"), ("9.1:nsubj", "3:nsubj")]),
        ("X [form=Ann]; Y [empty]; Z [form=come]", "del_edge Z -[E:conj]-> Y; shift_in X =[E:*]=> Y",
         [("3:conj", "_")]),
    ],
)  # fmt: skip
def test_cells_and_arcs(pattern: str, commands: str, pairs: list[tuple[str, str]]) -> None:
    assert changed(rule(pattern, commands)) == replaced(*pairs)


# -- words, tokens and sentences


def test_a_word_is_split_into_what_spells_it_and_joined_again() -> None:
    split = rule("X [form=cannot]", 'split X into "can", Y "not"; Y.upos = PART; add_edge X -[advmod]-> Y')
    expected = replaced(
        ("2\tcannot\tcan\tAUX\tMD\tVerbForm=Fin\t3\taux\t3:aux\tGloss=may\n3\tcome\tcome\tVERB\tVB\tVerbForm=Inf\t0",
         "2\tcan\tcan\tAUX\tMD\tVerbForm=Fin\t4\taux\t4:aux\tGloss=may|SpaceAfter=No\n"
         "3\tnot\t_\tPART\t_\t_\t2\tadvmod\t2:dep\t_\n4\tcome\tcome\tVERB\tVB\tVerbForm=Inf\t0"),
        ("1\tPaul\tPaul\tPROPN\tNNP\tNumber=Sing\t3\tnsubj\t3:",
         "1\tPaul\tPaul\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t4:"),
        ("CopyOf=9", "CopyOf=10"),
        ("4-5\tdu", "5-6\tdu"),
        ("4\tde\tde\tADP\t_\t_\t6\tcase\t6:", "5\tde\tde\tADP\t_\t_\t7\tcase\t7:"),
        ("5\tle\tle\tDET\t_\tGender=Masc|Number=Sing\t6\tdet\t6:",
         "6\tle\tle\tDET\t_\tGender=Masc|Number=Sing\t7\tdet\t7:"),
        ("6\tparc\tparc\tNOUN\t_\tGender=Masc|Number=Sing\t3\tobl\t3:",
         "7\tparc\tparc\tNOUN\t_\tGender=Masc|Number=Sing\t4\tobl\t4:"),
        ("7\t,\t,\tPUNCT\t,\t_\t9\tpunct\t9.1", "8\t,\t,\tPUNCT\t,\t_\t10\tpunct\t10.1"),
        ("8\tand\tand\tCCONJ\tCC\t_\t9\tcc\t9.1", "9\tand\tand\tCCONJ\tCC\t_\t10\tcc\t10.1"),
        ("9\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t3\tconj\t9.1", "10\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t4\tconj\t10.1"),
        ("9.1\t_\tcome\tVERB\tVB\tVerbForm=Inf\t_\t_\t3:", "10.1\t_\tcome\tVERB\tVB\tVerbForm=Inf\t_\t_\t4:"),
        ("10\ttoo\ttoo\tADV\tRB\t_\t9\torphan\t9.1", "11\ttoo\ttoo\tADV\tRB\t_\t10\torphan\t10.1"),
    )  # fmt: skip
    assert changed(split) == expected
    assert changed(rule("X [form=can]; X < Y", "join X Y"), expected) == SENTENCE


def test_a_word_becomes_a_multiword_token_of_what_does_not_spell_it() -> None:
    text = "# text = du vin\n1\tdu\tdu\tADP\t_\t_\t2\tcase\t2:case\tSpaceAfter=No|A=b\n"
    text += "2\tvin\tvin\tNOUN\t_\t_\t0\troot\t0:root\t_\n\n"
    split = rule("X [form=du]", 'split X into "de", Y "le"; Y.upos = DET; shift_in X ==> Y; add_edge Y -[case]-> X')
    assert changed(split, text) == (
        "# text = du vin\n1-2\tdu\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
        "1\tde\tdu\tADP\t_\t_\t2\tcase\t3:case\tA=b\n2\tle\t_\tDET\t_\t_\t3\tcase\t1:dep\t_\n"
        "3\tvin\tvin\tNOUN\t_\t_\t0\troot\t0:root\t_\n\n"
    )


def test_a_multiword_token_is_made_and_dissolved() -> None:
    text = (
        "# text = I'm in\n1\tI\tI\tPRON\t_\t_\t3\tnsubj\t_\tSpaceAfter=No\n2\t'm\tbe\tAUX\t_\t_\t3\tcop\t_\tA=b\n"
        "3\tin\tin\tADV\t_\t_\t0\troot\t_\t_\n\n"
    )
    whole = text.replace("1\tI\t", "1-2\tI'm\t_\t_\t_\t_\t_\t_\t_\t_\n1\tI\t").replace("SpaceAfter=No", "_")
    assert changed(rule("X [form=I]; X < Y", "make_mwt X Y"), text) == whole
    assert changed(rule('X [form=re"\'m"]', "del_mwt X"), whole) == text
    assert changed(rule("X [form=I]; X < Y", "join X Y"), whole) == (
        "# text = I'm in\n1\tI'm\tI\tPRON\t_\t_\t2\tnsubj\t_\tA=b\n2\tin\tin\tADV\t_\t_\t0\troot\t_\t_\n\n".replace(
            "\tA=b", "\t_"
        )
    )


def test_a_sentence_is_split_and_joined_again() -> None:
    split = rule("X [form=Ann]", "split_sentence X")
    first, _, second = changed(split).partition("\n\n")
    rows = SENTENCE.split("\n")
    assert first.split("\n") == [*rows[:2], "# text = Paul cannot come du parc, and", *rows[3:11],
        "7\t,\t,\tPUNCT\t,\t_\t3\tpunct\t3:punct\t_", "8\tand\tand\tCCONJ\tCC\t_\t3\tcc\t3:cc\t_"]  # fmt: skip
    assert second == (
        "# sent_id = s1-2\n# text = Ann too\n1\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t0\troot\t1.1:nsubj\t_\n"
        "1.1\t_\tcome\tVERB\tVB\tVerbForm=Inf\t_\t_\t_\t_\n2\ttoo\ttoo\tADV\tRB\t_\t1\torphan\t1.1:advmod\t_\n\n"
    )
    joined = changed(rule("X [form=come]", "join_sentence X -[conj]-> *"), changed(split))
    assert joined.splitlines()[:11] == rows[:11]
    assert joined.splitlines()[13:] == [
        "9\tAnn\tAnn\tPROPN\tNNP\tNumber=Sing\t3\tconj\t9.1:nsubj\t_",
        "9.1\t_\tcome\tVERB\tVB\tVerbForm=Inf\t_\t_\t_\t_",
        "10\ttoo\ttoo\tADV\tRB\t_\t9\torphan\t9.1:advmod\t_", ""]  # fmt: skip


def test_sentences_are_joined_with_their_comments_and_graphs() -> None:
    joined = changed(
        rule("X [form=come]", "join_sentence X -[parataxis]-> *"), SENTENCE + SECOND + SECOND.replace("s2", "s3")
    )
    assert joined == (
        replaced(("and Ann too\n# translit = x", "and Ann too She left.\n# translit = x\n# note = y"))[:-1]
        + "11\tShe\tshe\tPRON\t_\t_\t12\tnsubj\t12:nsubj\t_\n"
        + "12\tleft\tleave\tVERB\t_\t_\t3\tparataxis\t3:parataxis\tSpaceAfter=No\n"
        + "13\t.\t.\tPUNCT\t_\t_\t12\tpunct\t12:punct\t_\n\n"
        + SECOND.replace("s2", "s3")
    )
    every = "rule j { pattern { X -> Y } commands { join_sentence X -[parataxis]-> * } }"
    result = relabel(Document.from_conllu(SECOND + SECOND + SECOND), every)
    assert [sentence.heads for sentence in result.document] == [[2, 0, 2, 5, 2, 5, 8, 5, 8]]
    assert result.applied == {"j": 2}
    assert [one.reason for one in result.refused] == ["there is no next sentence to join"]


def test_entities_and_roles_move_with_their_words(tmp_path: Path) -> None:
    path = tmp_path / "x.conllup"
    path.write_text(
        "# global.columns = ID FORM UPOS HEAD DEPREL NER UP:PRED UP:ARGHEADS\n# text = Mary can't sing\n"
        "1\tMary\tPROPN\t3\tnsubj\tB-PER\t_\t_\n2\tcan't\tAUX\t3\taux\tO\t_\t_\n"
        "3\tsing\tVERB\t0\troot\tB-X\tsing.01\tARG0:1|ARGM:2\n\n"
    )
    result = relabel(read(path), rule('X [form="can\'t"]', "split X at -3 as Y")).document
    assert [(span.start, span.end, span.type) for span in result.ents] == [(1, 1, "PER"), (4, 4, "X")]
    frame = result[0].frames[0]
    assert (frame.predicate, [(one.role, one.head) for one in frame.arguments]) == (4, [("ARG0", 1), ("ARGM", 2)])


# -- matches, one after the other


def test_a_match_that_was_undone_is_left_out_and_repeat_goes_on() -> None:
    text = "".join(f"{i}\ta{i}\t_\tX\t_\t_\t{i - 1}\t{'root' if i == 1 else 'dep'}\t_\t_\n" for i in range(1, 6)) + "\n"
    climb = ("e: X -[dep]-> Y; Y -[dep]-> Z", "add_edge X -> Z")
    once = Document.from_conllu(changed(rule(*climb), text))[0].heads
    assert once == [0, 1, 1, 3, 3]  # (1, 2, 3), then (3, 4, 5): by then, 2 is no longer above 4
    assert Document.from_conllu(changed(rule(*climb, repeat="repeat"), text))[0].heads == [0, 1, 1, 1, 1]


def test_optional_parts_that_are_not_there_leave_their_commands_out() -> None:
    rules = "rule r { pattern { X [upos=PROPN] } optional { X -[orphan]-> Y } commands { X.A = b; Y.A = X.form } }"
    pairs = [("Paul\tPROPN\tNNP\t", "Paul\tPROPN\tNNP\tA=b|"), ("Ann\tPROPN\tNNP\t", "Ann\tPROPN\tNNP\tA=b|")]
    assert changed(rules) == replaced(*pairs, ("ADV\tRB\t_", "ADV\tRB\tA=Ann"))


def test_rules_follow_one_another_through_all_sentences() -> None:
    rules = "rule one { pattern { X [upos=VERB] } commands { X.upos = NOUN } }"
    rules += " rule two { pattern { X [upos=NOUN, form=left] } commands { X.A = b } }"
    assert changed(rules, SECOND) == SECOND.replace("VERB\t_\t_", "NOUN\t_\tA=b")


@pytest.mark.parametrize(
    ("pattern", "commands", "reason"),
    [
        ("X [form=come]; Y [form=too]", "X.A = b; add_edge Y -[x]-> X", "it would make a cycle in the tree"),
        ("X [form=come]", "add_edge X -[x]-> X", "a word cannot be its own head"),
        ("X [form=Paul]; Y [form=too]", "del_edge Y -> X", "there is no such arc to delete"),
        ("e: X -[nsubj]-> Y", "del_edge e; e.label = obj", "the arc is not there"),
        ("e: X -[E:nsubj]-> Y; Y [form=Paul]", "del_edge e; del_edge e", "the enhanced arc is not there"),
        ("X [form=come]", "X.lemma = X.Number", "X.Number is not defined"),
        ("X [form=come]", 'X.Number = "a|b"', "'a|b' cannot be a value in FEATS"),
        ("e: X -[nsubj]-> Y", "e.3 = x", "the label would be 'nsubj::x', which lacks a part"),
        ("X [empty]; Y [form=come]", "add_edge Y -[x]-> X", "an empty node is no word of the tree"),
        ("X [form=come]; Y [form=le]", "join X Y", "Y does not stand just behind X"),
        ("X [form=come]; X < Y", "join X Y", "a word is in a multiword token that the other is not in"),
        ("X [form=le]; X < Y", "make_mwt X Y", "a word is in a multiword token already"),
        ("X [form=le]", "del_mwt X", "the words do not spell the token 'du'; set their forms first"),
        ("X [form=come]", "del_mwt X", "X is in no multiword token"),
        ("X [form=come]", "split X at 4 as Y", "'come' has no such parts"),
        ("X [form=le]", "split_sentence X", "no sentence can begin at the first word or within a multiword token"),
        ("X [form=Paul]", "split_sentence X", "no sentence can begin at the first word or within a multiword token"),
        ("X [form=Paul]; Y [form=cannot]", "join X Y; Y.A = b", "a word of the match is no longer there"),
        ("X [form=come]", "join_sentence X -[x]-> *", "there is no next sentence to join"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_and_nothing_of_it_is_done(pattern: str, commands: str, reason: str) -> None:
    result = relabel(Document.from_conllu(SENTENCE), rule(pattern, commands))
    assert result.document.to_conllu() == SENTENCE
    assert [(one.rule, one.place, one.reason) for one in result.refused] == [("r", "input:1, sentence s1", reason)]


def test_a_paragraph_is_not_joined_to_the_one_before() -> None:
    result = relabel(Document.from_conllu(SECOND + SENTENCE), rule("X [form=left]", "join_sentence X -[x]-> *"))
    assert [one.reason for one in result.refused] == ["the next sentence begins a paragraph or a document"]
    assert result.document.to_conllu() == SECOND + SENTENCE


# -- bounds: a stranger's rules end

MANY = "A []; B []; C []; D []; E []; F []; G []"


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (rule("X [form=come]", 'X.lemma = X.lemma + "x"', "repeat"), "still changes the sentence after 100 passes"),
        (rule("X []", 'split X into "ab", Y "cd"', "repeat"), "it splits words until there are more than 100"),
        (rule(f"{MANY}; A.form <> B.lemma", "A.upos = X"), "there are more than 300 matches"),
        (f"rule r {{ pattern {{ X [form=come] }} without {{ {MANY}; A.form = G.form }}"
         " commands { X.A = b } }", "the search takes more than 20,000 steps"),
    ],
)  # fmt: skip
def test_rules_without_end_are_errors(rules: str, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("STEPS", 20_000), ("MATCHES", 300), ("SHORT", 20)):
        monkeypatch.setattr(bounds, name, value)
    with pytest.raises(ConfigError, match=f"rule r, input:1, sentence s1: .*{error}"):
        relabel(Document.from_conllu(SENTENCE), rules)


@pytest.mark.parametrize(
    "rules",
    [
        rule("X [form=come]", "X.lemma = X.lemma + X.lemma", "repeat"),
        rule('X [form=re"..+"]', "split X at 1 as Y", "repeat"),
        rule(f"{MANY}; A.lemma = xyz", "A.upos = X", "repeat"),
        rule("X [form=come]; Y []", "X.A = b", "repeat"),
    ],
)
def test_rules_that_repeat_end_when_nothing_is_left_to_do(rules: str) -> None:
    relabel(Document.from_conllu(SENTENCE), rules)


# -- commands that undo one another


@settings(max_examples=40)
@given(
    st.sampled_from("_ SpaceAfter=No A=b|SpaceAfter=No SpaceAfter=No|A=b SpacesAfter=\\n|A=b SpacesAfter=\\s".split()),
    st.integers(1, 10),
    st.integers(1, 6),
)
def test_splitting_and_joining_is_the_identity(misc: str, word: int, at: int) -> None:
    document = Document.from_conllu(SENTENCE)
    document[0].mwts.clear()
    document[0][word - 1].misc = misc
    document[0].comments.clear()
    before = document.to_conllu()
    split = relabel(document, rule(f"X [id={word}]", f"split X at {at} as Y")).document
    if at < len(document[0][word - 1].text):
        assert split.to_conllu() != before
        split = relabel(split, rule(f"X [id={word}]; X < Y", "join X Y")).document
    assert split.to_conllu() == before
