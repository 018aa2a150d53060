/**
 * Refuses the network in Chromium (Node's part is the room `offline`). CSP does not stop dns-prefetch,
 * WebRTC or navigation, and webRequest does not see the spell-checker's download, preconnect or STUN, so
 * no one of these is enough. What was measured of which, and which are a second lock only, is in
 * docs/security.md.
 */
import type { App, Session, WebContents } from 'electron';
import { ownPageOf } from './own-page';

/** Must run before the app is ready. Covers every session and every web contents that there will be. */
export function refuseNetworkInChromium(app: App): void {
  const { commandLine } = app;
  app.on('session-created', hardenSession);
  app.on('web-contents-created', (_event, contents) => hardenContents(contents));
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  // A second lock: a proxy of the system's could be asked to resolve what the rule above does not.
  commandLine.appendSwitch('no-proxy-server');
  commandLine.appendSwitch('disable-background-networking');
  commandLine.appendSwitch('disable-component-update');
  commandLine.appendSwitch('disable-domain-reliability');
  commandLine.appendSwitch('no-pings');
  commandLine.appendSwitch('dns-prefetch-disable');
  commandLine.appendSwitch('disable-quic');
  commandLine.appendSwitch('force-webrtc-ip-handling-policy', 'disable_non_proxied_udp');
  commandLine.appendSwitch('disable-features', 'WebRtcHideLocalIpsWithMdns');
}

function hardenSession(session: Session): void {
  session.setSpellCheckerEnabled(false);
  session.setSpellCheckerLanguages([]);
  session.webRequest.onBeforeRequest((details, callback) => {
    callback({ cancel: !/^(app|blob|data|devtools):/.test(details.url) });
  });
  session.setPermissionRequestHandler((_contents, permission, callback) => {
    // Without it Chromium may evict the projection when the disk is nearly full.
    callback((permission as string) === 'persistent-storage');
  });
  session.setPermissionCheckHandler(
    (_contents, permission) => (permission as string) === 'persistent-storage',
  );
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
}

function hardenContents(contents: WebContents): void {
  const isSamePage = (url: string): boolean => {
    const page = ownPageOf(url);
    return page !== null && page === ownPageOf(contents.getURL());
  };
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.on('will-navigate', (event) => {
    // Only main takes a window from one page to the other.
    if (!isSamePage(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!isSamePage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
