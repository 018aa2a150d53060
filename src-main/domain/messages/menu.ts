/** Words of the application menu. */
import type { Locale } from '../contract/ipc';

const zhCN = {
  file: '文件',
  newRecord: '新建病历',
  openFile: '打开文件…',
  quit: '退出',
  edit: '编辑',
  undo: '撤销',
  redo: '重做',
  cut: '剪切',
  copy: '复制',
  paste: '粘贴',
  selectAll: '全选',
  view: '视图',
  runExtraction: '开始抽取',
  fullScreen: '全屏',
  developerTools: '开发者工具',
  help: '帮助',
  shortcuts: '快捷键',
};

const en: typeof zhCN = {
  file: 'File',
  newRecord: 'New record',
  openFile: 'Open file…',
  quit: 'Quit',
  edit: 'Edit',
  undo: 'Undo',
  redo: 'Redo',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  selectAll: 'Select all',
  view: 'View',
  runExtraction: 'Run extraction',
  fullScreen: 'Full screen',
  developerTools: 'Developer tools',
  help: 'Help',
  shortcuts: 'Shortcuts',
};

export const menuMessages: Record<Locale, typeof zhCN> = { 'zh-CN': zhCN, en };
