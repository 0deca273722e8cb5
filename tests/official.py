"""The metrics of the official scorer, in its order: what the tests compare with it."""

OFFICIAL = tuple("Tokens Sentences Words UPOS XPOS UFeats AllTags Lemmas UAS LAS CLAS MLAS BLEX ELAS EULAS".split())
