"""The inputs of golden outputs besides the samples: odd texts, treebanks with mistakes, vectors, transformers.

All of them are made here; nothing is downloaded.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

SAMPLES = "corpora/samples"  # in the folder that commands run in
ENGLISH = f"{SAMPLES}/UD_English-Sample"
FRENCH = f"{SAMPLES}/UD_French-Sample"
GERMAN = f"{SAMPLES}/UD_German-Sample"
TURKISH = f"{SAMPLES}/UD_Turkish-Sample"
CHINESE = f"{SAMPLES}/UD_Chinese-Sample"
CODES = {"English": "en", "French": "fr", "German": "de", "Turkish": "tr", "Chinese": "zh"}
SPLITS = ("train", "dev", "test")

_SIXTY_WORDS = (
    "we went down to the river in the morning and Anna said that the boats were all gone so we walked along the bank "
    "until we found an old man who sold apples and he told us that there had been a storm in the night which had "
    "taken every boat that was not tied up well and that nobody knew where they were now"
)
TEXTS = {
    "a_plain": "Anna liked the new school. It was too small for the city, but nobody minded.\n",
    "combining": "A\u030angstro\u0308m, cafe\u0301 and Vi\u1ec7t Nam stand side by side. \u0301 A mark alone.",
    "contractions": "I don't think you're gonna like it; it's Anna's, isn't it? We'll wanna go, but we cannot stay. "
    "Y'all'd've said 'twas the dogs' fault. Let's not. Gimme that.\n",
    "controls": "A bell\x07 and a null\x00 and \x1b[31mred\x1b[0m words. The next\x85line and a \x0c new page.\x7f\n",
    "emoji": "I ❤️ pizza 🍕🍕!! The 👩🏽‍🚀 saw 🇫🇷 and 🇩🇪 flags 😀. 👍🏿 Good :-) bye xD\n",
    "empty": "",
    "east_asia": "我喜欢吃苹果。你呢？彼は東京に住んでいます。서울은 큰 도시입니다. "
    "He lives in 東京 now。ภาษาไทยไม่มีวรรค\n",
    "line_ends": "This sentence\ngoes over\r\nthree lines. And\rthis one too.\n\nA new paragraph\u2028begins."
    "\u2029Here.",
    "lists": "- first item\n- second item: see below\n1. third\n2) fourth (and last)\n\n* * *\n\nTitle without end"
    "\n\nText.\n",
    "long_token": f"See {'abc' * 250} and https://example.com/{'path/' * 60}end. A short word.\n",
    "mark_first": "\ufeffA byte order mark comes first. Then there is text.\n",
    "no_stops": _SIXTY_WORDS,
    "never_ends": " ".join(f"word{number % 7} and" for number in range(325)),
    "numbers": "It cost $1,234.56 (or 3.5 %) on 2024-02-29 at 12:30 p.m.; call +1-555-0100, rooms 3-5, 1/2 of 10^6, "
    "No. 7, chapter IV, 20th floor, -4°C, 1,000,000.00 and 5'10\".\n",
    "one_word": "Yes",
    "paragraphs": "First paragraph. It has two sentences.\n\n  Second paragraph, indented.  \n\n\n\nThird one! \t \n \n"
    "Is this the fourth? Yes.\n",
    "quotes": "“Hello,” she said, “it’s ‘fine’—really… isn’t it?” «Oui», „nein“, ''plain'' and "
    '"straight". (Ok.) [1]\n',
    "right_to_left": "قال محمد: «مرحبا بالعالم». שלום עולם! He said שלום to محمد. \u202bembedded\u202c text.\n",
    "shouting": "WHY ARE YOU SHOUTING?! STOP... please!!! Mr. and Mrs. Smith of the U.S.A. went home, "
    "i.e. to St. Louis.\n",
    "symbols": "_ is an underscore, a_b __init__ x|y k=v #tag 50% C++ <b>bold</b> & so on; a\\b ~ `code` {x} # hash\n",
    "tabs": "A\ttab\tseparated\tline.  Two  spaces.   Three.\u00a0No\u00a0break \u3000 wide.\n\tIndented by a tab.\n",
    "urls": "Mail anna@example.org or see https://www.example.com/a?b=c&d=%20#x, ftp://x.example/y_(z). #tag @user "
    "www.example.net/~anna.\n",
    "white_space": " \n\t \u00a0 \n\n \u3000 \u200b \n",
    "zero_width": "Zero\u200bwidth joi\u200dner and\u2060 a soft\u00adhyphen.\ufeff The end\u200b. \u200b\u200b\n",
}
LONGEST = "never_ends"  # a text of one sentence with hundreds of words, which takes as long as all others together
LISTS = {  # sentences as lists of tokens
    "one_word": [["Yes"]],
    "two": [["a", "b"], ["Anna", "liked", "it", "."]],
    "multiword": [["I", "don't", "wanna", "go", "."], ["It's", "Anna's", "."]],
    "odd_tokens": [["New York", "is", "_", "."], ["\u200b", "x"], ["👩🏽‍🚀", "شكرا", "東京", "…"], ["x" * 300, "ends"]],
    "long": [[f"word{number % 9}" for number in range(150)]],
}
# For the model folders of tests/golden: sentences like those that the models learn from, and some odd ones.
GOLDEN_TEXT = """\
Anna and Tom didn't go to Oslo by train. They'll stay in Riverton, where John's sister works for Northwind Bank!

Karim va au marché du village avec les amis de Lucie Martin. Il parle aux enfants du quartier.

Ayşe'nin evindeki kitaplar büyüktür. Kitap okuldaydı.

Die Universität Köln plant im Sommer ein Fest; 1,234 Gäste kommen. 👩🏽‍🚀 see www.example.com
"""
GOLDEN_WORDS = [
    "Maria and John did n't go to Oslo by train last summer .".split(),
    "On Monday , Mr. Reed told the Riverton Gazette that Northwind Bank would open an office in Oslo .".split(),
    "Anna bought apples and Tom pears .".split(),
    "Le train de Lyon part à huit heures de le soir et arrive à Marseille vers minuit .".split(),
    "Karim , qui tient la boulangerie , prépare son pain à la main .".split(),
    "Anna Weber studiert an der Universität Köln Physik .".split(),
    "Die Anna Weber Stiftung hilft den Kindern in dem Krankenhaus Bonn .".split(),
    "Ayşe'nin evindeki kitaplar büyüktür .".split(),
    ["Yes"],
    ["x" * 60, "🍕", "東京", "New York", "_", "12:30", "…"],
]


def write_texts(work: Path) -> list[str]:
    """Writes each text to a file in the folder ``odd``; returns the paths of the files, relative to `work`."""
    folder = work / "odd"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    return [f"odd/{name}.txt" for name in sorted(TEXTS)]


# -- treebanks


def split_file(treebank: str, split: str) -> str:
    """The CoNLL-U file of a split of a treebank."""
    code = CODES[treebank.rpartition("UD_")[2].partition("-")[0]]
    return f"{treebank}/{code}_{treebank.rpartition('-')[2].lower()}-ud-{split}.conllu"


def changed(text: str, change: Callable[[int, list[str]], None]) -> str:
    """CoNLL-U after a `change` of its lines of words, which is called with the number and the cells of each."""
    lines = []
    for number, line in enumerate(text.split("\n")):
        cells = line.split("\t")
        if len(cells) > 1 and cells[0].isdigit():
            change(number, cells)
        lines.append("\t".join(cells))
    return "\n".join(lines)


def blank(columns: Sequence[int], every: int) -> Callable[[int, list[str]], None]:
    """A change that blanks the cells of these columns (from 0), except in each line whose number `every` divides."""

    def change(number: int, cells: list[str]) -> None:
        if number % every:
            for column in columns:
                cells[column] = "_"

    return change


def worsen(seed: int) -> Callable[[int, list[str]], None]:
    """A change that makes mistakes as a parser does, in lemmas, tags, features and relations; heads stay."""
    choose = random.Random(seed)

    def change(_: int, cells: list[str]) -> None:
        if choose.random() < 0.15:
            cells[2] = cells[2].lower() + "s"
        if choose.random() < 0.15:
            cells[3] = choose.choice(["NOUN", "VERB", "ADJ"])
        if choose.random() < 0.15 and cells[7] != "root":
            cells[7] = choose.choice(["obj", "obl", "nmod:poss", "advmod"])
        if choose.random() < 0.15 and cells[5] != "_":
            cells[5] = cells[5].split("|")[0]

    return change


def reattach(text: str, seed: int) -> str:
    """CoNLL-U in which some words without dependents hang on another word of their sentence, so trees stay trees."""
    choose = random.Random(seed)
    blocks = []
    for block in text.split("\n\n"):
        rows = [line.split("\t") for line in block.split("\n")]
        words = [row for row in rows if len(row) > 1 and row[0].isdigit()]
        heads = {row[6] for row in words}
        for row in words:
            if row[0] not in heads and row[6] != "0" and choose.random() < 0.3:
                row[6] = choose.choice([other[0] for other in words if other is not row])
                heads.add(row[6])
        blocks.append("\n".join("\t".join(row) for row in rows))
    return "\n\n".join(blocks)


# Each sentence has a mistake that `depparse corpora check` finds, or something that readers easily get wrong.
MISTAKES = """\
# sent_id = cycle
# text = a b c
1	a	a	X	_	_	2	dep	_	_
2	b	b	X	_	_	1	dep	_	_
3	c	c	X	_	_	0	root	_	_

# sent_id = roots
# text = a b
1	a	a	X	_	_	0	root	_	_
2	b	b	X	_	_	0	dep	_	_

# sent_id = cycle
# text = other text than the words
1	a	_	NOUNN	_	B=1|A=2	3	root	9:dep	SpaceAfter=No|SpaceAfter=No
2	b	b	X	_	Odd	1	unknown	1:dep|1:dep	NER=I-PER
3	c	c	X	_	_	0	dep	_	_

1-2	don't	_	_	_	_	_	_	_	SpaceAfter=Maybe
1	do	do	AUX	_	_	0	root	0:root	_
2	n't	not	PART	_	_	1	advmod:neg	1:advmod	_
2.1	empty	empty	X	_	_	_	_	1:dep	CopyOf=1
3	 x	x	X	_	_	1	punct	1:punct	_

# sent_id = nothing
# text = a b c
1	a	_	_	_	_	_	_	_	_
2	b	_	_	_	_	_	_	_	_
3	c	_	_	_	_	_	_	_	_

"""
# The content of files that cannot be read, by the name of the file.
BROKEN = {
    "columns": "1\ta\ta\tX\t_\t_\t0\troot\t_\n\n",
    "order": "1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n3\tb\tb\tX\t_\t_\t1\tdep\t_\t_\n\n",
    "head": "# sent_id = s\n1\ta\ta\tX\t_\t_\t7\troot\t_\t_\n\n",
    "number": "1\ta\ta\tX\t_\t_\tx\troot\t_\t_\n\n",
    "form": "1\t\ta\tX\t_\t_\t0\troot\t_\t_\n\n",
    "comment": "1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n# late\n2\tb\tb\tX\t_\t_\t1\tdep\t_\t_\n\n",
    "token": "1-3\tab\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n\n",
    "encoding": "1\t\udce4\ta\tX\t_\t_\t0\troot\t_\t_\n\n",
}


def write_broken(work: Path) -> list[str]:
    """Writes the treebank with mistakes and the broken files to the folder ``broken``; returns the CoNLL-U files."""
    folder = work / "broken" / "UD_English-Mistakes"
    folder.mkdir(parents=True)
    (folder / "en_mistakes-ud-train.conllu").write_text(MISTAKES, encoding="utf-8")
    for name, text in BROKEN.items():
        (work / "broken" / f"{name}.conllu").write_bytes(text.encode("utf-8", "surrogateescape"))
    (work / "broken" / "not.json").write_text('{"sentences": [', encoding="utf-8")
    (work / "broken" / "other.json").write_text('{"sentences": 3}', encoding="utf-8")
    (work / "broken" / "tags.iob2").write_text("# sent_id = s\n1\ta\n\n", encoding="utf-8")
    (work / "broken" / "half.conllu.gz").write_bytes(b"\x1f\x8b\x08\x00half")
    return [f"broken/{name}.conllu" for name in BROKEN]


# -- pretrained inputs


def forms(file: Path) -> list[str]:
    """The different forms in a CoNLL-U file, in the order of their first use."""
    rows = (line.split("\t") for line in file.read_text(encoding="utf-8").split("\n"))
    return list(dict.fromkeys(row[1] for row in rows if len(row) > 1 and row[0].isdigit()))


def write_vectors(path: Path, words: Iterable[str], width: int = 6) -> None:
    """Random vectors of these words in the format of word2vec: binary if the file ends in ``.bin``, else text."""
    choose = random.Random(5)
    rows = [(word, [round(choose.uniform(-1, 1), 3) for _ in range(width)]) for word in words if " " not in word]
    if path.suffix == ".bin":
        packed = [word.encode() + b" " + struct.pack(f"<{width}f", *values) + b"\n" for word, values in rows]
        path.write_bytes(f"{len(rows)} {width}\n".encode() + b"".join(packed))
    else:
        lines = [f"{len(rows)} {width}", *(f"{word} {' '.join(map(str, values))}" for word, values in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


MERGES = "t h,th e,Ġ the,Ġ a,i n,Ġ s,e r,o n,a n,e n,in g,l e,o u,Ġ w,Ġ t,r e,an d,Ġ and".split(",")  # "Ġ" is a space


def write_transformer(folder: Path, kind: str, words: Sequence[str], width: int = 16) -> None:
    """Writes a transformer with random weights: ``bert`` (WordPiece with pieces of the words) or ``roberta`` (bytes).

    Its vocabulary is put together here, as trainers of tokenizers do not always give the same one.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    if kind == "bert":
        begin, padding, end, unknown = special = ["[CLS]", "[PAD]", "[SEP]", "[UNK]"]
        letters = sorted({letter for word in words for letter in word.lower()})
        pieces = [*special, *letters, *(f"##{letter}" for letter in letters)]
        pieces += [word for word, _ in Counter(word.lower() for word in words).most_common(60) if len(word) > 1]
        pieces += [f"##{ending}" for ending in ("ing", "ed", "en", "er", "es", "ly", "s'")]
        pieces = list(dict.fromkeys(pieces))
        tokenizer = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(pieces)}, unk_token=unknown))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    else:
        begin, padding, end, unknown = special = ["<s>", "<pad>", "</s>", "<unk>"]
        merges = [(first, second) for first, second in map(str.split, MERGES)]
        pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
        tokenizer = Tokenizer(models.BPE({piece: n for n, piece in enumerate(pieces)}, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    ends = [(name, tokenizer.token_to_id(name)) for name in (begin, end)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{begin} $A {end}", special_tokens=ends)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=begin, eos_token=end, pad_token=padding, unk_token=unknown
    ).save_pretrained(folder)
    sizes = {
        "vocab_size": len(pieces),
        "hidden_size": width,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 2 * width,
        "max_position_embeddings": 40,
        "pad_token_id": pieces.index(padding),
    }
    torch.manual_seed(3)
    network = BertModel(BertConfig(**sizes)) if kind == "bert" else RobertaModel(RobertaConfig(**sizes))
    network.save_pretrained(folder)
