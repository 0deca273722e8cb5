"""Pronouns and what they refer to: a package that adds one part of each sort to depparse, by entry points alone."""
