"""Golden outputs of depparse, to be compared before and after a change that must not change them.

    python benchmarks/golden.py make FOLDER [--only GROUP,GROUP]
    python benchmarks/golden.py compare FOLDER_A FOLDER_B

`make` writes the outputs of the depparse that it imports to FOLDER, which must not exist yet. They are those of the
bundled model on the samples and on odd texts, with all options and formats; those of small models with every task,
input, context layer and layer over trees, trained on the samples in a few steps: logs, cards and predictions; and
scores, checks, drawings, conversions between all formats, help and errors. That takes some minutes on one processor,
most of them for the models. Paths of the machine, times and versions are left out, so two runs on one machine give the
same files. Processors differ in the last bits of sums, and training amplifies that: make both folders on the same
machine.

It uses only the command line, within this process, and the public Python API, so that it keeps running when the code
behind these is rebuilt. To run it on another checkout, put that first: ``PYTHONPATH=CHECKOUT``.

`compare` prints every difference, and exits with 1 if there is any. Probabilities and losses may differ by 1e-4;
all else is compared exactly (golden_comparison.py).

FOLDER/model-folders holds models in the folder format that this depparse writes, with their analyses of some words and
a text. The first ones are in tests/golden, where a test proves that they can still be read. `compare` ignores them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def make(folder: Path, only: list[str]) -> None:
    """Writes all outputs, or those of the groups `only`."""
    import golden_cases as cases
    import golden_models as models
    from golden_recording import Recorder, inside, quiet_environment, scratch

    import depparse

    groups = {
        "english": cases.english, "python": cases.python, "convert": cases.convert, "evaluate": cases.evaluate,
        "corpora": cases.corpora, "info": cases.info, "show": cases.show, "errors": cases.errors,
        "models": models.models, "folders": models.folders,
    }  # fmt: skip
    if wrong := [name for name in only if name not in groups]:
        sys.exit(f"there is no group {', '.join(wrong)}; there are {', '.join(groups)}")
    if folder.exists():
        sys.exit(f"{folder} exists already; give the name of a new folder")
    print(f"depparse of {Path(depparse.__file__).parent}", file=sys.stderr)
    folder = folder.resolve()
    quiet_environment()
    with scratch() as work, inside(work):
        recorder = Recorder(folder, work)
        chosen = {name: group for name, group in groups.items() if not only or name in only}
        if not chosen.keys().isdisjoint(("models", "folders")):
            chosen = {"what models read": models.prepare, **chosen}
        for name, group in {"what all read": cases.prepare, **chosen}.items():
            began = time.monotonic()
            group(recorder)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        recorder.finish()


def main() -> None:
    """Makes or compares golden outputs by the command line."""
    parser = argparse.ArgumentParser(description="Golden outputs of depparse.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="write all outputs of the depparse that is imported")
    making.add_argument("folder", type=Path, metavar="FOLDER", help="a folder that does not exist yet")
    making.add_argument("--only", default="", metavar="GROUPS", help="some groups, with commas between them")
    comparing = commands.add_parser("compare", help="print every difference between two folders")
    comparing.add_argument("a", type=Path, metavar="FOLDER_A")
    comparing.add_argument("b", type=Path, metavar="FOLDER_B")
    options = parser.parse_args()
    if options.command == "make":
        make(options.folder, [name for name in options.only.split(",") if name])
        return
    from golden_comparison import compare_folders

    for folder in (options.a, options.b):
        if not folder.is_dir():
            sys.exit(f"{folder}: no such folder")
    differs = False
    for line in compare_folders(options.a, options.b):
        differs = True
        print(line)
    if not differs:
        print("no difference")
    sys.exit(int(differs))


if __name__ == "__main__":
    main()
