/**
 * Whether a path lies on a disk that stays. A model on a USB disk or a share may be gone at the next
 * start, or in the middle of a load, so it is copied instead of referenced.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { VolumeKind } from '../domain/contract/library';

/** Of file systems that live on another machine. */
const networkTypes =
  /^(nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|9p|ceph|glusterfs|davfs|fuse\.(sshfs|davfs2?|rclone|gvfsd-fuse|s3fs))$/;

export interface Mount {
  readonly device: string;
  readonly point: string;
  readonly type: string;
}

/** Lines of /proc/mounts; spaces in paths are written as \040. */
export function readMounts(text: string): Mount[] {
  const plain = (part: string): string =>
    part.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return text.split('\n').flatMap((line) => {
    const [device, point, type] = line.split(' ');
    if (device === undefined || point === undefined || type === undefined) return [];
    return [{ device: plain(device), point: plain(point), type }];
  });
}

/**
 * @param path absolute
 * @param isRemovable whether a block device (`sdb1`) can be taken out
 */
export function volumeOfMount(
  path: string,
  mounts: readonly Mount[],
  isRemovable: (device: string) => boolean,
): VolumeKind {
  const under = (point: string): boolean =>
    path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
  // The longest one; of equal ones the last, which covers those before it.
  const mount = mounts
    .filter(({ point }) => under(point))
    .reduce<Mount | null>(
      (best, one) => (!best || one.point.length >= best.point.length ? one : best),
      null,
    );
  if (!mount) return 'fixed';
  if (networkTypes.test(mount.type)) return 'network';
  return mount.device.startsWith('/dev/') && isRemovable(basename(mount.device))
    ? 'removable'
    : 'fixed';
}

/** On Windows a share is told by its name; a drive letter says nothing, so all but the system's count as removable. */
export function volumeOnWindows(path: string, systemDrive: string): VolumeKind {
  if (/^[\\/]{2}(?![.?][\\/])/.test(path)) return 'network';
  const drive = /^(?:[\\/]{2}[.?][\\/])?([a-z]):/i.exec(path)?.[1]?.toUpperCase();
  return drive === undefined || `${drive}:` === systemDrive.toUpperCase() ? 'fixed' : 'removable';
}

/** @param path of a file that exists */
export function volumeOf(path: string): VolumeKind {
  switch (process.platform) {
    case 'linux':
      return volumeOfMount(realPath(path), readMounts(readText('/proc/mounts')), removableOnLinux);
    case 'darwin':
      // What is plugged in or mounted appears there; the system's own volume does not.
      return /^\/Volumes\/[^/]+/.test(realPath(path)) ? 'removable' : 'fixed';
    case 'win32':
      return volumeOnWindows(path, process.env['SystemDrive'] ?? 'C:');
    default:
      return 'fixed';
  }
}

function removableOnLinux(device: string): boolean {
  const link = realPath(`/sys/class/block/${device}`);
  // A partition has no word of its own on this; its disk has. USB disks often call themselves fixed.
  const says = [link, dirname(link)].some(
    (folder) => readText(`${folder}/removable`).trim() === '1',
  );
  return says || /\/usb\d*\//.test(link);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
