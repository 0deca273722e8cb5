"""The metrics that the tests compare with the official scorer, in its order."""

OFFICIAL = tuple("Tokens Sentences Words UPOS XPOS UFeats AllTags Lemmas UAS LAS CLAS MLAS BLEX ELAS EULAS".split())
