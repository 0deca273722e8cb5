"""Optional libraries: each one that is missing is an error that says, in one line, what to install."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

from depparse.libraries import EXTRAS
from tests.conftest import ROOT

HIDING = f"""
import sys
for name in {[name for names in EXTRAS.values() for name in names]}:
    sys.modules[name] = None
"""

# What needs each library, as a user calls it.
CALLS = {
    "networkx": [
        "depparse.Document().to('networkx')",
        "depparse.Document.of('networkx', [])",
        "depparse.Sentence.from_forms(['a']).to_networkx()",
    ],
    "nltk": ["depparse.Document().to('nltk')", "depparse.Document.of('nltk', [])"],
    "polars": ["depparse.Document().to('polars')", "depparse.Document.of('polars', 3)"],
    "ray": ["from depparse.wrappers.ray_data import on_ray as f\nwith f(): pass"],
    "fastapi": ["import depparse.server.app", "import depparse.server.limits"],
    "spacy": [
        "depparse.spacy_pipeline('en')",
        "depparse.Document().to_spacy()",
        "depparse.Document.from_spacy(3)",
        "import depparse.wrappers.spacy_component",
    ],
    "stanza": [
        "from depparse.wrappers.stanza_tokenizer import StanzaTokenizer as f; f.load('en')",
        "depparse.stanza_pipeline('en')",
        "import depparse.wrappers.stanza_processor",
        "depparse.Document().to_stanza()",
        "depparse.Document.from_stanza(3)",
    ],
    "tensorboard": ["from depparse.training.log import TensorBoard as f; f(Path('x'), [])"],
}


def test_the_table_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    development = extras.pop("dev")
    extras.pop("docs")  # what makes the site, which depparse never imports
    named = {extra: {re.split(r"[\[><=]", asked)[0] for asked in extras[extra]} for extra in extras}
    assert named == {extra: {name.replace("_", "-") for name in names} for extra, names in EXTRAS.items()}
    assert {asked for names in extras.values() for asked in names} <= set(development)


def test_each_missing_library_names_what_to_install() -> None:
    calls = [(name, call) for name, calls in CALLS.items() for call in calls]
    code = HIDING + (
        "import depparse; from pathlib import Path\n"
        f"for call in {[call for _, call in calls]}:\n"
        "    try:\n        exec(call)\n"
        "    except depparse.DepparseError as error:\n        print(error)\n"
        "    else:\n        print('no error:', call)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == len(calls)
    for (name, call), line in zip(calls, lines, strict=True):
        extra = next(extra for extra, names in EXTRAS.items() if name in names)
        assert line.endswith(f"this needs the package {name}: pip install 'depparse[{extra}]'"), call


def test_all_else_is_imported_without_them() -> None:
    """Only spaCy's component, which spaCy imports, and the server need their libraries at once."""
    code = HIDING + (
        "import pkgutil, importlib, depparse\n"
        "for module in pkgutil.walk_packages(depparse.__path__, 'depparse.', onerror=lambda _: None):\n"
        "    try:\n        importlib.import_module(module.name)\n"
        "    except (ImportError, depparse.DepparseError):\n        print(module.name)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    failed = {name for name in result.stdout.split() if not name.startswith("depparse.server.")}
    assert failed == {"depparse.server", "depparse.wrappers.spacy_component", "depparse.wrappers.stanza_processor"}


def test_a_package_that_an_installation_leaves_out_is_one_line_on_the_command_line() -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from depparse.cli.main import main; main()"
    arguments = ["convert", "-", "--from", "conllu", "-o", "x.parquet"]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], input="1\ta" + "\t_" * 8 + "\n\n", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    message = "this needs the package pyarrow, which is not installed: pip install pyarrow; see depparse doctor"
    assert (result.returncode, result.stderr) == (2, f"depparse: error: {message}\n")
