"""UDPipe's REST API over HTTP, in the four ways of sending parameters, answer by answer."""

from __future__ import annotations

import email.policy
from collections.abc import Callable, Iterator
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from typing import Any

import httpx
import pytest

from depparse import __version__
from depparse.document.document import Document
from depparse.formats.conllu import parse_conllu
from depparse.inference.pipeline import Pipeline
from tests.models import clear_pipeline
from tests.servers import expanding_pipeline, served

Send = Callable[[httpx.Client, dict[str, str]], httpx.Response]
TEXT = "Anna didn't buy 2 apples.\nTom saw it.\n\nNew paragraph."
ALL = {"tokenizer": "", "tagger": "", "parser": ""}
HEAD = f"# generator = depparse {__version__}\n# udpipe_model = small-test-1\n# udpipe_model_licence = unknown\n"
CONLLU = """\
# sent_id = s1
# text = Dogs bark
1\tDogs\tmine\tX\tX\tA=B\t0\troot\t_\t_
2\tbark\tmine\tX\tX\tA=B\t1\tdep\t_\t_

"""


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return expanding_pipeline()


@pytest.fixture(scope="module")
def client(pipeline: Pipeline) -> Iterator[httpx.Client]:
    with served({"small-test-1": pipeline, "other": clear_pipeline()}) as client:
        yield client


def by_get(client: httpx.Client, parameters: dict[str, str]) -> httpx.Response:
    return client.get("/process", params=parameters)


def by_form(client: httpx.Client, parameters: dict[str, str]) -> httpx.Response:
    return client.post("/process", data=parameters)


def by_multipart(client: httpx.Client, parameters: dict[str, str]) -> httpx.Response:
    """As curl does with ``-F``: the data is a file."""
    fields = {name: (None, value) for name, value in parameters.items() if name != "data"}
    files = {"data": ("input.txt", parameters["data"].encode(), "text/plain")} if "data" in parameters else {}
    return client.post("/process", files=fields | files)


def by_mail(client: httpx.Client, parameters: dict[str, str]) -> httpx.Response:
    """As UDPipe's own client does: parts of 8 bits with a charset, without file names."""
    message = MIMEMultipart("form-data", policy=email.policy.HTTP)
    for name, value in parameters.items():
        part = MIMENonMultipart("text", "plain")
        part.add_header("Content-Disposition", f'form-data; name="{name}"')
        part.add_header("Content-Transfer-Encoding", "8bit")
        part.set_payload(value, charset="utf-8")
        message.attach(part)
    body = message.as_bytes().split(b"\r\n\r\n", maxsplit=1)[1]
    return client.post("/process", content=body, headers={"Content-Type": message["Content-Type"]})


def by_json(client: httpx.Client, parameters: dict[str, str]) -> httpx.Response:
    return client.post("/process", json=parameters)


WAYS = [by_get, by_form, by_multipart, by_mail, by_json]
every_way = pytest.mark.parametrize("send", WAYS)


def result(client: httpx.Client, **parameters: str) -> str:
    answer = by_form(client, parameters)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["result"])


@every_way
def test_text_is_analysed(send: Send, client: httpx.Client, pipeline: Pipeline) -> None:
    answer = send(client, {"data": TEXT, **ALL})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    expected = pipeline(TEXT.replace("\n", "\r\n") if send is by_mail else TEXT)  # as that client writes lines
    assert answer.json() == {
        "model": "small-test-1", "acknowledgements": [], "result": HEAD + expected.to_conllu()
    }  # fmt: skip
    characters = sum(len(word.text) for word in expected.iter_words())
    assert answer.headers["X-Billing-Input-NFC-Len"] == str(characters)


@every_way
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": "small"}, "The parameter 'data' is required.\n"),
        (
            {"data": "x", "model": "nothing"},
            "The requested model 'nothing' does not exist. (there is no model 'nothing'",
        ),
        ({"data": "x", "input": "epe"}, "Cannot parse the input in 'epe' format.\n"),
        ({"data": "Dogs\tbark"}, "Cannot parse the input in 'conllu' format. (input:1:"),
        (
            {"data": "\tbark", "input": "vertical"},
            "Cannot parse the input in 'vertical' format. (input:1: column FORM:",
        ),
        ({"data": "x", "tokenizer": "", "output": "matxin"}, "Unknown output format 'matxin'. (There are: conllu, "),
        ({"data": "x", "tokenizer": "", "output": "epe"}, "Unknown output format 'epe'."),
        (
            {"data": "a" + "\u0300\u0316" * 129},
            "The parameter 'data' has more than 256 combining characters in a row.\n",
        ),
        ({"data": "word " * 1001, "input": "horizontal"}, "Sentence longer than 1000 words was found, aborting.\n"),
    ],
)
def test_errors_are_status_400_and_a_line_of_text(
    parameters: dict[str, str], message: str, send: Send, client: httpx.Client
) -> None:
    answer = send(client, parameters)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(message)
    assert answer.text.count("\n") == 1


@every_way
def test_non_latin_text_and_signs_of_urls_arrive(send: Send, client: httpx.Client) -> None:
    text = "Děti & babičky = 100% + 日本 <b>"
    answer = send(client, {"data": text, "tokenizer": "", "output": "plaintext"})
    assert answer.json()["result"] == text


def test_the_list_of_models(client: httpx.Client) -> None:
    components = ["tokenizer", "tagger", "parser"]
    expected = {"models": {"small-test-1": components, "other": components}}
    for answer in (client.get("/models"), client.post("/models"), client.post("/models", data={"x": "y"})):
        assert answer.json() == expected | {"default_model": "small-test-1"}


def test_a_model_is_found_by_the_beginning_of_its_name(client: httpx.Client) -> None:
    for name in ("small-test-1", "small-test", "small"):
        answer = by_form(client, {"data": "Hi.", "tokenizer": "", "model": name})
        assert answer.json()["model"] == "small-test-1"
    assert by_form(client, {"data": "Hi.", "tokenizer": "", "model": "other"}).json()["model"] == "other"
    assert by_form(client, {"data": "Hi.", "tokenizer": "", "model": "sma"}).status_code == 400


def test_only_what_is_asked_for_is_predicted(client: httpx.Client, pipeline: Pipeline) -> None:
    document = next(parse_conllu(CONLLU))
    tagged = next(parse_conllu(result(client, data=CONLLU, tagger="")))
    parsed = next(parse_conllu(result(client, data=CONLLU, parser="1")))
    both = next(parse_conllu(result(client, data=CONLLU, tagger="1", parser="yes")))
    assert result(client, data=CONLLU) == HEAD + CONLLU
    trees, tags = ("HEAD", "DEPREL"), ("UPOS", "LEMMA")
    for name in trees:
        assert tagged.columns[name] == document.columns[name]
        assert parsed.columns[name] == both.columns[name]
    for name in tags:
        assert parsed.columns[name] == document.columns[name]
        assert tagged.columns[name] == both.columns[name] != document.columns[name]
    expected = pipeline(Document(parse_conllu(CONLLU)))
    assert result(client, data=CONLLU, tagger="", parser="") == HEAD + expected.to_conllu()
    only_words = result(client, data="Dogs bark.", tokenizer="")
    assert "\n1\tDogs\t_\t_\t_\t_\t_\t_\t_\t_\n" in only_words


def test_options_of_the_tokenizer(client: httpx.Client) -> None:
    data = "Anna  didn't\tbuy it. Tom\nsaw it"
    plain = result(client, data=data, tokenizer="")
    assert "SpacesAfter=\\s\\s" in plain
    assert plain.count("# text") == 2
    ranges = result(client, data=data, tokenizer="ranges")
    for sentence in parse_conllu(ranges):
        for token in sentence.tokens:
            start, end = (token.misc or "").rpartition("TokenRange=")[2].split(":")
            assert data[int(start) : int(end)] == token.text
    normalized = result(client, data=data, tokenizer="normalized_spaces")
    assert "Spaces" not in normalized
    assert "SpaceAfter=No" in normalized
    presegmented = result(client, data=data, tokenizer="ranges;presegmented")
    assert "# text = Anna didn't buy it. Tom\n" in presegmented
    assert "TokenRange=0:4" in presegmented
    assert result(client, data=data, tokenizer="unknown=1") == plain


def test_input_formats(client: httpx.Client) -> None:
    both = "1\tDogs\t_\t_\t_\t_\t_\t_\t_\t_\n2\tbark\u00a0x\t_".replace("\u00a0", " ")
    assert both in result(client, data="Dogs bark\u00a0x\nCats do", input="horizontal")
    assert both in result(client, data="Dogs\tNOUN\nbark x\n\nCats\ndo\n", input="vertical")
    assert result(client, data=CONLLU, input="conllu=v2") == HEAD + CONLLU
    by_rules = result(client, data="Anna didn't go.", input="generic_tokenizer=ranges")
    assert "2-3" not in by_rules  # only the model knows multiword tokens
    assert "TokenRange=0:4" in by_rules
    by_model = result(client, data="Anna didn't go.", input="tokenizer=ranges")
    assert "2-3\tdidn't" in by_model


def test_output_formats(client: httpx.Client) -> None:
    data = "Anna didn't  go.\n\nTom saw."
    words = "Anna did n't go .\n"
    assert result(client, data=data, tokenizer="", output="horizontal") == words + "Tom saw .\n"
    paragraphs = result(client, data=data, tokenizer="", output="horizontal=paragraphs")
    assert paragraphs == words + "\nTom saw .\n"
    assert result(client, data="Dogs bark\u00a0x", input="horizontal", output="horizontal") == "Dogs bark\u00a0x\n"
    vertical = result(client, data="Dogs bark. Hi", tokenizer="", output="vertical")
    assert vertical == "Dogs\nbark\n.\n\nHi\n\n"
    assert result(client, data=data, tokenizer="", output="plaintext") == data
    normalized = result(client, data=data, tokenizer="", output="plaintext=normalized_spaces")
    assert normalized == "Anna didn't go.\nTom saw.\n"
    first = result(client, data="Dogs bark\u00a0x", input="horizontal", output="conllu=v1")
    assert "2\tbark_x\t_" in first
    empty = CONLLU.replace("2\tbark", "1.1\tnode\t_\t_\t_\t_\t_\t_\t0:root\t_\n2\tbark")
    assert "1.1" in result(client, data=empty)
    assert "1.1" not in result(client, data=empty, output="conllu=v1")


def test_data_is_normalized(client: httpx.Client) -> None:
    assert result(client, data="Cafe\u0301", tokenizer="", output="horizontal") == "Café\n"


def test_empty_data_has_an_empty_result(client: httpx.Client) -> None:
    for data in ("", " \n"):
        assert result(client, data=data, output="horizontal", **ALL) == ""


def test_the_body_overrides_the_url(client: httpx.Client) -> None:
    answer = client.post("/process?tokenizer&output=conllu", data={"data": "Hi.", "output": "horizontal"})
    assert answer.json()["result"] == "Hi .\n"
    assert client.post("/process?tokenizer&data=Hi.&output=vertical").json()["result"] == "Hi\n.\n\n"


def test_values_in_json_other_than_text(client: httpx.Client) -> None:
    body = {"data": "Hi.", "tokenizer": True, "tagger": 1, "parser": False, "model": None, "output": "conllu"}
    sentence = next(parse_conllu(by_json(client, body).json()["result"]))  # type: ignore[arg-type]
    assert sentence.heads == [None, None]
    assert sentence[0].upos is not None


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"[1]", "application/json", "Cannot parse the application/json payload: an object"),
        (b'{"data": ["x"]}', "application/json", "Cannot parse the application/json payload"),
        (b"{", "application/json", "Cannot parse the application/json payload"),
        (b"[" * 100_000, "application/json", "Cannot parse the application/json payload"),
        (b'{"data": "\\ud800"}', "application/json", "The parameter 'data' is not valid Unicode."),
        (b'{"data": "x", "model": "\\ud800"}', "application/json", "The requested model '\\ud800' does not exist."),
        (
            b"data=%ff",
            "application/x-www-form-urlencoded",
            "Cannot parse the application/x-www-form-urlencoded payload.",
        ),
        (
            b"data=\xff",
            "application/x-www-form-urlencoded",
            "Cannot parse the application/x-www-form-urlencoded payload.",
        ),
        (b"x=1&" * 1000, "application/x-www-form-urlencoded", "Cannot parse the application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data", "Cannot parse the multipart/form-data payload."),
        (b"x", "multipart/form-data; boundary=y", "Cannot parse the multipart/form-data payload."),
        (
            b'--y\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\n\xff\r\n--y--\r\n',
            "multipart/form-data; boundary=y",
            "Cannot parse the multipart/form-data payload.",
        ),
        (b"x", "text/plain", "Unsupported payload Content-Type 'text/plain'."),
        (b"x", "", "Unsupported payload Content-Type '<none>'."),
    ],
)
def test_broken_bodies(body: bytes, kind: str, message: str, client: httpx.Client) -> None:
    answer = client.post("/process", content=body, headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, answer.text.count("\n")) == (400, 1)
    assert answer.text.startswith(message)


def test_a_broken_url(client: httpx.Client) -> None:
    answer = client.get("/process?data=%ff")
    assert (answer.status_code, answer.text) == (400, "Cannot parse request URL.\n")


def test_weblicht(client: httpx.Client, pipeline: Pipeline) -> None:
    def step(name: str, content: str, **parameters: Any) -> httpx.Response:
        return client.post(f"/weblicht/{name}", content=content.encode(), params=parameters)

    tokenized = step("tokenize", "Dogs bark.", model="small", output="matxin")
    assert tokenized.headers["content-type"].startswith("application/conllu")
    parsed = step("parse", step("tag", tokenized.text).text).text
    assert parsed == pipeline("Dogs bark.").to_conllu()
    assert step("tag", "broken").text.startswith("Cannot parse the input in 'conllu' format.")
    assert client.post("/weblicht/tag", content=b"\xff").text == "The payload is not in UTF-8 encoding.\n"


def test_a_missing_component(client: httpx.Client) -> None:
    with served({"words": Pipeline(None)}) as words:
        assert words.get("/models").json()["models"] == {"words": ["tokenizer"]}
        assert result(words, data="Dogs bark.", tokenizer="", output="horizontal") == "Dogs bark .\n"
        for component in ("tagger", "parser"):
            answer = by_form(words, {"data": "Dogs bark.", "tokenizer": "", component: ""})
            assert (answer.status_code, answer.text) == (400, f"The model 'words' has no {component}.\n")
