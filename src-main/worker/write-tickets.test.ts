import { expect, test } from 'vitest';
import { ticketLifeMs } from '../domain/contract/save-file';
import { WriteTickets } from './write-tickets';

const place = {
  ...({ path: 'out.txt', format: 'txt' } as const),
  ...{ deidentified: false, dictionary: false },
} as const;

test('a ticket is good once', () => {
  const tickets = new WriteTickets(() => 0);
  tickets.grant('a', place);
  expect(tickets.redeem('a')).toMatchObject(place);
  expect(() => tickets.redeem('a')).toThrow('SAVE_EXPIRED');
});

test('a ticket is good for ten minutes and no longer', () => {
  let now = 0;
  const tickets = new WriteTickets(() => now);
  tickets.grant('a', place);
  tickets.grant('b', place);
  now = ticketLifeMs;
  expect(tickets.redeem('a')).toMatchObject(place);
  now = ticketLifeMs + 1;
  expect(() => tickets.redeem('b')).toThrow('SAVE_EXPIRED');
  expect(ticketLifeMs).toBe(600_000);
});

test('a ticket that nobody gave opens no place', () => {
  expect(() => new WriteTickets().redeem('a')).toThrow('SAVE_EXPIRED');
});
