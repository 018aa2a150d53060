/** Canonical names of sections that a person chooses among, in the order of an admission record. */
export const sectionNames = [
  ...['主诉', '现病史', '既往史', '个人史', '婚育史', '月经史', '家族史', '体格检查', '专科检查'],
  ...['辅助检查', '初步诊断', '入院诊断', '出院诊断', '诊断', '诊疗经过', '诊疗计划', '医嘱'],
  ...['入院情况', '出院情况', '出院医嘱', '其他'],
] as const;
