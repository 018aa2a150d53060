"""Rules that say which mentions are negated, uncertain, historical or of a relative.

In the spirit of NegEx and ConText (Chapman 2001, Harkema 2009), for the way Chinese records are
written: a cue governs the list after it (、 and word after word), not what follows a comma. They label
the training text; what the model then says is measured against synthetic records whose truth is known.
"""
import re
from typing import FrozenSet, List

from corpus import Annotated, Span

GOVERNED = {"疾病和诊断", "症状"}

_NEGATED = re.compile(
    r"(?:否认|不考虑|未见|未诉|未及|未触及|未扪及|未发现|未查见|未提示|未闻及|未出现|未伴|不伴|没有|排除|除外"
    r"|无(?!明显诱因|明显原因|明确诱因|诱因|症状|特殊|规律|痛性|名|菌|意|力|法|效|需|创|水酒精))"
)
_STILL_UNCERTAIN = re.compile(r"(?:不|未|不能|待)(?:排除|除外)")
_UNCERTAIN_BEFORE = re.compile(r"(?:(?<!不)考虑|疑为|疑似|疑|可疑|怀疑|可能为|可能是|倾向于?|不排除|不除外|不能排除)")
_UNCERTAIN_AFTER = re.compile(
    r"^[)\"”’']*(?:转移)?(?:可能|可疑|不除外|不能除外|不排除|不能排除|待排|待查|[?？]|\([?？]\))"
)
_NEGATED_AFTER = re.compile(r"^[\"”]?(?:\(-\)|\(—\)|阴性)")
_HISTORICAL_BEFORE = re.compile(r"(?:既往|曾患|曾有|曾因|曾诊断|既往史|过去史)")
_HISTORICAL_AFTER = re.compile(r"^[\"”]?(?:等)?(?:病史|史)")
_FAMILY = re.compile(r"(?:家族(?!性)|父亲|母亲|父母|其父|其母(?!代)|兄弟|姐妹|哥哥|弟弟|姐姐|妹妹|祖父|祖母|外祖|爷爷|奶奶|子女)")
_FAMILY_AFTER = re.compile(r"^(?:等)?家族(?:病)?史")
_SENTENCE = re.compile(r"[。;!?]")
_BREAKS = re.compile(r"[,:。;!?]|但|而|(?<![不未])伴有?|(?<!未)出现|可见|后|(?<!未)提示|(?<!提)示|行|因|并")


def attributes_of(text: str, span: Span) -> FrozenSet[str]:
    """Of 否定, 不确定, 既往, 家属: what the rules say of one mention in a normalised text."""
    start, end, kind = span
    if kind not in GOVERNED:
        return frozenset()
    borders = [found.end() for found in _SENTENCE.finditer(text, 0, start)]
    sentence = text[borders[-1] if borders else 0 : start]
    after = text[end : end + 40]
    found: List[str] = []
    near = _governed(sentence)
    cues = list(_NEGATED.finditer(near))
    uncertain_negation = any(_STILL_UNCERTAIN.search(near[max(0, c.start() - 2) : c.end()]) for c in cues)
    if (cues and not uncertain_negation) or _NEGATED_AFTER.search(after):
        found.append("否定")
    elif uncertain_negation or _UNCERTAIN_BEFORE.search(near) or _UNCERTAIN_AFTER.search(after):
        found.append("不确定")
    clause = re.split(r"[,]|\d[、.]", sentence)[-1]
    if _FAMILY.search(clause) or _FAMILY_AFTER.search(_rest_of_list(after)):
        found.append("家属")
    elif "否定" not in found and (
        _HISTORICAL_BEFORE.search(clause) or _HISTORICAL_AFTER.search(_rest_of_list(after))
    ):
        found.append("既往")
    return frozenset(found)


def _governed(sentence: str) -> str:
    """The end of the sentence that a cue can reach the mention from."""
    breaks = [found.end() for found in _BREAKS.finditer(sentence)]
    return sentence[breaks[-1] if breaks else 0 :]


def _rest_of_list(after: str) -> str:
    """What follows the list that the mention stands in: 高血压、糖尿病病史."""
    return re.sub(r"^(?:[、及和与][^,。;、否无]{1,16})+?(?=等?(?:病史|史|家族史))", "", after)


def labelled(record: Annotated) -> List[FrozenSet[str]]:
    """For each span of the record, its attributes."""
    return [attributes_of(record.text, span) for span in record.spans]
