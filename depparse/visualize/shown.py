"""What drawings can show, by name."""

from __future__ import annotations

from depparse.arguments import check_iterable, check_type
from depparse.errors import ConfigError, did_you_mean

LAYERS = {
    "tree": "the arcs of the basic tree",
    "upos": "universal parts of speech",
    "xpos": "language-specific parts of speech",
    "lemma": "lemmas",
    "feats": "features, each in a line of its own",
    "tokens": "multiword tokens",
    "enhanced": "what the enhanced graph has besides the tree, with empty nodes; without tree, the whole graph",
    "entities": "named entities",
    "constituents": "the tree of constituents",
    "frames": "predicates with their senses and arguments",
    "probabilities": "the probabilities of arcs, entities and frames as numbers",
}
DEFAULT = ("tree", "upos", "tokens", "enhanced", "entities", "constituents", "frames")
TEXT_DEFAULT = ("tree", "upos", "tokens", "entities", "constituents")  # in the terminal, where lines are short
_GROUPS = {"default": DEFAULT, "all": tuple(LAYERS)}


def layers(show: object, default: tuple[str, ...] = DEFAULT) -> frozenset[str]:
    """The names of layers in `show`: names in a list, or in one text with commas; None and ``default`` are the default.

    ``all`` is every layer. Raises ConfigError for anything else.
    """
    if show is None:
        return frozenset(default)
    expected = "names of what a drawing shows, in a list or separated by commas"
    check_iterable(show.split(",") if isinstance(show, str) else show, "show", expected)
    chosen: set[str] = set()
    for name in show.split(",") if isinstance(show, str) else show:  # type: ignore[attr-defined]
        check_type(name, str, "each item of show", "a name")
        name = name.strip().lower()
        if name not in LAYERS and name not in _GROUPS:
            raise ConfigError(f"show has no {name!r}; {did_you_mean(name, (*LAYERS, *_GROUPS))}")
        chosen.update(default if name == "default" else _GROUPS.get(name, (name,)))
    return frozenset(chosen)
