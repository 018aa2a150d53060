"""Evidence selection: a question, a window, and the stretches of it that answer.

Built from annotated records (what was used, done, found; answerable and not) and from CMB-Clin's
questions, where a clause of the case that its reference answer repeats counts as evidence.
"""
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

import corpus
from corpus import Annotated
from text import normalise
from windows import cut, windows

LONGEST = 120

QUESTIONS: Dict[str, List[str]] = {
    "药物": ["用过什么药?", "患者用了哪些药物?", "现用药?", "用药情况?", "使用了哪些药物治疗?"],
    "手术": ["做过什么手术?", "手术史?", "患者做过哪些手术?", "行何种手术?"],
    "影像检查": ["做过哪些影像检查?", "影像检查结果?", "影像学检查有什么发现?"],
    "实验室检验": ["化验结果?", "有哪些检验结果?", "实验室检查有什么异常?", "异常检验?"],
    "疾病和诊断": ["有哪些诊断?", "患者得了什么病?", "诊断是什么?", "患有哪些疾病?"],
    "症状": ["有哪些症状?", "患者有什么不适?", "症状如何?"],
}
ABOUT: Dict[str, List[str]] = {
    "药物": ["{}的用法?", "是否用过{}?", "{}怎么用的?"],
    "手术": ["何时行{}?", "{}的情况?"],
    "影像检查": ["{}的结果?", "{}示什么?"],
    "实验室检验": ["{}是多少?", "{}的结果?"],
    "疾病和诊断": ["有无{}?", "是否有{}?", "{}的情况?"],
    "症状": ["有无{}?", "有没有{}?", "{}的情况?"],
    "解剖部位": ["{}有什么异常?", "{}的情况?"],
}
_CLAUSE = re.compile(r"[^,。;!? ]+")


@dataclass(frozen=True)
class Asked:
    question: str
    passage: str
    evidence: List[Tuple[int, int]]


def clauses(text: str) -> List[Tuple[int, int]]:
    return [(found.start(), found.end()) for found in _CLAUSE.finditer(text)]


def holding(text: str, places: Sequence[Tuple[int, int]]) -> List[Tuple[int, int]]:
    """The clauses that hold one of the places; neighbours are one stretch."""
    marked: List[Tuple[int, int]] = []
    for start, end in clauses(text):
        if any(a < end and b > start for a, b in places):
            if marked and start - marked[-1][1] <= 1:
                marked[-1] = (marked[-1][0], end)
            else:
                marked.append((start, end))
    return marked


def ask_record(window: Annotated, names: Dict[str, List[str]], rng: random.Random) -> Asked:
    """A question about an annotated window; about a third are not answered by it."""
    present = {kind for _, _, kind in window.spans}
    draw = rng.random()
    if draw < 0.45 and present & set(QUESTIONS):
        kind = rng.choice(sorted(present & set(QUESTIONS)))
        return Asked(rng.choice(QUESTIONS[kind]), window.text, _of_kind(window, kind))
    if draw < 0.65 and window.spans:
        start, end, kind = rng.choice(window.spans)
        name = window.text[start:end]
        if 1 < len(name) <= 14:
            places = [(m.start(), m.end()) for m in re.finditer(re.escape(name), window.text)]
            return Asked(rng.choice(ABOUT[kind]).format(name), window.text, holding(window.text, places))
    if draw < 0.85:
        kind = rng.choice(list(ABOUT))
        name = rng.choice(names[kind])
        if 1 < len(name) <= 14 and name not in window.text:
            return Asked(rng.choice(ABOUT[kind]).format(name), window.text, [])
    kind = rng.choice(list(QUESTIONS))
    return Asked(rng.choice(QUESTIONS[kind]), window.text, _of_kind(window, kind))


def _of_kind(window: Annotated, kind: str) -> List[Tuple[int, int]]:
    """Of a question after diseases or symptoms, a stated negative is evidence too."""
    return holding(window.text, [(a, b) for a, b, k in window.spans if k == kind])


def case_questions(data: Path, held_out: bool) -> List[Asked]:
    """CMB-Clin: every window of a case with each of its questions; every fifth case is held out."""
    asked: List[Asked] = []
    for number, case in enumerate(corpus.clinical_cases(data)):
        if (number % 5 == 0) != held_out:
            continue
        text = normalise(case["description"])
        for pair in case["QA_pairs"]:
            answer = normalise(pair["answer"])
            known = _bigrams(answer)
            question = normalise(pair["question"])[:40]
            for start, end in windows(text, LONGEST):
                passage = text[start:end]
                evidence = [
                    (a, b) for a, b in clauses(passage)
                    if b - a >= 4 and _share(passage[a:b], known) >= 0.7
                ]
                asked.append(Asked(question, passage, holding(passage, evidence)))
    return asked


def _bigrams(text: str) -> FrozenSet[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def _share(clause: str, known: FrozenSet[str]) -> float:
    own = _bigrams(clause)
    return len(own & known) / max(1, len(own))


def record_questions(records: Sequence[Annotated], seed: int) -> List[Asked]:
    """One question for each window of the records, for measuring."""
    rng = random.Random(seed)
    names: Dict[str, List[str]] = {kind: [] for kind in ABOUT}
    for record in records:
        for start, end, kind in record.spans:
            names[kind].append(record.text[start:end])
    return [
        ask_record(cut(record, start, end), names, rng)
        for record in records
        for start, end in windows(record.text, LONGEST, record.spans)
    ]


def f1(wanted: Sequence[Asked], found: Sequence[List[Tuple[int, int]]]) -> Dict[str, Optional[float]]:
    """Character-level F1 of the marked stretches, and how often 'no evidence' is right."""
    right = gold = given = agree = 0
    for asked, spans in zip(wanted, found):
        expected = {place for a, b in asked.evidence for place in range(a, b)}
        actual = {place for a, b in spans for place in range(a, b)}
        right += len(expected & actual)
        gold += len(expected)
        given += len(actual)
        agree += bool(expected) == bool(actual)
    return {
        "characters": round(2 * right / max(1, gold + given), 4),
        "answerable": round(agree / max(1, len(wanted)), 4),
        "questions": len(wanted),
    }
