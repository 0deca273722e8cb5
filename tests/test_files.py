"""Input streams, and output files that appear only when they are complete."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from depparse.errors import FormatError
from depparse.files import open_output
from depparse.formats.conllu import iter_conllu


def test_the_file_appears_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with open_output(path) as out:
        out.write("é\n")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_error_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")

    def fail() -> None:
        with open_output(path) as out:
            out.write("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    with open_output(link) as out:
        out.write("new")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with open_output(pipe) as out:
        out.write("x")
    assert os.read(reader, 10) == b"x"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-30], lambda data: data[:40] + b"\0\0\0" + data[43:], lambda data: data[2:]]
)
def test_a_damaged_gzip_is_one_line(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "a.conllu.gz"
    with open_output(path) as out:
        out.writelines(f"1\tword{number}" + "\t_" * 8 + "\n\n" for number in range(200))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(FormatError, match="not a whole gzip file"):
        list(iter_conllu(path))


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(FormatError, match="cannot be written: no such file or directory"),
        open_output(tmp_path / "a/b"),
    ):
        pass
