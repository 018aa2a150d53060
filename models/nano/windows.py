"""Windows of a record, cut where the program cuts them (`src-main/tasks/extraction/windows.ts`)."""
from typing import List, Sequence, Tuple

from corpus import Annotated, Span

SENTENCE_ENDS = set("。;!?；！？")
CLAUSE_ENDS = set(",、:，： \t")


def windows(text: str, longest: int, spans: Sequence[Span] = ()) -> List[Tuple[int, int]]:
    """[start, end) of each window; with `spans`, no cut falls inside one (training only)."""
    inside = {place for start, end, _ in spans for place in range(start + 1, end)}
    found: List[Tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + longest)
        if end < len(text):
            length = end - start
            end = (
                _last(text, start + length // 2, end, SENTENCE_ENDS, inside)
                or _last(text, start + length // 4, end, CLAUSE_ENDS, inside)
                or _last(text, start + 1, end, None, inside)
                or end
            )
        if text[start:end].strip():
            found.append((start, end))
        start = end
    return found


def _last(text: str, first: int, end: int, borders, inside) -> int:
    for place in range(end - 1, first - 1, -1):
        if (borders is None or text[place] in borders) and place + 1 not in inside:
            return place + 1
    return 0


def cut(record: Annotated, start: int, end: int) -> Annotated:
    """The window as a text of its own, with the spans that lie in it."""
    spans = [(a - start, b - start, kind) for a, b, kind in record.spans if a >= start and b <= end]
    return Annotated(record.text[start:end], spans)
