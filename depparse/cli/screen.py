"""The display of ``depparse train``: findings, a bar with the time left, a row of dev scores for each evaluation."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn

from depparse.cli.printing import note, say
from depparse.cli.tables import show
from depparse.printable import clean, one_line

if TYPE_CHECKING:
    from depparse.evaluation.scores import Scores
    from depparse.training.loop import Step
    from depparse.training.records import Began, Done, Record, Scored

_FINDINGS = 6  # findings that are shown; further ones are only counted
_REFRESH = 0.25  # seconds between updates of the bar


class Screen:
    """Shows the records of a run, with which it is called. Use it in a ``with`` block, which removes the bar."""

    def __init__(self) -> None:
        # Rows go to standard output. The bar does too if that is a terminal; otherwise it goes to standard error.
        self._console = Console(stderr=not sys.stdout.isatty(), highlight=False)
        columns: list[ProgressColumn] = [
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:.0f} %"),
            TextColumn("[cyan]{task.fields[left]} left[/cyan]"),
            TextColumn("[dim]{task.fields[rate]} words/s · loss {task.fields[losses]}[/dim]"),
        ]
        self._bar = Progress(*columns, console=self._console, auto_refresh=False, transient=True, expand=True)
        self._task: TaskID | None = None
        self._header = False
        self._shown: tuple[str, ...] = ()  # names of the scores that are shown of the part in training
        self._refreshed = 0.0
        self._words = 0  # trained since the time `_counted`, in this session
        self._counted = 0.0

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, record: Record) -> None:
        """Shows one record."""
        from depparse.training.estimate import Estimate
        from depparse.training.loop import Step
        from depparse.training.records import Began, Compared, Done, Going, Scored, Warned

        if isinstance(record, Began):
            self._begin(record)
        elif isinstance(record, Warned):
            self._warn(f"! {record.message}")
        elif isinstance(record, Going):
            self._say(record.message)
        elif isinstance(record, Step):
            self._step(record)
        elif isinstance(record, Estimate):
            self._say(f"about {_duration(record.seconds)} to go")
        elif isinstance(record, Scored):
            self._row(record)
        elif isinstance(record, Done):
            self._end(record)
        elif isinstance(record, Compared):
            show([record.table])

    def _begin(self, record: Began) -> None:
        from depparse.evaluation.metrics import Use, model_metrics, segmenter_metrics

        findings = record.findings
        for finding in findings[:_FINDINGS]:
            self._warn(f"! {finding}")
        if len(findings) > _FINDINGS:
            self._warn(f"! and {len(findings) - _FINDINGS} more; depparse corpora check shows all")
        units = "sentences" if record.part == "model" else "pieces of text"
        size = f"{record.sentences:,} {units}, {record.words:,} words; {record.parameters:,} parameters"
        self._say(f"{record.part}: {size}")
        self._stop()
        self._header, self._words, self._counted = False, 0, 0.0
        names = model_metrics(Use.SCREEN) if record.part == "model" else segmenter_metrics(Use.SCREEN)
        self._shown = tuple(name for name in names if name in record.metrics)

    def _step(self, record: Step) -> None:
        now = time.monotonic()
        self._words += record.words
        self._counted = self._counted or now
        if not self._console.is_terminal or now - self._refreshed < _REFRESH:
            return
        self._refreshed = now
        # The seconds and the steps are those of the whole run, with earlier sessions and evaluations.
        left = record.seconds / record.step * (record.steps - record.step)
        if self._task is None:
            self._task = self._bar.add_task("", total=record.steps, epoch="", left="", rate="", losses="")
            self._bar.start()
        self._bar.update(
            self._task,
            completed=record.step,
            epoch=record.epoch,
            left=_duration(left),
            rate=f"{self._words / max(now - self._counted, 1e-3):,.0f}",
            losses=" ".join(f"{name} {loss:.2f}" for name, loss in record.losses.items()),
            refresh=True,
        )

    def _row(self, record: Scored) -> None:
        if record.scores is None:
            losses = " ".join(f"{name} {loss:.3f}" for name, loss in record.evaluation.losses.items())
            self._say(f"epoch {record.evaluation.epoch}, {_clock(record.evaluation.seconds)}; loss {losses}")
            return
        if not self._header:
            self._say(f"epoch  {_names(self._shown)}     time", style="bold")
            self._header = True
        evaluation = record.evaluation
        best = "best" if evaluation.improved else ""
        name = "" if record.name == "dev" else record.name  # which of several dev files
        cells = _cells(record.scores, self._shown)
        row = f"{evaluation.epoch:5}  {cells}{_clock(evaluation.seconds):>9}  {best:4}  {name}"
        self._say(row.rstrip(), style="green" if evaluation.improved else "")

    def _end(self, record: Done) -> None:
        from depparse.evaluation.metrics import Use, segmenter_metrics

        self._stop()
        for name, scores in record.tests.items():
            self._say(f" test  {_cells(scores, self._shown)}  {'' if name == 'test' else name}".rstrip(), style="bold")
        for number, (name, scores) in enumerate(record.raw.items()):
            shown = segmenter_metrics(Use.SCREEN) + (self._shown if record.tests else ())
            if not number:
                self._say(f"  raw  {_names(shown)}", style="bold")
            self._say(f" test  {_cells(scores, shown)}  {'' if name == 'test' else name}".rstrip(), style="bold")
        curves = record.folder.parent / "curves.png"
        self._say(f"{_duration(60 * record.minutes)}; the model is in {record.folder}, the curves in {curves}")

    def _stop(self) -> None:
        if self._task is not None:
            self._bar.stop()
            self._bar.remove_task(self._task)
            self._task = None

    def _say(self, line: str, style: str = "") -> None:
        if sys.stdout.isatty():
            self._console.print(escape(clean(line)), style=style or None, soft_wrap=True)
        else:
            say(line)
            sys.stdout.flush()

    def _warn(self, line: str) -> None:
        if self._console.is_terminal:
            self._console.print(escape(one_line(line)), style="yellow")
        else:
            note(line)


def _names(shown: Iterable[str]) -> str:
    """The names of scores as cells of a row."""
    return "".join(name.rjust(_width(name)) for name in shown)


def _cells(scores: Scores, shown: Iterable[str]) -> str:
    """The scores as cells of a row; blank if the data has nothing for a score."""
    return "".join((f"{100 * scores[name].f1:.2f}" if name in scores else "").rjust(_width(name)) for name in shown)


def _width(name: str) -> int:
    return max(8, len(name) + 2)


def _clock(seconds: float) -> str:
    """A time such as 12:05 or 1:12:05."""
    minutes, remainder = divmod(round(seconds), 60)
    return f"{minutes}:{remainder:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{remainder:02}"


def _duration(seconds: float) -> str:
    """A time such as 45 s, 12 min or 1 h 05."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02}"
