"""A document for the tests of documents, sentences and words."""

from __future__ import annotations

import pytest

from depparse.document.document import Document
from tests.sentences import TWO_PARAGRAPHS


@pytest.fixture
def document() -> Document:
    """Four sentences of two paragraphs."""
    return Document.from_conllu(TWO_PARAGRAPHS)
