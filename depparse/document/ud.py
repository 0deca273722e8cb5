"""The lists of Universal Dependencies, version 2."""

from __future__ import annotations

UPOS = frozenset("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
# The universal relations, which subtypes fall back to.
RELATIONS = tuple(
    "acl advcl advmod amod appos aux case cc ccomp clf compound conj cop csubj dep det discourse dislocated expl "
    "fixed flat goeswith iobj list mark nmod nsubj nummod obj obl orphan parataxis punct reparandum root vocative "
    "xcomp".split()
)
# Those of function words, and those of content words, as the CoNLL 2018 shared task parts them; punct is neither.
FUNCTION_RELATIONS = frozenset("aux case cc clf cop det mark".split())
CONTENT_RELATIONS = frozenset(RELATIONS) - FUNCTION_RELATIONS - {"punct"}
