/**
 * Where our own pages live. Kept apart from Electron so that the check runs in plain tests.
 *
 * The gate (first start, lock screen) and the work are two origins, so that going from one to the
 * other takes another process of the page, and the gate's cannot open the work's database.
 */

const hosts = { gate: 'gate', work: 'chimed' } as const;
export type OwnPage = keyof typeof hosts;

export const pageUrls: Readonly<Record<OwnPage, string>> = {
  gate: `app://${hosts.gate}/index.html`,
  work: `app://${hosts.work}/index.html`,
};

/** Whether a URL's scheme and host are ours; its path is not looked at. */
export function hasOwnOrigin(url: URL): boolean {
  return url.protocol === 'app:' && Object.values<string>(hosts).includes(url.host);
}

/**
 * Which of our own pages this is (any query or hash), by parsed origin and path, never by prefix;
 * null for anything else.
 */
export function ownPageOf(url: string): OwnPage | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  const sound =
    hasOwnOrigin(parsed) &&
    parsed.username === '' &&
    parsed.password === '' &&
    parsed.pathname === '/index.html';
  if (!sound) return null;
  return parsed.host === hosts.gate ? 'gate' : 'work';
}
