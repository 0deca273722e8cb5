"""The attributes in a cell of FEATS or MISC as a dictionary that writes through: to set one is to change the cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any


class Attributes(dict[str, Any]):
    """The attributes of a cell by name. Every change is written to the cell at once, whose other parts stay as written.

    `change` writes the attribute with a name, or removes it if there is no value, and returns all that the cell has
    then. It raises DepparseError for what the cell cannot hold.
    """

    def __init__(self, values: Mapping[str, Any], change: Callable[..., Mapping[str, Any]]) -> None:
        super().__init__(values)
        self._change = change

    def _now(self, values: Mapping[str, Any]) -> None:
        dict.clear(self)
        dict.update(self, values)

    def __setitem__(self, name: str, value: Any) -> None:
        self._now(self._change(name, value))

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._now(self._change(name))

    def pop(self, name: str, *default: Any) -> Any:
        """Removes an attribute and returns its value, or else the default; raises KeyError if there is neither."""
        if default and name not in self:
            return default[0]
        value = self[name]
        del self[name]
        return value

    # The mixins of MutableMapping change a dictionary by the methods above alone.
    clear = MutableMapping.clear
    popitem = MutableMapping.popitem
    setdefault = MutableMapping.setdefault
    update = MutableMapping.update

    def __ior__(self, values: Any) -> Attributes:  # type: ignore[override, misc]
        self.update(values)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # a copy belongs to no cell
