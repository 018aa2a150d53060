"""One release's habits, taken back: cEHRNER as other hospitals write. Needs nothing but Python."""
import argparse
import json
import re
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

import corpus
from corpus import Annotated, Span

JUNK = re.compile("[叒\u0004 ]+|\\\\u0004")
TWO = re.compile("两(?=侧|肺|上肢|下肢|肾|眼|手|足|乳|卵|膝|髋|耳|输|附|瞳|腔|股|颈|锁|腋|腹|叶|中|肩|小)")
SWAPPED = str.maketrans("上下", "下上")
ADDED_COMMAS = re.compile(r"(?<=,),|^,|,(?=:)|(?<=/),|(?<=部),(?=[a-z])")
_FULL_WIDTH = str.maketrans(",;:()?!", "，；：（）？！")


def ordinary_record(record: Annotated) -> Annotated:
    """Every habit undone, punctuation in full width and letters in capitals: not what was trained on."""
    text = TWO.sub("双", record.text.translate(SWAPPED))
    text, spans = replaced(text, record.spans, JUNK, " ")
    text, spans = replaced(text, spans, ADDED_COMMAS, "")
    return Annotated(text.translate(_FULL_WIDTH).upper(), spans)


def ordinary(word: str) -> str:
    """A word of the release as other records write it."""
    return JUNK.sub("", TWO.sub("双", word.translate(SWAPPED)))


def replaced(text: str, spans: Sequence[Span], what: "re.Pattern[str]", by: str) -> Tuple[str, List[Span]]:
    """Every match replaced, the spans moved along; a span that vanishes is dropped."""
    place: List[int] = []
    parts: List[str] = []
    length = last = 0
    for found in what.finditer(text):
        parts.append(text[last : found.start()])
        place += range(length, length + found.start() - last)
        length += found.start() - last
        place += [length] * (found.end() - found.start())
        parts.append(by)
        length += len(by)
        last = found.end()
    parts.append(text[last:])
    place += range(length, length + len(text) - last + 1)
    moved = [(place[a], place[b], kind) for a, b, kind in spans]
    return "".join(parts), [(a, b, kind) for a, b, kind in moved if a < b]


def ordinary_records(data: Path, split: str) -> Iterator[str]:
    """cEHRNER's records as other hospitals write them, a line of JSON each, to measure on."""
    for record in corpus.clinical_records(data, split):
        written = ordinary_record(record)
        entities = [{"type": kind, "start": a, "end": b, "text": written.text[a:b]} for a, b, kind in written.spans]
        yield json.dumps({"text": written.text, "entities": entities}, ensure_ascii=False) + "\n"


def rewrite(data: Path, work: Path) -> None:
    """Writes the test set in ordinary writing into `work`."""
    (work / "cehrner.test.ordinary.jsonl").write_text("".join(ordinary_records(data, "test")), "utf-8")


def main(arguments: List[str]) -> None:
    """`run.py rewrite`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the public sets (read only)")
    parser.add_argument("--work", type=Path, required=True, help="a folder outside the repository")
    args = parser.parse_args(arguments)
    rewrite(args.data, args.work)
