"""The golden outputs of training: small models of every task, input, context layer and layer over trees.

Each run is a recipe that changes `RECIPE` in a few keys. Its outputs are those that training prints and logs, the card,
the output of `depparse info`, and the analyses of a test file from words and, if there is a segmenter, from text.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from golden_cases import ALL, DEV, FLAT, NESTED, PLUS, TEST, WHOLE
from golden_comparison import MODEL_FOLDERS
from golden_inputs import (
    CHINESE,
    ENGLISH,
    FRENCH,
    GERMAN,
    GOLDEN_TEXT,
    GOLDEN_WORDS,
    TURKISH,
    forms,
    split_file,
    write_transformer,
    write_vectors,
)
from golden_recording import Recorder

import depparse

RECIPE = """\
[segmentation]
network = { embedding = 8, width = 16, layers = 2, window = 3, ngrams = 60, longest = 3, words = 8, token_width = 16, \
token_layers = 1, dropout = 0.1, unknown = 0.1 }
passage_words = 40

[segmentation.training]
epochs = 8
batch_words = 80
evaluate_every = 4
precision = "fp32"

[segmentation.training.optimizer]
learning_rate = 2e-2
ema_decay = 0.9

[model.encoder]
inputs = [
  { type = "words", width = 16, min_count = 1, dropout = 0.1 },
  { type = "characters", width = 12, embedding = 6, windows = [2, 3] },
]
context = { type = "linear_recurrent", width = 24, layers = 1, dropout = 0.1 }
input_dropout = 0.1
dropout = 0.1

[model.tasks]
tagger = { type = "tagger", width = 16, dropout = 0.1 }
lemmatizer = { type = "lemmatizer", width = 16, dropout = 0.1 }
dependencies = { type = "dependencies", arc_width = 16, label_width = 12, dropout = 0.1 }

[training]
epochs = 12
batch_words = 60
evaluate_every = 6
precision = "fp32"

[training.optimizer]
learning_rate = 3e-2
pretrained_learning_rate = 3e-3
ema_decay = 0.8
"""
TREES = (
    'tagger={type="tagger",width=16,dropout=0.1},lemmatizer={type="lemmatizer",width=16,dropout=0.1},'
    'dependencies={type="dependencies",arc_width=16,label_width=12,dropout=0.1}'
)
PARSER = 'dependencies={type="dependencies",arc_width=16,label_width=12,dropout=0.1}'
GCN, DGLSTM = '{type="gcn",width=8}', '{type="dglstm",width=8,relation_width=4}'
PATHS = '{type="paths",width=6,word_width=6,relation_width=4}'
ENHANCED = 'type="enhanced",arc_width=12,label_width=12,dropout=0.1'
NER = 'type="ner",width=12,dropout=0.1'
NESTED_NER = 'type="nested_ner",width=10,dropout=0.1'
SRL = 'type="srl",width=12,argument_width=8,dropout=0.1'
WORDS = '{type="words",width=12,min_count=1,dropout=0.1}'
CHARACTERS = '{type="characters",width=8,embedding=4,windows=[2,3]}'
SPELLED = '{type="characters",kind="bilstm",width=8,embedding=4}'
NO_SEGMENTER = "segmentation=none"
# A part of the English sample that small models can learn by heart. It has entities and frames in MISC, and also in
# files of their own.
SMALL = "small/UD_English-Small"
SIZES = {"train": 20, "dev": 8, "test": 8}  # sentences
LEARNED = f"{SMALL}/en_small-ud-train.conllu"
TESTED = f"{SMALL}/en_small-ud-test.conllu"
ENTITIES = [f"--{split}=small/en_small-ner-{split}.iob2" for split in SIZES]
ROLES = [f"--{split}=small/en_small-up-{split}.conllup" for split in SIZES]


@dataclass(frozen=True, slots=True)
class Run:
    """A training run, and the files that its model is tried on."""

    data: Sequence[str]  # options that name the training data
    sets: Sequence[str] = ()  # keys that differ from `RECIPE`
    test: Sequence[str] = (TESTED, LEARNED)
    text: str = ""  # raw text, if the model is to segment it
    options: Sequence[Sequence[str]] = (("--probabilities",),)  # of `depparse parse`, one call each
    more: Sequence[str] = ()  # further options of `depparse train`

    def arguments(self) -> list[str]:
        """The arguments of `depparse train`."""
        sets = [word for key in self.sets for word in ("--set", key)]
        return ["tiny.toml", *self.data, *sets, *self.more]


def tasks(*configs: str) -> str:
    """The override of the recipe that sets the tasks."""
    return f"model.tasks={{{','.join(configs)}}}"


def inputs(*configs: str) -> str:
    """The override of the recipe that sets the inputs."""
    return f"model.encoder.inputs=[{','.join(configs)}]"


def _tree(folder: str) -> list[str]:
    return ["--treebank", folder]


_JSON = ("--to", "json")
_CONLLUP = ("--to", "conllup")
_LONGER = "training.epochs=18"
_OFTEN = ["segmentation.training.epochs=40", "segmentation.training.batch_words=20", "segmentation.passage_words=20",
          "segmentation.training.evaluate_every=20"]  # fmt: skip
RUNS = {
    # Encoders.
    "basic": Run(_tree(ENGLISH), ["training.epochs=6"], text="raw/en.txt",
                 options=[["--probabilities"], ["--k-best", "2"], ["--expand"]]),
    "bilstm": Run(
        _tree(FRENCH),
        [inputs(WORDS, SPELLED), 'model.encoder.context={type="bilstm",width=16,layers=2}', "training.patience=1",
         "training.evaluate_every=2"],
        [split_file(FRENCH, "test")], "raw/fr.txt", more=["--seed", "7"],
    ),
    "gru-projective": Run(
        _tree(GERMAN),
        ['model.encoder.context={type="bilstm",cell="gru",width=16,layers=1}', 'model.tasks.tagger.columns=["UPOS"]',
         "model.tasks.dependencies.projective=true", "model.tasks.lemmatizer.min_count=2", NO_SEGMENTER],
        [split_file(GERMAN, "test")], options=[["--probabilities"], ["--k-best", "2", "--probabilities"]],
    ),
    "vectors": Run(
        _tree(TURKISH),
        [inputs('{type="vectors",file="tr.vec",width=8,limit=40}', CHARACTERS), "model.encoder.context=none"],
        [split_file(TURKISH, "test")], "raw/tr.txt",
    ),
    "vectors-binary": Run(
        _tree(TURKISH),
        [inputs('{type="vectors",file="tr.bin",width=8,frozen=false}'), "training.optimizer.kind=sgd",
         "training.optimizer.learning_rate=0.5", "training.optimizer.decay=none", "training.optimizer.average=asgd",
         "training.optimizer.trigger=1", "training.evaluate_every=2", NO_SEGMENTER],
        [split_file(TURKISH, "test")],
    ),
    "transformer": Run(
        _tree(SMALL), [inputs('{type="transformer",name="bert",mix="task"}', CHARACTERS), NO_SEGMENTER],
        options=[["--probabilities"], ["--without", "tagger"]],
    ),
    "transformer-frozen": Run(
        _tree(SMALL),
        [inputs('{type="transformer",name="roberta",frozen=true,pooling="first",window=16,layers=2}'),
         "model.encoder.context=none", "training.epochs=6", NO_SEGMENTER],
    ),
    "treebanks": Run(
        [*_tree(SMALL), *_tree(GERMAN)],
        [inputs(WORDS, CHARACTERS, '{type="treebank",width=4}'), "training.temperature=2", "training.epochs=8"],
        [TESTED], "raw/de.txt", [["--probabilities"], ["--probabilities", "--treebank", "UD_German-Sample"]],
    ),
    "words-cased": Run(
        [f"--train={LEARNED}"],
        [inputs('{type="words",width=8,lowercase=false}'), "training.optimizer.average=none",
         "training.optimizer.decay=linear", "training.optimizer.floor=0", NO_SEGMENTER],
    ),
    # Enhanced graphs.
    "enhanced-gcn": Run(
        _tree(SMALL),
        [tasks(TREES, f"enhanced={{{ENHANCED},tree_width=6,min_count=2,syntax={GCN}}}"), "metric=ELAS", NO_SEGMENTER],
        options=[["--probabilities"], ["--without", "dependencies", "--probabilities"], ["--keep", "deps,head"]],
    ),
    "enhanced-own": Run(
        _tree(SMALL),
        [tasks(PARSER, f'enhanced={{{ENHANCED},tree_width=6,min_count=1,trees="own",syntax={DGLSTM}}}'), NO_SEGMENTER],
    ),
    "enhanced-alone": Run(_tree(SMALL), [tasks(f"enhanced={{{ENHANCED},tree_width=0}}"), NO_SEGMENTER]),
    # Entities.
    "ner": Run(ENTITIES, [tasks(f"ner={{{NER}}}"), NO_SEGMENTER], options=[("--to", "iob2"), _JSON]),
    "ner-language": Run(
        ENTITIES, [tasks(f'ner={{{NER},language="(O | LOC | ORG)* (PER+ (O | LOC | ORG)*)?"}}'), NO_SEGMENTER],
        options=[_JSON],
    ),
    "ner-conll2003": Run(
        ["--train=entities.c2003", "--dev=entities.c2003"],
        [tasks(f"ner={{{NER}}}"), "data.format=conll2003", NO_SEGMENTER], [PLUS], options=[("--to", "conll2003")],
    ),
    "ner-gcn": Run(_tree(SMALL), [tasks(f"ner={{{NER},syntax={GCN}}}"), NO_SEGMENTER], options=[_JSON]),
    **{
        f"ner-dglstm-{name}": Run(
            _tree(SMALL),
            [tasks(f'ner={{{NER},syntax={{type="dglstm",width=8,relation_width=4,interaction="{name}"}}}}'),
             "training.epochs=10", NO_SEGMENTER],
            options=[_JSON],
        )
        for name in ("self", "concatenation", "addition")
    },
    "ner-dglstm-mlp": Run(
        _tree(SMALL), [tasks(PARSER, f'ner={{{NER},syntax={DGLSTM},trees="own"}}'), NO_SEGMENTER],
        options=[_JSON, ("--without", "dependencies", *_JSON)],
    ),
    "nested": Run(
        [f"--{split}={GERMAN}/de_sample-ner-{split}.biose" for split in ("train", "dev", "test")],
        [tasks(f'ner={{{NESTED_NER},overlap="any"}}'), "training.epochs=24", NO_SEGMENTER],
        [split_file(NESTED, "train")], options=[("--to", "biose"), _JSON],
    ),
    "nested-gcn": Run(
        _tree(NESTED),
        [tasks(f'ner={{{NESTED_NER},overlap="none",max_width=3,syntax={GCN}}}'), "training.epochs=24", NO_SEGMENTER],
        [split_file(NESTED, "train")], options=[_JSON],
    ),
    "nested-tree": Run(
        _tree(NESTED),
        [tasks(PARSER, f'ner={{{NESTED_NER},spans="tree",trees="own"}}'), "training.epochs=24", NO_SEGMENTER],
        [split_file(NESTED, "train")], options=[_JSON, ("--keep", "ner")],
    ),
    # Semantic roles.
    "srl-spans": Run(
        ROLES, [tasks(f"srl={{{SRL}}}"), "metric=ArgSpans", _LONGER, NO_SEGMENTER],
        options=[_JSON, (*_CONLLUP, "--keep", "predicates"), (*_CONLLUP, "--keep", "up:pred")],
    ),
    "srl-arcs": Run(
        ROLES, [tasks(f'srl={{{SRL},decoder="arcs",syntax={GCN},rare=0.02}}'), _LONGER, NO_SEGMENTER], options=[_JSON]
    ),
    "srl-paths": Run(
        ROLES, [tasks(f'srl={{{SRL},paths={PATHS},core=["ARG0","ARG1"]}}'), NO_SEGMENTER],
        options=[_JSON, (*_CONLLUP, "--keep", "predicates")],
    ),
    "srl-own": Run(
        ROLES, [tasks(PARSER, f'srl={{{SRL},paths={PATHS},syntax={DGLSTM},trees="own"}}'), NO_SEGMENTER],
        options=[(*_JSON, "--keep", "predicates"), (*_CONLLUP, "--without", "dependencies")],
    ),
    # All tasks together, and other ways of giving the data.
    "joint": Run(
        [f"--train={LEARNED}", ENTITIES[0], ROLES[0], f"--dev={SMALL}/en_small-ud-dev.conllu", *ENTITIES[1:2], ROLES[1],
         f"--test={TESTED}"],
        [tasks(TREES, f"enhanced={{{ENHANCED}}}", f"ner={{{NER}}}", f"srl={{{SRL}}}"), "training.weights={srl=0.2}",
         "training.epochs=6", "training.evaluate_every=3"],
        text="raw/en.txt", options=[("--probabilities", *_JSON), ("--without", "srl,ner")],
    ),
    "on-disk": Run(
        [*_tree(SMALL), *_tree(NESTED)],
        [tasks(TREES, f"ner={{{NER}}}"), "data.on_disk=true", "training.epochs=6", NO_SEGMENTER],
    ),
    "partly-annotated": Run(
        ["--train=draft-tags.conllu", "--train=draft-relations.conllu", f"--dev={DEV}"], ["metric=UPOS"],
        text="raw/en.txt",
    ),
    "left-out": Run(ENTITIES[:2], [tasks(TREES, f"ner={{{NER}}}"), "training.epochs=2"], options=[_JSON]),
    "without-dev": Run([f"--train={LEARNED}", f"--test={TESTED}"], ["training.epochs=4", NO_SEGMENTER]),
    "bf16": Run(
        _tree(TURKISH), ["training.precision=bf16", "training.epochs=4", NO_SEGMENTER], [split_file(TURKISH, "test")],
        options=[()],
    ),
    "segmenter": Run(
        _tree(TURKISH), ["model.tasks={}", *_OFTEN], [split_file(TURKISH, "test")],
        "raw/all.txt", options=[("--expand",)],
    ),
    "segmenter-chinese": Run(_tree(CHINESE), ["model.tasks={}"], text="raw/zh.txt", options=[]),
}  # fmt: skip
# The models of tests/golden. Together they have every task, input, context layer and layer over trees.
FOLDERS = {
    "joint": Run(
        _tree(ALL),
        ["training.epochs=10", inputs(WORDS, CHARACTERS, '{type="vectors",file="en.vec",width=6,limit=60}'),
         tasks(TREES, f'enhanced={{{ENHANCED},tree_width=6,syntax={GCN},trees="own"}}',
               f'ner={{{NER},syntax={DGLSTM},trees="own"}}', f'srl={{{SRL},paths={PATHS},trees="own"}}')],
    ),
    "treebanks": Run(
        [*_tree(FLAT), *_tree(NESTED)],
        [inputs('{type="transformer",name="bert",mix="task"}', SPELLED, '{type="treebank",width=4}'),
         'model.encoder.context={type="bilstm",width=12,layers=1}', "training.epochs=16",
         tasks('tagger={type="tagger",width=12}', PARSER.replace("arc_width", "projective=true,arc_width"),
               f'ner={{{NER},language="(O | PER | LOC | ORG)*"}}')],
    ),
    "nested": Run(
        _tree(NESTED),
        [inputs('{type="words",width=8,lowercase=false,min_count=1}',
                '{type="vectors",file="de.bin",width=6,frozen=false}'),
         'model.encoder.context={type="bilstm",cell="gru",width=12,layers=1}', "training.epochs=30", NO_SEGMENTER,
         tasks('lemmatizer={type="lemmatizer",width=12}', PARSER,
               f'ner={{{NESTED_NER},overlap="any",spans="tree",trees="own",syntax={GCN}}}')],
    ),
    "roles": Run(
        _tree(SMALL),
        [inputs(WORDS, '{type="transformer",name="roberta",layers=2,pooling="first",window=16}'),
         "model.encoder.context=none", "training.epochs=24", "training.evaluate_every=12", NO_SEGMENTER,
         tasks(PARSER, f'srl={{{SRL},decoder="arcs",syntax={GCN},trees="own"}}')],
    ),
    "segmenter": Run(_tree(TURKISH), ["model.tasks={}", *_OFTEN]),
}  # fmt: skip
PACKED = {
    "joint": "int8",
    "treebanks": "float16",
    "roles": "float32",
    "segmenter": "int8",
}  # other models are not packed


def prepare(recorder: Recorder) -> None:
    """Writes the recipe, the small treebank, vectors, transformers and a text."""
    work = recorder.work
    (work / "tiny.toml").write_text(RECIPE, encoding="utf-8")
    (work / SMALL).mkdir(parents=True)
    for file in ("LICENSE.txt", "README.md"):
        shutil.copy(work / ENGLISH / file, work / SMALL / file)
    for split, size in SIZES.items():
        for source, target in (
            (split_file(ALL, split), split_file(SMALL, split)),
            (f"{ENGLISH}/en_sample-ner-{split}.iob2", f"small/en_small-ner-{split}.iob2"),
            (f"{ENGLISH}/en_sample-up-{split}.conllup", f"small/en_small-up-{split}.conllup"),
        ):
            sentences = (work / source).read_text(encoding="utf-8").split("\n\n")[:size]
            (work / target).write_text("\n\n".join(sentences) + "\n\n", encoding="utf-8")
    recorder.command("models/ner-conll2003/data", "convert", PLUS, "--to", "conll2003", "-o", "entities.c2003")
    for code, folder in (("tr", TURKISH), ("en", ENGLISH), ("de", GERMAN)):
        words = [*forms(work / split_file(folder, "train"))[::2], *forms(work / split_file(folder, "test"))[:10]]
        for ending in (".vec", ".bin"):
            write_vectors(work / f"{code}{ending}", words)
    words = [form for folder in (ENGLISH, FRENCH, GERMAN) for form in forms(work / split_file(folder, "train"))]
    for kind in ("bert", "roberta"):
        with contextlib.redirect_stderr(io.StringIO()):  # hides a progress bar
            write_transformer(work / kind, kind, words)
    texts = [work / "raw" / f"{code}.txt" for code in ("tr", "fr", "zh")]
    (work / "raw" / "all.txt").write_text(
        "\n".join(path.read_text(encoding="utf-8") for path in texts), encoding="utf-8"
    )


def models(recorder: Recorder) -> None:
    """Trains and tries all of `RUNS`, then models that begin with one of them."""
    for name, run in RUNS.items():
        _run(recorder, name, run)
    _begun(recorder)
    _grown(recorder)
    _interrupted(recorder)
    _in_python(recorder)
    _packed(recorder)


def _run(recorder: Recorder, name: str, run: Run) -> None:
    label = f"models/{name}"
    folder = recorder.train(label, *run.arguments())
    recorder.info(label, folder)
    for number, options in enumerate(run.options, 1):
        recorder.command(f"{label}/words-{number}", "parse", *run.test, "--model", folder, *options)
    if run.text:
        recorder.command(f"{label}/text", "parse", run.text, "--model", folder)


def _begun(recorder: Recorder) -> None:
    """Trained models, frozen or not, that learn further tasks."""
    trees = [f"--train={LEARNED}", f"--dev={SMALL}/en_small-ud-dev.conllu"]
    for name, run in {
        "begun-frozen": Run(
            ENTITIES, [tasks(f"ner={{{NER}}}"), "training.epochs=12"], text="raw/en.txt",
            options=[("--probabilities", *_JSON)], more=["--base", "runs/basic", "--freeze"],
        ),
        "begun": Run(
            trees, [tasks(PARSER, f"enhanced={{{ENHANCED}}}", f"srl={{{SRL}}}"), "training.epochs=4"],
            text="raw/en.txt", more=["--base", "runs/basic"],
        ),
        "begun-mix": Run(
            ENTITIES, [tasks(f"ner={{{NER}}}"), "training.epochs=4", NO_SEGMENTER],
            more=["--base", "runs/transformer", "--freeze"],
        ),
        "begun-with-en": Run(
            trees, [tasks(f"ner={{{NER}}}"), "training.epochs=1", NO_SEGMENTER], [TESTED],
            more=["--base", "en", "--freeze"],
        ),
    }.items():  # fmt: skip
        _run(recorder, name, run)


def _grown(recorder: Recorder) -> None:
    """Models that learn entities of new types when they know others."""
    for split in ("train", "dev"):
        text = (recorder.work / f"small/en_small-ner-{split}.iob2").read_text(encoding="utf-8")
        persons = text
        for kind in ("LOC", "ORG"):
            persons = persons.replace(f"\tB-{kind}\t", "\tO\t").replace(f"\tI-{kind}\t", "\tO\t")
        places = text.replace("\tB-PER\t", "\tO\t").replace("\tI-PER\t", "\tO\t")
        (recorder.work / f"persons-{split}.iob2").write_text(persons, encoding="utf-8")
        (recorder.work / f"places-{split}.iob2").write_text(places, encoding="utf-8")
    key = [tasks(f"ner={{{NER}}}"), NO_SEGMENTER]
    old, new = ([f"--{split}={kind}-{split}.iob2" for split in ("train", "dev")] for kind in ("persons", "places"))
    _run(recorder, "grown-before", Run(old, key, options=[_JSON]))
    for how in ("causal", "distill", "forget"):
        more = ["--base", "runs/grown-before", *(["--freeze"] if how == "distill" else [])]
        sets = [*key, f"model.tasks.ner.old_types={how}"]
        _run(recorder, f"grown-{how}", Run(new, sets, options=[_JSON], more=more))


def _interrupted(recorder: Recorder) -> None:
    """A run that is interrupted twice, as a user would do it, and resumed each time."""
    folder, treebank = Path("runs/resumed"), FRENCH
    settings = {"training.checkpoint_seconds": 0, "segmentation.training.checkpoint_seconds": 0}
    for last, resume in ((6, False), (25, True)):
        seen = count()

        def listen(_: object, seen: count[int] = seen, last: int = last) -> None:
            if next(seen) == last:
                raise KeyboardInterrupt

        try:
            depparse.train("tiny.toml", treebank=treebank, set=settings, output=folder, resume=resume, listen=listen)
        except KeyboardInterrupt:
            assert not (folder / "curves.png").exists()
        else:
            raise AssertionError("the run was to be interrupted")
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    label = "models/resumed"
    recorder.train(label, "tiny.toml", "--treebank", treebank, *sets, "--resume")
    recorder.command(f"{label}/words", "parse", split_file(treebank, "test"), "--model", folder, "--probabilities")
    recorder.command(f"{label}/again", "train", "tiny.toml", "--treebank", treebank, "--output", folder)
    recorder.command(f"{label}/finished", "train", "tiny.toml", "--treebank", treebank, *sets, "--output", folder,
                     "--resume")  # fmt: skip


def _in_python(recorder: Recorder) -> None:
    """Training from a dictionary, and jackknifing."""
    from depparse.training.jackknife import jackknife

    recipe: dict[str, Any] = {
        "model": {
            "encoder": {"inputs": [{"type": "words", "width": 8}], "context": None},
            "tasks": {"dependencies": {"type": "dependencies", "arc_width": 12, "label_width": 8}},
        },
        "training": {"epochs": 2, "batch_words": 100, "precision": "fp32"},
    }
    nlp = depparse.train(recipe, treebank=GERMAN, set={"training.epochs": 3}, seed=5, output="runs/python")
    recorder.left_by("models/python", Path("runs/python"))
    parsed = nlp(depparse.read(split_file(GERMAN, "test")), probabilities=True)
    recorder.text("models/python/words.conllu", parsed.to_conllu())
    document = depparse.read(LEARNED).sentences[:12]
    trees = jackknife(recipe, document, "runs/folds", folds=3, set={"training.epochs": 4})
    recorder.text("models/jackknife/trees.conllu", trees.to_conllu())
    for fold in (1, 2, 3):
        recorder.left_by(f"models/jackknife/fold-{fold}", Path(f"runs/folds/fold-{fold}"))


def _packed(recorder: Recorder) -> None:
    """Packed models: in fewer bytes, with the segmenter of another model, or without some of their parts."""
    Path("head.md").write_text("# Small\n\n## Licence\n\nCC0-1.0\n\n## Attribution\n\nby us\n", encoding="utf-8")
    for name, words in {
        "packed-int8": ["runs/joint", "--weights", "int8"],
        "packed-float16": ["runs/joint", "--weights", "float16", "--without", "tagger,ner", "--card", "head.md"],
        "packed-subwords": ["runs/transformer", "--without", "lemmatizer"],
        "packed-segmenter": ["runs/ner-gcn", "runs/segmenter", "--weights", "int8"],
        "packed-segmenter-alone": ["runs/segmenter", "--weights", "int8"],
    }.items():
        _pack(recorder, f"models/{name}", words, name)
        recorder.info(f"models/{name}", name)
        recorder.command(f"models/{name}/words", "parse", WHOLE, "--model", name, "--to", "json")
        if "subwords" not in name:
            recorder.command(f"models/{name}/text", "parse", "raw/en.txt", "--model", name)
    recorder.command("evaluate/model/tiny", "evaluate", PLUS, "--model", "packed-int8", "--raw", "--json")
    recorder.command("evaluate/model/tiny-words", "evaluate", PLUS, "--model", "packed-int8", "--by", "deprel")
    treebank = split_file(GERMAN, "test")
    recorder.command("evaluate/model/treebank", "evaluate", treebank, "--model", "runs/treebanks", "--treebank",
                     "UD_German-Sample", "--raw")  # fmt: skip
    recorder.command("evaluate/model/rules", "evaluate", treebank, "--model", "runs/gru-projective", "--raw")
    recorder.command(
        "errors/needs-trees", "parse", "--from", "horizontal", "--model", "runs/ner-gcn", input="No tree .\n"
    )
    recorder.command("errors/no-parser", "parse", TEST, "--model", "runs/ner", "--probabilities")
    recorder.command("errors/treebank", "parse", TEST, "--model", "runs/treebanks", "--treebank", "UD_Germn-Sample")
    recorder.command("errors/no-segmenter", "parse", "raw/en.txt", "--model", "runs/ner", "--expand")
    recorder.command("errors/run-there", "train", "tiny.toml", "--treebank", ENGLISH, "--output", "runs/basic")
    recorder.command("errors/pack-readers", "pack", "runs/srl-own", "-o", "never", "--without", "dependencies")
    recorder.command("errors/base-segmenter", "train", "tiny.toml", "--treebank", ENGLISH, "--base", "runs/segmenter",
                     "--output", "runs/never")  # fmt: skip


def _pack(recorder: Recorder, label: str, words: Sequence[str], folder: str) -> None:
    recorder.command(f"{label}/pack", "pack", *words, "-o", folder)
    recorder.card(f"{label}/README.md", Path(folder))


# -- the model folders of tests/golden


def folders(recorder: Recorder) -> None:
    """Trains `FOLDERS`, packs them, and writes them to `MODEL_FOLDERS` with their analyses of words and text."""
    kept = recorder.folder / MODEL_FOLDERS
    kept.mkdir(parents=True)
    (kept / "text.txt").write_text(GOLDEN_TEXT, encoding="utf-8")
    words = [depparse.Sentence.from_forms(row, [f"# sent_id = {n}"]) for n, row in enumerate(GOLDEN_WORDS, 1)]
    depparse.write(words, kept / "words.conllu")
    for name, run in FOLDERS.items():
        label = f"folders/{name}"
        folder = recorder.train(label, *run.arguments()) / "model"
        if name in PACKED:
            _pack(recorder, label, [str(folder.parent), "--weights", PACKED[name]], packed := f"folder-{name}")
            folder = Path(packed)
        shutil.copytree(folder, kept / name)
        recorder.info(label, folder)
        for kind, text in tried(kept / name, kept).items():
            recorder.text(f"{label}/{kind}", text)
            (kept / f"{name}.{kind}").write_text(text, encoding="utf-8")


def tried(model: Path, inputs: Path) -> dict[str, str]:
    """The analyses that a model gives of ``words.conllu`` and ``text.txt`` in `inputs`, by the names of their files."""
    nlp = depparse.load(model)
    # As in the first treebank, which was the default when the folders were new.
    request = nlp.request(probabilities="dependencies" in nlp.parts, treebank=next(iter(nlp.treebanks), None))
    words = nlp(depparse.read(inputs / "words.conllu"), request=request)
    text = nlp((inputs / "text.txt").read_text(encoding="utf-8"), request=request)
    spans = json.dumps([_spans(sentence) for sentence in words], indent=1) + "\n"
    return {"words.conllu": words.to_conllu(), "text.conllu": text.to_conllu(), "spans.json": spans}


def _spans(sentence: depparse.Sentence) -> dict[str, Any]:
    """The entities and frames of a sentence with their probabilities, which CoNLL-U does not show."""
    return {
        "ents": [{"words": [span.start, span.end], "type": span.type, "score": span.score} for span in sentence.ents],
        "frames": [
            {
                "predicate": frame.predicate,
                "sense": frame.sense,
                "score": frame.score,
                "arguments": [
                    {"role": a.role, "head": a.head, "words": [a.start, a.end], "score": a.score}
                    for a in frame.arguments
                ],
            }
            for frame in sentence.frames
        ],
    }
