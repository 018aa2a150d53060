import { describe, expect, it } from 'vitest';
import { readMounts, volumeOfMount, volumeOnWindows } from './volume';

const mounts = readMounts(
  [
    '/dev/nvme0n1p2 / ext4 rw 0 0',
    'tmpfs /run tmpfs rw 0 0',
    '/dev/sdb1 /media/doctor/USB\\040DISK vfat rw 0 0',
    'server:/models /mnt/models nfs4 rw 0 0',
    '//server/share /mnt/share cifs rw 0 0',
    '/dev/nvme0n1p3 /mnt/models/local ext4 rw 0 0',
  ].join('\n'),
);
const volume = (path: string) => volumeOfMount(path, mounts, (device) => device === 'sdb1');

describe('where a file lies', () => {
  it('is told by the mount that holds it, the longest one', () => {
    expect(volume('/home/doctor/a.gguf')).toBe('fixed');
    expect(volume('/media/doctor/USB DISK/a.gguf')).toBe('removable');
    expect(volume('/mnt/models/a.gguf')).toBe('network');
    expect(volume('/mnt/share/a.gguf')).toBe('network');
    expect(volume('/mnt/models/local/a.gguf')).toBe('fixed');
    expect(volume('/mnt/models-of-mine/a.gguf')).toBe('fixed');
  });

  it('on Windows: shares are the network, and what is not the system drive may be gone tomorrow', () => {
    expect(volumeOnWindows('\\\\server\\share\\a.gguf', 'C:')).toBe('network');
    expect(volumeOnWindows('C:\\models\\a.gguf', 'C:')).toBe('fixed');
    expect(volumeOnWindows('c:\\models\\a.gguf', 'C:')).toBe('fixed');
    expect(volumeOnWindows('E:\\a.gguf', 'C:')).toBe('removable');
    expect(volumeOnWindows('\\\\?\\E:\\a.gguf', 'C:')).toBe('removable');
  });
});
