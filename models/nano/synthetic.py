"""Records from templates of ours, in the sections of an 入院记录 or 出院小结, with their truth.

A slot is `{D}` (a disease), `{Dn}` (a negated one), `{Dh}`, `{Du}`, `{Df}`, likewise S, M, L, I, O, B, `{P}` (a disease
after its operation), or one of the fillers below in lower case.
"""
import random
import re
from dataclasses import dataclass
from typing import Callable, Dict, FrozenSet, List, Tuple

from corpus import Annotated, Span
from lexicon import FLAGS, LETTERS, UNMARKED, WORDS
from text import normalise

SECTIONS: List[Tuple[str, List[str]]] = [
    ("主诉", [
        "{S}{days}", "反复{S}{years},加重{days}", "{P}{months}", "发现{B}肿物{months}", "{S}、{S}{days}",
        "确诊{D}{months},拟行第{digit}次化疗", "体检发现{B}占位{days}", "{x}、{x}{days}", "{B}疼痛{days}", "{B}外伤后疼痛{days}",
    ]),
    ("现病史", [
        "患者{days}前无明显诱因出现{S},呈阵发性,伴{x}、{x},无{Sn}、{Sn},无{x}。",
        "患者{years}前因“{D}”在我院行“{O}”,术后恢复可。",
        "缘于{months}前劳累后出现{S},休息后可缓解,未予重视。", "{days}前上述症状加重,伴{S},无{Sn},来我院就诊。",
        "于当地医院行{I}检查示:{D}。", "就诊于外院,查{I}提示{B}占位,考虑{Du}可能。", "行{I}:{B}结节影,{Du}待排。",
        "给予{M}、{M}治疗后症状好转。", "予{M}{dose}口服,效果欠佳。", "外院予“{M}{dose}”静滴{days},{S}无明显缓解。",
        "术后病理:{D},侵及{B},{B}{frac}枚见癌转移。", "于{date}在全麻下行{O},手术顺利,术后予{M}抗感染治疗。",
        "术后予{M}{dose} d1+{M}{dose} d1-14方案化疗{digit}周期。", "门诊以“{D}”收入院。", "门诊拟“{D}”收住入院。",
        "查{L}{num},{L}{num}{unit}。", "查血常规:{L}{num}×10^9/L,{L}{num}g/L,{L}{num}%。",
        "病程中无{x}、{x},无{Sn}、{Sn},无{Sn}。", "自发病以来,精神、睡眠、饮食可,大小便正常,体重无明显变化。",
        "无{Sn}{Sn},无{x},无意识障碍。", "{days}前出现{S},位于{B},呈{quality},向{B}放射。", "偶有{S}及{x},可自行缓解。",
        "急诊{I}示{D},急诊予{M}治疗后送入病房。", "不伴{Sn}、{Sn}及{x}。", "近{days}来出现{B}乏力,{x},活动后{S}。",
        "复查{I}未见复发转移征象。", "复查{I}:{B}术后改变,{B}未见明显异常。", "{date}复查{L}{num}{unit},较前升高。",
        "诊断为{D}、{D},予{M}降压,{M}降糖治疗。", "平素口服{M}、{M}控制,血压控制尚可。",
    ]),
    ("既往史", [
        "既往{Dh}病史{years},口服{M}治疗,血压控制可。", "否认{Dn}、{Dn}、{Dn}病史。", "否认{Dn}、{Dn}等传染病史。", "有{Dh}病史{years}。",
        "既往患{Dh},{years}前行{O}。", "{years}前因{D}于外院行{O}。", "既往有{Dh}、{Dh}病史,长期服用{M}。", "无{Dn}、{Dn}、{Dn}病史,无外伤史。",
        "对{M}过敏。", "否认药物及食物过敏史。", "否认手术、外伤及输血史。", "既往体健。", "{Dh}史{years},未规律治疗。",
        "{years}前有“{O}”史。", "发现{Dh}{years},平时服用{M}{dose},{freq}。", "预防接种史不详。", "否认{Dn}史,否认{Dn}史。",
    ]),
    ("个人史", ["生于原籍,无疫区居住史。", "吸烟{years},{digit}支/日,已戒。", "否认吸烟饮酒史。", "适龄结婚,配偶体健。"]),
    ("家族史", [
        "父亲患{Df},母亲体健。", "母亲有{Df}病史。", "否认家族遗传病史。", "父亲因{Df}去世,兄弟姐妹体健。", "家族中无{Dnf}患者。",
        "姐姐患有{Df}。", "父母均有{Df}。", "其父有{Df}、{Df}病史。", "无{Dnf}家族史。", "爷爷死于{Df}。",
    ]),
    ("体格检查", [
        "T{temp}℃,P{num}次/分,R{num}次/分,BP{bp}mmHg。", "神志清楚,{B}及{B}无黄染,{B}未触及肿大。", "{B}呼吸音清,未闻及干湿性啰音。",
        "{B}平软,{B}压痛,无反跳痛,{B}肋下未触及。", "{B}无水肿。", "{B}叩击痛阴性。", "{B}可见一长约{num}cm手术瘢痕。", "{B}律齐,各瓣膜听诊区未闻及杂音。",
        "{B}可触及一大小约{num}×{num}cm肿物,质硬,活动度差。", "{B}压痛(+),{B}活动受限。", "{B}对称,无畸形。", "{B}无压痛及反跳痛。",
    ]),
    ("辅助检查", [
        "{I}({date},本院):{B}占位性病变,考虑{Du}。", "{I}示:{D},{D}。", "{L}{num}{unit},{L}{num}{unit},{L}{num}{unit}。",
        "{L}:{num}{unit};{L}:{num}{unit};{L}:{num}。", "血常规:{L} {num}×10^9/L,{L} {num}%,{L} {num}g/L,{L} {num}×10^9/L。",
        "生化:{L} {num}U/L,{L} {num}U/L,{L} {num}umol/L,{L} {num}mmol/L。", "{I}:1、{D};2、{D};3、{B}钙化灶。", "{I}未见明显异常。",
        "{I}提示{B}增厚,{Du}不除外。", "{I}:{B}多发结节,{Du}可能性大。", "肿瘤标志物:{L} {num}ng/ml,{L} {num}U/ml。", "{I}未见{Dn}征象。",
        "病理:({B}){D}。", "{L}(+),{L}(-)。", "{L}正常,{L}{num}↑,{L}{num}↓。", "{I}:{B}、{B}未见异常,{B}少量积液。", "胃镜:{D},{D}。", "肠镜示{B}息肉,病理:{D}。",
        "血气分析:{L}{num},{L}{num}mmHg,{L}{num}mmHg。", "凝血:{L}{num}s,{L}{num}g/L,{L}{num}mg/L。", "{date}{I}:{P},{B}未见复发征象。",
    ]),
    ("初步诊断", ["1.{D} 2.{D} 3.{D}", "{D}", "1、{D}2、{D}", "{D};{D}", "1.{P} 2.{Du}? 3.{D}"]),
    ("诊疗经过", [
        "入院后完善相关检查,{I}示{D},{L}{num}{unit}。", "于{date}在全麻下行{O},术中见{B}与{B}粘连,术后予{M}、{M}治疗。", "予{M}抗感染、{M}化痰、{M}止痛治疗。",
        "给予{M}{dose} {freq},{M}{dose} {freq}。", "行{O}+{O},术程顺利。", "术后病理回报:{D}。", "经治疗后{S}缓解,复查{L}{num}{unit}。",
        "请相关科室会诊,考虑{Du},建议完善{I}。", "予护{B}、保{B}、补液等对症处理。", "加用{M}改善循环,{M}营养神经。", "住院期间行{I}检查,未见{Dn}。",
    ]),
    ("出院诊断", ["{D}", "1.{D} 2.{D} 3.{D} 4.{D}", "1、{P};2、{D}"]),
    ("出院情况", ["患者无{Sn}、{Sn},无{x},{B}切口愈合好,予出院。", "{S}较前好转,精神饮食可。", "一般情况可,无{Sn}{Sn},{B}引流管已拔除。"]),
    ("出院医嘱", [
        "继续口服{M}{dose} {freq}。", "{M} {dose} {freq}口服;{M} {dose} {freq}口服。", "定期复查{I}、{L}、{L}。", "门诊随诊,如有{S}、{x}及时就诊。", "{months}后复查{I}。", "低盐低脂饮食,监测血压。",
    ]),
]

_SLOT = re.compile(r"\{([A-Za-z]+)\}")


@dataclass(frozen=True)
class Synthetic:
    record: Annotated
    attributes: List[FrozenSet[str]]


Fill = Callable[[random.Random], str]
FILLERS: Dict[str, Fill] = {
    "x": lambda r: r.choice(UNMARKED),
    "days": lambda r: f"{r.randint(1, 20)}" + r.choice(["天", "日", "小时", "周", "余天"]),
    "months": lambda r: f"{r.randint(1, 11)}" + r.choice(["月", "个月", "月余"]),
    "years": lambda r: f"{r.randint(1, 30)}" + r.choice(["年", "余年", "年余"]),
    "digit": lambda r: str(r.randint(1, 9)),
    "num": lambda r: r.choice([f"{r.random() * 20:.2f}", f"{r.random() * 200:.1f}", str(r.randint(1, 400))]),
    "unit": lambda r: r.choice(["g/L", "mmol/L", "umol/L", "U/L", "ng/ml", "mg/L", "%", "U/ml", "×10^9/L", "pg/ml", ""]),
    "dose": lambda r: r.choice(["", " "]) + r.choice(["100mg", "0.5g", "20mg", "10ml", "75mg", "1片", "200mg", "1500mg", "5mg", "12U", "80mg", "1g"]),
    "freq": lambda r: r.choice(["qd", "bid", "tid", "每日1次", "每日两次", "每晚1次", "q8h", "1次/日"]),
    "date": lambda r: r.choice(["{y}-{m:02d}-{d:02d}", "{y}.{m}.{d}", "{y}年{m}月{d}日", "{m}月{d}日"]).format(
        y=r.randint(2008, 2025), m=r.randint(1, 12), d=r.randint(1, 28)),
    "frac": lambda r: f"{r.randint(0, 5)}/{r.randint(5, 20)}",
    "temp": lambda r: f"{36 + r.random() * 3:.1f}",
    "bp": lambda r: f"{r.randint(95, 180)}/{r.randint(55, 110)}",
    "quality": lambda r: r.choice(["隐痛", "胀痛", "绞痛", "持续性钝痛", "刺痛"]),
}


class Writer:
    """words: more words of each type (from the training records), mixed with ours."""

    def __init__(self, words: Dict[str, List[str]]):
        self.words = words

    def _word(self, kind: str, rng: random.Random) -> str:
        own = WORDS[kind]
        other = self.words.get(kind, [])
        return rng.choice(other) if other and rng.random() < 0.4 else rng.choice(own)

    def record(self, rng: random.Random) -> Synthetic:
        """A few sections in their order, with or without titles and line ends."""
        first = rng.randrange(len(SECTIONS))
        chosen = SECTIONS[first : first + rng.randint(1, 4)]
        titled = rng.random() < 0.6
        text, spans, attributes = "", [], []
        for title, sentences in chosen:
            if titled:
                text += title + rng.choice([":", ":", " ", ""])
            count = rng.randint(2, 5) if len(sentences) > 6 else rng.randint(1, 2)
            for sentence in rng.sample(sentences, min(count, len(sentences))):
                text = self._fill(sentence, text, spans, attributes, rng)
                if text[-1] not in "。;" and rng.random() < 0.8:
                    text += rng.choice(["。", "。", " "])
            if rng.random() < 0.5:
                text += " "
        assert all(normalise(text[a:b]) for a, b, _ in spans)
        return Synthetic(Annotated(normalise(text), spans), attributes)

    def _fill(
        self, sentence: str, text: str, spans: List[Span], attributes: List[FrozenSet[str]], rng: random.Random
    ) -> str:
        place = 0
        for slot in _SLOT.finditer(sentence):
            text += sentence[place : slot.start()]
            place = slot.end()
            name = slot.group(1)
            if name in FILLERS:
                text += FILLERS[name](rng)
                continue
            # What was operated on is one diagnosis with its 术后, as the records mark it.
            operated = name[0] == "P"
            kind = LETTERS["D" if operated else name[0]]
            word = self._word(kind, rng)
            if operated and not word.endswith("术后"):
                word += "术后"
            spans.append((len(text), len(text) + len(word), kind))
            attributes.append(frozenset(FLAGS[flag] for flag in name[1:]))
            text += word
        return text + sentence[place:]
