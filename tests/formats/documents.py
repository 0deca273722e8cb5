"""Documents that are hard to hold, and how they are compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.formats.table import read

# The text has odd comments, cells and spaces, multiword tokens, empty nodes, an entity, and a text that is not that of
# its forms.
TRICKY = """\
# newdoc id = d1
#no blank after the sign
# text =Ann didn't sleep , and Bob 10 000 hours
#
# sent_id = s1
0.1\t_\t_\t_\t_\t_\t_\t_\t_\tEmpty=First
1\tAnn\tAnn\tPROPN\t_\tNumber=Sing\t4\tnsubj\t4:nsubj\t_
2-3\tdidn't\t_\t_\t_\tTypo=Yes\t_\t_\t_\tSpaceAfter=No|Odd
2\tdid\tdo\tAUX\tVBD\t_\t4\taux\t4:aux\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t4:advmod\t_
4\tsleep\tsleep\tVERB\tVB\t_\t0\troot\t0:root\tA=1|A=2|=|
5\t,\t,\tPUNCT\t,\t_\t6\tpunct\t6:punct\tX=a=b|Y=_
6\tBob\t\t_\t_\t_\t4\tconj\t6.1:nsubj|4:conj:and\tNER=B-PER
6.1\tslept\tsleep\tVERB\t_\t_\t_\t_\t4:conj\tCopyOf=4
6.2\t_\t_\t_\t_\t_\t_\t_\t_\t_
7\t10 000\t_\tNUM\t_\t_\t6\torphan\t6.1:obj\t_
8\t_\t_\tSYM\t_\t_\t4\tpunct\tnone of these\t_

# newpar
# newpar
1\t\u2028x\u0085\t_\t_\t_\t_\t_\t_\t_\t_

"""


def conllup(sentences: Iterable[Sentence]) -> str:
    """All that the sentences hold, in CoNLL-U Plus without a header."""
    return "".join(sentence.to_conllup() for sentence in sentences)


def read_plus(text: str, folder: Path) -> Document:
    """The document in a string of CoNLL-U Plus, which is written to the folder."""
    (folder / "plus.conllup").write_text(text, encoding="utf-8")
    return read(folder / "plus.conllup")


def all_samples(samples: Path) -> list[Document]:
    """The documents in the files of all sample treebanks."""
    files = sorted(samples.glob("*/*.conllu*")) + sorted(samples.glob("*/*.iob2")) + sorted(samples.glob("*/*.biose"))
    assert len(files) > 20
    return [read(file) for file in files]
