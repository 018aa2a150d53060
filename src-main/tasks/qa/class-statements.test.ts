import { describe, expect, it } from 'vitest';
import lexicon from '../../../resources/lexicons/questions.json' with { type: 'json' };
import questions from '../../../resources/quick-questions.json' with { type: 'json' };
import { defaultThreshold } from '../../domain/contract/qa';
import { findSections } from '../../domain/rules/sections';
import { classesOf } from './class-questions';
import { statementsOf, type StatementClass } from './class-statements';
import { quotationsOf } from './quotations';
import { sentencesOf } from './sentences';

function quoted(text: string, question: string): string[] {
  const found = quotationsOf(text, sentencesOf(text, findSections(text)), question);
  return found.confidence >= defaultThreshold ? found.quotes.map((quote) => quote.text) : [];
}

describe('手术史？', () => {
  it.each([
    '入院后行头颅CT检查。',
    '行冠状动脉造影，见前降支狭窄。',
    '诊断性穿刺未成功，完善术前准备。',
    '术后予头孢西丁预防感染。',
    '若无效，转神经外科评估微血管减压术。',
    '拟急诊行子宫下段剖宫产术。',
    '患者要求行剖宫产术。',
    '无手术指征。',
    '24小时内行急诊胃镜。',
    '患者曾从事武术教练工作。',
    '早期行吞咽功能评估与肢体康复训练。',
  ])('does not quote %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '手术史？')).toEqual([]);
  });

  it.each([
    '2015年行腹腔镜下胆囊切除术。',
    '结肠癌根治术后2年。',
    '于前降支植入支架1枚。',
    '5年前置入心脏起搏器。',
    '2019年行剖宫产一次。',
    '2018年行体外碎石。',
    '否认手术、外伤史。',
    '曾行阑尾炎手术。',
    '因子宫肌瘤行子宫全切。',
    '因要求绝育行输卵管结扎术。',
    '拟诊阑尾炎行阑尾切除术。',
    '頸椎減壓術後三月。',
  ])('quotes %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '手术史？')).toEqual([sentence]);
  });

  it('quotes what follows an operation that is not named only where none is', () => {
    expect(quoted('术后第1天，切口疼痛。\n术后第3天，肛门排气。', '手术史？')).toHaveLength(1);
    expect(quoted('行胃癌根治术。\n术后第3天，肛门排气。', '手术史？')).toEqual(['行胃癌根治术。']);
  });
});

describe('过敏史？', () => {
  it.each([
    '发热2天，皮疹半天。',
    '予抗过敏治疗。',
    '有过敏性鼻炎多年。',
    '药敏：对左氧氟沙星敏感。',
  ])('does not quote %s', (sentence) => {
    expect(quoted(`主诉：发热。\n${sentence}`, '过敏史？')).toEqual([]);
  });

  it.each(['对青霉素过敏。', '无药物及食物过敏史。', '青霉素皮试阳性。'])(
    'quotes %s',
    (sentence) => {
      expect(quoted(`主诉：发热。\n${sentence}`, '过敏史？')).toEqual([sentence]);
    },
  );

  it('of one drug is not answered by its being given', () => {
    const text = '出院带药：阿司匹林100mg每日一次。';
    expect(quoted(text, '对阿司匹林过敏吗？')).toEqual([]);
    expect(quoted(`${text}\n对阿司匹林过敏。`, '对阿司匹林过敏吗？')).toEqual(['对阿司匹林过敏。']);
    expect(quoted('过敏性鼻炎5年。', '过敏性鼻炎几年了')).toEqual(['过敏性鼻炎5年。']);
  });
});

describe('现用药？', () => {
  it.each([
    '口服葡萄糖耐量试验正常。',
    '吸烟30年，每日20支。',
    '大便稀，每日3次。',
    '植入药物支架1枚。',
    '磺胺类药物过敏。',
    '促甲状腺激素6.8mIU/L。',
    '社区获得性肺炎，治疗有效。',
    '痰培养对左氧氟沙星敏感。',
    '每日饮水约3000ml。',
  ])('does not quote %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '现用药？')).toEqual([]);
  });

  it.each([
    '口服二甲双胍。',
    '替格瑞洛90mg每日两次。',
    '某新药5mg qd。',
    '予补钾。',
    '停用万古霉素，改利奈唑胺。',
    '未规律服用华法林。',
    '继续双联抗血小板治疗。',
    '青霉素过敏，予左氧氟沙星静滴。',
  ])('quotes %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '现用药？')).toEqual([sentence]);
  });

  it('quotes every drug of a long list', () => {
    const drugs = Array.from(
      { length: 10 },
      (_, at) => `${at + 1}.阿司匹林${at + 1}00mg每日一次；`,
    );
    expect(quoted(`出院带药：${drugs.join('')}`, '现用药？')).toHaveLength(10);
  });
});

describe('异常检验？', () => {
  it.each([
    '右下腹反跳痛阳性。',
    '左侧巴宾斯基征阳性。',
    '左室射血分数42%。',
    '血氧饱和度96%。',
    '出院医嘱：每3个月复查血常规、肝功能。',
    '血钾大于6.0mmol/L时行血液净化。',
    '曾输红细胞2单位。',
    '随机血糖正常。',
    '呋塞米20mg每日一次。',
  ])('does not quote %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '异常检验？')).toEqual([]);
  });

  it.each([
    '血肌酐104μmol/L。',
    '肌钙蛋白I 0.04ng/ml。',
    '白细胞13.6×10^9/L↑。',
    '大便隐血阳性。',
    '糖化血红蛋白7.6%。',
    '国际标准化比值1.05。',
    '今日复查血常规：白细胞9.8×10^9/L。',
  ])('quotes %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '异常检验？')).toEqual([sentence]);
  });
});

describe('随访计划？', () => {
  it.each([
    '门诊查NT-proBNP 3260pg/ml。',
    '予补钾后复查4.1mmol/L。',
    '切口已拆线。',
    '诊疗计划：完善冠脉造影。',
    '今日复查胸部CT示炎症吸收。',
    '一周前受凉后咳嗽，遂来我院就诊。',
    '3天后症状加重，为求进一步诊治至门诊就诊。',
  ])('does not quote %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '随访计划？')).toEqual([]);
  });

  it.each([
    '两周后复诊。',
    '3.每3个月复查血常规。',
    '如有胸痛立即就诊。',
    '术后第7天门诊拆线。',
    '肺结节12个月复查CT。',
    '3个月后来我院门诊就诊，复查肝功能。',
  ])('quotes %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '随访计划？')).toEqual([sentence]);
  });
});

describe('影像检查？', () => {
  it.each([
    '口服苯磺酸氨氯地平片。',
    '24小时复查头颅CT排除出血。',
    '颈部皮肤可见黑棘皮征。',
    '诊疗计划：24小时内行急诊胃镜。',
    '造影剂相关可能性大。',
  ])('does not quote %s', (sentence) => {
    expect(quoted(`主诉：头痛。\n${sentence}`, '影像检查？')).toEqual([]);
  });

  it('quotes results, also those of a repeated one, and a report as a whole', () => {
    const repeated = '复查超声心动图：射血分数46%。';
    expect(quoted(`主诉：胸痛。\n${repeated}`, '影像检查？')).toEqual([repeated]);
    const report = '检查项目：头颅MRI\n检查所见：左侧异常信号。脑室无扩大。\n诊断意见：脑梗死。';
    expect(quoted(report, '影像检查？')).toHaveLength(4);
  });
});

describe('a summary', () => {
  it('holds all diagnoses, and those of a differential diagnosis never', () => {
    const text = '初步诊断：1.冠心病；2.高血压病2级？；3.糖尿病。\n鉴别诊断：脑出血：可排除。';
    expect(quoted(text, '诊断？')).toEqual([
      '初步诊断：1.冠心病；',
      '2.高血压病2级？；',
      '3.糖尿病。',
    ]);
  });

  it('holds the past history of an enumeration, and nothing of the present illness', () => {
    const text =
      '现病史：3年前胸闷。\n病例特点：1.男，59岁。2.既往房颤5年；高脂血症3年；吸烟30年。其父有脑出血病史。';
    expect(quoted(text, '既往史？')).toEqual(['2.既往房颤5年；', '高脂血症3年；', '吸烟30年。']);
  });

  it('holds what somebody was admitted for where there is no complaint', () => {
    const admitted = '患者，女，因“上腹痛2月”于急诊入院。';
    expect(quoted(`出院小结\n${admitted}`, '主诉？')).toEqual([admitted]);
    expect(quoted(`主诉：腹痛。\n入院情况：${admitted}`, '主诉？')).toEqual(['主诉：腹痛。']);
  });

  it('ends an examination where tests begin without a heading of their own', () => {
    const text = '查体：双肺呼吸音清。腹软。血常规：白细胞7.2×10^9/L。胸部CT示炎症。继续治疗。';
    expect(quoted(text, '体格检查？')).toEqual(['查体：双肺呼吸音清。', '腹软。']);
  });
});

it('what relatives have is stated of nobody else', () => {
  const text = '家族史：父亲行胃癌根治术。\n其母对青霉素过敏。';
  expect(quoted(text, '手术史？')).toEqual([]);
  expect(quoted(text, '过敏史？')).toEqual([]);
});

it('every class of the lexicon is one, and every question that comes with the program asks for one', () => {
  for (const kind of Object.keys(lexicon.whole))
    expect(statementsOf(kind as StatementClass, [])).toEqual([]);
  for (const { ask } of [...questions.questions, ...questions.summary])
    expect([ask, classesOf(ask).length]).toEqual([ask, 1]);
  expect(classesOf('检查结果？')).toEqual(['laboratory', 'imaging']);
  expect(classesOf('對什麼藥過敏')).toEqual(['allergy']);
  expect(classesOf('血压多少')).toEqual([]);
});
