/**
 * Refuses the network in Chromium (Node's part is the room `offline`). Each line stops something that the others let
 * through (measured; see CONTRIBUTING.md): CSP does not stop dns-prefetch, WebRTC or navigation,
 * and webRequest does not see the spell-checker's download, preconnect or STUN.
 */
import type { App, Session, WebContents } from 'electron';
import { ownPageOf } from './own-page';

/** Must run before the app is ready. */
export function refuseNetworkInChromium(app: App): void {
  const { commandLine } = app;
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  commandLine.appendSwitch('disable-background-networking');
  commandLine.appendSwitch('disable-component-update');
  commandLine.appendSwitch('disable-domain-reliability');
  commandLine.appendSwitch('no-pings');
  commandLine.appendSwitch('dns-prefetch-disable');
  commandLine.appendSwitch('disable-quic');
  commandLine.appendSwitch('force-webrtc-ip-handling-policy', 'disable_non_proxied_udp');
  commandLine.appendSwitch('disable-features', 'WebRtcHideLocalIpsWithMdns');
}

export function hardenSession(session: Session): void {
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
  session.on('will-download', (event) => event.preventDefault());
}

export function hardenContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.on('will-navigate', (event) => {
    // Only main takes a window from one page to the other.
    if (ownPageOf(event.url) !== ownPageOf(contents.getURL())) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
