"""The card of a model, which is Markdown made from its facts."""

from __future__ import annotations

from collections.abc import Sequence

from depparse.evaluation.metrics import metrics
from depparse.model_folder.facts import DataFile, Facts, Origin, Packing, ScoreRow, Training


def render(facts: Facts) -> str:
    """The text of the README of a model folder."""
    lines = [facts.head.strip() or ("# A pipeline of depparse" if facts.packing else "# A model of depparse")]
    return "\n".join([*lines, *_body(facts, "##")]) + "\n"


def _body(facts: Facts, level: str) -> list[str]:
    """All lines below the title; headings begin with `level`."""
    lines: list[str] = []
    if facts.training is not None:
        lines += _training(facts.training)
    if facts.scores:
        lines += _scores(facts.scores, level, "Scores as packed" if facts.packing else "Scores")
    if facts.packing is not None:
        lines += _packing(facts.packing, level)
    if facts.data:
        lines += _data(facts.data, level)
    if facts.base is not None:
        frozen = ", frozen but for the tasks that were trained" if facts.base.frozen else ""
        lines += ["", f"Begun with {_origin(facts.base.origin)}{frozen}. Its card says:"]
        lines += _part(facts.base.facts, level, "The base model")
    for teacher in facts.teachers:
        lines += ["", f"Taught by {_origin(teacher.origin)}. Its card says:"]
        lines += _part(teacher.facts, level, "A teacher")
    for part, title in ((facts.model, "The model"), (facts.segmenter, "The segmenter")):
        if part is not None:
            lines += _part(part, level, title)
    return lines


def _part(facts: Facts, level: str, title: str) -> list[str]:
    """A section with the facts of a model that another model was made from."""
    lines = ["", f"{level} {title}"]
    inside_code = False
    for line in facts.head.strip().splitlines()[1:]:
        inside_code ^= line.startswith("```")
        lines.append("#" + line if line.startswith("##") and not inside_code else line)
    return lines + _body(facts, level + "#")


def _training(training: Training) -> list[str]:
    """The command that trained the model, and a table of how it was trained."""
    memory = training.peak_memory_mib
    rows = {
        "depparse": training.depparse,
        "torch": training.torch,
        "seed": ", ".join(map(str, training.seeds)),
        "threads": str(training.threads),
        "minutes of training": f"{training.minutes:.1f}",
        "words a second in training": f"{training.words_per_second:,.0f}",
        "peak memory": "unknown" if memory is None else f"{memory:,.0f} MiB",
    }
    return [*_command(training.command), *_pairs(rows)]


def _packing(packing: Packing, level: str) -> list[str]:
    """A section about how the folder was packed."""
    scales = ", a scale for each row of a matrix" if packing.weights == "int8" else ""
    rows = {
        "depparse": packing.depparse,
        "model": _origin(packing.model),
        "segmenter": _origin(packing.segmenter),
        "left out": ", ".join(packing.left_out) or "nothing",
        "weights": f"{packing.weights}{scales}: {packing.size:,} bytes",
    }
    return [
        "", f"{level} Packed", *_command(packing.command), *_pairs(rows), "",
        "What follows was written when its parts were trained, and so were their scores measured.",
    ]  # fmt: skip


def _data(files: Sequence[DataFile], level: str) -> list[str]:
    """A section with a table of the data files."""
    lines = ["", f"{level} Data", "", "| split | file | SHA-256 | licence |", "|---|---|---|---|"]
    return lines + [_row(file.split, file.file, f"`{file.sha256}`", file.licence or "not stated") for file in files]


def _scores(rows: Sequence[ScoreRow], level: str, title: str) -> list[str]:
    """A section for the scores from gold words, and one for those from raw text."""
    names = {name for row in rows for name in row.f1}
    notes = dict.fromkeys(metric.section.note for metric in metrics() if metric.name in names and metric.section.note)
    all_notes = "".join(f" {note}" for note in notes)
    lines: list[str] = []
    for source, heading, caption in (
        ("words", title, f"Official scores, gold tokenization, F1 in percent.{all_notes} One seed is one data point."),
        (
            "text",
            f"{title} from raw text",
            f"Official scores, F1 in percent, of the raw text of the treebank.{all_notes}",
        ),
    ):
        if of_source := [row for row in rows if row.source == source]:
            lines += ["", f"{level} {heading}", "", caption, *_table(of_source)]
    return lines


def _table(rows: Sequence[ScoreRow]) -> list[str]:
    """A table with a row for each data file and a column for each metric."""
    names = list(dict.fromkeys(name for row in rows for name in row.f1))
    lines = ["", "| | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    return lines + [
        _row(row.data, *(f"{100 * row.f1[name]:.2f}" if name in row.f1 else "" for name in names)) for row in rows
    ]


def _command(command: str) -> list[str]:
    return ["", "```sh", command, "```"] if command else []


def _pairs(rows: dict[str, str]) -> list[str]:
    """A table of names and values, without a head."""
    return ["", "| | |", "|---|---|", *(_row(name, value) for name, value in rows.items())]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return "none"
    return f"{origin.name}, whose manifest.json has the SHA-256 `{origin.manifest_sha256}`"
