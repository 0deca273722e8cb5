"""What each command makes of a sentence, written by hand; and commands that undo one another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.errors import ConfigError
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
        ("X [empty]", "X.lemma = go; X.Tense = Past", [("_\tcome\tVERB\tVB\tVerb", "_\tgo\tVERB\tVB\tTense=Past|Verb")]),
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
        ("R [form=come]; X [form=Ann]", "shift_out R =[nsubj|obl]=> X", [("3\tnsubj\t", "9\tnsubj\t"), ("3\tobl\t", "9\tobl\t")]),
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
        ("X [form=Ann]; Y [empty]; Z [form=come]", "del_edge Z -[E:conj]-> Y; shift_in X =[E:*]=> Y", [("3:conj", "_")]),
        # -- words and tokens
        ("X [form=le]", "del_mwt X", []),
    ],
)  # fmt: skip
def test_cells_and_arcs(pattern: str, commands: str, pairs: list[tuple[str, str]]) -> None:
    if not pairs:
        return
    assert changed(rule(pattern, commands)) == replaced(*pairs)
