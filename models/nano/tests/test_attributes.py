"""What the rules say of a mention that is set in 【】, in sentences of ours.

D before the sentence: the mention is a disease; otherwise it is a symptom.
"""
import unittest

import support  # noqa: F401
from attributes import attributes_of, labelled
from corpus import Annotated

NEGATED = """
无【腹痛】,无恶心。
无腹痛、【腹胀】、腹泻。
患者否认【胸闷】。
D 否认肝炎、【结核】等传染病史。
起病以来无明显【心悸】。
未诉【头痛】、头晕。
D ct未见【肺部感染】征象。
D 胸片未见明显【肺炎】。
D 彩超未发现【胆囊结石】。
无痛性肿块,无【乳头溢液】。
【墨菲征】(-)。
没有【腹痛】及腹胀。
患者无【胸闷】胸痛,无咳血。
D 无【高血压】家族聚集,无外伤。
"""

UNCERTAIN = """
D 考虑【肺癌】可能。
D 右肺结节,【转移瘤】待排。
D 【肺结核】不除外。
D 不能排除【肝转移】。
D 不排除【淋巴瘤】。
D 未除外【肺栓塞】。
D 病理疑为【胃腺癌】。
D 【恶性肿瘤】?建议穿刺。
D 疑似【急性心肌梗死】。
D ct提示占位,考虑【肝癌】。
D 【肺部感染】可能性大。
D 【胆囊炎】不能除外。
D 腹膜后肿块,可能为【神经鞘瘤】。
"""

HISTORICAL = """
D 既往【高血压】病史10年。
D 【糖尿病】史5年,未规律治疗。
D 有【冠心病】病史3年。
D 既往有【高血压】、糖尿病病史。
D 有高血压、【糖尿病】病史。
D 曾患【肺结核】,已治愈。
D 既往史:【脑梗死】5年。
D 【高血压】、糖尿病病史10年。
"""

FAMILY = """
D 父亲患【食管癌】,母亲体健。
D 母亲有【糖尿病】病史。
D 父亲死于【胃癌】,兄弟姐妹体健。
D 其父有高血压、【冠心病】病史。
D 姐姐患有【乳腺癌】。
D 爷爷因【脑出血】去世。
"""

NOTHING = """
患者3天前无明显诱因出现【腹痛】。
无明显原因【胸闷】1周。
无诱因出现【头晕】,持续2小时。
D 左乳无痛性肿块,诊断为【乳腺癌】。
D 排除禁忌后行手术,术后诊断【胃癌】。
无发热,【咳嗽】较前加重。
因【腹痛】3天入院。
D 诊断为【冠心病】。
D 术后病理:【胃腺癌】。
D 行无痛胃镜示【胃溃疡】。
无规律【上腹痛】2年。
D 无名指【骨折】。
胸闷后出现【心悸】,无晕厥。
D ct示【胆囊结石】,未见胆管扩张。
"""

BOTH = {
    "D 家族中无【糖尿病】患者。": {"否定", "家属"},
    "D 否认家族【肿瘤】病史。": {"否定", "家属"},
    "D 否认高血压、【糖尿病】病史。": {"否定"},
    "D 否认手术史,否认【糖尿病】史。": {"否定"},
}

# Mentions that a careless rule gets wrong.
TRAPS = {
    "咳嗽,不伴【胸痛】。": {"否定"},
    "未伴【头晕】、头痛。": {"否定"},
    "未出现【腹泻】。": {"否定"},
    "D 复查未提示【骨转移】。": {"否定"},
    "D 暂不考虑【肺结核】。": {"否定"},
    "D 患者无意中发现【乳腺癌】1月。": set(),
    "双下肢无力、【疼痛】。": set(),
    "既往体健,3天前出现【腹痛】。": set(),
    "其母代诉患儿【腹痛】1天。": set(),
    "D 父亲患食管癌,患者有【高血压】。": set(),
    "D 【高血压】及糖尿病病史10年。": {"既往"},
    "D 有【高血压】、冠状动脉粥样硬化性心脏病病史。": {"既往"},
    "D 否认【高血压】家族史。": {"否定", "家属"},
}

# What the rules get wrong today; when a rule learns it, its test says so. A list that goes on after a comma: cutting at commas is right far more often.
MISSED = {
    "无头晕、头痛,【胸闷】、心悸等不适。": {"否定"},
}


def attributes(sentence: str) -> "frozenset[str]":
    kind = "疾病和诊断" if sentence.startswith("D ") else "症状"
    sentence = sentence[2:] if sentence.startswith("D ") else sentence
    start, end = sentence.index("【"), sentence.index("】") - 1
    return attributes_of(sentence.replace("【", "").replace("】", ""), (start, end, kind))


class Attributes(unittest.TestCase):
    def expect(self, sentences: str, *wanted: str) -> None:
        for sentence in sentences.strip().split("\n"):
            with self.subTest(sentence):
                self.assertEqual(attributes(sentence), frozenset(wanted))

    def test_what_is_denied_or_not_found_is_negated(self) -> None:
        self.expect(NEGATED, "否定")

    def test_what_is_suspected_or_not_excluded_is_uncertain_and_not_negated(self) -> None:
        self.expect(UNCERTAIN, "不确定")

    def test_what_was_had_before_is_historical(self) -> None:
        self.expect(HISTORICAL, "既往")

    def test_what_a_relative_has_is_the_relatives(self) -> None:
        self.expect(FAMILY, "家属")

    def test_what_only_looks_like_a_cue_states_nothing(self) -> None:
        self.expect(NOTHING)

    def test_traps(self) -> None:
        for sentence, wanted in TRAPS.items():
            with self.subTest(sentence):
                self.assertEqual(attributes(sentence), wanted)

    def test_two_attributes_can_hold_at_once(self) -> None:
        for sentence, wanted in BOTH.items():
            with self.subTest(sentence):
                self.assertEqual(attributes(sentence), wanted)

    def test_only_diseases_and_symptoms_have_attributes(self) -> None:
        record = Annotated("未见腹痛,否认服用阿司匹林。", [(2, 4, "症状"), (9, 13, "药物")])
        self.assertEqual(labelled(record), [frozenset({"否定"}), frozenset()])

    def test_a_cue_does_not_reach_across_a_sentence(self) -> None:
        self.assertEqual(attributes("无恶心。【腹痛】2天。"), frozenset())
        self.assertEqual(attributes("D 父亲体健。患者【高血压】10年。"), frozenset())


def _missed(sentence: str, wanted: "set[str]"):
    @unittest.expectedFailure
    def test(self: unittest.TestCase) -> None:
        self.assertEqual(attributes(sentence), wanted)

    return test


class KnownMisses(unittest.TestCase):
    """Expected failures: `unittest` reports an unexpected success when a rule is mended."""


for number, (sentence, wanted) in enumerate(MISSED.items()):
    setattr(KnownMisses, f"test_{number:02d}", _missed(sentence, wanted))

if __name__ == "__main__":
    unittest.main()
