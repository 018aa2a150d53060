import { expect, it } from 'vitest';
import { networkUse } from './trace';

const driver = [
  '7 bind(40<TCP:[3837217]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
  '7 listen(40<TCP:[127.0.0.1:45417]>, 511) = 0',
  '8 sendto(65<TCP:[127.0.0.1:45417->127.0.0.1:44928]>, "HTTP/1.1 101"..., 239, MSG_NOSIGNAL, NULL, 0 <unfinished ...>',
  '8 <... sendto resumed>) = 239',
];
const ours = [
  '9 sendmsg(12<UNIX-STREAM:[1->2]>, {msg_name=NULL}, 0) = 8',
  '9 connect(5<UNIX-STREAM:[9]>, {sa_family=AF_UNIX, sun_path="/tmp/.X11-unix/X99"}, 20) = 0',
  '9 bind(6<NETLINK:[ROUTE:9]>, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 0',
];

it('the driver, unix sockets and netlink are nothing that goes outward', () => {
  expect(networkUse(['6 execve("/bin/a", ["a"], 0x1) = 0', ...driver, ...ours].join('\n'))).toEqual(
    {
      programs: 1,
      calls: 6,
      listening: ['127.0.0.1:45417'],
      outward: [],
    },
  );
});

it.each([
  '9 connect(5<TCP:[9]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS',
  '9 connect(5<TCP:[9]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 ECONNREFUSED',
  '9 connect(5<TCPv6:[9]>, {sa_family=AF_INET6, sin6_port=htons(80)}, 28 <unfinished ...>',
  '9 connect(5<UDP:[9]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("198.18.0.1")}, 16) = 0',
  '9 sendto(5<UDP:[9]>, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(53)}, 16) = 1',
  '9 sendmmsg(5<UDP:[198.18.0.2:4->198.18.0.1:53]>, [{}], 2, MSG_NOSIGNAL) = 2',
  '9 sendto(5<TCP:[198.18.0.2:4->192.0.2.1:80]>, "x", 1, 0, NULL, 0) = 1',
  '9 bind(5<TCP:[9]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
  '9 bind(5<UDP:[9]>, {sa_family=AF_INET, sin_port=htons(5353), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
  '9 sendto(5<socket:[9]>, "x", 1, 0, NULL, 0) = 1',
  '9 connect(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = 0',
])('goes outward: %s', (line) => {
  expect(networkUse([...driver, ...ours, line].join('\n')).outward).toEqual([line]);
});

it('whoever listens is named, wherever', () => {
  const line = '9 listen(5<TCPv6:[[::]:8080]>, 511) = 0';
  expect(networkUse(line).listening).toHaveLength(1);
});
