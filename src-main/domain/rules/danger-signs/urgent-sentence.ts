/**
 * What may be said to a patient at once when their words hold a danger sign: a suggestion that a doctor
 * puts into the reply with one click. Chinese whatever the window speaks, because patients read it. It
 * sends people to help, orders no drug and names no diagnosis.
 */

const emergency = '请立即拨打 120 或由家人陪同前往最近的急诊，途中不要自行驾车';

const selfHarm = 'self-harm';
const sentences: Readonly<Record<string, string>> = {
  heart: `您说的情况可能很危急，${emergency}，在此之前请停止活动、保持休息。`,
  breathing: `您说的呼吸情况不能等，${emergency}；请保持坐位、松开衣领，身边不要离人。`,
  consciousness: `您说的情况需要马上处理，${emergency}；请让患者侧卧、清理口鼻，不要喂水喂药。`,
  stroke: `您说的情况可能是急性脑血管问题，时间非常关键，${emergency}，并记下最初发病的时间。`,
  bleeding: `您说的出血情况不能等，${emergency}；外伤出血请用干净的布持续按压。`,
  allergy: `您说的可能是严重过敏，${emergency}；请立即停止接触可疑的药物或食物。`,
  [selfHarm]:
    '听到您这样说，我很重视。请现在就告诉身边的家人或朋友并请他们陪着您，马上到最近医院的急诊或精神科；也可以拨打全国统一心理援助热线 12356，有紧急危险时拨打 120 或 110。',
  poisoning: `您说的情况可能是中毒，${emergency}；请带上包装或剩余物，不要自行催吐。`,
  child: `孩子这样的情况不能在家观察，${emergency}；抽搐时请让孩子侧卧，不要往嘴里塞东西。`,
  abdomen: `您说的腹部情况需要当面尽快检查，${emergency}；就诊前请先不要进食，也不要自行服用止痛药。`,
  metabolic: `您说的数值或表现可能有危险，${emergency}，并带上测量结果和正在使用的药物。`,
  'vessels-eyes': `您说的情况耽误了可能留下后遗症，${emergency}。`,
};

/** Where a class has no sentence of its own. */
const general = `您说的情况需要尽快当面处理，${emergency}。`;

/**
 * One sentence, so that it is read: of the class that was found first. A wish to die is answered in any
 * case, and before it.
 *
 * @param classIds classes of what was found, in the order of the patient's words
 */
export function urgentSentence(classIds: readonly string[]): string {
  const [first] = classIds.filter((id) => id !== selfHarm);
  return [
    ...(classIds.includes(selfHarm) ? [selfHarm] : []),
    ...(first === undefined ? [] : [first]),
  ]
    .map((id) => sentences[id] ?? general)
    .join('\n');
}

/** Whether a class has a sentence of its own. */
export function hasUrgentSentence(classId: string): boolean {
  return classId in sentences;
}
