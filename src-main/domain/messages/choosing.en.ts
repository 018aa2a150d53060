/** Several records at once, in English. */
import type { choosingZh } from './choosing.zh-CN';

export const choosingEn = {
  label: 'What to do with the chosen records',
  count: (chosen: string, all: string) => `${chosen} of ${all} chosen`,
  none: 'None chosen any more',
  extract: 'Extract again…',
  export: 'Export chosen…',
  remove: 'Move to the bin…',
  clear: 'Clear',
  mark: 'Choose this one, or not',
  confirmTitle: (count: string) => `Move the chosen records (${count}) to the bin?`,
  confirmBody: 'Their facts and reviews go with them. The bin gives them back.',
  confirm: 'Move to the bin',
  removing: (done: string, all: string) => `Moving to the bin: ${done} of ${all}`,
  removed: (count: string) => `Records moved to the bin: ${count}`,
  removedSome: (done: string, all: string) =>
    `Of ${all} records ${done} were moved to the bin; the others are as they were`,
  restored: (count: string) => `Records restored: ${count}`,
  keys: {
    heading: 'Several records',
    toggle: 'Choose one, or not',
    range: 'Choose a range',
    all: 'Choose all',
    extract: 'Extract the chosen ones again',
    clear: 'Clear',
    click: 'click',
  },
} satisfies typeof choosingZh;
