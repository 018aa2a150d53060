/** What is asked before the program ends while a batch goes on. */
import type { Locale } from '../contract/ipc';

interface QuitTexts {
  readonly message: string;
  readonly detail: string;
  readonly quit: string;
  readonly stay: string;
}

export const quitDialogMessages: Record<Locale, QuitTexts> = {
  'zh-CN': {
    message: '批次还没有完成，要退出吗？',
    detail: '已完成的部分已保存。下次启动并登录后，其余部分会自动继续。',
    quit: '退出',
    stay: '不退出',
  },
  en: {
    message: 'A batch is not done. Quit all the same?',
    detail: 'What is done is saved. The rest goes on by itself after the next start and sign-in.',
    quit: 'Quit',
    stay: 'Stay',
  },
};
