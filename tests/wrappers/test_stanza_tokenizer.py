"""Tokenizers of Stanza, trained here by its own code on our samples. No network."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import random
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, ModelError
from depparse.formats.stanza import from_stanza, to_stanza
from depparse.formats.table import read
from depparse.text.spacing import is_visible
from depparse.wrappers.stanza_tokenizer import StanzaTokenizer

stanza = pytest.importorskip("stanza", reason="needs the extra stanza: pip install 'depparse[stanza]'")

SAMPLES = {"fr": ("UD_French-Sample", 90), "en": ("UD_English-Sample", 60)}  # treebank, steps of training
TREE = """\
# newdoc id = d1
# newpar
# sent_id = s1
# text = Il va au lac.
# note without value
1\tIl\til\tPRON\t_\tPerson=3\t2\tnsubj\t2:nsubj|2.1:nsubj\tNER=B-PER
2\tva\taller\tVERB\t_\t_\t0\troot\t0:root\tid=7|text=x
2.1\tnage\tnager\tVERB\t_\t_\t_\t_\t2:conj\tCopyOf=2
3-4\tau\t_\t_\t_\t_\t_\t_\t_\tTranslit=o
3\tà\tà\tADP\t_\t_\t5\tcase\t5:case\t_
4\tle\tle\tDET\tART\tGender=Masc|Number=Sing\t5\tdet\t5:det\tNER=B-LOC
5\tlac\tlac\tNOUN\t_\tGender=Masc\t2\tobl\t2:obl:à\tNER=I-LOC|SpaceAfter=No
6\t.\t.\tPUNCT\t_\t_\t2\tpunct\t2:punct\t_

# sent_id = s2
# text = _ a b
0.1\t_\t_\tVERB\t_\t_\t_\t_\t0:root\t_
1\t_\t_\tSYM\t_\t_\t2\tdep\t0.1:dep\tSpacesAfter=\\s\\s|SpacesBefore=\\t
2\ta b\t_\tX\t_\t_\t0\troot\t0.1:obj\tSpacesInToken=a\\s\\sb

"""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder as ``stanza.download`` leaves it, with tokenizers that Stanza trained on our samples."""
    folder = tmp_path_factory.mktemp("stanza")
    states = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # files that Stanza's scorer leaves open
        resources = {
            language: _train(language, samples / name, folder, steps) for language, (name, steps) in SAMPLES.items()
        }
        gc.collect()
    random.setstate(states[0])
    numpy.random.set_state(states[1])
    torch.set_rng_state(states[2])
    (folder / "resources.json").write_text(json.dumps(resources), encoding="utf-8")
    return folder


def _train(language: str, treebank: Path, folder: Path, steps: int) -> dict[str, Any]:
    """Trains a tokenizer; returns the entry of the language in resources.json."""
    from stanza.models import mwt_expander, tokenizer
    from stanza.utils.datasets import prepare_tokenizer_data

    files = {split: str(next(treebank.glob(f"*-ud-{split}.conllu"))) for split in ("train", "dev")}
    data = folder / f"{language}-data"
    data.mkdir()
    options = ["--lang", language, "--shorthand", f"{language}_sample", "--cpu", "--save_name", "sample.pt"]
    inputs = []
    for split, prefix in (("train", ""), ("dev", "dev_")):
        text, labels = data / f"{split}.txt", data / f"{split}.labels"
        text.write_text(read(files[split]).text, encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            arguments = [str(text), files[split], "-o", str(labels), "-m", str(data / f"{split}.json")]
            prepare_tokenizer_data.main(arguments)
        inputs += [f"--{prefix}txt_file", str(text), f"--{prefix}label_file", str(labels)]
    small = f"--emb_dim 16 --hidden_dim 32 --batch_size 8 --steps {steps} --eval_steps {steps} --lr0 0.01".split()
    # The tokenizer must learn its sentences by heart.
    small += "--dropout 0 --unit_dropout 0 --feat_dropout 0 --feat_unit_dropout 0 --tok_noise 0".split()
    tokenizer.main([*options, *inputs, *small, "--mwt_json_file", str(data / "dev.json"),
                    "--save_dir", str(folder / language / "tokenize")])  # fmt: skip
    mwt_expander.main([*options, "--train_file", files["train"], "--eval_file", files["dev"], "--gold_file",
                       files["dev"], "--dict_only", "--save_dir", str(folder / language / "mwt")])  # fmt: skip
    package = {"tokenize": "sample", "mwt": "sample"}
    return {"lang_name": language, "packages": {"default": package}} | {key: {"sample": {}} for key in package}


def spans(document: Document) -> list[tuple[int | None, int | None]]:
    return [(token.start_char, token.end_char) for sentence in document for token in sentence.tokens]


def segmented(tokenizer: StanzaTokenizer, *pieces: str) -> Document:
    return Document(tokenizer.segment(pieces))


@pytest.fixture(scope="module")
def french(models: Path) -> StanzaTokenizer:
    return StanzaTokenizer.load("fr", folder=models)


@pytest.mark.slow
@pytest.mark.parametrize("language", SAMPLES)
def test_a_trained_tokenizer_finds_most_tokens(language: str, models: Path, samples: Path) -> None:
    """Most tokens and some multiword tokens of the training text are found, and the text can be rebuilt."""
    gold = read(next((samples / SAMPLES[language][0]).glob("*-ud-train.conllu")))
    result = segmented(StanzaTokenizer.load(language, "sample", models), gold.text)
    assert result.text == gold.text
    assert len(set(spans(result)) & set(spans(gold))) > 0.85 * gold.num_tokens
    multiwords = [
        {(token.text, *(word.text for word in token.words)) for s in document for token in s.tokens if token.multiword}
        for document in (result, gold)
    ]
    assert multiwords[0] & multiwords[1]
    assert result.sentences[0].starts_paragraph
    assert result.sentences[1].sent_id == "2"


def test_a_pipeline_that_the_user_made_is_wrapped(models: Path) -> None:
    pipeline = stanza.Pipeline(
        "fr",
        dir=str(models),
        processors="tokenize,mwt",
        tokenize_model_path=str(models / "fr" / "tokenize" / "sample.pt"),
        mwt_model_path=str(models / "fr" / "mwt" / "sample.pt"),
        download_method=None,
        device="cpu",
        verbose=False,
    )
    text = "Il va au lac. Elle dort."
    ours, theirs = segmented(StanzaTokenizer(pipeline), text), pipeline(text)
    words = [word.text for word in ours.iter_words()]
    assert words == [word.text for word in theirs.iter_words()]
    assert spans(ours) == [(token.start_char, token.end_char) for token in theirs.iter_tokens()]
    assert from_stanza(theirs).text == text


def test_expand_leaves_pretokenized_sentences_as_they_are(french: StanzaTokenizer) -> None:
    sentence = Sentence.from_forms(["Il", "va", "au", "lac"])
    assert list(french.expand([sentence])) == [sentence]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("aé. \n\t\r\x85\xa0\u200b\u2028!'字😀\u0301<"), max_size=40))
def test_the_text_can_be_rebuilt(french: StanzaTokenizer, text: str) -> None:
    document = segmented(french, text)
    assert document.text == (text if is_visible(text) else "")
    assert Document.from_conllu(document.to_conllu()).text == document.text
    assert from_stanza(to_stanza(document)).to_conllu() == document.to_conllu()
    if document.sentences:
        assert from_stanza(french.pipeline.process(text)).text == text


def test_documents_of_stanza_stay_the_same(french: StanzaTokenizer, samples: Path) -> None:
    """Offsets, spacing and multiword tokens of Stanza are there again; it has empty strings where we have none."""
    text = read(next((samples / SAMPLES["fr"][0]).glob("*-ud-train.conllu"))).text
    multiwords = 0
    for part in (" Il va au lac.  Elle dort.\n\nDu lac ", "Il va au lac", text[:1500] + "\n"):
        theirs = french.pipeline.process(part, processors="tokenize")
        back = to_stanza(from_stanza(theirs))
        rows = [[[{k: v for k, v in row.items() if v != ""} for row in s] for s in d.to_dict()] for d in (theirs, back)]
        assert rows[0] == rows[1]
        assert (back.text, back.sentence_comments()) == (theirs.text, theirs.sentence_comments())
        multiwords += sum(token.is_mwt() for token in theirs.iter_tokens())
    assert multiwords


def test_long_tokens_keep_their_characters(french: StanzaTokenizer) -> None:
    """Stanza writes <UNK> for tokens of more than a thousand characters."""
    long_word = "x" * 1500
    text = f"Il va {long_word} au lac."
    stanza_document = french.pipeline.process(text)
    assert "<UNK>" in [token.text for token in stanza_document.iter_tokens()]
    assert long_word in [word.text for word in segmented(french, text).iter_words()]
    assert long_word in [word.text for word in from_stanza(stanza_document).iter_words()]


def test_a_literal_placeholder_is_a_word(french: StanzaTokenizer) -> None:
    document = segmented(french, "Il va <UNK> lac.")
    assert document.text == "Il va <UNK> lac."
    assert from_stanza(french.pipeline.process("Il va <UNK> lac.")).text == document.text


def test_pieces_and_blocks_change_nothing(french: StanzaTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence goes on in the next block where a block ends inside of it."""
    from depparse.text.blocks import iter_blocks
    from depparse.wrappers import stanza_tokenizer

    sentence = "Il va au lac avec les enfants du village."
    text = " ".join([sentence] * 30) + "\n\n" + sentence + "\n"
    as_one_block = segmented(french, text)
    monkeypatch.setattr(stanza_tokenizer, "iter_blocks", lambda pieces: iter_blocks(pieces, 100))
    by_blocks = segmented(french, text)
    assert by_blocks.text == as_one_block.text == text
    assert by_blocks.to_conllu() == segmented(french, *text).to_conllu()
    assert [s.text for s in by_blocks].count(sentence) > 20  # none is cut where a block ends
    monkeypatch.setattr(stanza_tokenizer, "iter_blocks", lambda pieces: iter_blocks(pieces, 10))
    assert segmented(french, text).text == text


def test_no_text_has_no_sentences(french: StanzaTokenizer) -> None:
    assert len(segmented(french)) == len(segmented(french, "", " \n\u200b")) == 0


def test_mistakes_are_told_with_a_remedy(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, package, folder in (("fr", "gsd", models), ("xx", "default", models), ("fr", "default", tmp_path)):
        with pytest.raises(
            ModelError, match=rf"{language}/{package} cannot be loaded: .*stanza.download\('{language}'"
        ):
            StanzaTokenizer.load(language, package, folder)
    with pytest.raises(ModelError, match="no processor 'tokenize', it has: none"):
        StanzaTokenizer(type("Pipeline", (), {"processors": {}})())
    monkeypatch.setitem(__import__("sys").modules, "stanza", None)
    with pytest.raises(ConfigError, match=r"pip install 'depparse\[stanza\]'"):
        StanzaTokenizer.load("fr", folder=models)
