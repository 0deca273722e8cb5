"""The settings of the site, which `make docs` builds with Sphinx. The pages are Markdown that GitHub shows, too."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from depparse import __version__  # noqa: E402

project = "depparse"
author = "the authors of depparse"
copyright = "the authors of depparse; Apache-2.0"
version = release = __version__

# Own extensions, in _extensions: links of the repository, pages made of code, names in docstrings.
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "_extensions.repository_links",
    "_extensions.made_pages",
    "_extensions.names",
]
exclude_patterns = ["_build", "_extensions"]
nitpicky = True  # references to what is not there are warnings, and `make docs` makes warnings errors
# Classes of the inside, which signatures of the public API name, and which users need not know.
_INSIDE = """
    Agreement ArcFound Code Command Context Counted Data Facts InTorch InputReader Ints Key Measure Model
    ModelCodec Pair PartConfig PathLike PatternTree Plan RecipeConfig Right Scorer Section Steps Summary
    Treebank Use View Weights
"""
nitpick_ignore_regex = [
    ("py:class", rf"(depparse\.\w+\.\w+\.(\w+\.)?)?({'|'.join(_INSIDE.split())})"),
    ("py:class", "Doc|Language|Vocab|(Iterable)?Dataset|DatasetDict"),  # of spaCy, and of the library datasets
]

# Pages: headings have the anchors of GitHub; blocks `py` are Python that is shown and not run.
myst_heading_anchors = 6
myst_enable_extensions = ["colon_fence", "deflist"]
nb_execution_mode = "off"  # notebooks have their output in them; tests/test_tutorials.py executes them and compares
nb_merge_streams = True
highlight_language = "text"
smartquotes = False  # they would turn the hyphens of options into dashes

# Docstrings: `name` is a name of Python.
default_role = "name"
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
autosummary_generate = False
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
maximum_signature_line_length = 88

pygments_dark_style = "github-dark"  # that of Furo underlines names of modules, as if they were links
html_theme = "furo"
html_title = f"depparse {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
copybutton_exclude = ".linenos, .gp, .go"
