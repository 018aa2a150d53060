/** 病历检索。 */
export const searchZh = {
  field: '检索病历',
  placeholder: '检索标题和正文',
  hint: '多个词用空格隔开，须同时出现；不区分全角半角、大小写和繁简。也可粘贴导出表格中的记录编号。',
  list: '检索结果',
  clear: '清除检索',
  searching: '正在检索…',
  found: (count: string) => `找到 ${count} 份`,
  foundFirst: (count: string) => `最新的 ${count} 份，可能还有`,
  none: '没有找到',
  noneHint: '换一个词，或少用几个词。回收站中的病历不在检索范围内。',
  more: '继续查找',
  unreadable: (count: string) => `另有 ${count} 份病历无法解密，未能检索`,
  inTitle: '仅标题符合',
  byId: '记录编号相符',
};
