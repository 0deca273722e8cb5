"""Optional libraries: which extra of depparse installs each of them, and how they are imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from depparse.errors import ConfigError, DepparseError, cannot_import

# The extras that users install (``pip install 'depparse[server]'``), and the modules of the libraries of each.
EXTRAS = {
    "networkx": ("networkx",),
    "nltk": ("nltk",),
    "polars": ("polars",),
    "ray": ("ray",),
    "server": ("fastapi", "prometheus_client", "python_multipart", "uvicorn"),
    "spacy": ("spacy",),
    "stanza": ("stanza",),
    "tensorboard": ("tensorboard",),
}


def library(module: str, package: str = "", error: type[DepparseError] = ConfigError) -> Any:
    """The module, imported. `package` is what it needs to be installed, by default the package that it is in.

    Raises `error`, in one line, if the package is missing (with what to install) or there and broken.
    """
    try:
        return import_module(module)
    except Exception as problem:  # a package that is there but broken may raise anything
        name = package or module.partition(".")[0]
        extra = next(extra for extra, packages in EXTRAS.items() if name in packages)
        raise error(cannot_import(name, problem, extra)) from problem
