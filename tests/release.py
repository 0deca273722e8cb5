"""Builds the distributions, checks them, and tries the wheel in fresh environments, as a new user would.

    python -m tests.release [--tag v1.2.3] [--output DIR] [--python PYTHON …] [--without-torch]

With a tag, everything has to be ready for PyPI: the tag has the version of the package, the changelog has closed its
section, the repository has an address, and nothing is uncommitted. `make release-check` runs this.
"""

from __future__ import annotations

import argparse
import email
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from depparse import __version__
from tests.conftest import ROOT
from tests.pages import blocks

LARGEST = 60_000_000  # bytes of a distribution
NO_OWNER = "github.com/OWNER/"  # in pyproject.toml, until the repository has an address
OF_TORCH = frozenset({"torch", "accelerate"})
PARSE = 'import depparse; print(depparse.__file__); print(depparse.load("en")("Anna liked it.").to_conllu())'


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs all checks and says what is wrong; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tag", default="", help="the tag of the release, such as v1.2.3")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder of the distributions (dist)")
    parser.add_argument("--python", nargs="+", default=[sys.executable], help="the Pythons of the fresh environments")
    parser.add_argument("--without-torch", action="store_true", help="leave out torch, which parsing can do without")
    options = parser.parse_args(arguments)

    problems = unready(options.tag) if options.tag else []
    for problem in problems:
        say(f"not ready: {problem}")
    wheel, source = build(options.output)
    problems += surprises(wheel, source)
    for problem in problems:
        say(f"problem: {problem}")
    for path in (source, wheel):
        say(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", wheel, source], check=True)
    for python in options.python:
        try_out(wheel, python, without_torch=options.without_torch)
    say("The distributions may go out." if not problems else f"{len(problems)} problems: nothing may go out.")
    return bool(problems)


def say(line: str) -> None:
    """Writes a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def unready(tag: str) -> list[str]:
    """What keeps this checkout from being released under the tag."""
    problems = []
    if tag != f"v{__version__}":
        problems.append(
            f"the tag is {tag}, and depparse.__version__ is {__version__}: the tag should be v{__version__}"
        )
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## (.*)$", changelog, re.MULTILINE)
    if heading is None or not re.fullmatch(rf"{re.escape(__version__)} \(\d{{4}}-\d\d-\d\d\)", heading[1]):
        first = heading[1] if heading else "nothing"
        problems.append(f"CHANGELOG.md begins with {first!r}, and should with '{__version__} (YEAR-MONTH-DAY)'")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    date = re.search(r"\((\d{4}-\d\d-\d\d)\)$", heading[1] if heading else "")
    lines = f"version: {__version__}", f'date-released: "{date[1] if date else "YEAR-MONTH-DAY"}"'
    problems += [f"CITATION.cff has no line {line!r}" for line in lines if line not in citation.splitlines()]
    section = "".join(re.split(r"^## ", changelog, maxsplit=2, flags=re.MULTILINE)[1:2])
    pythons = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if untold := [python for python in pythons if not re.search(rf"\b{re.escape(python)}\.\d", section)]:
        problems.append(f"CHANGELOG.md does not say that this version was tried with Python {', '.join(untold)}")
    if NO_OWNER in (ROOT / "pyproject.toml").read_text(encoding="utf-8"):
        problems.append("pyproject.toml says OWNER where the account of the repository belongs")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, check=True, capture_output=True, text=True)
    if status.stdout:
        problems.append(f"uncommitted: {', '.join(line[3:] for line in status.stdout.splitlines())}")
    return problems


def build(output: Path, checkout: Path = ROOT) -> tuple[Path, Path]:
    """Builds the source distribution, and the wheel out of that; returns the paths of the wheel and the source."""
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("depparse-*"):
        old.unlink()
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", output, checkout]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise SystemExit(result.stdout)
    (wheel,), (source,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return wheel, source


def tracked() -> set[str]:
    """The files that git has or would add, but for the large models, which are in no distribution."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name for name in names if (ROOT / name).exists() and not name.startswith("models/")}


def surprises(wheel: Path, source: Path) -> list[str]:
    """What the distributions hold or lack, against git, and whether one is too large."""
    with tarfile.open(source) as archive:
        of_source = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    with zipfile.ZipFile(wheel) as archive:
        of_wheel = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = tracked()
    data = {f"depparse/{name}" for name in files if name.startswith(("corpora/", "configs/"))}
    package = {name for name in files if name.startswith("depparse/")} | data
    problems = [
        f"{path.name} {verb} {name}"
        for path, has, should in ((source, of_source, files | {"PKG-INFO"}), (wheel, of_wheel, package))
        for verb, names in (("holds", has - should), ("lacks", should - has))
        for name in sorted(names)
    ]
    sizes = {path.name: path.stat().st_size for path in (wheel, source)}
    too_large = [f"{name} has {size:,} bytes, more than {LARGEST:,}" for name, size in sizes.items() if size > LARGEST]
    return problems + too_large


def try_out(wheel: Path, python: str, *, without_torch: bool = False) -> None:
    """Installs the wheel into a fresh environment of this Python, and runs what a new user runs first."""
    with tempfile.TemporaryDirectory() as temporary:
        environment, empty = Path(temporary) / "environment", Path(temporary) / "empty"
        empty.mkdir()
        subprocess.run([python, "-m", "venv", environment], check=True)
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        variables["PATH"] = f"{environment / 'bin'}:{os.environ['PATH']}"

        def run(*command: str | Path) -> str:
            result = subprocess.run(command, cwd=empty, env=variables, stdout=subprocess.PIPE, encoding="utf-8")
            if result.returncode != 0:
                raise SystemExit(f"{python}: this failed: {' '.join(map(str, command))}")
            return result.stdout

        start = time.perf_counter()
        install = ("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        pins = ("-c", ROOT / "constraints.txt")
        if without_torch:
            run(*install, "--no-deps", wheel)
            run(*install, *pins, *(str(need) for need in requirements(wheel) if need.name not in OF_TORCH))
        else:
            run(*install, *pins, wheel)
            run("python", "-m", "pip", "check", "--disable-pip-version-check")
        installed = time.perf_counter()

        command = blocks("README.md")[0]
        shown = run("bash", "-c", f"set -euo pipefail; {command.code}")
        seconds = time.perf_counter() - installed
        if shown.strip() != command.shown.strip():
            raise SystemExit(f"{python}: the first command of the README prints\n{shown}\nand not\n{command.shown}")
        version = run("depparse", "--version").strip()
        if version != f"depparse {__version__}":
            raise SystemExit(f"{python}: depparse --version prints {version}, and the version is {__version__}")
        parsed = run("python", "-c", PARSE)
        if not parsed.startswith(str(environment)) or "\troot\t" not in parsed:
            raise SystemExit(f"{python}: a parse in Python prints\n{parsed}")
        release = run("python", "-c", "import platform; print(platform.python_version())").strip()
        kind = "without torch" if without_torch else "with torch"
        say(f"Python {release}, {kind}: installed in {installed - start:.0f} s, first tree {seconds:.1f} s later")


def requirements(wheel: Path) -> list[Requirement]:
    """What a wheel requires without extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist") or []
    return [requirement for requirement in map(Requirement, lines) if requirement.marker is None]


if __name__ == "__main__":
    sys.exit(main())
