/** The search over records, in English. */
import type { searchZh } from './search.zh-CN';

export const searchEn = {
  field: 'Search records',
  placeholder: 'Search titles and texts',
  hint: 'Words separated by spaces must all occur. Width, case, traditional and simplified writing make no difference. A record_id of an exported table can be pasted, too.',
  list: 'Search results',
  clear: 'Clear the search',
  searching: 'Searching…',
  found: (count: string) => `Records found: ${count}`,
  foundFirst: (count: string) => `The newest ${count}; there may be more`,
  none: 'Nothing found',
  noneHint: 'Try another word, or fewer. Records in the bin are not searched.',
  more: 'Search on',
  unreadable: (count: string) => `Records that cannot be decrypted and were not searched: ${count}`,
  inTitle: 'In the title only',
  byId: 'Its record_id',
} satisfies typeof searchZh;
