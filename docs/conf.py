"""The documentation site: ``sphinx-build -W docs build/site``. Nothing is fetched while it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

from hdfsaver.version import __version__ as release

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "hdfsaver"
author = "hdfsaver developers"
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_heading_anchors = 3  # a link such as converting.md#pytorch is valid, as on a forge
default_role = "literal"  # docstrings have code in single backquotes

autodoc_typehints = "none"  # the docstrings have the types
autosummary_generate = False
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"hdfsaver {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
pygments_dark_style = "github-dark"  # others underline the names in imports
html_copy_source = False
html_show_copyright = False


def setup(app: Sphinx) -> None:
    """Blocks of printed text have no colours."""
    app.add_lexer("output", TextLexer)
