"""The check of a treebank, which finds broken files, what UD does not allow, and annotation that will hurt training.

Each file is read once, as a stream; findings that concern several files come at the end. `depparse.treebanks.rules` has
the rules of UD, by level; `depparse.treebanks.findings` lists the findings about training; kinds of annotation look for
their own mistakes.
"""

from __future__ import annotations

from depparse.files import PathLike
from depparse.treebanks.checked_file import CheckedFile
from depparse.treebanks.comparisons import check_columns, check_splits, check_unseen
from depparse.treebanks.findings import Finding, Findings
from depparse.treebanks.rules.comments import Seen
from depparse.treebanks.rules.trees import NEED_FEATURES
from depparse.treebanks.treebank import Treebank

LEVELS = (1, 2, 3)


def check(path: PathLike | Treebank, *, level: int = LEVELS[-1], places: int = 3) -> list[Finding]:
    """The faults of a treebank (a folder, or a file of CoNLL-U), errors first.

    Broken files are findings too. Rules of UD above `level` are left out; each finding has at most so many `places`.
    Raises FormatError only if there is no treebank to check.
    """
    treebank = path if isinstance(path, Treebank) else Treebank.open(path)
    findings = Findings(level, places)
    seen = Seen()
    files = {split: CheckedFile(split, file, findings, seen) for split, file in treebank.splits.items()}
    for file in files.values():
        file.check()
    if not any(file.statistics.filled["FEATS"] for file in files.values()):
        findings.drop(NEED_FEATURES)
    if treebank.folder is not None or len(files) > 1:
        check_splits(files, findings)
    check_columns(files, findings)
    if "train" in files:
        check_unseen(files, findings)
    return findings.results()


def breaks_rule(finding: Finding) -> bool:
    """Whether a maker has to mend it before a release: a broken rule of UD, unless it is only a note."""
    return finding.level is not None and finding.severity != "note"
