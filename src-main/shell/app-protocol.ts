/** The `app://` scheme: serves the built renderer, and nothing outside its folder. */
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { protocol, type Session } from 'electron';
import { hasOwnOrigin } from './own-page';

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
};

/** No inline script, nothing from anywhere else. Svelte sets style attributes, hence unsafe-inline there. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Features of the web that reach hardware or other machines; the page uses none. */
const permissionsPolicy = [
  ...[
    'camera',
    'display-capture',
    'geolocation',
    'hid',
    'idle-detection',
    'local-fonts',
    'microphone',
  ],
  ...['midi', 'payment', 'screen-wake-lock', 'serial', 'usb', 'window-management'],
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/** Must run before the app is ready. Secure and standard, so that crypto.subtle and IndexedDB work. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
}

/** The file that a URL means, or null when it is none of ours. */
export function fileOf(url: string, root: string): string | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  if (!hasOwnOrigin(parsed)) return null;
  let path: string;
  try {
    path = decodeURIComponent(parsed.pathname);
  } catch {
    return null;
  }
  if (path.includes('\0') || path.includes('\\')) return null;
  const file = join(root, path);
  return file.startsWith(root + sep) && extname(file) in contentTypes ? file : null;
}

export function serveApp(session: Session, root: string): void {
  session.protocol.handle('app', async (request) => {
    const file = request.method === 'GET' ? fileOf(request.url, root) : null;
    if (!file) return new Response(null, { status: 404 });
    try {
      return new Response(await readFile(file), {
        headers: {
          'content-type': contentTypes[extname(file)] as string,
          'content-security-policy': contentSecurityPolicy,
          'x-content-type-options': 'nosniff',
          'permissions-policy': permissionsPolicy,
          'referrer-policy': 'no-referrer',
          'x-dns-prefetch-control': 'off',
          'cross-origin-opener-policy': 'same-origin',
        },
      });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
