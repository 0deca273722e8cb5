"""``depparse corpora profile``, which tells what papers print of a treebank, and how two treebanks differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Json
from depparse.cli.printing import say, say_json
from depparse.cli.tables import show
from depparse.errors import ConfigError, did_you_mean
from depparse.evaluation.tables import Table, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depparse.document.sentence import Sentence
    from depparse.treebanks.profile import Labels, Profile

_TABLES = ("trees", "relations", "lengths", "frames", "multiword")
_BY = ("UPOS", "XPOS", "DEPREL", "FEATS", "LEMMA", "FORM")


def profile(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE|DIR…", help="Treebanks, which are taken together; all their splits count."),
    ],
    table: Annotated[
        list[str] | None,
        typer.Option(metavar=f"[{'|'.join(_TABLES)}]", help="Show this table; may be given several times."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RELATION", help="Leave out dependencies with this relation, punct, or this subtype, nmod:poss."
        ),
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="FILE|DIR", help="Compare with this treebank the labels of --by.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar=f"[{'|'.join(_BY)}]",
            help="Count the labels of this column, of FEATS single features; with --against, compare them "
            "(default, DEPREL).",
        ),
    ] = None,
    first: Annotated[int, typer.Option(metavar="N", min=1, help="At most N rows of a table, or bars of a plot.")] = 25,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw a plot instead of tables: .svg, .png or .pdf.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell the shape of trees, dependency lengths, valency frames, multiword tokens and type-token ratios.

    Example: [green]depparse corpora profile treebanks/UD_French-Sequoia --without punct --table relations[/green]

    Counts of labels: [green]depparse corpora profile treebanks/UD_French-Sequoia --by FEATS[/green]

    Two treebanks: [green]depparse corpora profile UD_French-Sequoia --against UD_French-GSD --by UPOS[/green]

    As a plot: [green]depparse corpora profile UD_French-Sequoia --plot sequoia.svg[/green]
    """
    from depparse.treebanks.profile import Profile

    column = by.upper() if by is not None else "DEPREL"
    for name, value, choice in (*(("--table", one, _TABLES) for one in table or ()), ("--by", column, _BY)):
        if value not in choice:
            raise ConfigError(f"{name} {value}: there is no such choice; {did_you_mean(value, choice)}")
    if plot is not None and (table or json):
        raise ConfigError("--plot draws what tables tell, so it does not go with --table and --json")
    if plot is not None:
        from depparse.visualize.figures import check_format

        check_format(Path(plot), "profiles")
    if against is not None:
        if table or without:
            raise ConfigError("--against compares labels, so it does not go with --table and --without")
        _contrast(paths, against, column, first, json, plot)
        return
    if by is not None:
        if table or without or plot is not None:
            raise ConfigError("--by alone counts labels, so it does not go with --table, --without and --plot")
        _count(paths, column, first, json)
        return
    counted = Profile.of(_sentences(paths), frozenset(without or ()))
    if plot is not None:
        from depparse.visualize.profiles import draw_profile

        draw_profile(counted, Path(plot), first)
        say(f"{plot}: {', '.join(paths)}")
    elif json:
        say_json(counted.to_dict())
    else:
        show([_table(counted, name, first) for name in table or _TABLES])


def _sentences(paths: list[str]) -> Iterator[Sentence]:
    from depparse.treebanks.treebank import Treebank

    for treebank in map(Treebank.open, paths):
        for split in treebank.splits:
            yield from treebank.iter(split)


def _labels(paths: list[str], by: str) -> Labels:
    """The labels of treebanks, if there are any."""
    from depparse.treebanks.profile import Labels

    labels = Labels.of(_sentences(paths), by)
    if not labels.counts:
        raise ConfigError(f"{', '.join(paths)}: {by} is not annotated, so it has no labels")
    return labels


def _count(paths: list[str], by: str, first: int, json: bool) -> None:
    labels = _labels(paths, by)
    if json:
        say_json(labels.to_dict())
        return
    rows = [(label, f"{count:,}", percent(share)) for label, count, share in labels.most_common()[:first]]
    show([Table(f"{len(labels.counts):,} labels of {labels.words:,} words", (by, "words", "%"), rows)])


def _contrast(paths: list[str], against: str, by: str, first: int, json: bool, plot: str | None) -> None:
    from dataclasses import asdict

    from depparse.evaluation.contrasts import contrast_table, contrasts

    a, b = _labels(paths, by), _labels([against], by)
    found = contrasts(a.counts, b.counts, (a.words, b.words))
    title = f"{by}: {', '.join(paths)} (A) against {against} (B)"
    if plot is not None:
        from depparse.visualize.profiles import draw_contrasts

        names = ", ".join(Path(path).name for path in paths), Path(against).name
        draw_contrasts(f"{by}: more often in {names[0]} (right) or {names[1]} (left)", found[:first], Path(plot))
        say(f"{plot}: {title}")
    elif json:
        say_json({"first": paths, "second": against, "by": by, "contrasts": list(map(asdict, found))})
    else:
        show([contrast_table(title, ("A", "B"), found[:first])])


def _table(counted: Profile, name: str, first: int) -> Table:
    if name == "trees":
        data = counted.to_dict()
        rows = [
            (label, f"{data[key]:,.3f}" if isinstance(data[key], float) else f"{data[key]:,}")
            for label, key in (
                ("mean dependency length, words", "mean_dependency_length"),
                ("mean depth", "mean_depth"),
                ("mean arity of words with dependents", "mean_arity"),
                ("dependents to the left", "dependents_left"),
                ("dependents to the right", "dependents_right"),
                ("words without PUNCT", "words"),
                ("types, in lower case", "types"),
                ("types that occur once", "hapaxes"),
                ("lemmas", "lemmas"),
                ("type-token ratio", "type_token_ratio"),
                ("the same by 1,000 words", "standardized_type_token_ratio"),
            )
            if data[key] is not None
        ]
        return Table("Trees and words", ("", "value"), rows)
    if name == "relations":
        relations = [
            (label, f"{arcs.words:,}", *_cells(arcs.to_dict())) for label, arcs in counted.sorted_relations()[:first]
        ]
        columns = ("relation", "words", "mean length", "head first, %", "non-projective", "%")
        return Table("Relations", columns, relations)
    if name == "lengths":
        shapes = sorted(counted.by_length.items())[:first]
        lengths = [
            (str(n), f"{s.trees:,}", f"{s.length / s.trees:.2f}", f"{s.depth / s.trees:.2f}", f"{s.nonprojective:,}")
            for n, s in shapes
        ]
        heads = ("words", "trees", "sum of lengths", "depth", "non-projective")
        return Table("By length of the sentence: mean sum of dependency lengths, mean depth", heads, lengths)
    if name == "frames":
        frames = [(lemma, frame, f"{n:,}") for (lemma, frame), n in counted.frames.most_common(first)]
        return Table("Valency frames of verbs (V)", ("lemma", "frame", "verbs"), frames)
    tokens = [(form, words, f"{n:,}") for (form, words), n in counted.multiword.most_common(first)]
    return Table("Multiword tokens", ("form", "words", "tokens"), tokens)


def _cells(arcs: dict[str, float | None]) -> tuple[str, ...]:
    length = arcs["mean_length"]
    shares = percent(arcs["head_first"]), str(arcs["nonprojective"]), percent(arcs["nonprojective_share"])
    return ("" if length is None else f"{length:.2f}", *shares)
