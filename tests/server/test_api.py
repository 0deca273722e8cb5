"""The JSON API: parse, compare, draw; its description; and what tells how the server is."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

import depparse
from depparse.document.document import Document
from depparse.formats.json import document_from_dict
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked
from depparse.server.bodies import Options
from tests.models import FACTS, clear_pipeline
from tests.sentences import TWO
from tests.servers import expanding_pipeline, served

TEXT = "Anna didn't buy 2 apples. Tom saw it."


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    pipeline = expanding_pipeline()
    pipeline.facts = FACTS
    return pipeline


@pytest.fixture(scope="module")
def client(pipeline: Pipeline) -> Iterator[httpx.Client]:
    with served({"small-1": pipeline, "other": clear_pipeline()}) as client:
        yield client


def description(client: httpx.Client) -> dict[str, Any]:
    content: dict[str, Any] = client.get("/openapi.json").json()
    return content


def check(client: httpx.Client, name: str, value: object) -> None:
    """Checks the value against the schema of that name in the description of the API."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": description(client)["components"]}
    Draft202012Validator(schema).validate(value)


def parse(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/parse", json=body)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    check(client, "Parsed", content)
    return content


def refused(client: httpx.Client, path: str, **body: Any) -> tuple[int, str, str]:
    answer = client.post(path, json=body)
    content = answer.json()
    check(client, "Problem", content)
    return answer.status_code, content["kind"], content["detail"]


def test_text_is_parsed(client: httpx.Client, pipeline: Pipeline) -> None:
    expected = pipeline(TEXT)
    answer = parse(client, text=TEXT)
    assert answer == {"model": "small-1", "words": 11, "sentences": 2, "document": expected.to_dict()}
    assert document_from_dict(answer["document"]).to_conllu() == expected.to_conllu()
    both = parse(client, text=TEXT, model="small", formats=["conllu", "json"])
    assert both == answer | {"conllu": expected.to_conllu()}
    assert parse(client, text="")["sentences"] == 0


def test_sentences_and_conllu_are_parsed(client: httpx.Client, pipeline: Pipeline) -> None:
    tokens = [["Anna", "didn't", "go"], ["Tom", "saw"]]
    assert parse(client, sentences=tokens, formats=["conllu"])["conllu"] == pipeline(tokens).to_conllu()
    expanded = parse(client, sentences=tokens, formats=["conllu"], options={"expand": True})["conllu"]
    assert expanded == pipeline(tokens, expand=True).to_conllu()
    document = Document.from_conllu(TWO)
    assert parse(client, conllu=TWO, formats=["conllu"])["conllu"] == pipeline(document).to_conllu()


@pytest.mark.parametrize(
    "options",
    [
        {"keep": "upos,head"},
        {"keep": ["upos"], "without": ["lemmatizer"]},
        {"probabilities": True},
        {"k_best": 3},
        {"without": "tagger"},
        {"presplit": True},
    ],
)
def test_options_are_those_of_a_request(options: Asked, client: httpx.Client, pipeline: Pipeline) -> None:
    given = {"text": TEXT + "\nTom"} if "presplit" in options else {"conllu": TWO}
    expected = pipeline(given["text"] if "text" in given else Document.from_conllu(TWO), **options)
    assert parse(client, **given, options=options, formats=["conllu"])["conllu"] == expected.to_conllu()


def test_all_options_but_the_size_of_batches_can_be_asked() -> None:
    assert set(Options.model_fields) == set(Asked.__annotations__) - {"batch_words"}


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    [
        ({}, 422, "body", "body: give one of text, sentences and conllu"),
        ({"text": "a", "conllu": "b"}, 422, "body", "body: give one of text, sentences and conllu"),
        ({"text": 3}, 422, "body", "body.text: "),
        ({"txt": "a"}, 422, "body", "body.txt: Extra inputs are not permitted"),
        ({"text": "a", "options": {"k_best": 0}}, 422, "body", "body.options.k_best: "),
        ({"text": "a", "options": {"batch_words": 9}}, 422, "body", "body.options.batch_words: "),
        ({"text": "a", "formats": ["xml"]}, 422, "body", "body.formats.0: "),
        ({"text": "a", "model": "none"}, 404, "model", "there is no model 'none'; there are: small-1, other"),
        ({"text": "a", "options": {"without": "tager"}}, 400, "input", "there is no part tager to switch off; did you"),
        ({"text": "a", "options": {"keep": "x"}}, 400, "input", ""),
        ({"text": "a", "options": {"treebank": "x"}}, 400, "input", "the model learned no treebank 'x'"),
        ({"conllu": "broken"}, 400, "input", "input:1: "),
        ({"conllu": TWO, "options": {"presplit": True}}, 400, "input", "presplit is for text"),
        ({"sentences": [["a"], []]}, 400, "input", "sentence 2 has no tokens"),
    ],
)
def test_what_cannot_be_parsed(body: Any, status: int, kind: str, message: str, client: httpx.Client) -> None:
    found = refused(client, "/v1/parse", **body)
    assert found[:2] == (status, kind)
    assert found[2].startswith(message)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 50_000])
def test_broken_json(content: bytes, client: httpx.Client) -> None:
    answer = client.post("/v1/parse", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["kind"]) in ((422, "body"), (400, "http"))
    check(client, "Problem", answer.json())


def test_lone_surrogates_are_spacing_or_refused(client: httpx.Client) -> None:
    def send(path: str, body: str) -> httpx.Response:
        return client.post(path, content=body.encode(), headers={"Content-Type": "application/json"})

    assert send("/v1/parse", '{"text": "a \\ud800 b"}').json()["document"]["sentences"][0]["text"] == "a b"
    assert send("/v1/draw", '{"text": "a\\ud800b"}').status_code == 200
    assert send("/v1/parse", '{"sentences": [["a\\ud800"]]}').json()["kind"] == "input"
    assert send("/v1/draw", '{"conllu": "\\ud800"}').json()["kind"] == "input"
    assert send("/v1/compare", '{"gold": "\\ud800", "system": "\\ud800"}').json()["kind"] == "input"


def test_analyses_are_compared(client: httpx.Client) -> None:
    system = TWO.replace("4\tnsubj\t_", "5\tobj\t_", 1)
    answer = client.post("/v1/compare", json={"gold": TWO, "system": system, "by": ["deprel"]})
    content = answer.json()
    check(client, "Compared", content)
    scores = depparse.evaluate(Document.from_conllu(TWO), Document.from_conllu(system))
    (trees,) = (section for section in content["scores"].values() if "LAS" in section)
    assert trees["LAS"]["f1"] == scores["LAS"].f1 == 12 / 13
    assert {group["group"] for group in content["by"]["deprel"]} >= {"nsubj", "obj"}
    assert content["differences"] is None
    told = client.post("/v1/compare", json={"gold": TWO, "system": system, "differences": True}).json()["differences"]
    assert told == depparse.diff(Document.from_conllu(TWO), Document.from_conllu(system)).to_dict()
    same = client.post("/v1/compare", json={"gold": TWO, "system": TWO}).json()
    assert same["by"] == {}
    assert refused(client, "/v1/compare", gold=TWO, system="broken")[2].startswith("system:1: ")
    status, kind, message = refused(client, "/v1/compare", gold=TWO, system=TWO.replace("apples", "pears"))
    assert (status, kind) == (400, "input")
    assert "text" in message
    assert refused(client, "/v1/compare", gold=TWO, system=TWO, by=["colour"])[0] == 422


def test_trees_are_drawn(client: httpx.Client, pipeline: Pipeline) -> None:
    sentences = Document.from_conllu(TWO).sentences
    answer = client.post("/v1/draw", json={"conllu": TWO, "sentence": 2, "width": 300})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text == depparse.draw_svg(sentences[1], width=300)
    ET.fromstring(answer.text)
    drawn = client.post("/v1/draw", json={"text": TEXT, "width": None}).text
    assert drawn == depparse.draw_svg(pipeline(TEXT)[0])
    page = client.post("/v1/draw", json={"text": "<script>x</script> Tom saw it.", "format": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert refused(client, "/v1/draw", conllu=TWO, sentence=3) == (400, "input", "there is no sentence 3 among 2")
    assert refused(client, "/v1/draw", conllu="broken")[:2] == (400, "input")


def test_models_are_described(client: httpx.Client, pipeline: Pipeline) -> None:
    content = client.get("/v1/models").json()
    check(client, "ModelList", content)
    assert (content["default"], [model["name"] for model in content["models"]]) == ("small-1", ["small-1", "other"])
    first = content["models"][0]
    assert first["parts"] == list(pipeline.parts)
    assert (first["languages"], first["columns"]) == (["Swedish"], list(pipeline.writes))


def test_the_description_is_complete_and_typed(client: httpx.Client) -> None:
    content = description(client)
    assert content["openapi"].startswith("3.")
    paths = content["paths"]
    assert set(paths) == {
        "/models", "/process", "/weblicht/tokenize", "/weblicht/tag", "/weblicht/parse", "/v1/models", "/v1/parse",
        "/v1/compare", "/v1/check", "/v1/draw", "/health", "/ready", "/metrics",
    }  # fmt: skip
    names = [operation["operationId"] for operations in paths.values() for operation in operations.values()]
    assert len(set(names)) == len(names)
    for path, operations in paths.items():
        for operation in operations.values():
            assert operation["description"]
            for body in operation.get("requestBody", {}).get("content", {}).values():
                assert body["schema"]
            for answer in operation["responses"].values():
                assert all(kind["schema"] or path == "/ready" for kind in answer.get("content", {}).values())
    for reference in re.findall(r'"\$ref": ?"#([^"]*)"', client.get("/openapi.json").text):
        place = content
        for step in reference.strip("/").split("/"):
            place = place[step]
    for schema in content["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_reference_needs_no_other_host_and_no_script(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r"<script|src=|https?://(?!lindat|ufal|example\.org)[^ <]*\.(js|css)|<link", page)
    assert all(f"<code>{path}</code>" in client.get("/docs").text for path in description(client)["paths"])


def test_what_is_not_there(client: httpx.Client) -> None:
    assert client.get("/nothing").json() == {"detail": "Not Found; /docs says what there is", "kind": "http"}
    assert client.get("/v1/parse").status_code == 405
    assert client.delete("/process").status_code == 405
    assert client.get("/%ff/%00").status_code == 404


def test_health_and_metrics(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready"}
    parse(client, text=TEXT)
    client.get("/a-secret-path")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    names = set(re.findall(r"^([a-z_]+)", answer.text, re.MULTILINE))
    assert names >= {
        "depparse_requests_total", "depparse_request_seconds_bucket", "depparse_words_total", "depparse_build_info",
        "depparse_waiting_requests", "depparse_errors_total", "depparse_round_requests_bucket",
        "depparse_round_seconds_count",
    }  # fmt: skip
    assert 'depparse_requests_total{method="GET",path="other",status="404"}' in answer.text
    assert "secret" not in answer.text


def test_other_origins_are_refused_unless_asked(client: httpx.Client) -> None:
    origin = {"Origin": "https://example.org"}
    ask = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert "access-control-allow-origin" not in client.get("/models", headers=origin).headers
    assert client.options("/v1/parse", headers=ask).status_code == 405
    with served({"m": clear_pipeline()}, origins=["https://example.org"]) as open_client:
        answer = open_client.get("/models", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://example.org"
        assert open_client.options("/v1/parse", headers=ask).status_code == 200
        refusal = open_client.post("/v1/parse", json={}, headers=origin)
        assert refusal.headers["access-control-allow-origin"] == "https://example.org"
        other = open_client.get("/models", headers={"Origin": "https://example.com"})
        assert "access-control-allow-origin" not in other.headers
