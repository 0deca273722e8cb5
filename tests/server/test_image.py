"""The Dockerfile: what it copies and installs is there, and the server needs no more."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT

# Serves a request where no package can be imported that the image lacks.
SCRIPT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ImportError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Blocked())
import depparse.cli.app, depparse.cli.main, depparse.cli.serve
from depparse.inference.load import load
from depparse.server.limits import Limits
from depparse.server.models import load_all
from depparse.server.run import Server, address_of, bind
import json, threading, urllib.request

server, bound = Server(load_all(["en"], load), Limits(), say=print), bind("127.0.0.1", 0)
thread = threading.Thread(target=server.run, args=([bound],))
thread.start()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

def ask(path, **body):
    headers = {"Content-Type": "application/json"}
    return opener.open(urllib.request.Request(address_of(bound) + path, json.dumps(body).encode(), headers)).read()

analysis = json.loads(ask("/v1/parse", text="Dogs bark.", formats=["json", "conllu"]))
ask("/v1/draw", conllu=analysis["conllu"], format="html")
ask("/v1/compare", gold=analysis["conllu"], system=analysis["conllu"], by=["deprel"])
print(json.loads(ask("/process", data="Dogs bark.", tokenizer=True, parser=True))["model"])
server.stop()
thread.join()
"""


def name_of(requirement: str) -> str:
    """The name of a package in a requirement."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def installed_packages() -> set[str]:
    """The packages that the image installs by name."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    line = re.search(r"pip install --no-cache-dir -c /tmp/constraints.txt(.*)", text)
    assert line is not None
    return set(line[1].split())


def required_packages() -> tuple[set[str], set[str]]:
    """The packages that depparse requires, and those of the extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = project["dependencies"], project["optional-dependencies"]["server"]
    return set(map(name_of, lists[0])), set(map(name_of, lists[1]))


def test_what_the_image_copies_and_installs_is_there() -> None:
    dependencies, extra = required_packages()
    assert extra <= installed_packages() <= dependencies | extra
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        for path in line.split()[1:-1] if line.startswith("COPY") else ():
            assert (ROOT / path).exists()
            assert f"!{path}" in ignored


@pytest.mark.slow
def test_the_server_needs_no_package_that_the_image_lacks() -> None:
    dependencies, _ = required_packages()
    lacking = dependencies - installed_packages() - {"huggingface-hub"}  # which tokenizers needs
    assert {"torch", "transformers", "pandas"} <= lacking
    command = [sys.executable, "-c", SCRIPT, ",".join(lacking)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "en\n"
