"""How two nodes may be related: by an arc, by a way of arcs, by order. Slots are places in the binding of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from depparse.treebanks.query.pattern import TREE, Arc, Label, Order
from depparse.treebanks.query.view import NO_HEAD, Memo, View

Check = Callable[[View, list[int]], bool]


class Relation:
    """A relation of the nodes in two slots. `gives_first` says that `firsts` lists the nodes, so none need be tried."""

    gives_first = gives_second = False

    def __init__(self, first: int, second: int) -> None:
        self.first, self.second = first, second

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether two nodes are so related."""
        raise NotImplementedError

    def firsts(self, view: View, second: int) -> Iterable[int]:
        """The nodes that are so related to a second one, each once."""
        raise NotImplementedError

    def seconds(self, view: View, first: int) -> Iterable[int]:
        """The nodes that a first one is so related to, each once."""
        raise NotImplementedError


class TreeArc(Relation):
    """The first node is the head of the second. The label is for the second node to test: it has one head."""

    gives_first = True

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether the first is the head of the second."""
        return view.heads[second] == first

    def firsts(self, view: View, second: int) -> Iterable[int]:
        """The head, unless that is ROOT."""
        head = view.heads[second]
        return (head,) if head >= 0 else ()


class TreePath(Relation):
    """The second node is below the first, over arcs all of which have such a label."""

    gives_first = True

    def __init__(self, first: int, second: int, label: Label) -> None:
        super().__init__(first, second)
        self._accepts = None if label.is_any else Memo(label.accepts)

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether the second is below the first."""
        return first in self.firsts(view, second)

    def firsts(self, view: View, second: int) -> list[int]:
        """The nodes above the second, from below; in a cycle, each once."""
        heads, labels = view.heads, view.feature("deprel")
        above: list[int] = []
        node = second
        while self._accepts is None or self._accepts[labels[node]]:
            node = heads[node]
            if node < 0 or node in above:
                break
            above.append(node)
        return above


class EdgeArc(Relation):
    """An arc of the enhanced graph, or from a predicate to an argument."""

    gives_first = gives_second = True

    def __init__(self, first: int, second: int, label: Label) -> None:
        super().__init__(first, second)
        self.layer, self._accepts = label.layer, Memo(label.accepts)

    def labels(self, view: View, first: int, second: int) -> list[str]:
        """The labels of such arcs between the nodes."""
        return [label for head, label in view.edges_to(self.layer, second) if head == first and self._accepts[label]]

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether there is such an arc."""
        return bool(self.labels(view, first, second))

    def firsts(self, view: View, second: int) -> Iterable[int]:
        """The nodes from which such arcs lead to the second."""
        edges = view.edges_to(self.layer, second)
        return dict.fromkeys(head for head, label in edges if head >= 0 and self._accepts[label])

    def seconds(self, view: View, first: int) -> Iterable[int]:
        """The nodes to which such arcs lead from the first."""
        return dict.fromkeys(node for node, label in view.edges_from(self.layer, first) if self._accepts[label])


class EdgePath(EdgeArc):
    """Arcs as those of `EdgeArc` lead from the first node to the second."""

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether they lead there."""
        return second in self.seconds(view, first)

    def firsts(self, view: View, second: int) -> Iterable[int]:
        """The nodes from which they lead to the second."""
        return _reached(second, lambda node: super(EdgePath, self).firsts(view, node))

    def seconds(self, view: View, first: int) -> Iterable[int]:
        """The nodes to which they lead from the first."""
        return _reached(first, lambda node: super(EdgePath, self).seconds(view, node))


def _reached(start: int, steps: Callable[[int], Iterable[int]]) -> Iterable[int]:
    """The nodes that one step or several lead to."""
    reached: dict[int, None] = {}
    waiting = [start]
    while waiting:
        new = [node for node in steps(waiting.pop()) if node not in reached]
        reached.update(dict.fromkeys(new))
        waiting += new
    return reached


class Before(Relation):
    """The first node stands before the second."""

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether it stands before."""
        return view.place(first) < view.place(second) if view.empty else first < second


class NextTo(Relation):
    """The first node stands before the second, with no word between them."""

    gives_first = gives_second = True

    def holds(self, view: View, first: int, second: int) -> bool:
        """Whether it stands just before."""
        if not view.empty:
            return second == first + 1
        left, right = view.place(first), view.place(second)
        # The last word before the second node, or the word that an empty second node stands behind, is not beyond left.
        return left < right and (right[0] if right[1] else right[0] - 1) <= left[0]

    def firsts(self, view: View, second: int) -> Iterable[int]:
        """The nodes just before the second."""
        if not view.empty:
            return (second - 1,) if second else ()
        return [node for node in range(view.size) if self.holds(view, node, second)]

    def seconds(self, view: View, first: int) -> Iterable[int]:
        """The nodes just behind the first."""
        if not view.empty:
            return (first + 1,) if first + 1 < view.length else ()
        return [node for node in range(view.size) if self.holds(view, first, node)]


def relation_of(item: Arc | Order, first: int, second: int) -> Relation:
    """The relation that a clause asks for."""
    if isinstance(item, Order):
        return NextTo(first, second) if item.adjacent else Before(first, second)
    if item.label.layer == TREE:
        return TreePath(first, second, item.label) if item.path else TreeArc(first, second)
    return EdgePath(first, second, item.label) if item.path else EdgeArc(first, second, item.label)


def star_of(arc: Arc, slot: int) -> Check:
    """The check that an arc leads from a node to any other, or to it from any other or ROOT."""
    label, outwards = arc.label, arc.dependent is None
    accepts: Memo[str | None, bool] = Memo(label.accepts)

    def check(view: View, binding: list[int]) -> bool:
        heads = view.found.get(check)
        if heads is None:
            labels = view.feature("deprel")
            heads = view.found[check] = {view.heads[node] for node in range(view.size) if accepts[labels[node]]}
        return binding[slot] in heads

    def check_head(view: View, binding: list[int]) -> bool:
        node = binding[slot]
        return view.heads[node] != NO_HEAD and accepts[view.feature("deprel")[node]]

    def check_edges(view: View, binding: list[int]) -> bool:
        edges = (view.edges_from if outwards else view.edges_to)(label.layer, binding[slot])
        return any(accepts[text] for _, text in edges)

    if label.layer != TREE:
        return check_edges
    return check if outwards else check_head
