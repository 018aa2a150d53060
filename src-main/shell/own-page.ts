/** Where our own page lives. Kept apart from Electron so that the check runs in plain tests. */

export const appOrigin = 'app://chimed';
export const appPage = `${appOrigin}/index.html`;

/** True only for our own page (any query or hash), by parsed origin and path, never by prefix. */
export function isOwnPage(url: string): boolean {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return false;
  }
  return (
    parsed.protocol === 'app:' &&
    parsed.host === 'chimed' &&
    parsed.username === '' &&
    parsed.password === '' &&
    parsed.pathname === '/index.html'
  );
}
