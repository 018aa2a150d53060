"""Scores of a checkpoint. The shipped file's scores come from the program (`chimed eval ner`), not from here."""
import json
import math
from pathlib import Path
from typing import Dict, List, Sequence, Set

import torch
import torch.nn.functional as F

import corpus
import evidence
import score
from corpus import Span
from decode import annotate, marked, marks_of
from model import LanguageModel, causal_mask
from pretraining import held_out_texts
from tokenizer import BOS, CLOSE, ENTITY_TYPES, EOS, TASK_EVIDENCE, TASK_SEVEN, Tokenizer
from train import load_model
from typed_list import listed_spans
from windows import windows

LONGEST = 120


def extraction_scores(
    model: LanguageModel, tokenizer: Tokenizer, data: Path, split: str, typed_list: bool = False
) -> Dict[str, object]:
    """Strict scores on cEHRNER's `split`, seven types."""
    records = corpus.clinical_records(data, split)
    texts = [record.text for record in records]
    gold = [set(record.spans) for record in records]
    found: List[Set[Span]] = [set() for _ in texts]
    if typed_list:
        pieces = [(n, a, text[a:b]) for n, text in enumerate(texts) for a, b in windows(text, LONGEST)]
        for (number, start, _), spans in zip(pieces, listed_spans(model, tokenizer, [p[2] for p in pieces])):
            found[number] |= {(a + start, b + start, kind) for a, b, kind in spans}
    else:
        marks = marks_of(tokenizer, TASK_SEVEN, ENTITY_TYPES)
        for number, items in enumerate(annotate(model, tokenizer, texts, marks, LONGEST)):
            found[number] = {(f.start, f.end, f.kind) for f in items}
    return score.strict(gold, found)


@torch.no_grad()
def free_copy(model: LanguageModel, tokenizer: Tokenizer, data: Path, split: str) -> Dict[str, object]:
    """Without the constraint: how many windows are copied exactly, and the strict score of what they say.

    Greedy, at most twice the window's length; a window that is miscopied has its marks placed by the
    characters copied so far, as a reader without the source would.
    """
    records = corpus.clinical_records(data, split)
    device = model.head.weight.device
    marks = marks_of(tokenizer, TASK_SEVEN, ENTITY_TYPES)
    found: List[Set[Span]] = [set() for _ in records]
    exact = total = 0
    for number, record in enumerate(records):
        for start, end in windows(record.text, LONGEST):
            text = record.text[start:end]
            ids = [BOS, tokenizer.control(TASK_SEVEN)] + tokenizer.encode(text) + [tokenizer.control("<|answer|>")]
            cache: list = [None] * model.shape.blocks
            states = model.hidden(torch.tensor([ids], device=device), causal_mask(len(ids), device), cache)[:, -1]
            copied: List[int] = []
            opened = None
            place = len(ids)
            for _ in range(2 * len(text) + 8):
                token = int(model.head(states).argmax())
                if token == EOS:
                    break
                if token in marks.open:
                    opened = (len(copied), marks.kinds[marks.open.index(token)])
                elif token == tokenizer.control(CLOSE):
                    if opened and len(copied) > opened[0]:
                        found[number].add((start + opened[0], start + len(copied), opened[1]))
                    opened = None
                elif token not in marks.attributes:
                    copied.append(token)
                states = model.hidden(
                    torch.tensor([[token]], device=device), torch.zeros(1, 1, device=device), cache, place
                )[:, -1]
                place += 1
            total += 1
            exact += copied == tokenizer.encode(text)
    gold = [set(record.spans) for record in records]
    return {**score.strict(gold, found), "exact": round(exact / max(1, total), 4)}


@torch.no_grad()
def perplexity(model: LanguageModel, tokenizer: Tokenizer, texts: Sequence[str], length: int = 254) -> float:
    """Per token, over stretches of at most `length` characters."""
    total = count = 0.0
    for text in texts:
        for first in range(0, len(text), length):
            ids = torch.tensor(
                [[BOS] + tokenizer.encode(text[first : first + length])], device=model.head.weight.device
            )
            if ids.shape[1] < 3:
                continue
            states = model.hidden(ids[:, :-1], causal_mask(ids.shape[1] - 1, ids.device))
            losses = F.cross_entropy(model.head(states)[0].float(), ids[0, 1:], reduction="sum")
            total += float(losses)
            count += ids.shape[1] - 1
    return round(math.exp(total / max(1.0, count)), 2)


def evidence_scores(model: LanguageModel, tokenizer: Tokenizer, asked: Sequence[evidence.Asked]) -> Dict[str, object]:
    marks = marks_of(tokenizer, TASK_EVIDENCE, ["依据"])
    found = marked(model, tokenizer, [a.passage for a in asked], marks, [a.question for a in asked])
    return dict(evidence.f1(asked, [[(f.start, f.end) for f in items] for items in found]))


def question_sets(data: Path) -> Dict[str, Sequence[evidence.Asked]]:
    """Questions about records of cEHRNER's test set, and about the held-out cases of CMB-Clin."""
    return {
        "records": evidence.record_questions(corpus.clinical_records(data, "test"), seed=1),
        "cases": evidence.case_questions(data, held_out=True),
    }


def report(path: Path, data: Path, work: Path) -> Dict[str, object]:
    """Everything that is measured of a stage's checkpoint; printed and written to `work`."""
    tokenizer = Tokenizer(json.loads((work / "tokenizer.json").read_text("utf-8"))["chars"])
    model = load_model(path)
    results: Dict[str, object] = {
        "perplexity": {name: perplexity(model, tokenizer, texts) for name, texts in held_out_texts(data).items()},
        "dev": extraction_scores(model, tokenizer, data, "dev"),
        "test": extraction_scores(model, tokenizer, data, "test"),
        "unconstrained dev": free_copy(model, tokenizer, data, "dev"),
        **{
            f"evidence, {name}": evidence_scores(model, tokenizer, asked)
            for name, asked in question_sets(data).items()
        },
    }
    (work / f"{path.stem}.scores.json").write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    print(json.dumps(results, ensure_ascii=False, indent=1))
    return results
