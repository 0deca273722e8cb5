"""The golden outputs that need no training: the bundled model, formats, scores, checks, drawings and errors.

`prepare` makes the files that these cases and the small models of golden_models.py read.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from pathlib import Path
from string import Template
from typing import Any

import pyarrow.parquet
from golden_inputs import (
    CHINESE,
    CODES,
    ENGLISH,
    FRENCH,
    GERMAN,
    LISTS,
    LONGEST,
    SAMPLES,
    SPLITS,
    TEXTS,
    TURKISH,
    blank,
    changed,
    reattach,
    split_file,
    worsen,
    write_broken,
    write_texts,
)
from golden_recording import Recorder

import depparse

ALL = "joined/UD_English-All"  # the English sample with entities and frames
NESTED = "joined/UD_German-All"  # the German sample with nested entities
FLAT = "joined/UD_French-All"  # the French sample with entities
TEST, DEV, TRAIN = (split_file(ENGLISH, split) for split in ("test", "dev", "train"))
WHOLE = f"{ALL}/en_all-ud-test.conllu"
PLUS = "joined/en_all-test.conllup"
DRAFTS = {  # by name: the columns that are partly blank (counted from 0), and what `--keep` is to keep
    "upos": ((2, 3, 4, 5), "upos"),
    "tags": ((2, 3, 4), "upos,xpos,feats,lemma"),
    "tree": ((6, 7), "head,deprel"),
    "heads": ((7,), "head"),
    "relations": ((6,), "deprel"),
    "graph": ((6, 7), "deps"),
}
EXTENSIONS = {
    "conllu": "conllu", "conllup": "conllup", "iob2": "iob2", "biose": "biose", "two-column": "conll",
    "conll2003": "c2003", "horizontal": "horizontal", "vertical": "vert", "text": "txt", "json": "json",
    "parquet": "parquet",
}  # fmt: skip


def prepare(recorder: Recorder) -> None:
    """Writes odd texts and broken files, joins samples with their entities and frames, and blanks parts of them."""
    work = recorder.work
    write_texts(work)
    write_broken(work)
    (work / "raw").mkdir()
    for language, code in CODES.items():
        file = split_file(f"{SAMPLES}/UD_{language}-Sample", "test")
        recorder.command(f"convert/raw/{code}", "convert", file, "-o", f"raw/{code}.txt", keep=[f"raw/{code}.txt"])
    for sample, whole, entities in ((ENGLISH, ALL, "iob2"), (GERMAN, NESTED, "biose"), (FRENCH, FLAT, "iob2")):
        code, name = CODES[sample.rpartition("UD_")[2].partition("-")[0]], whole.rpartition("_")[2]
        (work / whole).mkdir(parents=True)
        for file in ("LICENSE.txt", "README.md"):
            shutil.copy(work / sample / file, work / whole / file)
        for split in SPLITS:
            target = split_file(whole, split)
            entity_file = f"{sample}/{code}_sample-ner-{split}.{entities}"
            label = f"convert/join/{code}-{split}"
            if sample == ENGLISH:
                roles = f"{sample}/en_sample-up-{split}.conllup"
                part = f"joined/en_part-{split}.conllu"
                recorder.command(
                    f"{label}-entities", "convert", split_file(sample, split), "--join", entity_file, "-o", part
                )
                recorder.command(f"{label}-roles", "convert", part, "--join", roles, "-o", target, keep=[target])
                recorder.command(f"{label}-plus", "convert", target, "-o", f"joined/en_all-{split}.conllup")
            else:
                options = ["--join-from", entities] if entities == "biose" else []
                recorder.command(
                    f"{label}-{name}", "convert", split_file(sample, split), "--join", entity_file, *options,
                    "-o", target, keep=[target],
                )  # fmt: skip
    text = (work / WHOLE).read_text(encoding="utf-8")
    for name, (columns, _) in DRAFTS.items():
        (work / f"draft-{name}.conllu").write_text(changed(text, blank(columns, 3)), encoding="utf-8")
    gold = (work / TEST).read_text(encoding="utf-8")
    for name, seed in (("bad", 1), ("worse", 2)):
        lines = changed(reattach(gold, seed), worsen(seed))
        (work / f"{name}.conllu").write_text(lines, encoding="utf-8")


# -- the bundled model


def english(recorder: Recorder) -> None:
    """The analyses that `en` makes of words and of text, by the command line."""
    parse = partial(_parse, recorder)
    for language, code in CODES.items():
        sample = f"{SAMPLES}/UD_{language}-Sample"
        for split in SPLITS if code == "en" else ["test"]:
            parse(f"words/{code}-{split}", split_file(sample, split))
    parse("raw/all", *(f"raw/{code}.txt" for code in CODES.values()))
    recorder.command("en/raw/wrapped-text", "convert", TEST, "--to", "text", "--wrap", "40", "-o", "raw/wrapped.txt")
    parse("raw/wrapped", "raw/wrapped.txt")
    training = "raw/train.txt"
    recorder.command("en/raw/train-text", "convert", TRAIN, "-o", training)
    # This text is longer than the blocks that text is read in.
    long = (recorder.work / training).read_text(encoding="utf-8").strip()
    (recorder.work / "raw/long.txt").write_text(f"{long} {long}\n{long}", encoding="utf-8")
    parse("raw/long", "raw/long.txt", "--without", "enhanced,srl")
    odd = [f"odd/{name}.txt" for name in sorted(TEXTS) if name != LONGEST]
    parse("odd/text", *odd, "--probabilities")
    parse("odd/longest", f"odd/{LONGEST}.txt", "--without", "enhanced,srl")
    parse("odd/presplit", *odd, "--presplit")
    parse("odd/rules", *odd, "--without", "segmenter,enhanced,srl")
    parse("odd/exact", *odd, "-o", "odd.conllu", keep=["odd.conllu"])
    recorder.command("en/odd/exact-text", "convert", "odd.conllu", "--to", "text", "--exact")
    for name in ("one_word", "empty", "white_space", "a_plain"):
        parse(f"odd/stdin-{name}", "--from", "text", input=TEXTS[name])
    _formats(recorder)
    _options(recorder)


def _formats(recorder: Recorder) -> None:
    """Input and output formats of `depparse parse`; `convert` goes through all pairs of formats."""
    parse = partial(_parse, recorder)
    for name in ("conllu", "conllup", "iob2", "vertical", "json"):
        parse(f"formats/{name}", WHOLE, "--to", name)
    parse("formats/parquet", WHOLE, "-o", "parsed.parquet")
    recorder.json("en/formats/parquet.json", parquet(Path("parsed.parquet")))
    parse(
        "formats/json-odd", "odd/emoji.txt", "odd/tabs.txt", "odd/contractions.txt", "--to", "json", "--probabilities"
    )
    parse("formats/by-ending", WHOLE, "-o", "by-ending.json.gz")
    recorder.command("en/formats/by-ending-read", "convert", "by-ending.json.gz", "--to", "conllu")
    parse("formats/horizontal-in", "--from", "horizontal", input="Anna liked it .\n\nNew words come\nhere\n")
    parse("formats/vertical-in", "--from", "vertical", input="Anna\nliked\nit\n.\n\nNew\nwords\n")
    parse("formats/iob2-in", f"{ENGLISH}/en_sample-ner-test.iob2", "--to", "conllup")
    parse("formats/conllup-in", f"{ENGLISH}/en_sample-up-test.conllup", "--to", "conllup")


def _options(recorder: Recorder) -> None:
    """All options of `depparse parse`."""
    parse = partial(_parse, recorder)
    parse("options/probabilities", TEST, "--probabilities")
    parse("options/k-best", TEST, "--k-best", "3")
    parse("options/k-best-probabilities", "raw/en.txt", "--k-best", "2", "--probabilities", "--without", "srl")
    for name, (_, kept) in DRAFTS.items():
        parse(f"options/keep-{name}", f"draft-{name}.conllu", "--keep", kept, "--probabilities")
    parse("options/keep-tree-k-best", "draft-tree.conllu", "--keep", "head,deprel", "--k-best", "3", "--probabilities")
    for kept in ("predicates", "up:pred", "frames", "deps", "ner", "misc,lemma"):
        parse(f"options/keep-{kept.replace(':', '-').replace(',', '-')}", WHOLE, "--keep", kept, "--to", "conllup")
    for off in ("tagger", "lemmatizer", "dependencies", "enhanced", "srl", "enhanced,srl", "tagger,lemmatizer"):
        parse(f"options/without-{off.replace(',', '-')}", WHOLE, "--without", off)
    parse("options/expand", "--from", "horizontal", "--expand", input="I don't wanna go .\nIt's Anna's .\n")
    parse("options/expand-file", DEV, "--expand")
    parse("options/workers", TEST, "raw/en.txt", "--workers", "2")


def _parse(recorder: Recorder, name: str, *arguments: str, input: str = "", keep: Iterable[str] = ()) -> None:
    recorder.command(f"en/{name}", "parse", *arguments, "--model", "en", input=input, keep=list(keep))


def python(recorder: Recorder) -> None:
    """The outputs of `en` in Python: documents, views of words, constraints, analyses."""
    nlp = depparse.load("en")
    conllu = partial(_write_conllu, recorder)
    recorder.json("python/parts.json", {"parts": nlp.parts, "writes": nlp.writes})
    for name, sentences in LISTS.items():
        conllu(f"lists/{name}", nlp(sentences, probabilities=name != "long"))
        conllu(f"lists/{name}-expanded", nlp(sentences, expand=True, without=["srl", "enhanced"]))
    for name in ("a_plain", "contractions", "emoji", "line_ends", "mark_first", "right_to_left", "tabs", "zero_width"):
        document = nlp(TEXTS[name])
        assert document.text == TEXTS[name]
        recorder.json(f"python/views/{name}.json", views(document))
    conllu("lone_surrogate", nlp("A lone \ud800 half. And words.", without="srl"))
    conllu("presplit", nlp("Anna liked the new school\nIt's small\n\nNew paragraph\n", presplit=True))
    conllu("pipe", [s for document in nlp.pipe(list(TEXTS.values())[:8], batch_size=3) for s in document])
    mixed: list[Any] = ["Anna liked it. Tom too.", [["Anna", "left", "."]], depparse.read(DEV)]
    conllu("pipe-mixed", [s for document in nlp.pipe(mixed, batch_words=50, without="enhanced") for s in document])
    pieces = [TEXTS["paragraphs"][start : start + 7] for start in range(0, len(TEXTS["paragraphs"]), 7)]
    conllu("segmented", nlp.segment(pieces))
    conllu("segmented-by-rules", nlp.segment(pieces, without="segmenter"))
    gold = depparse.read_conllu(WHOLE)
    conllu("expanded", nlp.expand(gold))
    conllu("read", nlp.read(["odd/lists.txt", DEV]))
    before = gold.to_conllu()
    conllu("document", nlp(gold, probabilities=True, keep="upos"))
    assert gold.to_conllu() == before  # the pipeline changes only a copy of its input
    conllu("reanalyzed", nlp.reanalyze(gold))
    conllu("reanalyzed-raw", nlp.reanalyze(gold, raw=True, wrap=30))
    conllu("reanalyzed-predicates", nlp.reanalyze(gold, given_predicates=True))
    recorder.json("python/views/treebank.json", views(nlp(gold)))
    recorder.json("python/dictionary.json", nlp(gold, without="srl").to_dict())
    frame = nlp(gold).to_pandas()
    recorder.text("python/pandas.txt", frame.to_csv(sep="\t"))
    table = nlp(gold).to_arrow()
    recorder.json("python/arrow.json", {"schema": _schema(table.schema), "rows": table.to_pylist()})
    less = depparse.load("en", without=["lemmatizer", "srl", "segmenter"])
    recorder.json("python/parts-less.json", {"parts": less.parts, "writes": less.writes})
    conllu("less", less(TEXTS["a_plain"] + TEXTS["contractions"]))
    for weights in ("float16", "int8"):
        nlp.save(f"saved-{weights}", weights=weights)
        conllu(f"saved-{weights}", depparse.load(f"saved-{weights}")(gold, probabilities=True))
    _constraints(recorder, nlp, gold)


def _constraints(recorder: Recorder, nlp: depparse.Pipeline, gold: depparse.Document) -> None:
    """Trees under constraints, all probabilities of some sentences, and constraints that no tree satisfies."""
    conllu, size = partial(_write_conllu, recorder), len(gold)
    possible = {
        "required": depparse.Constraints(required=[(1, 3), (2, 3)]),
        "forbidden": depparse.Constraints(forbidden=[(1, 4), (3, 1), (6, 4)]),
        "labels": depparse.Constraints(labels={1: "nsubj", 3: "obj", 6: "nsubj:pass"}),
        "unknown-label": depparse.Constraints(labels={1: "of_no_treebank"}),
        "all": depparse.Constraints(
            required=[(3, 1), (4, 0)], forbidden=[(1, 4), (8, 4)], labels={3: "conj", 8: "obl"}
        ),
    }
    for name, constraints in possible.items():
        by_sentence = (
            [constraints, None, *[constraints] * (size - 2)] if name != "all" else [constraints, *[None] * (size - 1)]
        )
        conllu(f"constraints/{name}", nlp(gold, constraints=by_sentence, probabilities=True, without=["srl"]))
    by_sentence = [possible["all"], *[None] * (size - 1)]
    conllu(
        "constraints/k-best",
        nlp(gold, constraints=by_sentence, k_best=4, probabilities=True, without=["srl", "enhanced"]),
    )
    few, document = gold.sentences[:3], depparse.Document(gold.sentences[:3])
    for name, options in (("free", {}), ("kept", {"keep": "head"}), ("constrained", {"constraints": by_sentence[:3]})):
        recorder.json(f"python/analyses/{name}.json", [analysis(a) for a in nlp.analyses(few, **options)])  # type: ignore[arg-type]
    # Sentences of odd words have analyses too.
    odd = [depparse.Sentence.from_forms(words) for words in LISTS["odd_tokens"]]
    recorder.json("python/analyses/odd.json", [analysis(a) for a in nlp.analyses(odd)])
    impossible = {
        "two-heads": depparse.Constraints(required=[(1, 2), (1, 3)]),
        "two-roots": depparse.Constraints(required=[(1, 0), (2, 0)]),
        "cycle": depparse.Constraints(required=[(1, 2), (2, 1)]),
        "no-head": depparse.Constraints(forbidden=[(1, head) for head in range(12) if head != 1]),
        "both": depparse.Constraints(required=[(1, 2)], forbidden=[(1, 2)]),
        "outside": depparse.Constraints(required=[(1, 99)]),
        "label-outside": depparse.Constraints(labels={99: "obj"}),
    }
    for name, constraints in impossible.items():
        recorder.error(
            f"python/constraints/error-{name}", partial(nlp, document, constraints=[constraints, None, None])
        )
    recorder.error("python/constraints/error-too-few", partial(nlp, gold, constraints=[None]))
    recorder.error("python/constraints/error-too-many", partial(nlp, gold, constraints=[None] * (size + 1)))


def views(document: depparse.Document) -> dict[str, Any]:
    """All attributes of the words, tokens, entities and frames of a document."""
    word = "id text lemma upos xpos feats head deprel deps misc start_char end_char feats_dict deps_list misc_dict"
    return {
        "text": document.text,
        "words": document.num_words,
        "tokens": document.num_tokens,
        "ents": [span.to_dict() for span in document.ents],
        "sentences": [
            {
                "sent_id": sentence.sent_id,
                "text": sentence.text,
                "exact_text": sentence.exact_text,
                "comments": list(sentence.comments),
                "heads": list(sentence.heads),
                "words": [{name: getattr(w, name) for name in word.split()} for w in sentence.words],
                "tokens": [
                    {name: getattr(token, name) for name in "id text misc space_after start_char end_char".split()}
                    | {"words": [w.id for w in token.words]}
                    for token in sentence.tokens
                ],
                "empty_nodes": [[*node.id, node.text, node.deps, node.misc] for node in sentence.empty_nodes],
                "ents": [span.to_dict() for span in sentence.ents],
                "frames": [frame.to_dict() for frame in sentence.frames],
            }
            for sentence in document
        ],
    }


def analysis(parse: Any) -> dict[str, Any]:
    """The probabilities of all arcs and of the likely relations, and the three best trees of a sentence."""
    arcs, labels = parse.arc_probabilities, parse.label_probabilities
    likely = [
        (*index, parse.labels[index[2]], float(labels[index])) for index in zip(*(labels > 0.01).nonzero(), strict=True)
    ]
    return {
        "length": len(parse),
        "arc_probabilities": arcs.round(6).tolist(),
        "label_probabilities": {
            f"{int(word)} {int(head)} {label}": round(probability, 6) for word, head, _, label, probability in likely
        },
        "trees": [
            {"heads": tree.heads, "labels": tree.labels, "log_probability": tree.log_probability}
            for tree in parse.trees(3)
        ],
    }


def parquet(file: Path) -> dict[str, Any]:
    """The schema and the rows of a Parquet file, read without depparse."""
    table = pyarrow.parquet.read_table(file)
    return {"schema": _schema(table.schema), "rows": table.to_pylist()}


def _schema(schema: pyarrow.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def _write_conllu(recorder: Recorder, name: str, sentences: Iterable[depparse.Sentence]) -> None:
    recorder.text(f"python/{name}.conllu", "".join(sentence.to_conllu() for sentence in sentences))


# -- formats


def convert(recorder: Recorder) -> None:
    """Conversions from each format to every format, and to text and back."""
    for name, extension in EXTENSIONS.items():
        source = f"in.{extension}"
        if name == "conllup":
            recorder.command("convert/to-conllup", "convert", WHOLE, "--to", name, "-o", source, keep=[source])
        else:
            recorder.command(f"convert/to-{name}", "convert", PLUS, "--to", name, "-o", source)
        if name == "parquet":
            recorder.json("convert/to-parquet.json", parquet(Path(source)))
        for target in EXTENSIONS:
            label = f"convert/{name}/{target}"
            if target == "parquet":
                recorder.command(label, "convert", source, "--from", name, "-o", "out.parquet")
                recorder.json(f"{label}.json", parquet(Path("out.parquet")))
            else:
                recorder.command(label, "convert", source, "--from", name, "--to", target)
    for sample in (FRENCH, GERMAN, TURKISH, CHINESE):
        file = split_file(sample, "train")
        for target in ("conllu", "json", "text", "horizontal", "vertical"):
            recorder.command(f"convert/{sample.rpartition('_')[2]}/{target}", "convert", file, "--to", target)
    nested = split_file(NESTED, "train")
    for target in ("conllup", "iob2", "biose", "two-column", "json"):
        recorder.command(f"convert/nested/{target}", "convert", nested, "--to", target)
    recorder.command("convert/wrapped", "convert", TRAIN, "--to", "text", "--wrap", "60")
    recorder.command("convert/exact", "convert", TRAIN, "--to", "text", "--exact")
    recorder.command("convert/mistakes", "convert", MISTAKES, "--to", "conllu")
    recorder.command("convert/mistakes-json", "convert", MISTAKES, "--to", "json")
    recorder.command("convert/joined-badly", "convert", TEST, "--join", f"{ENGLISH}/en_sample-ner-dev.iob2",
                     "--to", "conllup")  # fmt: skip
    recorder.command("convert/stdin", "convert", "-", "--from", "text", "--to", "conllu", input=TEXTS["quotes"])
    odd = "".join(TEXTS[name] for name in ("emoji", "east_asia", "tabs", "line_ends"))
    recorder.command("convert/rules", "convert", "-", "--from", "text", "--to", "conllu", input=odd)


# -- scores


MISTAKES = "broken/UD_English-Mistakes/en_mistakes-ud-train.conllu"


def evaluate(recorder: Recorder) -> None:
    """Scores of files and of `en`, as tables and as JSON."""
    score = partial(_scores, recorder)
    recorder.command("evaluate/parsed", "parse", TEST, "--model", "en", "--without", "srl", "-o", "parsed.conllu")
    recorder.command("evaluate/parsed-raw", "parse", "raw/en.txt", "--model", "en", "-o", "parsed-raw.conllu")
    every = [word for name in ("deprel", "length", "arc-length", "projectivity", "upos") for word in ("--by", name)]
    score("same", TEST, TEST)
    score("bad", TEST, "bad.conllu")
    score("parsed", TEST, "parsed.conllu", *every)
    score("bootstrap", TEST, "bad.conllu", "--bootstrap", "50", "--seed", "3")
    score("compare", TEST, "bad.conllu", "--compare", "worse.conllu", "--bootstrap", "50", *every)
    score("compare-parsed", TEST, "parsed.conllu", "--compare", "bad.conllu", "--seed", "5")
    _entities(recorder)
    for name, options in {
        "words": [WHOLE], "by": [WHOLE, *every], "raw": [WHOLE, "--raw"], "wrapped": [TEST, "--raw", "--wrap", "40"],
        "predicates": [WHOLE, "--given-predicates", "--bootstrap", "20"],
        "compare": [TEST, "--compare", "bad.conllu", "--bootstrap", "20"],
        "other-language": [split_file(FRENCH, "test"), "--raw"],
    }.items():  # fmt: skip
        score(f"model/{name}", *options, "--model", "en")
    scores = depparse.evaluate(TEST, "bad.conllu")
    recorder.json("evaluate/python.json", scores.to_dict())
    recorder.json("evaluate/python-raw.json", depparse.evaluate(
        TEST, depparse.load("en").reanalyze(depparse.read(TEST), raw=True)
    ).to_dict())  # fmt: skip


def _entities(recorder: Recorder) -> None:
    """Scores of entities, also nested ones, and of frames, for files in which some are missing or wrong."""
    score, work = partial(_scores, recorder), recorder.work
    files = {
        "iob2": f"{ENGLISH}/en_sample-ner-test.iob2", "biose": f"{GERMAN}/de_sample-ner-train.biose",
        "conllu": WHOLE, "conllup": f"{ENGLISH}/en_sample-up-test.conllup",
    }  # fmt: skip
    for kind, file in files.items():
        text = (work / file).read_text(encoding="utf-8")
        for name, pairs in {
            "bad": [("PER", "ORG"), ("ARG0", "ARG1"), (".01", ".02")], "worse": [("B-LOC", "I-LOC"), ("ARG1", "ARG2")],
        }.items():  # fmt: skip
            for old, new in pairs:
                text = text.replace(old, new, text.count(old) // 2)
            (work / f"{name}.{kind}").write_text(text, encoding="utf-8")
    for kind, file in files.items():
        bad, worse = (f"{name}-spans.{kind}" for name in ("bad", "worse"))
        for name in (bad, worse):
            shutil.copy(work / name.replace("-spans", ""), work / name)
        score(f"spans-{kind}", file, bad)
        score(f"spans-{kind}-compare", file, bad, "--compare", worse, "--bootstrap", "50")
    two = "test.conll"
    recorder.command("evaluate/two-column-file", "convert", files["iob2"], "--to", "two-column", "-o", two)
    score("spans-two-column", two, two)
    score("spans-format", files["iob2"], files["iob2"], "--format", "iob2")


def _scores(recorder: Recorder, name: str, *arguments: str) -> None:
    recorder.command(f"evaluate/{name}", "evaluate", *arguments)
    recorder.command(f"evaluate/{name}-json", "evaluate", *arguments, "--json")


# -- checks, descriptions, drawings


def corpora(recorder: Recorder) -> None:
    """Checks and statistics of the samples and of a treebank with mistakes, the catalogue, and the help of commands."""
    folders = [f"{SAMPLES}/UD_{language}-Sample" for language in CODES]
    for name, paths in {
        "samples": folders, "joined": [ALL, NESTED], "mistakes": [str(Path(MISTAKES).parent)], "file": [TEST],
        "draft": ["draft-tree.conllu"],
    }.items():  # fmt: skip
        for command in ("check", "stats"):
            recorder.command(f"corpora/{command}-{name}", "corpora", command, *paths)
            recorder.command(f"corpora/{command}-{name}-json", "corpora", command, *paths, "--json")
    recorder.command("corpora/list", "corpora", "list", "--language", "Turkic")
    recorder.command("corpora/list-json", "corpora", "list", "--language", "sv", "--json")
    recorder.command("corpora/samples", "corpora", "list", "--samples")
    for name in ("", "parse", "show", "train", "evaluate", "info", "pack", "convert", "corpora", "corpora check"):
        recorder.command(f"help/{name.replace(' ', '-') or 'depparse'}", *name.split(), "--help")
    recorder.command("help/version", "--version")


def info(recorder: Recorder) -> None:
    """The description of `en`."""
    recorder.command("info/en", "info", "en")
    recorder.command("info/en-json", "info", "en", "--json")


def show(recorder: Recorder) -> None:
    """Trees as text, SVG and HTML."""
    odd = [f"odd/{name}.txt" for name in sorted(TEXTS) if name != LONGEST]
    recorder.command("show/parsed", "parse", *odd, "--model", "en", "--without", "srl,enhanced", "-o", "drawn.conllu")
    for name, options in {
        "text": [TEST], "ascii": [TEST, "--ascii", "--first", "4"], "narrow": [TEST, "--width", "40", "-n", "5"],
        "unlimited": [TEST, "--width", "0", "-n", "3"], "color": [TEST, "--color", "-n", "2"],
        "chosen": [TEST, "-s", "en_sample-test-003", "-s", "en_sample-test-001"],
        "several": [split_file(CHINESE, "test"), split_file(TURKISH, "test"), split_file(FRENCH, "dev")],
        "odd": ["drawn.conllu", "--first", "12"], "mistakes": [MISTAKES], "from": [PLUS, "--from", "conllup"],
    }.items():  # fmt: skip
        recorder.command(f"show/{name}", "show", *options)
    recorder.command("show/svg", "show", TEST, "-s", "en_sample-test-002", "--to", "svg")
    recorder.command("show/svg-narrow", "show", TEST, "-n", "1", "--to", "svg", "--width", "300")
    recorder.command("show/svg-file", "show", TEST, "-n", "1", "-o", "tree.svg", keep=["tree.svg"])
    recorder.command("show/html", "show", TEST, split_file(GERMAN, "test"), "--to", "html")
    recorder.command("show/html-wide", "show", split_file(CHINESE, "test"), "-o", "page.html", "--width", "0",
                     keep=["page.html"])  # fmt: skip
    recorder.command("show/html-odd", "show", "drawn.conllu", "--first", "12", "--to", "html")
    document = depparse.read(TEST)
    drawn = [depparse.draw_tree(sentence) for sentence in islice(document, 2)]
    recorder.text("show/python.txt", "\n".join(drawn))
    recorder.text("show/python.svg", depparse.draw_svg(document[1]))


# -- mistakes


# Commands that end in an error, by name.
MISUSES = """\
no-command: pars
no-option: parse --modell en
no-model: parse $TEST
unknown-model: parse $TEST --model enn
no-folder: parse $TEST --model runs/nothing/x/y
hub-model: parse $TEST --model user/repo
foreign-folder: info empty-folder
damaged: info damaged
no-weights: info no-weights
damaged-parse: parse $TEST --model damaged
info-nothing: info nothing
unknown-format: parse $TEST --model en --to conlu
unknown-source: parse $TEST --model en --from txt
missing-file: parse nowhere.txt --model en
a-folder: parse odd --model en
twice-stdin: parse - - --model en
parquet-stdout: parse $TEST --model en --to parquet
unknown-column: parse $TEST --model en --keep ups
unknown-part: parse $TEST --model en --without tager,ner
no-parser-at-work: parse $TEST --model en --without dependencies --k-best 2
presplit-words: parse $TEST --model en --presplit
expand-without: parse $TEST --model en --expand --without segmenter
unknown-treebank: parse $TEST --model en --treebank UD_Nothing
zero-workers: parse $TEST --model en --workers 0
zero-best: parse $TEST --model en --k-best 0
unknown-device: parse $TEST --model en --device gpu9
kept-roots: parse $MISTAKES --model en --keep head
empty-file: parse empty.conllu --model en
no-recipe: train nothing --train $TRAIN
recipe-broken: train recipe-broken.toml
recipe-key: train recipe-key.toml --train $TRAIN
no-data: train demo
no-train-split: train demo --dev $DEV
missing-train: train demo --train nowhere.conllu
key: $SMALL --set training.epoch=1
table: $SMALL --set trainin.epochs=1
value: $SMALL --set training.epochs=many
range: $SMALL --set training.batch_words=0
no-value: $SMALL --set training.epochs
task: $SMALL --set 'model.tasks={t={type="tager"}}'
task-key: $SMALL --set 'model.tasks={t={type="tagger",widht=3}}'
task-name: $SMALL --set 'model.tasks={"a b"={type="tagger"}}'
input: $SMALL --set 'model.encoder.inputs=[{type="word"}]'
context: $SMALL --set 'model.encoder.context={type="lstm"}'
syntax: $SMALL --set 'model.tasks={ner={type="ner",syntax={type="gnc"}}}'
no-tasks: $SMALL --set model.tasks={} --set segmentation=none
metric: $SMALL --set metric=LSA
metric-of-none: $SMALL --dev $DEV --set metric=NER
patience: $SMALL --set training.patience=2
precision: $SMALL --set training.precision=fp16
weights: $SMALL --set training.weights={tager=2}
nothing-annotated: $SMALL --set 'model.tasks={ner={type="ner"}}' --set segmentation=none
own-trees: $NER --set 'model.tasks={ner={type="ner",syntax={type="gcn"},trees="own"}}'
given-trees: $NER --set 'model.tasks={ner={type="ner",syntax={type="gcn"}}}'
language: $NER --set 'model.tasks.ner.language=O* PRE'
transformer: $SMALL --set 'model.encoder.inputs=[{type="transformer",name="nowhere"}]'
vectors: $SMALL --set 'model.encoder.inputs=[{type="vectors",file="nowhere.vec"}]'
dev-without-heads: $SMALL --dev draft-tree.conllu --set training.epochs=1
freeze: $SMALL --freeze
base: $SMALL --base nothing
resume: train demo --train $TRAIN --output runs/nothing --resume
pack-nothing: pack nothing -o packed
pack-weights: pack en -o packed --weights int4
pack-task: pack en -o packed --without tager
pack-parser: pack en -o packed --without dependencies
pack-all: pack en -o packed --without tagger,lemmatizer,dependencies,enhanced,srl
pack-there: pack en -o odd
score-nothing: evaluate $TEST
score-both: evaluate $TEST $TEST --model en
score-text: evaluate $TEST $DEV
score-draft: evaluate $TEST draft-tree.conllu
score-mistakes: evaluate $MISTAKES $MISTAKES
score-raw: evaluate $TEST $TEST --raw
score-by: evaluate $TEST $TEST --by deprl
score-missing: evaluate $TEST nowhere.conllu
score-entities-by: evaluate $ENTITIES $ENTITIES --by deprel
score-format: evaluate $TEST $TEST --format two-columns
convert-ending: convert nowhere.xyz --to conllu
convert-target: convert $TEST
convert-stdin: convert - --to text
convert-wrap: convert $TEST --to json --wrap 9
convert-exact: convert $TEST --to text --exact --wrap 9
convert-folder: convert $TEST --to conllu -o odd
convert-join-from: convert $TEST --to conllu --join-from iob2
show-none: show $TEST -s en_sample-test-03
show-several: show $TEST --to svg
show-png: show $TEST -o tree.png
show-target: show $TEST --to pdf
check-nothing: corpora check nowhere
check-empty: corpora check empty-folder
stats-columns: corpora stats broken/columns.conllu
list-language: corpora list --language Tamill
get-name: corpora get UD_Swedish-Talbankn"""


def errors(recorder: Recorder) -> None:
    """Exit codes and error lines of common mistakes, of recipes that cannot be trained, and of mistakes in Python."""
    work = recorder.work
    (work / "empty-folder").mkdir()
    (work / "recipe-broken.toml").write_text("[model\n", encoding="utf-8")
    (work / "recipe-key.toml").write_text('[model.encoder]\ninput = []\n[model.tasks]\nt = { type = "tagger" }\n')
    (work / "empty.conllu").write_text("")
    shutil.copytree(Path(depparse.__file__).parent / "models" / "en", work / "damaged")
    with open(work / "damaged" / "vocab.json", "a", encoding="utf-8") as stream:
        stream.write(" ")
    shutil.copytree(work / "damaged", work / "no-weights", ignore=shutil.ignore_patterns("model.safetensors"))
    names = {"TEST": TEST, "TRAIN": TRAIN, "DEV": DEV, "MISTAKES": MISTAKES}
    names["ENTITIES"] = f"{ENGLISH}/en_sample-ner-train.iob2"
    names["SMALL"] = f"train demo --train {TRAIN} --output runs/never"
    names["NER"] = f"train ner --train {names['ENTITIES']} --output runs/never"
    for line in Template(MISUSES).substitute(names).split("\n"):
        name, _, command = line.partition(": ")
        recorder.command(f"errors/{name}", *shlex.split(command))
    for path in sorted((work / "broken").iterdir()):
        if path.is_file():
            recorder.command(f"errors/broken-{path.name}", "convert", f"broken/{path.name}", "--to", "conllu")
    _python_errors(recorder)


def _python_errors(recorder: Recorder) -> None:
    nlp = depparse.load("en", without=["srl", "enhanced"])
    document = depparse.read(TEST)
    word = document[0].words[0]
    calls: dict[str, Callable[[], object]] = {
        "bytes": lambda: nlp(b"text"),  # type: ignore[arg-type]
        "list-of-texts": lambda: nlp(["one", "two"]),
        "blank-token": lambda: nlp([["a", " "]]),
        "no-tokens": lambda: nlp([[]]),
        "keep": lambda: nlp("A text.", keep="haed"),
        "without": lambda: nlp("A text.", without="srl"),
        "k-best": lambda: nlp("A text.", k_best=0),
        "treebank": lambda: nlp("A text.", treebank="UD_X"),
        "pipe-text": lambda: nlp.pipe("A text."),  # type: ignore[arg-type]
        "pipe-batch": lambda: nlp.pipe([], batch_size=0),
        "workers": lambda: nlp.pipe([], workers=0),
        "presplit": lambda: nlp(document, presplit=True),
        "load": lambda: depparse.load("nothing"),
        "load-without": lambda: depparse.load("en", without="ner"),
        "load-device": lambda: depparse.load("en", "nowhere"),
        "read": lambda: depparse.read("nowhere.conllu"),
        "read-format": lambda: depparse.read(TEST, "conlu"),
        "write": lambda: depparse.write(document, "folder/that/is/not/there.conllu"),
        "head": lambda: setattr(word, "head", 99),
        "tab": lambda: setattr(word, "lemma", "a\tb"),
        "parse": lambda: list(depparse.parse_conllu("1\ta\n\n")),
        "dictionary": lambda: depparse.Document.from_dict({"sentences": [{"tokens": [{"id": 2, "text": "a"}]}]}),
        "train-key": lambda: depparse.train("demo", train=TRAIN, set={"training.epoch": 1}),
        "span": lambda: setattr(document[0], "ents", [depparse.Span(3, 1, "PER")]),
        "evaluate": lambda: depparse.evaluate(document, depparse.read(DEV)),
    }
    for name, call in calls.items():
        recorder.error(f"errors/python/{name}", call)
