"""Stage (c): supervised samples. What is drawn how often, and the augmentation that teaches copying."""
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, List, Sequence, Tuple

import corpus
import evidence
from attributes import attributes_of
from batches import Sample
from corpus import Annotated, Span
from decode import prompt
from lexicon import WORDS
from ordinary import ADDED_COMMAS, JUNK, SWAPPED, TWO, ordinary, replaced
from pretraining import Reader, copy_sample
from synthetic import Writer
from tokenizer import (
    ATTRIBUTES, BOS, CLOSE, CONSUMER_TYPES, ENTITY_TYPES, EOS, TASK_CONSUMER, TASK_EVIDENCE,
    TASK_LIST, TASK_SEVEN, Tokenizer, mark,
)
from windows import cut, windows

LONGEST = 120
PROMPT_WEIGHT = 0.1


@dataclass(frozen=True)
class Mix:
    """The share of each kind of sample; the rest is clinical extraction."""

    synthetic: float = 0.10
    evidence: float = 0.06
    consumer: float = 0.03
    plain: float = 0.03
    copies: float = 0.02
    # The typed list instead of marked copy: only for the comparison of the two.
    typed_list: float = 0.0


# --- one release's habits, taken back ----------------------------------------------------------


def rewritten(record: Annotated, rng: random.Random) -> Annotated:
    """The release has 上 and 下 exchanged, 双 written 两, blanks written 叒, and commas added.

    Each habit is kept or undone by a coin, so that the model reads both it and ordinary records.
    """
    text, spans = record.text, list(record.spans)
    if rng.random() < 0.6:
        text = text.translate(SWAPPED)
    if rng.random() < 0.5:
        text = TWO.sub("双", text)
    blanks = rng.random()
    if blanks >= 0.35:
        text, spans = replaced(text, spans, JUNK, " " if blanks < 0.6 else "")
    if rng.random() < 0.5:
        text, spans = replaced(text, spans, ADDED_COMMAS, "")
    return Annotated(text, spans)


def trusted(record: Annotated, known: Dict[str, float]) -> Annotated:
    """Without an end that nobody annotated: where marks stop although known mentions go on."""
    if not record.spans:
        return record
    last = record.spans[-1][1]
    tail = record.text[last:]
    missed = sum(tail.count(word) for word in known)
    if missed < 3:
        return record
    end = record.text.find("。", last)
    end = end + 1 if 0 <= end < last + 40 else last
    return Annotated(record.text[:end], record.spans)


def well_known(records: Sequence[Annotated]) -> Dict[str, float]:
    """Words of two characters or more that are marked nearly everywhere they occur."""
    marked: Counter = Counter()
    for record in records:
        marked.update(record.text[a:b] for a, b, _ in record.spans)
    everything = "\n".join(record.text for record in records)
    known: Dict[str, float] = {}
    for word, count in marked.items():
        if count >= 5 and len(word) > 1:
            share = count / everything.count(word)
            if share >= 0.8:
                known[word] = share
    return known


# --- tags ------------------------------------------------------------------------------------------

_TAGGED = [*ENTITY_TYPES, *CONSUMER_TYPES, "依据"]
TAGS = 1 + 2 * len(_TAGGED)


def tags_of(text: str, spans: Sequence[Span]) -> List[int]:
    """For each character 0 (nothing), or its type with whether it begins the mention; one -1 at the end."""
    tags = [0] * len(text) + [-1]
    for start, end, kind in spans:
        tag = 1 + 2 * _TAGGED.index(kind)
        tags[start:end] = [tag] + [tag + 1] * (end - start - 1)
    return tags


# --- samples -----------------------------------------------------------------------------------


class FinetuningSamples:
    def __init__(self, data: Path, tokenizer: Tokenizer, mix: Mix):
        self.tokenizer, self.mix = tokenizer, mix
        records = corpus.clinical_records(data, "train")
        known = well_known(records)
        self.records = [trusted(record, known) for record in records]
        self.lengths = [float(len(record.text)) for record in self.records]
        self.consumer = corpus.consumer_questions(data, "train")
        cases = evidence.case_questions(data, held_out=False)
        # Four windows of a case in five answer nothing: drawn as they come, they teach to mark nothing.
        self.cases = [[asked for asked in cases if asked.evidence], [asked for asked in cases if not asked.evidence]]
        self.reader = Reader(data)
        self.words: Dict[str, List[str]] = {kind: [] for kind in ENTITY_TYPES}
        counts: Dict[str, Counter] = {kind: Counter() for kind in ENTITY_TYPES}
        for record in self.records:
            for start, end, kind in record.spans:
                counts[kind][record.text[start:end]] += 1
        for kind, found in counts.items():
            for word, count in found.items():
                self.words[kind] += [word] * min(3, count)
        self.swaps = {kind: self.words[kind] + [w.lower().translate(SWAPPED) for w in WORDS[kind]] * 2 for kind in ENTITY_TYPES}
        for question in self.consumer:
            for start, end, kind in question.spans:
                if kind in ("疾病和诊断", "药物") and end - start > 1:
                    self.swaps[kind].append(question.text[start:end])
        plain = {kind: [ordinary(word) for word in words] for kind, words in self.words.items()}
        self.writer = Writer({kind: [word for word in words if word] for kind, words in plain.items()})
        self.alphabet = tokenizer.chars[1:3000]

    def draw(self, rng: random.Random, progress: float) -> Sample:
        del progress
        mix, at = self.mix, rng.random()
        for share, kind in (
            (mix.plain, self._plain), (mix.copies, self._copies), (mix.consumer, self._consumer),
            (mix.evidence, self._evidence), (mix.synthetic, self._synthetic),
        ):
            if at < share:
                return kind(rng)
            at -= share
        return self._clinical(rng)

    def _plain(self, rng: random.Random) -> Sample:
        ids = [BOS] + self.tokenizer.encode(self.reader.stretch(rng, 200)) + [EOS]
        return Sample(ids, [0.0] + [0.3] * (len(ids) - 1))

    def _copies(self, rng: random.Random) -> Sample:
        length = rng.randint(10, LONGEST)
        if rng.random() < 0.4:
            return copy_sample(self.tokenizer, "".join(rng.choice(self.alphabet) for _ in range(length)), rng)
        return copy_sample(self.tokenizer, self.reader.stretch(rng, length), rng)

    def _consumer(self, rng: random.Random) -> Sample:
        record = rng.choice(self.consumer)
        window = self._window(record, rng)
        return self._extraction(TASK_CONSUMER, window, [frozenset()] * len(window.spans))

    def _clinical(self, rng: random.Random) -> Sample:
        record = rng.choices(self.records, self.lengths)[0]
        # Exchanged first, so that a window is written in one way throughout.
        window = self._window(record, rng)
        if rng.random() < 0.5:
            window = self._swapped(window, rng)
        return self._annotated(rewritten(window, rng), rng)

    def _synthetic(self, rng: random.Random) -> Sample:
        made = self.writer.record(rng)
        attributes = dict(zip(made.record.spans, made.attributes))
        place = rng.choice(windows(made.record.text, LONGEST, made.record.spans))
        inside = [span for span in made.record.spans if span[0] >= place[0] and span[1] <= place[1]]
        return self._extraction(TASK_SEVEN, cut(made.record, *place), [attributes[span] for span in inside])

    def _evidence(self, rng: random.Random) -> Sample:
        draw = rng.random()
        if draw < 0.25:
            asked = rng.choice(self.cases[rng.random() < 0.4])
        else:
            if draw < 0.75:
                record = rewritten(rng.choices(self.records, self.lengths)[0], rng)
            else:
                record = self.writer.record(rng).record
            asked = evidence.ask_record(self._window(record, rng), self.words, rng)
        spans = [(start, end, "依据") for start, end in asked.evidence]
        return self._marked(
            prompt(self.tokenizer, TASK_EVIDENCE, asked.passage, asked.question), asked.passage, spans,
            [frozenset()] * len(spans), noisy=True,
        )

    def _window(self, record: Annotated, rng: random.Random) -> Annotated:
        longest = LONGEST if rng.random() < 0.4 else rng.randint(40, LONGEST)
        return cut(record, *rng.choice(windows(record.text, longest, record.spans)))

    def _annotated(self, window: Annotated, rng: random.Random) -> Sample:
        if rng.random() < self.mix.typed_list:
            return self._listed(window)
        stated = [attributes_of(window.text, span) for span in window.spans]
        return self._extraction(TASK_SEVEN, window, stated)

    def _swapped(self, window: Annotated, rng: random.Random) -> Annotated:
        """A quarter of the mentions become others of their type; a few become characters in no order."""
        text, spans, last = "", [], 0
        for start, end, kind in window.spans:
            text += window.text[last:start]
            draw = rng.random()
            if draw < 0.22:
                word = rng.choice(self.swaps[kind])
            elif draw < 0.24:
                word = "".join(rng.choice(self.alphabet) for _ in range(rng.randint(2, 6)))
            else:
                word = window.text[start:end]
            spans.append((len(text), len(text) + len(word), kind))
            text += word
            last = end
        text += window.text[last:]
        return window if len(text) > LONGEST + 20 else Annotated(text, spans)

    def _extraction(self, task: str, window: Annotated, stated: Sequence[FrozenSet[str]]) -> Sample:
        return self._marked(prompt(self.tokenizer, task, window.text), window.text, window.spans, stated, noisy=True)

    def _marked(
        self, asked: List[int], text: str, spans: Sequence[Span], stated: Sequence[FrozenSet[str]], noisy: bool
    ) -> Sample:
        char, control = self.tokenizer.char, self.tokenizer.control
        own = tags_of(text, spans)
        opens = {start: control(mark(kind)) for start, _, kind in spans}
        closes = {
            end: [control(CLOSE)] + [control(mark(name)) for name in ATTRIBUTES if name in flags]
            for (_, end, _), flags in zip(spans, stated)
        }
        read: List[int] = []
        answer: List[int] = []
        ahead: List[int] = []
        for place in range(len(text) + 1):
            # What stands before the next character: the marks that close and open here.
            marks = closes.get(place, []) + ([opens[place]] if place in opens else [])
            answer += marks
            ahead += [own[place]] * len(marks)
            if place < len(text):
                tokens = char(text[place])
                read += [own[place]] * len(tokens)
                answer += tokens
                ahead += [own[place]] * (len(tokens) - 1) + [own[place + 1]]
        # Of the prompt, the passage is named; it stands before the token that asks for the answer.
        before = [-1] * (len(asked) - len(read) - 1) + read + [own[0]]
        return Sample(
            asked + answer + [EOS],
            [0.0] + [PROMPT_WEIGHT] * (len(asked) - 1) + [1.0] * (len(answer) + 1),
            len(asked) - 1 if noisy else 0,
            before + ahead + [-1],
        )

    def _listed(self, window: Annotated) -> Sample:
        asked = prompt(self.tokenizer, TASK_LIST, window.text)
        answer = self.tokenizer.encode(listed(window)) + [EOS]
        return Sample(asked + answer, [0.0] + [PROMPT_WEIGHT] * (len(asked) - 1) + [1.0] * len(answer), len(asked) - 1)


def listed(window: Annotated) -> str:
    """`类型:值;值` a line, in the order of the schema's types; 无 where there is nothing."""
    lines = []
    for kind in ENTITY_TYPES:
        values = [window.text[a:b] for a, b, k in window.spans if k == kind]
        if values:
            lines.append(kind + ":" + ";".join(dict.fromkeys(values)))
    return "\n".join(lines) or "无"


