"""Greedy decoding of marked copies, in batches, with and without the program's constraint."""
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import torch

from corpus import Annotated, Span
from model import LanguageModel, causal_mask
from tokenizer import ANSWER, ATTRIBUTES, BOS, CLOSE, EOS, EVIDENCE, PASSAGE, TASK_EVIDENCE, Tokenizer, mark
from windows import windows

BORDERS = set("。;!")


@dataclass(frozen=True)
class Found:
    """One marked stretch of a window, with its attributes."""

    start: int
    end: int
    kind: str
    attributes: Tuple[str, ...] = ()


@dataclass
class Marks:
    task: str
    kinds: List[str]
    open: List[int]
    close: int
    attributes: List[int]
    # Whether what is marked may go on beyond a sentence: evidence may, entities may not.
    across: bool = False


def marks_of(tokenizer: Tokenizer, task: str, kinds: Sequence[str]) -> Marks:
    control = tokenizer.control
    return Marks(
        task, list(kinds), [control(mark(kind)) for kind in kinds], control(CLOSE),
        [control(mark(name)) for name in ATTRIBUTES], task == TASK_EVIDENCE,
    )


class _Copy:
    """The state of one window: what may come next, and what was marked."""

    def __init__(self, tokenizer: Tokenizer, text: str, marks: Marks):
        self.text, self.marks = text, marks
        self.source = [(token, place if part == 0 else -1)
                       for place, char in enumerate(text)
                       for part, token in enumerate(tokenizer.char(char))]
        self.next = 0
        self.open: Optional[Tuple[int, str]] = None
        self.closed: Optional[Tuple[int, int, str]] = None
        self.attributes: List[str] = []
        self.found: List[Found] = []
        self.done = False

    def allowed(self) -> List[int]:
        marks = self.marks
        if self.next == len(self.source):
            if self.open:
                return [marks.close]
            return [EOS] + self._attributes()
        token, place = self.source[self.next]
        if place < 0:
            return [token]
        ends = self.text[place] in BORDERS
        if self.open:
            if place == self.open[0]:
                return [token]
            return [marks.close] if ends and not marks.across else [token, marks.close]
        if self.text[place] == " " or ends:
            return [token] + self._attributes()
        return [token] + marks.open + self._attributes()

    def _attributes(self) -> List[int]:
        if self.closed is None:
            return []
        last = ATTRIBUTES.index(self.attributes[-1]) if self.attributes else -1
        return self.marks.attributes[last + 1 :]

    def take(self, token: int) -> None:
        marks = self.marks
        if token == EOS:
            self._finish()
            self.done = True
        elif self.open and token == marks.close:
            place = self.source[self.next][1] if self.next < len(self.source) else len(self.text)
            while self.text[place - 1] == " " and place - 1 > self.open[0]:
                place -= 1
            self.closed = (self.open[0], place, self.open[1])
            self.open = None
        elif self.closed and token in marks.attributes:
            self.attributes.append(ATTRIBUTES[marks.attributes.index(token)])
        elif not self.open and token in marks.open:
            self._finish()
            self.open = (self.source[self.next][1], marks.kinds[marks.open.index(token)])
        else:
            self._finish()
            self.next += 1

    def _finish(self) -> None:
        if self.closed:
            self.found.append(Found(*self.closed, tuple(self.attributes)))
        self.closed, self.attributes = None, []


@torch.no_grad()
def marked(
    model: LanguageModel, tokenizer: Tokenizer, texts: Sequence[str], marks: Marks,
    questions: Optional[Sequence[str]] = None, batch: int = 48, outputs: Optional[List[List[int]]] = None,
) -> List[List[Found]]:
    """Marks of each text under the constraint; `outputs` receives the token ids if given."""
    device = model.embedding.weight.device
    results: List[List[Found]] = [[] for _ in texts]
    if outputs is not None:
        outputs.extend([] for _ in texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for first in range(0, len(order), batch):
        rows = order[first : first + batch]
        prompts = [prompt(tokenizer, marks.task, texts[i], questions[i] if questions else None) for i in rows]
        longest = max(map(len, prompts))
        ids = torch.zeros(len(rows), longest, dtype=torch.long, device=device)
        padding = torch.zeros(len(rows), longest, device=device)
        for row, tokens in enumerate(prompts):
            # Padding stands on the left; rotary places are relative, so it only has to be masked.
            ids[row, longest - len(tokens) :] = torch.tensor(tokens)
            padding[row, : longest - len(tokens)] = -1e9
        cache: list = [None] * model.shape.blocks
        mask = causal_mask(longest, device)[None, None] + padding[:, None, None, :]
        states = model.hidden(ids, mask, cache)[:, -1]
        copies = [_Copy(tokenizer, texts[i], marks) for i in rows]
        place = longest
        while not all(copy.done for copy in copies):
            logits = model.head(states)
            chosen = []
            for row, copy in enumerate(copies):
                if copy.done:
                    chosen.append(EOS)
                    continue
                allowed = copy.allowed()
                best = allowed[int(logits[row, allowed].argmax())] if len(allowed) > 1 else allowed[0]
                if outputs is not None:
                    outputs[rows[row]].append(best)
                copy.take(best)
                chosen.append(best)
            padding = torch.cat((padding, torch.zeros(len(rows), 1, device=device)), 1)
            states = model.hidden(
                torch.tensor(chosen, device=device)[:, None], padding[:, None, None, :], cache, place
            )[:, -1]
            place += 1
            if place >= model.shape.context * 2:
                break
        for row, i in enumerate(rows):
            results[i] = copies[row].found
    return results


def prompt(tokenizer: Tokenizer, task: str, text: str, question: Optional[str] = None) -> List[int]:
    asked = [] if question is None else tokenizer.encode(question) + [tokenizer.control(PASSAGE)]
    return [BOS, tokenizer.control(task)] + asked + tokenizer.encode(text) + [tokenizer.control(ANSWER)]


def annotate(
    model: LanguageModel, tokenizer: Tokenizer, texts: Sequence[str], marks: Marks, longest: int
) -> List[List[Found]]:
    """Whole records, window by window; places are the records'."""
    pieces = [(number, start, text[start:end]) for number, text in enumerate(texts)
              for start, end in windows(text, longest)]
    found = marked(model, tokenizer, [piece for _, _, piece in pieces], marks)
    results: List[List[Found]] = [[] for _ in texts]
    for (number, start, _), items in zip(pieces, found):
        results[number] += [Found(f.start + start, f.end + start, f.kind, f.attributes) for f in items]
    return results
