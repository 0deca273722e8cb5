"""The catalogue of treebanks, the samples, and downloads from a local server."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from depparse.errors import ConfigError, DownloadError
from depparse.treebanks import catalogue
from depparse.treebanks.download import SUMS, Web, download, licence
from tests.local_github import LocalGitHub, local_github

NAME = "UD_Swedish-Talbanken"
SENTENCE = (
    "# sent_id = a1\n# text = Det snöar\n"
    "1\tDet\tdet\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\tsnöar\tsnöa\tVERB\t_\t_\t0\troot\t_\t_\n\n"
)
FILES = {
    "sv_talbanken-ud-train.conllu": (SENTENCE * 2000).encode(),
    "sv_talbanken-ud-test.conllu": SENTENCE.encode(),
    "README.md": b"# Summary\nInvented.\n\n=== Machine-readable metadata ===\nLicense: CC0 1.0\n",
    "LICENSE.txt": b"Anybody may do anything.\n",
    "stats.xml": b"<treebank/>\n",
    "CONTRIBUTING.md": b"not needed",
    "eval.log": b"not needed",
}
TRAIN = "sv_talbanken-ud-train.conllu"
WANTED = sorted(set(FILES) - {"CONTRIBUTING.md", "eval.log"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalGitHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("DEPPARSE_MIRROR", raising=False)
    with local_github(f"UniversalDependencies/{NAME}", "r2.18", dict(FILES)) as running:
        yield running


def web(server: LocalGitHub) -> Web:
    return Web(server.url, timeout=10, waits=(0.0, 0.0))


def file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- the catalogue


def test_every_treebank_is_in_the_catalogue_once() -> None:
    entries = catalogue.entries()
    assert len(entries) > 400
    assert len({entry.treebank for entry in entries}) == len(entries)
    assert all(entry.repository.endswith("/" + entry.treebank) for entry in entries)
    assert catalogue.newest_release() == "2.18"


@pytest.mark.parametrize(
    ("language", "languages"),
    [
        ("Swedish", {"Swedish"}),
        ("sv", {"Swedish"}),
        ("SWE", {"Swedish"}),
        ("old_french", {"Old French"}),
        ("Chinese", {"Chinese"}),  # a language before the genus of the same name
        ("sami", {"North Sami", "Skolt Sami"}),
    ],
)
def test_entries_are_found_by_language(language: str, languages: set[str]) -> None:
    assert {entry.language for entry in catalogue.entries(language)} == languages


def test_entries_are_found_by_family_or_genus() -> None:
    assert {entry.family for entry in catalogue.entries("Indo-European")} == {"IE"}
    assert {entry.language for entry in catalogue.entries("turkic")} >= {"Turkish", "Kazakh", "Tatar"}
    assert {entry.genus for entry in catalogue.entries("Germanic")} == {"Germanic"}


@pytest.mark.parametrize(
    ("name", "message"),
    [("Sweedish", "did you mean Swedish?"), ("Germn", "German"), ("", "no treebank of a language or family ''")],
)
def test_a_wrong_language_gets_a_suggestion(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        catalogue.entries(name)
    assert message in str(error.value)


def test_an_entry_is_found_by_its_name() -> None:
    assert catalogue.find("UD_Tamil-TTB").code == "ta"
    assert catalogue.find("tamil-ttb").treebank == "UD_Tamil-TTB"
    with pytest.raises(ConfigError, match=r"did you mean UD_Swedish-Talbanken"):
        catalogue.find("UD_Swedish-Talbankn")
    with pytest.raises(ConfigError, match=r"did you mean UD_English-EWT or UD_Estonian-EWT"):
        catalogue.find("EWT")


def test_every_sample_has_training_data(samples: Path) -> None:
    folders = catalogue.samples()
    assert "UD_English-Sample" in folders
    assert folders["UD_English-Sample"] == samples / "UD_English-Sample"
    assert all(list(folder.glob("*-train.conllu")) for folder in folders.values())


@pytest.mark.shared
def test_the_catalogue_is_the_shared_one(shared: Path) -> None:
    lines = (catalogue.corpora_folder() / "catalogue.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    own = "".join(line for line in lines if not line.startswith("#"))
    assert own == (shared / "ud_catalogue.tsv").read_text(encoding="utf-8")


# -- downloads


def test_a_download_has_the_files_that_are_needed_and_their_hashes(server: LocalGitHub, tmp_path: Path) -> None:
    states: list[tuple[str, int, int | None]] = []
    result = download(NAME, to=tmp_path, web=web(server), progress=lambda *state: states.append(state))
    assert result.folder == tmp_path / NAME
    assert file_names(result.folder) == sorted([*WANTED, SUMS])
    for name in WANTED:
        assert (result.folder / name).read_bytes() == FILES[name]
        assert result.files[name] == hashlib.sha256(FILES[name]).hexdigest()
    assert sorted(result.fetched) == WANTED
    assert (result.release, result.licence) == ("2.18", "CC0 1.0")
    assert (TRAIN, len(FILES[TRAIN]), len(FILES[TRAIN])) in states
    assert all(byte_range is None for _, byte_range in server.requests)


def test_only_changed_files_are_fetched_again(server: LocalGitHub, tmp_path: Path) -> None:
    download(NAME, to=tmp_path, web=web(server))
    (tmp_path / NAME / "README.md").write_text("changed", encoding="utf-8")
    server.requests.clear()
    result = download(NAME, to=tmp_path, web=web(server))
    assert result.fetched == ("README.md",)
    assert (tmp_path / NAME / "README.md").read_bytes() == FILES["README.md"]
    assert len(server.requests) == 2


def test_a_mirror_is_named_by_argument_or_environment(
    server: LocalGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert download(NAME, to=tmp_path / "a", base_url=server.url + "/").fetched
    monkeypatch.setenv("DEPPARSE_MIRROR", server.url)
    assert download(NAME, "r2.18", tmp_path / "b").fetched
    with pytest.raises(ConfigError, match="http://"):
        download(NAME, base_url="mirror.example")


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_taken_up_again(server: LocalGitHub, tmp_path: Path, ranges: bool) -> None:
    server.files = {TRAIN: FILES[TRAIN]}
    server.ranges, server.cuts = ranges, [1000, 70000]
    download(NAME, to=tmp_path, web=web(server))
    assert (tmp_path / NAME / TRAIN).read_bytes() == FILES[TRAIN]
    second, third = server.asked(TRAIN)[1:]
    assert second == "bytes=1000-"
    assert third == ("bytes=71000-" if ranges else "bytes=70000-")


def test_a_later_run_goes_on(server: LocalGitHub, tmp_path: Path) -> None:
    server.files = {TRAIN: FILES[TRAIN]}
    server.cuts = [5000, 5000, 5000]
    with pytest.raises(DownloadError, match=r"broke off after 5,000 of [\d,]+ bytes.*run again to go on"):
        download(NAME, to=tmp_path, web=web(server))
    [part] = (tmp_path / NAME).iterdir()
    assert part.name.startswith(TRAIN)
    assert part.name.endswith(".part")
    assert part.stat().st_size == 15000
    server.requests.clear()
    download(NAME, to=tmp_path, web=web(server))
    assert server.asked(TRAIN) == ["bytes=15000-"]
    assert (tmp_path / NAME / TRAIN).read_bytes() == FILES[TRAIN]
    assert file_names(tmp_path / NAME) == sorted([TRAIN, SUMS])


def test_a_complete_part_is_not_fetched_again(server: LocalGitHub, tmp_path: Path) -> None:
    server.files = {TRAIN: FILES[TRAIN]}
    server.cuts = [5000] * 3
    with pytest.raises(DownloadError):
        download(NAME, to=tmp_path, web=web(server))
    [part] = (tmp_path / NAME).iterdir()
    part.write_bytes(FILES[TRAIN])
    server.requests.clear()
    download(NAME, to=tmp_path, web=web(server))
    assert server.asked(TRAIN) == []
    part.write_bytes(FILES[TRAIN] + b"too long")
    (tmp_path / NAME / TRAIN).unlink()
    download(NAME, to=tmp_path, web=web(server))
    assert server.asked(TRAIN) == [None]


def test_a_wrong_hash_deletes_the_file(server: LocalGitHub, tmp_path: Path) -> None:
    server.corrupt = {TRAIN}
    server.files = {TRAIN: FILES[TRAIN]}
    with pytest.raises(DownloadError, match=r"the git object ID is \w{40}, not \w{40} as listed; the file was deleted"):
        download(NAME, to=tmp_path, web=web(server))
    assert file_names(tmp_path / NAME) == []


def test_a_wrong_hash_keeps_the_file_that_was_there(server: LocalGitHub, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / TRAIN).write_text("of another release", encoding="utf-8")
    server.corrupt, server.files = {TRAIN}, {TRAIN: FILES[TRAIN]}
    with pytest.raises(DownloadError):
        download(NAME, to=tmp_path, web=web(server))
    assert (tmp_path / NAME / TRAIN).read_text(encoding="utf-8") == "of another release"


def test_a_list_of_sha256_replaces_the_listing_of_the_server(server: LocalGitHub, tmp_path: Path) -> None:
    download(NAME, to=tmp_path / "a", web=web(server))
    sums = tmp_path / "a" / NAME / SUMS
    server.requests.clear()
    server.cuts = [100]
    result = download(NAME, to=tmp_path / "b", web=web(server), sha256=sums)
    assert sorted(result.fetched) == WANTED
    assert not any("/git/trees/" in path for path, _ in server.requests)
    assert (tmp_path / "b" / NAME / SUMS).read_text() == sums.read_text()
    server.corrupt = {TRAIN}
    with pytest.raises(DownloadError, match="the SHA-256 is"):
        download(NAME, to=tmp_path / "c", web=web(server), sha256=sums)
    assert TRAIN not in file_names(tmp_path / "c" / NAME)


def test_a_complete_part_of_unknown_size_is_recognized(server: LocalGitHub, tmp_path: Path) -> None:
    digest = hashlib.sha256(FILES[TRAIN]).hexdigest()
    (tmp_path / "sums").write_text(f"{digest} *{TRAIN}\n", encoding="utf-8")
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / f"{TRAIN}.{digest[:8]}.part").write_bytes(FILES[TRAIN])
    download(NAME, to=tmp_path, web=web(server), sha256=tmp_path / "sums")
    assert server.asked(TRAIN) == [f"bytes={len(FILES[TRAIN])}-"]  # answered by 416
    assert file_names(tmp_path / NAME) == sorted([TRAIN, SUMS])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "is empty"),
        ("abc  x.conllu\n", "sums:1: expected 'SHA-256, two blanks, file name', found 'abc  x.conllu'"),
        (f"{'0' * 64}  ../x.conllu\n", "sums:1: expected"),
        (f"{'0' * 64}  .bashrc\n", "sums:1: expected"),
    ],
)
def test_broken_lists_of_hashes_are_refused(lines: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "sums").write_text(lines, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        download(NAME, to=tmp_path, sha256=tmp_path / "sums", base_url="http://127.0.0.1:9")
    assert message in str(error.value)
    assert file_names(tmp_path) == ["sums"]


def test_passing_trouble_of_the_server_is_waited_out(server: LocalGitHub, tmp_path: Path) -> None:
    server.failures = [503, 429]
    assert download(NAME, to=tmp_path, web=web(server)).fetched
    server.failures = [500, 500, 500]
    with pytest.raises(DownloadError, match="HTTP 500"):
        download(NAME, to=tmp_path, web=web(server))


@pytest.mark.parametrize(
    ("failure", "message"),
    [(404, "there is no UniversalDependencies/UD_Swedish-Talbanken, or not in release 2.18"), (403, "60 requests")],
)
def test_refusals_are_not_repeated(failure: int, message: str, server: LocalGitHub, tmp_path: Path) -> None:
    server.failures = [failure]
    with pytest.raises(DownloadError) as error:
        download(NAME, to=tmp_path, web=web(server))
    assert message in str(error.value)
    assert len(server.requests) == 1
    assert file_names(tmp_path) == []


def test_a_listed_file_that_is_missing_is_an_error(server: LocalGitHub, tmp_path: Path) -> None:
    server.listing = server.tree()
    del server.files[TRAIN]
    with pytest.raises(DownloadError, match=rf"{TRAIN}: HTTP 404"):
        download(NAME, to=tmp_path, web=web(server))


def test_a_misspelt_repository_gets_a_suggestion(server: LocalGitHub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"HTTP 404.*did you mean UD_Swedish-Talbanken"):
        download("UniversalDependencies/UD_Swedish-Talbankn", to=tmp_path, web=web(server))


@pytest.mark.parametrize(
    ("listing", "message"),
    [(b"<html>", "gave no JSON"), (b"[]", "gave no list of files"), (b'{"tree": [{}]}', "gave no list of files"),
     (b'{"tree": []}', "has no .conllu file")],
)  # fmt: skip
def test_strange_answers_are_errors(listing: bytes, message: str, server: LocalGitHub, tmp_path: Path) -> None:
    server.listing = listing
    with pytest.raises(DownloadError) as error:
        download(NAME, to=tmp_path, web=web(server))
    assert message in str(error.value)


def test_files_outside_the_folder_are_not_taken(server: LocalGitHub, tmp_path: Path) -> None:
    server.files = FILES | {"../evil.conllu": b"x", "deep/er.conllu": b"x"}
    assert sorted(download(NAME, to=tmp_path, web=web(server)).files) == WANTED
    assert file_names(tmp_path) == [NAME]


@pytest.mark.parametrize(
    ("name", "release", "message"),
    [
        (NAME, "1.0", "UD_Swedish-Talbanken is in the releases 2.2 to 2.18 of UD, not in 1.0"),
        ("UD_Swedish", "2.18", "UD_Swedish is in the releases 1.0 to 2.1 of UD, not in 2.18"),
        (NAME, "a/b", "a release is a number"),
        ("UD_Swedish-Talbankn", None, "did you mean UD_Swedish-Talbanken"),
        ("../x", None, "a repository is written OWNER/NAME"),
    ],
)
def test_mistakes_need_no_network(name: str, release: str | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        download(name, release, tmp_path, base_url="http://127.0.0.1:9")
    assert message in str(error.value)


def test_without_a_network_the_error_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DownloadError, match=r"cannot get http://mirror\.example/.*Name or service not known"):
        download(NAME, to=tmp_path, web=Web("http://mirror.example", waits=(1000.0,)))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.undo()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DownloadError, match="refused"):
        download(NAME, to=tmp_path, web=Web(f"http://127.0.0.1:{port}", waits=(0.0,)))


def test_a_file_in_place_of_the_folder_is_an_error(server: LocalGitHub, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("", encoding="utf-8")
    with pytest.raises(DownloadError, match="cannot be made"):
        download(NAME, to=tmp_path, web=web(server))


def test_the_licence_is_read_from_the_readme_or_else_its_own_file(tmp_path: Path) -> None:
    assert licence(tmp_path) is None
    (tmp_path / "LICENSE.txt").write_text("\n  Creative something\nmore\n", encoding="utf-8")
    assert licence(tmp_path) == "Creative something"
    (tmp_path / "README.md").write_text("about\nlicense: CC BY 4.0 \n", encoding="utf-8")
    assert licence(tmp_path) == "CC BY 4.0"


HOSTILE = [
    "a\0.conllu",
    "a\n.conllu",
    "a\\b.conllu",
    "\x1b[2J.conllu",
    "..conllu",
    " a.conllu",
    "a\u202e.conllu",
    "README.",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mirror_cannot_give_names_that_are_none(name: str, server: LocalGitHub, tmp_path: Path) -> None:
    server.files[name] = b"x"
    with pytest.raises(DownloadError, match="which is no name of a file in a treebank") as caught:
        download(NAME, to=tmp_path, web=web(server))
    assert str(caught.value).isprintable()
    assert not list(tmp_path.rglob("*.conllu"))


@pytest.mark.parametrize(
    ("key", "value"), [("sha", "../../x"), ("sha", "a/b"), ("sha", 5), ("size", "63"), ("size", -1), ("size", True)]
)
def test_a_mirror_cannot_give_hashes_and_sizes_that_are_none(
    key: str, value: object, server: LocalGitHub, tmp_path: Path
) -> None:
    tree = json.loads(server.tree())
    tree["tree"][0][key] = value
    server.listing = json.dumps(tree).encode()
    with pytest.raises(DownloadError, match=r"with the size .* and the hash .*; is the mirror right\?"):
        download(NAME, to=tmp_path, web=web(server))


def test_a_listing_nested_without_end(server: LocalGitHub, tmp_path: Path) -> None:
    server.listing = b"[" * 200_000
    with pytest.raises(DownloadError, match="gave no JSON; is the mirror right"):
        download(NAME, to=tmp_path, web=web(server))


def test_a_file_is_cut_off_at_its_listed_size(server: LocalGitHub, tmp_path: Path) -> None:
    server.listing = server.tree()
    name = next(iter(server.files))
    server.files[name] += b"x" * 30_000_000
    with pytest.raises(DownloadError, match=r"is longer than the [0-9,]+ bytes that it may have"):
        download(NAME, to=tmp_path, web=web(server))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 1_000_000


def test_an_address_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DownloadError):
        download(NAME, to=tmp_path, web=Web("http://a..b", waits=()))
