"""Precision, recall and F1 of spans."""
from collections import Counter
from typing import Dict, List, Sequence, Set

from corpus import Span


def strict(gold: Sequence[Set[Span]], found: Sequence[Set[Span]]) -> Dict[str, object]:
    """A mention is right when start, end and type are."""
    right: Counter = Counter()
    wanted: Counter = Counter()
    given: Counter = Counter()
    for expected, actual in zip(gold, found):
        right.update(kind for _, _, kind in expected & actual)
        wanted.update(kind for _, _, kind in expected)
        given.update(kind for _, _, kind in actual)

    def f1(hits: int, gold_count: int, given_count: int) -> float:
        return round(2 * hits / max(1, gold_count + given_count), 4)

    hits, total, made = sum(right.values()), sum(wanted.values()), sum(given.values())
    return {
        "f1": f1(hits, total, made),
        "precision": round(hits / max(1, made), 4),
        "recall": round(hits / max(1, total), 4),
        "types": {kind: f1(right[kind], wanted[kind], given[kind]) for kind in sorted(wanted)},
    }
