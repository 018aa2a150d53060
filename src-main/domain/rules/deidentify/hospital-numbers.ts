/** Numbers that a hospital or an insurance gives: only their label tells them from a measured value. */
import type { Candidate } from './identifier';
import { labelledValues, labelPattern } from './labels';
import { matches } from './words';

const hospitalLabels = labelPattern([
  ...['住院号', '病案号', '病历号', '门诊号', '急诊号', '就诊号', '登记号', '标本号', '样本号'],
  ...['检查号', '检验号', '申请单号', '申请号', '病理号', '影像号', '放射号', '超声号', '内镜号'],
  ...['胃镜号', '肠镜号', 'X线号', 'CT号', 'MRI号', 'MR号', 'B超号', '心电图编号', '心电图号'],
  ...['处方号', '处方编号', '发票号', '发票编号', '票据号', '体检号', '体检编号', '健康档案号'],
  ...['档案号', '条码号', '条形码', '流水号', '就诊卡', '诊疗卡', '磁卡号', '患者编号', '病人编号'],
  ...['受试者编号', '住院编号', '病例号', '挂号序号', '医嘱号', '输血申请单号', '血袋号', '收费员'],
  ...['工号', '腕带号', '编号', '留观号', '透析号', '病员号', '患者ID', '病人ID', '床号', '床位'],
  ...['留观床', 'ID', 'ID号', 'MRN', 'PID'],
]);
const insuranceLabels = labelPattern([
  ...['医保卡', '医保号', '医保编号', '医保证', '医疗保险号', '医疗证', '社会保障号', '社会保障卡'],
  ...[
    '社保卡',
    '社保号',
    '社保编号',
    '参保号',
    '个人编号',
    '新农合证',
    '农合证',
    '农合号',
    '合疗证',
  ],
  ...['医疗卡', '优抚证', '低保证', '残疾证', '离休证', '保单号', '老年证'],
]);

/** Solid, with hyphens, or in groups of at most five digits: then a longer number is another one. */
const value =
  /[A-Za-z+]{0,6}-?(?:[0-9]{1,5}(?:[ ][0-9]{2,5}){1,4}(?![0-9.])|[0-9][0-9A-Za-z]{0,23}(?:[-/][0-9A-Za-z]{1,12}){0,3})[床号]?/y;
const code = /[A-Z]{1,5}[-]?[0-9A-Z]{1,20}(?:-[0-9A-Z]{1,12}){0,3}/y;
/** A measurement is no number of a bed: 床 as a unit of counting. */
const bed =
  /(?<![0-9A-Za-z第.])(?:[+加]?[0-9]{1,3}|[A-Z]{1,4}-?[0-9]{1,3})[ ]?床(?![旁位头边单上下尾])/g;
const bedAfter = /(?:转至|转入|转到|在)([A-Z]{2,4}-[0-9]{1,3})(?![0-9A-Za-z])/g;
const countedBeds = /(?:共|开放|编制|设有|张|病)$/;

export function* hospitalNumbers(folded: string): Generator<Candidate> {
  for (const pattern of [value, code])
    for (const { start, end } of labelledValues(folded, hospitalLabels, pattern))
      if (!/^[0-9.]+(?:月|年|天|岁|次|个|张|例|份|元|%)/.test(folded.slice(start, end + 1)))
        yield { kind: 'hospital-number', start, end, rule: 'hospital-label', certainty: 92 };
  for (const pattern of [value, code])
    for (const { start, end } of labelledValues(folded, insuranceLabels, pattern))
      yield { kind: 'insurance-number', start, end, rule: 'insurance-label', certainty: 97 };
  for (const { index, 0: text } of matches(bed, folded))
    if (!countedBeds.test(folded.slice(Math.max(0, index - 2), index)))
      yield {
        kind: 'hospital-number',
        start: index,
        end: index + text.length,
        rule: 'hospital-bed',
        certainty: 60,
      };
  for (const { index, 0: text, 1: place = '' } of matches(bedAfter, folded))
    yield {
      kind: 'hospital-number',
      start: index + text.length - place.length,
      end: index + text.length,
      rule: 'hospital-bed',
      certainty: 60,
    };
}
