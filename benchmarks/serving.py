"""The server under load: words a second and latency of many clients, beside the pipeline's own speed on the same texts.

    OMP_NUM_THREADS=1 python benchmarks/serving.py en --clients 1,8,64 --seconds 30
    OMP_NUM_THREADS=1 python benchmarks/serving.py en --clients 64 --seconds 600 --bad 0.1

Clients are threads of this process. Each sends one text after another to ``/process`` and checks that the answer is
what the pipeline gives offline. With ``--bad``, that share of further clients sends broken and huge requests, sends
slowly, or goes away before the answer. Words per processor second leave out what other programs and the clients take:
they count the processor time of the server alone, or of the pipeline offline. Memory is that of the server after a
minute, at its most from then on, and in the end.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import numpy as np

import depparse
from depparse.inference.pipeline import Pipeline
from depparse.treebanks.catalogue import corpora_folder

SAMPLE = corpora_folder() / "samples" / "UD_English-Sample" / "en_sample-ud-train.conllu"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ALL = {"tokenizer": "", "tagger": "", "parser": ""}
TIMED_OUT = 60
SETTLED = 60  # seconds after which memory should not grow


def main() -> None:
    """Prints a line for each number of clients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--clients", default="1,8,64", help="numbers of clients, joined by commas")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--sentences", type=int, default=3, help="sentences in a text")
    parser.add_argument("--bad", type=float, default=0, help="bad clients, as a share of the good ones")
    parser.add_argument("--threads", type=int, default=1, help="threads that compute, in the server and offline")
    asked = parser.parse_args()
    if (threads := os.environ.get("OMP_NUM_THREADS")) != str(asked.threads):
        print(f"note: offline, {threads or 'all'} threads compute; set OMP_NUM_THREADS={asked.threads} to compare")
    texts = make_texts(asked.sentences)
    expected = offline(asked.model, texts)
    command = [sys.executable, "-m", "depparse", "serve", "--model", asked.model, "--port", "0"]
    command += ["--threads", str(asked.threads), "--timeout", str(TIMED_OUT)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    found = re.search(r"127\.0\.0\.1:(\d+);", server.stderr.readline())
    reading = threading.Thread(target=server.stderr.read)  # its warnings, lest the pipe be full
    reading.start()
    try:
        assert found is not None
        for number in map(int, asked.clients.split(",")):
            load = Load(int(found[1]), texts, expected)
            print(load.run(number, round(number * asked.bad), asked.seconds), flush=True)
    finally:
        server.terminate()
        server.wait()
        reading.join()
        server.stderr.close()


def make_texts(n_sentences: int) -> list[str]:
    """Texts of so many sentences each."""
    sentences = [sentence.text for sentence in depparse.read_conllu(SAMPLE)]
    starts = range(0, len(sentences) - n_sentences, n_sentences)
    return [" ".join(sentences[start : start + n_sentences]) for start in starts]


def offline(model: str, texts: list[str]) -> list[str]:
    """The analysis of each text in CoNLL-U. Prints the speed, of all texts together and of one after the other."""
    pipeline = depparse.load(model)
    writes = pipeline.codec.writes if pipeline.codec is not None else {}
    off = [part for part, columns in writes.items() if not {"UPOS", "LEMMA", "HEAD"}.intersection(columns)]
    documents = list(pipeline.pipe(texts, without=off))
    words = sum(document.num_words for document in documents)
    together = seconds_of(lambda: [document.to_conllu() for document in pipeline.pipe(texts, without=off)])
    alone = seconds_of(lambda: [pipeline(text, without=off).to_conllu() for text in texts])
    print(
        f"{len(texts)} texts of {words / len(texts):.0f} words; offline, words per processor second: "
        f"{words / together:,.0f} together, {words / alone:,.0f} one by one",
        flush=True,
    )
    check_same(pipeline, texts, documents, off)
    return [document.to_conllu() for document in documents]


def seconds_of(work: Callable[[], object]) -> float:
    """The least processor time of three runs."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def check_same(pipeline: Pipeline, texts: list[str], documents: list[depparse.Document], off: list[str]) -> None:
    """Stops if a text alone is analysed otherwise than together with others."""
    for text, document in zip(texts, documents, strict=True):
        assert pipeline(text, without=off).to_conllu() == document.to_conllu()


@dataclass
class Load:
    """Clients of a server on this machine, and what happened to them."""

    port: int
    texts: list[str]
    expected: list[str]
    latencies: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # answers that good clients should not have got
    n_bad: int = 0
    memory: list[float] = field(default_factory=list)  # MiB of the server, from the time when it should be settled

    def run(self, good: int, bad: int, seconds: float) -> str:
        """Lets so many clients work for so long; a line about it."""
        words, processor, start = self.metric("depparse_words_total"), self.metric("process_cpu"), time.perf_counter()
        self.until = start + seconds
        kinds = [self.send_broken, self.send_huge, self.send_slowly, self.leave]
        threads = [threading.Thread(target=self.be_good, args=(number,)) for number in range(good)]
        threads += [threading.Thread(target=self.be_bad, args=(kinds[number % len(kinds)],)) for number in range(bad)]
        for thread in threads:
            thread.start()
        self.watch_memory(start + min(SETTLED, seconds / 2))
        for thread in threads[:good]:
            thread.join()
        elapsed = time.perf_counter() - start
        words = self.metric("depparse_words_total") - words
        processor = self.metric("process_cpu") - processor
        for thread in threads[good:]:
            thread.join()
        p50, p95, p99 = (1000 * np.percentile(self.latencies, q) for q in (50, 95, 99))
        return (
            f"{good:3} clients, {bad} bad: {words / elapsed:6,.0f} words/s, {words / processor:6,.0f} per processor "
            f"second; latency {p50:.0f}, {p95:.0f}, {p99:.0f} ms (50, 95, 99 %); {len(self.latencies)} answers, "
            f"{len(self.wrong)} wrong, {self.n_bad} bad requests; "
            f"{self.memory[0]:.0f}, {max(self.memory):.0f}, {self.memory[-1]:.0f} MiB "
            f"{'; '.join(sorted(set(self.wrong))[:3])}"
        )

    def watch_memory(self, settled: float) -> None:
        """Looks at the server's memory every second from a time to the end."""
        time.sleep(max(0, settled - time.perf_counter()))
        while not self.memory or time.perf_counter() < self.until:
            self.memory.append(self.metric("process_resident") / 2**20)
            time.sleep(1)

    def metric(self, name: str) -> float:
        """The sum of the metrics whose names begin so."""
        connection = self.connect()
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * TIMED_OUT)

    def be_good(self, seed: int) -> None:
        """Sends texts, and checks the answers."""
        chance, connection = random.Random(seed), self.connect()
        while (start := time.perf_counter()) < self.until:
            number = chance.randrange(len(self.texts))
            try:
                connection.request("POST", "/process", urlencode({"data": self.texts[number], **ALL}), FORM)
                answer = connection.getresponse()
                body = answer.read().decode()
                if answer.status != 200:
                    self.wrong.append(f"{answer.status}: {body}")
                elif not json.loads(body)["result"].endswith(self.expected[number]):
                    self.wrong.append("another analysis")
                self.latencies.append(time.perf_counter() - start)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                connection.close()
        connection.close()

    def be_bad(self, way: Callable[[socket.socket], None]) -> None:
        """Does something bad again and again, and expects nothing of the answer."""
        while time.perf_counter() < self.until:
            self.n_bad += 1
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                    way(connection)
            except OSError:
                pass
            time.sleep(0.05)

    def send_broken(self, connection: socket.socket) -> None:
        """Sends what is no request, or no CoNLL-U."""
        broken = b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
        connection.sendall(random.choice([os.urandom(200), broken + b'{"data": "1\\tbroken"']))
        connection.recv(1000)

    def send_huge(self, connection: socket.socket) -> None:
        """Sends more than any text may have."""
        connection.sendall(b"POST /v1/parse HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n")
        for _ in range(80):
            connection.sendall(b"x" * 100_000)
        connection.recv(1000)

    def send_slowly(self, connection: socket.socket) -> None:
        """Sends a byte now and then."""
        connection.sendall(b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        while time.perf_counter() < self.until:
            connection.sendall(b"x")
            time.sleep(0.5)

    def leave(self, connection: socket.socket) -> None:
        """Goes away before the answer."""
        text = urlencode({"data": " ".join(self.texts[:30]), **ALL}).encode()
        head = f"POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['Content-Type']}\r\n"
        connection.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        time.sleep(random.random() / 10)


if __name__ == "__main__":
    main()
