"""Rules applied to files of CoNLL-U. All that they do not change stays byte for byte; the result can be checked."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_input, open_output
from depparse.formats.conllu import parse_blocks
from depparse.treebanks.checks import check
from depparse.treebanks.findings import Finding
from depparse.treebanks.fixes import Change, changed_lines
from depparse.treebanks.query.search import Pattern
from depparse.treebanks.relabel.rules import Log, Piece, Rule, run
from depparse.treebanks.treebank import format_of

_BOM = "\ufeff"
_TOLD = ("error", "warning")  # findings about a result that are told


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of a sentence with their ends, and the empty lines around it; `line` is the number of the first."""

    line: int
    lead: list[str]
    body: list[str]
    tail: list[str]

    @property
    def lines(self) -> list[str]:
        """All lines."""
        return [*self.lead, *self.body, *self.tail]


@dataclass(slots=True)
class FileRelabelling:
    """A file to which rules are applied while it is read: iterate over its changes, and what else there is.

    Each item is what was changed, None for sentences that were not, and the new text of that part of the file.
    """

    path: PathLike
    rules: Sequence[Rule]
    log: Log = field(default_factory=Log)
    lines: int = 0  # lines that were changed, removed or added
    places: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # of each change: line and length, old and new

    def __iter__(self) -> Iterator[tuple[Change | None, str]]:
        """Reads the file. Raises FormatError if it is broken, and ConfigError for rules that go on without end."""
        if format_of(self.path) not in ("conllu", "conllup") or name_of(self.path) != str(self.path):
            raise FormatError("rules change files in CoNLL-U", path=name_of(self.path))
        self.log, self.lines, self.places = Log(), 0, []
        group: list[Piece] = []
        names: list[tuple[str, ...]] = [CONLLU_COLUMNS]
        line = 1
        with open_input(self.path) as stream:
            if stream.read(len(_BOM.encode())) == _BOM.encode():
                yield None, _BOM
        for piece in run(self.rules, self._pieces(names), self.log):
            if group and piece.origin is not None:
                change, text, line = self._result(group, names[0], line)
                yield change, text
                group = []
            group.append(piece)
        if group:
            change, text, line = self._result(group, names[0], line)
            yield change, text

    def _pieces(self, columns: list[tuple[str, ...]]) -> Iterator[Piece]:
        """The sentences; `columns` gets the names of the columns."""
        name, is_plus = name_of(self.path), format_of(self.path) == "conllup"
        with open_input(self.path) as stream:
            for block in _blocks(stream, name):
                text = "\n".join(map(_without_end, block.body))
                if is_plus and block.line == 1 and text.startswith("# global.columns"):
                    columns[0] = tuple(text.partition("\n")[0].partition("=")[2].split())
                    if columns[0][:1] != ("ID",) or "FORM" not in columns[0]:
                        raise FormatError("rules change files whose first column is ID", path=name, line=1)

                def read(text: str = text, line: int = block.line + len(block.lead)) -> Sentence:
                    return next(parse_blocks([(line, text)], columns[0], name))

                def may_have(pattern: Pattern, text: str = text) -> bool:
                    return is_plus or pattern.may_be_in(text)

                yield Piece(read, may_have, block)

    def _result(self, group: list[Piece], names: tuple[str, ...], line: int) -> tuple[Change | None, str, int]:
        """What was changed, the new text, and the number of the next line in the new file, from that of the first."""
        blocks: list[_Block] = [one for piece in group for one in (piece.origin, *piece.joined) if one is not None]
        old = [text for block in blocks for text in block.lines]
        if not any(piece.changed for piece in group):
            return None, "".join(old), line + len(old)
        ends = {_without_end(text): _end(text) for block in blocks for text in block.body}
        end = _end(blocks[0].body[0]) or "\n"
        new = list(blocks[0].lead)
        for number, piece in enumerate(group):
            new += [end] if number else []
            new += [text + (ends.get(text) or end) for text in _lines(piece.sentence, names)]
        new += blocks[-1].tail
        if not _end(old[-1]):
            new[-1] = _without_end(new[-1])
        change = Change(blocks[0].line, list(map(_without_end, old)), list(map(_without_end, new)))
        if change.old != change.new:
            self.places.append((change.line, len(old), line, len(new)))
        self.lines += changed_lines(change)
        return (change if change.old != change.new else None), "".join(new), line + len(new)


def _blocks(stream: Iterable[bytes], name: str) -> Iterator[_Block]:
    block = _Block(1, [], [], [])
    for number, raw in enumerate(stream, 1):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"not UTF-8 ({error.reason})", path=name, line=number) from None
        if number == 1:
            line = line.removeprefix(_BOM)
        if not _without_end(line):
            (block.tail if block.body else block.lead).append(line)
            continue
        if block.tail:
            yield block
            block = _Block(number, [], [], [])
        block.body.append(line)
    if block.lines:
        yield block


def _without_end(line: str) -> str:
    return line[:-1].rstrip("\r") if line.endswith("\n") else line


def _end(line: str) -> str:
    return line[len(_without_end(line)) :]


def _lines(sentence: Sentence, names: tuple[str, ...]) -> list[str]:
    lacking = [name for name, cells in sentence.columns.items() if name not in names and set(cells) != {"_"}]
    if lacking:
        message = "the rules set this column, which the file does not have"
        raise FormatError(message, path=sentence.place, sent_id=sentence.sent_id, column=lacking[0])
    return sentence.text_of_lines(names[1:]).split("\n")[:-2]


def relabel_file(path: PathLike, rules: Sequence[Rule], output: PathLike) -> FileRelabelling:
    """Writes the file after all rules to `output`, which may be `path`; it appears when it is complete.

    Raises FormatError and ConfigError.
    """
    result = FileRelabelling(path, rules)
    with open_output(output) as out:
        out.writelines(text for _, text in result)
    return result


def new_findings(result: FileRelabelling, output: PathLike) -> list[Finding]:
    """The errors and warnings of a check of the new file that the old one did not have."""
    every = 1 << 60
    before: Counter[tuple[str, str, object]] = Counter()
    for finding in check(result.path, places=every):
        before.update((finding.code, finding.subject, _place(place, result.places, 0)) for place in finding.places)
    found = []
    for finding in check(output, places=every):
        keys = [(finding.code, finding.subject, _place(place, result.places, 2)) for place in finding.places]
        left = Counter(keys) - before
        places = []
        for place, key in zip(finding.places, keys, strict=True):
            if left[key] > 0:
                left[key] -= 1
                places.append(place)
        if places and finding.severity in _TOLD:
            found.append(replace(finding, count=len(places), places=tuple(places)))
    return found


def _place(place: str, changes: Sequence[tuple[int, int, int, int]], side: int) -> object:
    """What places in the old file (`side` 0) and the new one (2) have in common: a change, or a line of the old."""
    line = place.rpartition(":")[2]
    if not line.isdigit():
        return place
    number = bisect_right(changes, int(line), key=lambda change: change[side]) - 1
    if number < 0:
        return int(line)
    change = changes[number]
    if int(line) < change[side] + change[side + 1]:
        return f"change {number}"
    return int(line) - change[side] - change[side + 1] + change[0] + change[1]
