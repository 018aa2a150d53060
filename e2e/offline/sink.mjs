// The other end of the black hole: answers no one, and writes down every DNS query by name.
// Plain JavaScript: it must be there before anything else is.
import dgram from 'node:dgram';
import { appendFileSync } from 'node:fs';

const [file] = process.argv.slice(2);

/** The name that a query asks for (RFC 1035, 4.1.2). */
function nameIn(message) {
  const labels = [];
  for (let at = 12; at < message.length && message[at] !== 0; at += message[at] + 1)
    labels.push(message.subarray(at + 1, at + 1 + message[at]).toString('latin1'));
  return labels.join('.');
}

let waiting = 2;
for (const type of ['udp4', 'udp6']) {
  const socket = dgram.createSocket({ type, ipv6Only: type === 'udp6' });
  socket.on('message', (message) => appendFileSync(file, `${nameIn(message)}\n`));
  socket.bind(53, () => {
    if (--waiting === 0) process.stdout.write('ready\n');
  });
}
