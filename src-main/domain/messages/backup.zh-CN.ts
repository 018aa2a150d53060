/** Backup, restoring, the bin and a record's history, in Chinese. */
export const backupZh = {
  heading: '备份',
  lead: '备份保持加密，写完后会读回校验。请存放在另一块硬盘上，不要只放在本机。',
  place: '备份位置',
  noPlace: '尚未选择',
  choose: '选择文件夹',
  schedule: '自动备份',
  schedules: { off: '关闭', daily: '每天', weekly: '每周' },
  scheduleHint: '程序打开并登录后，到期自动备份。',
  now: '立即备份',
  running: '正在备份…',
  last: '上次备份',
  never: '还没有备份',
  lastDetail: (when: string, size: string, records: string) =>
    `${when}，${size}，病历 ${records} 份，已校验`,
  done: '备份完成，已校验',
  failed: '备份没有完成',
};
