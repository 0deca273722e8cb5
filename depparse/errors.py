"""The errors of depparse: one clear line each, saying what was expected, what was given, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from depparse.printable import one_line


class DepparseError(ValueError):
    """Base of every error that depparse raises on bad input. The command line prints it and exits with 2.

    ``str(error)`` is one line without control characters, and never long, whatever values of the input it shows.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(one_line(text))


class ConfigError(DepparseError):
    """A wrong option or configuration value."""


class ModelError(DepparseError):
    """A damaged, foreign or unsuitable model."""


class EvaluationError(DepparseError):
    """Two files that cannot be compared, such as different texts."""


class DownloadError(DepparseError):
    """The network or a server failed, or the server sent something other than the file asked for."""


class FormatError(DepparseError):
    """Broken input data.

    ``message`` says what is wrong; ``path``, ``line`` (from 1), ``sent_id`` and ``column`` say where, None if unknown.
    ``str(error)`` joins them in one line: ``file.conllu:12: sentence s1, column HEAD: …``.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        sent_id: str | None = None,
        column: str | None = None,
    ) -> None:
        self.message, self.path, self.line, self.sent_id, self.column = one_line(message), path, line, sent_id, column
        place = path or "input"
        if line is not None:
            place += f":{line}"
        details = [f"sentence {sent_id}"] if sent_id is not None else []
        details += [f"column {column}"] if column is not None else []
        super().__init__(": ".join([place, *([", ".join(details)] if details else []), message]))

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes send errors back by pickle, which by default would keep only ``args``.
        keywords = {"path": self.path, "line": self.line, "sent_id": self.sent_id, "column": self.column}
        return _rebuild_format_error, (self.message, keywords)


class Fail(Protocol):
    """A function that makes an error which says where in a sentence something is wrong."""

    def __call__(self, message: str, row: int | None = None, column: str | None = None) -> FormatError:
        """The error. `row` is a line of the sentence, counted from 0 without comments; None is the whole sentence."""


def _rebuild_format_error(message: str, keywords: dict[str, str | int | None]) -> FormatError:
    return FormatError(message, **keywords)  # type: ignore[arg-type]


def cannot_import(package: str, error: Exception, extra: str = "") -> str:
    """The message about an optional package that cannot be imported: it is missing, or there and broken.

    `extra` is the extra of depparse that installs it, by default that of its name.
    """
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == package:
        return f"this needs the package {package}: pip install 'depparse[{extra or package}]'"
    return f"the package {package} is installed but cannot be imported: {type(error).__name__}: {error}"


def closest(name: str, names: Iterable[str], n: int = 1, cutoff: float = 0.6) -> list[str]:
    """At most `n` names that `name` was probably meant to be: at least `cutoff` similar to it, case aside."""
    import difflib  # imported here, as only errors need it

    by_lower = {other.lower(): other for other in names}
    return [by_lower[lower] for lower in difflib.get_close_matches(name.lower(), by_lower, n, cutoff)]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error about a name that does not exist: the name that was probably meant, then all names."""
    names = list(names)
    return "".join(f"did you mean {other}? " for other in closest(name, names)) + f"there are: {', '.join(names)}"
