"""What notebooks show of documents, sentences and entities: a fragment of HTML, in the notebook's light or dark look.

It needs nothing from outside and runs no script. Its styles hold only within it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.printable import clean
from depparse.visualize.content import Marks
from depparse.visualize.page import figure_of
from depparse.visualize.shown import layers
from depparse.visualize.style import NOTEBOOK_STYLE

if TYPE_CHECKING:
    from depparse.document.document import Document

_FIRST = 5  # sentences of a document that are drawn
_LONGEST = 400  # words of a sentence that is drawn, since a longer one would slow the notebook down
_WIDTH = 900  # pixels
_LAYOUT = """\
.depparse-box figure{margin:0 0 1em}.depparse-box figcaption{margin-bottom:.4em;overflow-wrap:anywhere}
.depparse-box small,.depparse-box p{opacity:.7}.depparse-box figure div{overflow-x:auto}
.depparse-box svg{display:block;direction:ltr;max-width:none}
"""


def notebook_html(value: Document | Sentence | Span) -> str:
    """The fragment: a sentence, the first five sentences of a document, or the sentence of an entity, which stands out.

    Sentences are drawn as by `draw_svg`, in rows of 900 pixels. Of a sentence of more than 400 words, and of an entity
    that belongs to no sentence, only the text is shown.
    """
    if isinstance(value, Span):
        return box(_entity(value))
    if isinstance(value, Sentence):
        return box(_figure(value))
    pieces = [_figure(sentence) for sentence in value.sentences[:_FIRST]]
    left = len(value) - len(pieces)
    if left or not pieces:
        more = (
            f"… and {left:,} more sentence{'s' * (left != 1)}: <code>doc[{_FIRST}]</code> is the next" if left else ""
        )
        pieces.append(f"<p>{more or 'A document without sentences.'}</p>\n")
    return box("".join(pieces))


def box(content: str) -> str:
    """The content with the styles of a notebook around it."""
    return f'<div class="depparse-box"><style>{_LAYOUT}{NOTEBOOK_STYLE}</style>\n{content}</div>\n'


def _figure(sentence: Sentence, marks: Marks | None = None) -> str:
    if len(sentence) > _LONGEST:
        text = escape(clean(sentence.text if len(sentence.text) <= 2_000 else sentence.text[:2_000] + "…"))
        note = f"<small>{len(sentence):,} words; <code>depparse.draw_svg</code> draws them</small>"
        return f"<figure><figcaption><bdi>{text}</bdi></figcaption>\n<div>{note}</div></figure>\n"
    return figure_of(sentence, layers(None), _WIDTH, marks=marks)


def _entity(span: Span) -> str:
    sentence = span.sentence
    place = f"words {span.start} to {span.end}" if span.start != span.end else f"word {span.start}"
    score = "" if span.score is None else f", {span.score:.2f}"
    text = f"<b>{escape(clean(span.type))}</b> <small>{place}{score}</small>"
    if sentence is None or not 1 <= span.start <= span.end <= len(sentence):
        return f"<p>{text}</p>\n"
    return f"<p>{text}</p>\n{_figure(sentence, Marks([(str(span.start), str(span.end))]))}"


DRAWING = notebook_html
