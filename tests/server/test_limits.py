"""Limits on size, words, time and waiting requests; bad clients harm no others, and nothing they send is logged."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from depparse.errors import ConfigError
from depparse.inference.pipeline import Pipeline
from depparse.server.limits import Limits
from tests.models import clear_pipeline
from tests.servers import Gated, served

ALL = {"tokenizer": "", "tagger": "", "parser": ""}


def process(client: httpx.Client, data: str) -> httpx.Response:
    return client.post("/process", data={"data": data, **ALL})


def parse(client: httpx.Client, text: str, **more: object) -> httpx.Response:
    return client.post("/v1/parse", json={"text": text, **more})


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.005)


def metric(client: httpx.Client, line: str) -> float:
    """The value of a line of the metrics; 0 if it is not there."""
    values = dict(row.rsplit(" ", 1) for row in client.get("/metrics").text.splitlines() if row[:1] != "#")
    return float(values.get(line, 0))


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """The status, kind and message of an answer of the JSON API."""
    data = answer.json()
    assert set(data) == {"detail", "kind"}
    return answer.status_code, data["kind"], data["detail"]


def test_too_many_characters() -> None:
    with served({"m": clear_pipeline()}, Limits(characters=1000)) as client:
        message = "a request has at most 1,000 characters, not 1,001; send it in parts"
        answer = process(client, "x" * 1001)
        assert (answer.status_code, answer.text) == (413, message + "\n")
        assert problem(parse(client, "x" * 1001)) == (413, "size", message)
        tokens = client.post("/v1/parse", json={"sentences": [["x" * 600, "x" * 401]]})
        assert problem(tokens)[:2] == (413, "size")
        halves = {"gold": "x" * 501, "system": "x" * 500}
        assert problem(client.post("/v1/compare", json=halves))[:2] == (413, "size")
        assert problem(client.post("/v1/draw", json={"conllu": "x" * 1001}))[:2] == (413, "size")
        for size in (100_000, 1_000_000):  # bodies that are read to the end, or not
            answer = process(client, "x" * size)
            assert (answer.status_code, answer.text[:56]) == (
                413,
                "a request has at most 1,000 characters and 69,536 bytes;",
            )
        chunks = (b"x" * 10_000 for _ in range(10))
        assert client.post("/process", content=chunks).status_code == 413
        assert process(client, "x" * 1000).status_code == 200
        assert metric(client, 'depparse_errors_total{kind="size"}') == 8


def test_too_many_words() -> None:
    with served({"m": clear_pipeline()}, Limits(words=20, sentence_words=10)) as client:
        assert process(client, "a b c d e f g h i.\n\nDogs.").status_code == 200
        answer = process(client, "a b c d e f g h i.\n\n" * 3)
        assert (answer.status_code, answer.text) == (413, "a request has at most 20 words; send it in parts\n")
        assert problem(parse(client, "a b c d e f g h i.\n\n" * 3))[:2] == (413, "words")
        answer = process(client, "a b c d e f g h i j k")
        assert (answer.status_code, answer.text) == (400, "Sentence longer than 10 words was found, aborting.\n")
        assert problem(parse(client, "a b c d e f g h i j k"))[:2] == (413, "sentence")
        long = "".join(f"{number}\tw\t_\t_\t_\t_\t{number - 1}\tx\t_\t_\n" for number in range(1, 12)) + "\n"
        for path, body in (("draw", {"conllu": long}), ("compare", {"gold": long, "system": long})):
            assert problem(client.post(f"/v1/{path}", json=body))[:2] == (413, "sentence")
        message = "a request has at most 20 words (7 trees of each count); send it in parts"
        assert parse(client, "Dogs.", options={"k_best": 7}).status_code == 200
        assert problem(parse(client, "Dogs bark.", options={"k_best": 7})) == (413, "words", message)
        assert problem(parse(client, "Hi.", options={"k_best": 101})) == (
            413, "trees", "k_best is at most 100 trees of a sentence here"
        )  # fmt: skip


def test_an_answer_that_takes_too_long() -> None:
    pipeline = Gated(clear_pipeline())
    with served({"m": pipeline}, Limits(seconds=0.3)) as client:
        pipeline.gate.clear()
        message = "the answer was not ready in 0.3 seconds; send less text, or try later"
        answer = process(client, "Dogs bark.")
        assert (answer.status_code, answer.text) == (504, message + "\n")
        assert problem(parse(client, "Dogs bark.")) == (504, "time", message)
        pipeline.gate.set()
        wait_until(lambda: process(client, "Dogs bark.").status_code == 200)


def test_a_request_that_comes_too_slowly() -> None:
    with served({"m": clear_pipeline()}, Limits(seconds=0.3)) as client:
        address = (client.base_url.host, client.base_url.port or 0)
        with socket.create_connection(address) as slow:
            slow.sendall(b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ndata=")
            received = b""
            while data := slow.recv(1 << 16):
                received += data
        assert received.startswith(b"HTTP/1.1 408 ")
        assert received.endswith(b"the request did not arrive within 0.3 seconds; send it faster, or in parts\n")
        assert process(client, "Dogs bark.").status_code == 200
        assert metric(client, 'depparse_errors_total{kind="slow"}') == 1


@pytest.mark.parametrize("head", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /hea"])
def test_a_connection_without_a_request_is_closed(head: bytes) -> None:
    """Also if it had one before."""
    with served({"m": clear_pipeline()}, Limits(seconds=0.3)) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as slow:
            slow.settimeout(10)
            slow.sendall(head)
            received = b""
            while data := slow.recv(1 << 16):
                received += data
        assert received.count(b"HTTP/1.1") == received.count(b"200 OK") == (1 if head else 0)
        assert process(client, "Dogs bark.").status_code == 200


def test_a_client_that_does_not_read_its_answer_is_left() -> None:
    conllu = f"# note = {'x' * 5_000_000}\n1\tHi\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    body = json.dumps({"conllu": conllu, "formats": ["json", "conllu"]})
    head = "POST /v1/parse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with (
        served({"m": Pipeline(None)}, Limits(characters=6_000_000, seconds=2)) as client,
        socket.create_connection((client.base_url.host, client.base_url.port or 0)) as lazy,
    ):
        lazy.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        wait_until(lambda: metric(client, 'depparse_requests_total{method="POST",path="/v1/parse",status="200"}') == 1)
        time.sleep(5)  # two and a half time limits
        received = 0
        while data := lazy.recv(1 << 20):
            received += len(data)
    assert 0 < received < 10_000_000  # what the system had taken before the server ended the connection


def test_too_many_requests_wait() -> None:
    pipeline = Gated(clear_pipeline())
    with served({"m": pipeline}, Limits(waiting=3)) as client, ThreadPoolExecutor(3) as threads:
        pipeline.gate.clear()
        waiting = [threads.submit(process, client, "Dogs bark.") for _ in range(3)]
        wait_until(lambda: metric(client, "depparse_waiting_requests") == 3)
        answer = process(client, "Cats.")
        assert (answer.status_code, answer.text) == (
            429, "3 requests are waiting, which is the limit; try again later\n"
        )  # fmt: skip
        assert int(answer.headers["Retry-After"]) >= 1
        assert problem(parse(client, "Cats."))[:2] == (429, "busy")
        for path in ("/health", "/ready", "/models", "/docs"):
            assert client.get(path).status_code == 200
        pipeline.gate.set()
        assert [request.result().status_code for request in waiting] == [200] * 3
        assert process(client, "Cats.").status_code == 200
        assert metric(client, "depparse_waiting_requests") == 0


def test_a_client_that_disconnects_is_dropped_from_the_queue() -> None:
    pipeline = Gated(clear_pipeline())
    with served({"m": pipeline}) as client, ThreadPoolExecutor(1) as threads:
        pipeline.gate.clear()
        first = threads.submit(process, client, "Dogs bark.")
        assert pipeline.entered.wait(20)
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as leaving:
            leaving.sendall(b"GET /process?tokenizer&tagger&data=Gone HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: metric(client, "depparse_waiting_requests") == 2)
        wait_until(lambda: metric(client, "depparse_waiting_requests") == 1)
        pipeline.gate.set()
        assert first.result().status_code == 200
        assert process(client, "Cats.").status_code == 200
        assert pipeline.rounds == [["Dogs bark."], ["Cats."]]
        assert metric(client, 'depparse_errors_total{kind="disconnected"}') == 1


def test_an_error_harms_no_other_request(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = Gated(clear_pipeline(), fails_at="secret")
    with served({"m": pipeline}) as client, ThreadPoolExecutor(4) as threads, caplog.at_level(logging.INFO):
        alone = process(client, "Dogs bark.").json()
        pipeline.gate.clear()
        blocking = threads.submit(process, client, "First.")
        wait_until(lambda: pipeline.rounds[-1] == ["First."])
        texts = ["Dogs bark.", "A secret thing.", "Dogs bark."]
        requests = [threads.submit(process, client, text) for text in texts]
        wait_until(lambda: metric(client, "depparse_waiting_requests") == 4)
        pipeline.gate.set()
        answers = [request.result() for request in [blocking, *requests]]
        assert [answer.status_code for answer in answers] == [200, 200, 500, 200]
        assert [answers[1].json(), answers[3].json()] == [alone, alone]
        assert answers[2].text == "the server failed to serve this request; it is not the fault of the input\n"
        assert len(max(pipeline.rounds, key=len)) == 3  # all three were first annotated together
        assert metric(client, 'depparse_errors_total{kind="internal"}') == 1
    assert "internal error: RuntimeError at servers.py:" in caplog.text
    assert "POST /process 500" in caplog.text
    assert "secret" not in caplog.text
    assert "Dogs" not in caplog.text


def test_requests_of_many_clients_share_batches_and_get_what_each_would_get_alone() -> None:
    texts = [
        " ".join(["Anna saw 2 apples.", "Tom sleeps."] * (number % 5 + 1)) + f" Number {number}."
        for number in range(48)
    ]
    pipeline = Gated(clear_pipeline())
    expected = [pipeline(text).to_conllu() for text in texts]
    pipeline.rounds.clear()
    with served({"m": pipeline}) as client, ThreadPoolExecutor(16) as threads:
        pipeline.gate.clear()
        answers = [threads.submit(parse, client, text, formats=["conllu"]) for text in texts]
        wait_until(lambda: metric(client, "depparse_waiting_requests") == 16)
        pipeline.gate.set()
        assert [answer.result().json()["conllu"] for answer in answers] == expected
        assert len(pipeline.rounds) < len(texts)
        assert metric(client, 'depparse_words_total{model="m"}') == sum(pipeline(text).num_words for text in texts)


def test_what_was_begun_is_answered_before_the_server_stops() -> None:
    pipeline = Gated(clear_pipeline())
    with ThreadPoolExecutor(1) as threads:
        with served({"m": pipeline}) as client:
            pipeline.gate.clear()
            url = client.base_url.join("/process")
            answer = threads.submit(httpx.post, url, data={"data": "Dogs bark.", **ALL}, trust_env=False)
            assert pipeline.entered.wait(20)
            threading.Timer(0.3, pipeline.gate.set).start()
        assert answer.result().status_code == 200


def test_limits_under_which_nothing_could_be_served() -> None:
    for wrong in ({"words": 0}, {"characters": -1}, {"waiting": True}, {"seconds": 0}, {"seconds": float("nan")}):
        with pytest.raises(ConfigError):
            Limits(**wrong)  # type: ignore[arg-type]
