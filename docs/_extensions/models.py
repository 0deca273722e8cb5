"""The cards of the models that come with depparse."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def markdown() -> str:
    """Each card as a section, whose headings are one level deeper than in its file."""
    cards = sorted((ROOT / "depparse" / "models").glob("*/README.md"))
    return "\n\n".join(f"```{{include}} ../{card.relative_to(ROOT)}\n:heading-offset: 1\n```" for card in cards)
