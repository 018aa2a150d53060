"""Reads the public sets of the data folder (see README.md: Data). Nothing is written."""
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

from text import normalise

Span = Tuple[int, int, str]

# cMedQANER's types by the marks that they share with the clinical schema, where they are akin.
CONSUMER_TYPE = {
    "disease": "疾病和诊断", "symptom": "症状", "drug": "药物", "body": "解剖部位",
    "treatment": "治疗", "test": "检查", "crowd": "人群", "physiology": "生理",
    "feature": "特征", "time": "时间", "department": "科室",
}


@dataclass(frozen=True)
class Annotated:
    """A normalised text with flat spans, in code points, ordered, end exclusive."""

    text: str
    spans: List[Span]


_NUMBER = re.compile(r"\d{5,}")


def without_numbers(text: str) -> str:
    """Runs of five digits or more (specimen numbers, mostly) become made-up ones of the same length.

    They begin with 9, as no mainland identity or telephone number does.
    """

    def other(found: "re.Match[str]") -> str:
        rng = random.Random(found.group())
        return "9" + "".join(rng.choice("0123456789") for _ in found.group()[1:])

    return _NUMBER.sub(other, text)


def json_lines(path: Path) -> Iterator[dict]:
    """The rows of a file with an object a line; blank lines and a BOM are passed over."""
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _flat(spans: List[Span]) -> List[Span]:
    kept: List[Span] = []
    for span in sorted(spans):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def clinical_records(data: Path, split: str) -> List[Annotated]:
    """cEHRNER, 7 types; split: train, dev or test. Long numbers of training texts are replaced."""
    read = without_numbers if split == "train" else str
    return [
        Annotated(
            read(normalise(row["text"])),
            _flat([(e["start"], e["end"], e["type"]) for e in row["entities"]]),
        )
        for row in json_lines(data / f"cehrner.{split}.jsonl")
    ]


def consumer_questions(data: Path, split: str) -> List[Annotated]:
    """cMedQANER, its types renamed by `CONSUMER_TYPE`."""
    read = without_numbers if split == "train" else str
    return [
        Annotated(
            read(normalise(row["text"])),
            _flat([(e["start"], e["end"], CONSUMER_TYPE[e["type"]]) for e in row["entities"]]),
        )
        for row in json_lines(data / f"cmedqaner.{split}.jsonl")
    ]


def clinical_cases(data: Path) -> List[dict]:
    """CMB-Clin: cases with `description` and `QA_pairs`, as released."""
    return json.loads((data / "cmb-clin.json").read_text("utf-8-sig"))


def medical_words(data: Path) -> List[str]:
    lines = (data / "thuocl-medical.txt").read_text("utf-8").splitlines()
    words = [normalise(line.split("\t")[0].strip()) for line in lines]
    return [word for word in words if len(word) > 1]


def plain_texts(data: Path) -> Dict[str, List[str]]:
    """Normalised plain text by source, for pre-training. The texts of test and dev sets stay out."""
    sources: Dict[str, List[str]] = {}
    sources["cehrner"] = [row["text"] for row in json_lines(data / "cehrner.train.jsonl")]
    sources["cmedqaner"] = [row["text"] for row in json_lines(data / "cmedqaner.train.jsonl")]
    sources["cmdd"] = [
        "。".join(turn["text"] for turn in row["turns"])
        for row in json_lines(data / "cmdd.jsonl")
        if row["split"] == "train"
    ]
    sources["toyhom"] = [
        row["title"] + "。" + row["ask"] + row["answer"]
        for row in json_lines(data / "toyhom-sample.jsonl")
    ]
    sources["medicalgpt"] = [
        "。".join(turn["value"] for turn in row["conversations"])
        for row in json_lines(data / "medicalgpt-sft-1k.jsonl")
    ]
    # Two cases in ten are kept for measuring evidence selection.
    sources["cmb-clin"] = [
        case["description"] + "。" + "。".join(pair["answer"] for pair in case["QA_pairs"])
        for number, case in enumerate(clinical_cases(data))
        if number % 5 != 0
    ]
    sources["medqa"] = [
        json.dumps(row, ensure_ascii=False) if isinstance(row, str) else _exam_text(row)
        for row in json.loads((data / "medqa-zh.dev400.json").read_text("utf-8-sig"))
    ]
    sources["het-mc"] = _het_texts(data / "het-mc-sample.dialog")
    for name in ("cmedqq", "cmedtc", "cmedic"):
        rows = (data / f"{name}.train.txt").read_text("utf-8-sig").splitlines()
        sources[name] = [text for row in rows for text in row.split("\t")[1:]]
    return {
        name: [without_numbers(normalise(text)) for text in dict.fromkeys(texts) if len(text) > 3]
        for name, texts in sources.items()
    }


def _exam_text(row: dict) -> str:
    return "。".join(value for value in row.values() if isinstance(value, str))


def _het_texts(path: Path) -> List[str]:
    texts: List[str] = []
    turns: List[str] = []
    for line in path.read_text("utf-8-sig").splitlines():
        fields = line.split("\t")
        if fields[0] in ("P", "D") and len(fields) > 1:
            turns.append(fields[1])
        elif fields[0] == "id" and turns:
            texts.append("。".join(turns))
            turns = []
    return texts + (["。".join(turns)] if turns else [])
