"""The check of a treebank, which finds broken files and annotation that will hurt training.

Each file is read once, as a stream; findings that concern several files come at the end. `depparse.treebanks.findings`
lists the findings about files, comments, text and labels; kinds of annotation look for their own mistakes. A new check
is a code in that list, and the lines of checked_file.py or comparisons.py that find it; or a code of a kind, and the
lines of its checker.
"""

from __future__ import annotations

from depparse.files import PathLike
from depparse.treebanks.checked_file import CheckedFile
from depparse.treebanks.comparisons import check_columns, check_splits, check_unknown, check_unseen
from depparse.treebanks.findings import Finding, Findings
from depparse.treebanks.treebank import Treebank


def check(path: PathLike | Treebank) -> list[Finding]:
    """The faults of a treebank (a folder, or a file of CoNLL-U), errors first.

    Broken files are findings too. Raises FormatError only if there is no treebank to check.
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
