"""Sentences, documents and texts for the tests of several folders, and functions to write and compare them."""

from __future__ import annotations

from collections.abc import Iterable

from depparse.document.constituents import Constituent
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span

# -- trees

TWO = """\
# sent_id = 1
# text = Anna didn't buy 2 apples.
1\tAnna\tAnna\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t_\t_
2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdid\tdo\tAUX\tVBD\tTense=Past\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tbuy\tbuy\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\t_
5\t2\t2\tNUM\tCD\tNumType=Card\t6\tnummod\t_\t_
6\tapples\tapple\tNOUN\tNNS\tNumber=Plur\t4\tobj\t_\tSpaceAfter=No
7\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

# sent_id = 2
# text = Whom did Tom see sleeping?
1\tWhom\twho\tPRON\tWP\tPronType=Int\t5\tnsubj\t_\t_
2\tdid\tdo\tAUX\tVBD\tTense=Past\t4\taux\t_\t_
3\tTom\tTom\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t_\t_
4\tsee\tsee\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\t_
5\tsleeping\tsleep\tVERB\tVBG\tVerbForm=Ger\t4\txcomp\t_\tSpaceAfter=No
6\t?\t?\tPUNCT\t.\t_\t4\tpunct\t_\t_

"""
# The paragraphs have multiword tokens, one of which is not spelt as its words are, an empty node, a word that is an
# underscore, and spacing.
TWO_PARAGRAPHS = """\
# newdoc id = d
# newpar
# sent_id = s1
# text = John doesn't like "du vin".
1\tJohn\tJohn\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t4:nsubj\t_
2-3\tdoesn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdoes\tdo\tAUX\tVBZ\tMood=Ind|Person=3\t4\taux\t4:aux\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t4:advmod\t_
4\tlike\tlike\tVERB\tVB\tVerbForm=Inf\t0\troot\t0:root\t_
5\t"\t"\tPUNCT\t``\t_\t8\tpunct\t8:punct\tSpaceAfter=No
6-7\tdu\t_\t_\t_\t_\t_\t_\t_\t_
6\tde\tde\tADP\t_\t_\t8\tcase\t8:case\t_
7\tle\tle\tDET\t_\t_\t8\tdet\t8:det\t_
8\tvin\tvin\tNOUN\t_\t_\t4\tobj\t4:obj|8.1:dep\tSpaceAfter=No
8.1\tbu\tboire\tVERB\t_\t_\t_\t_\t4:dep\t_
9\t"\t"\tPUNCT\t''\t_\t8\tpunct\t8:punct\tSpaceAfter=No
10\t.\t.\tPUNCT\t.\t_\t4\tpunct\t4:punct\t_

# sent_id = s2
1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No

# newpar
1\tNo\tno\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No

1\t_\t_\tSYM\t_\t_\t0\troot\t_\t_

"""
# A sentence with a multiword token.
CONTRACTION = """\
1\tAnna\t_\tPROPN\t_\t_\t4\tnsubj\t_\t_
2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdid\t_\tAUX\t_\t_\t4\taux\t_\t_
3\tn't\t_\tPART\t_\t_\t4\tadvmod\t_\t_
4\tsleep\t_\tVERB\t_\t_\t0\troot\t_\t_

"""
# A sentence whose arcs cross.
CROSSING = """\
1\tA\t_\tDET\t_\t_\t2\tdet\t_\t_
2\tman\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tarrived\t_\tVERB\t_\t_\t0\troot\t_\t_
4\twho\t_\tPRON\t_\t_\t5\tnsubj\t_\t_
5\tsang\t_\tVERB\t_\t_\t2\tacl:relcl\t_\t_
6\t.\t_\tPUNCT\t_\t_\t3\tpunct\t_\t_

"""
# A sentence with all annotation of CoNLL-U: an empty node, a multiword token, and probabilities.
ALL = """\
# sent_id = a1
# text = Anna Maria of the University of Bern didn't buy 2 apples and Tom pears.
1\tAnna\tAnna\tPROPN\tNNP\tNumber=Sing\t10\tnsubj\t10:nsubj\tHeadProb=0.9900|LabelProb=0.9800
2\tMaria\tMaria\tPROPN\tNNP\tNumber=Sing\t1\tflat\t1:flat\tHeadProb=0.9700|LabelProb=0.9600
3\tof\tof\tADP\tIN\t_\t5\tcase\t5:case\t_
4\tthe\tthe\tDET\tDT\tDefinite=Def|PronType=Art\t5\tdet\t5:det\t_
5\tUniversity\tuniversity\tPROPN\tNNP\tNumber=Sing\t1\tnmod\t1:nmod:of\tHeadProb=0.5500|LabelProb=0.4800
6\tof\tof\tADP\tIN\t_\t7\tcase\t7:case\t_
7\tBern\tBern\tPROPN\tNNP\tNumber=Sing\t5\tnmod\t5:nmod:of\tHeadProb=0.9500|LabelProb=0.5800
8-9\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
8\tdid\tdo\tAUX\tVBD\tMood=Ind|Tense=Past|VerbForm=Fin\t10\taux\t10:aux\t_
9\tn't\tnot\tPART\tRB\t_\t10\tadvmod\t10:advmod\t_
10\tbuy\tbuy\tVERB\tVB\tVerbForm=Inf\t0\troot\t0:root\t_
11\t2\t2\tNUM\tCD\tNumType=Card\t12\tnummod\t12:nummod\t_
12\tapples\tapple\tNOUN\tNNS\tNumber=Plur\t10\tobj\t10:obj\t_
13\tand\tand\tCCONJ\tCC\t_\t14\tcc\t14.1:cc\t_
14\tTom\tTom\tPROPN\tNNP\tNumber=Sing\t10\tconj\t14.1:nsubj\tDepsProb=0.7200
14.1\tbuys\tbuy\tVERB\tVB\tVerbForm=Inf\t_\t_\t10:conj:and\t_
15\tpears\tpear\tNOUN\tNNS\tNumber=Plur\t14\torphan\t14.1:obj\tSpaceAfter=No
16\t.\t.\tPUNCT\t.\t_\t10\tpunct\t10:punct\t_

"""
# The words of a sentence that `blanked` annotates in part.
FORMS = ["Anna", "see", "2", "apples"]
# Two trees of the same five words, for `with_trees`.
TREES = ("2:nsubj 0:root 2:obj 5:case 3:nmod", "2:nsubj 0:root 2:obj 5:case 2:obl")


def two_sentences() -> Document:
    """Two sentences with all annotation of UD but enhanced graphs; one has a multiword token, one has crossing arcs."""
    return Document.from_conllu(TWO)


def everything() -> Sentence:
    """A sentence with annotation of all kinds: that of `ALL`, nested entities, constituents, and two scored frames."""
    (sentence,) = Document.from_conllu(ALL)
    sentence.ents = [Span(1, 2, "PER", 0.97), Span(5, 7, "ORG", 0.6), Span(7, 7, "GPE", 0.99), Span(14, 14, "PER")]
    sentence.annotate("constituents", [Constituent(1, 16, "S"), Constituent(1, 7, "NP"), Constituent(5, 7, "NP")])
    roles = [("ARG0", 1, 1, 7, 0.9), ("ARGM-NEG", 9, 9, 9, 0.99), ("ARG1", 12, 11, 12, 0.5)]
    buy = Frame(10, "buy.01", [Argument(*role) for role in roles], 0.98)
    sentence.frames = [buy, Frame(5, "study.02", [Argument("ARGM-LOC", 7, 6, 7)])]
    return sentence


def partly_annotated() -> str:
    """Sentences of which some have no heads or no lemmas, so that processes learn from different numbers of words."""
    first, second = TWO.split("\n\n")[:2]
    blank_columns = {"heads": (6, 7), "lemmas": (2,), "heads and lemmas": (2, 6, 7)}
    result = f"{first}\n\n{second}\n\n"
    for text in (first, second):
        for columns in blank_columns.values():
            for line in text.split("\n"):
                cells = line.split("\t")
                if len(cells) > 1:
                    cells = ["_" if place in columns else cell for place, cell in enumerate(cells)]
                result += "\t".join(cells) + "\n"
            result += "\n"
    return result


def blanked(heads: dict[int, str], labels: dict[int, str], *comments: str) -> str:
    """The sentence of `FORMS` in CoNLL-U; only the words in `heads` have heads, and those in `labels` relations."""
    rows = [
        f"{word}\t{form}\t_\t_\t_\t_\t{heads.get(word, '_')}\t{labels.get(word, '_')}\t_\t_"
        for word, form in enumerate(FORMS, 1)
    ]
    return "\n".join([*comments, *rows, "", ""])


def with_trees(document: Document, *trees: str) -> Document:
    """The document, changed: each sentence gets the tree of these heads and relations, such as ``2:nsubj 0:root``."""
    for sentence, tree in zip(document, trees, strict=True):
        cells = [cell.split(":", 1) for cell in tree.split()]
        sentence.columns["HEAD"], sentence.columns["DEPREL"] = (list(column) for column in zip(*cells, strict=True))
    return document


def bare(document: Document) -> Document:
    """A document with nothing but the words of the given one."""
    return Document([Sentence.from_forms(sentence.columns["FORM"]) for sentence in document])


# -- entities


def entity_sentence(text: str, *spans: tuple[int, int, str]) -> Sentence:
    """A sentence of the words in `text`, with a column of the entities in `spans`: first word, last word, type."""
    sentence = Sentence.from_forms(text.split())
    sentence.columns["NER"] = ["O"] * len(sentence)
    sentence.ents = [Span(*span) for span in spans]
    return sentence


def flat_entities() -> Document:
    """A document with persons and places that do not overlap, and with a sentence without entities."""
    return Document(
        [
            entity_sentence("Anna Maria of Bern met Tom .", (1, 2, "PER"), (4, 4, "LOC"), (6, 6, "PER")),
            entity_sentence("Tom saw New York City in May .", (1, 1, "PER"), (3, 5, "LOC")),
            entity_sentence("Nobody was there ."),
        ]
    )


def entities(document: Document) -> list[list[tuple[int, int, str]]]:
    """The first word, last word and type of the entities of each sentence."""
    return [[(span.start, span.end, span.type) for span in sentence.ents] for sentence in document]


# -- raw text

TEXTS = [
    "Anna didn't buy 2 apples. Whom did Tom see sleeping?\n",
    "",
    "  One.\tTwo\n three!\n\nNew paragraph",
    "Tom sees Anna. " * 30,
    "2 apples",
]


def conllu(documents: Iterable[Document]) -> list[str]:
    """The documents in CoNLL-U, to be compared."""
    return [document.to_conllu() for document in documents]


# The second tree has crossing arcs, the third sentence is not annotated.
_TREES = """\
1\tAnna\t_\tPROPN\t_\t_\t2\tnsubj\t_\t_
2\tbought\t_\tVERB\t_\t_\t0\troot\t_\t_
3\ta\t_\tDET\t_\t_\t4\tdet\t_\t_
4\tcar\t_\tNOUN\t_\t_\t2\tobj\t_\t_

1\tA\t_\tDET\t_\t_\t2\tdet\t_\t_
2\thearing\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tstarted\t_\tVERB\t_\t_\t0\troot\t_\t_
4\ttoday\t_\tADV\t_\t_\t3\tadvmod\t_\t_
5\tthere\t_\tADV\t_\t_\t2\tadvmod\t_\t_

1\tNo\t_\tINTJ\t_\t_\t_\t_\t_\t_

"""


def three_sentences() -> list[Sentence]:
    """A projective tree, one with crossing arcs, and a sentence without a tree."""
    return Document.from_conllu(_TREES).sentences
