"""The raw text of documents."""

from __future__ import annotations

from pathlib import Path

from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.text.wrap import write_text


def test_the_raw_text_is_that_of_its_definition(tmp_path: Path) -> None:
    def sentence(*comments: str, misc: str = "_") -> str:
        return "".join(f"# {comment}\n" for comment in comments) + f"1\tx{'	_' * 7}\t{misc}\n\n"

    document = Document.from_conllu(
        sentence("newdoc", "newpar", "text = A b.", misc="SpaceAfter=No")
        + sentence("text =C")
        + sentence("text = D", misc="SpaceAfter=No")
        + sentence("text = e")
        + sentence("newpar id = p", "text = F")
        + sentence("newdoc id = d", "newpar", "text = G")
    )
    assert document.text == "A b.C De\n\nF\n\nG"
    assert "".join(iter_text(document)) == document.text
    write_text(document, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == b"A b.C De\n\nF\n\nG\n"
    write_text([], tmp_path / "empty.txt")
    assert (tmp_path / "empty.txt").read_bytes() == b""
