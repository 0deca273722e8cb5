"""depparse/inference/memory.py: when free memory goes back to the system."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from depparse.inference import memory

MIB = 2**20


def test_memory_is_returned_only_when_the_process_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    resident = 500 * MIB
    returned: list[int] = []

    def trim(_: int) -> None:
        nonlocal resident
        returned.append(resident // MIB)
        resident = 510 * MIB

    monkeypatch.setattr(memory, "_function", {"malloc_trim": trim}.get)
    monkeypatch.setattr(memory, "_resident", lambda: resident)
    monkeypatch.setattr(memory._Returned, "resident", None)
    for size in (500, 600, 480, 600, 608, 609, 638, 639):
        resident = size * MIB
        memory.give_back()
    # It grew to more than 128 MiB above the 480 that were the least, and then not to more than that above 510.
    assert returned == [609, 639]


@pytest.mark.parametrize("function", [None, lambda _: None])
def test_other_systems_are_left_alone(function: Callable[[int], None] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_function", lambda _: function)
    monkeypatch.setattr(memory, "_resident", lambda: None)
    memory.give_back()
    if function is None:
        memory.keep_blocks_on_heap()
