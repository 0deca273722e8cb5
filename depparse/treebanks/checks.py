"""The check of a treebank: what is broken in its files, and what will hurt training.

Each file is read once, as a stream; what concerns several files is told at the end. `depparse.treebanks.findings` says
what can be found of files, their comments, text and labels, and kinds of annotation look for their own mistakes. To
add a check: a line there, and the lines of checked_file.py or comparisons.py that find it; or the codes of a kind, and
its checker.
"""

from __future__ import annotations

from depparse.files import PathLike
from depparse.treebanks.checked_file import CheckedFile
from depparse.treebanks.comparisons import check_columns, check_splits, check_unknown, check_unseen
from depparse.treebanks.findings import Finding, Findings
from depparse.treebanks.treebank import Treebank


def check(path: PathLike | Treebank) -> list[Finding]:
    """What is wrong with a treebank (a folder, or a file of CoNLL-U), errors first.

    Broken files are findings too. FormatError only if there is no treebank to check.
    """
    treebank = path if isinstance(path, Treebank) else Treebank.open(path)
    findings = Findings()
    sent_ids: set[str] = set()
    files = {split: CheckedFile(split, file, findings, sent_ids) for split, file in treebank.splits.items()}
    for file in files.values():
        file.check()
    if treebank.folder is not None or len(files) > 1:
        check_splits(files, findings)
    check_columns(files, findings)
    for file in files.values():
        check_unknown(file, findings)
    if "train" in files:
        check_unseen(files, findings)
    return findings.results()
