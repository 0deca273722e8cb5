"""The lists of Universal Dependencies, version 2."""

from __future__ import annotations

UPOS = frozenset("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
# The universal relations: the part of a relation before the colon of its subtype is one of them.
RELATIONS = tuple(
    "acl advcl advmod amod appos aux case cc ccomp clf compound conj cop csubj dep det discourse dislocated expl "
    "fixed flat goeswith iobj list mark nmod nsubj nummod obj obl orphan parataxis punct reparandum root vocative "
    "xcomp".split()
)
# The CoNLL 2018 shared task parts the relations into those of function words and of content words; punct is neither.
FUNCTION_RELATIONS = frozenset("aux case cc clf cop det mark".split())
CONTENT_RELATIONS = frozenset(RELATIONS) - FUNCTION_RELATIONS - {"punct"}
