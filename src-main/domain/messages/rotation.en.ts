/** Changing the data key, in English. */
import type { rotationZh } from './rotation.zh-CN';

export const rotationEn: typeof rotationZh = {
  heading: 'Data key',
  body: 'One data key protects the records of this workstation. Change it when somebody has left the department, or when a passphrase or the recovery words may be known to others.',
  points: [
    'All passphrases and the recovery words go on working; nothing is set anew, and nobody else need be present.',
    'Earlier backups open with the passphrase or recovery words of their time; make a new one afterwards.',
    'What is saved from then on does not open with the old key. What was copied earlier together with the old key cannot be called back.',
    'Nothing can be saved meanwhile; with very many records it takes a minute or two. A power cut loses nothing: the next sign-in finishes it or goes back.',
  ],
  begin: 'Change the data key',
  notAllowed: 'The data key is changed by a doctor who is also an administrator.',
  passphrase: 'Your passphrase',
  run: 'Change it now',
  checking: 'Checking the passphrase…',
  running: 'Changing the data key',
  runningBody: 'Please wait; the screens open again when it is done.',
  progress: 'Progress of the change',
  done: 'The data key was changed; please make a new backup',
  failed: 'The data key was not changed completely',
};
