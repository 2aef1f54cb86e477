import type { ReactNode } from 'react';
import { Notice } from '../../components/notice.tsx';
import type { MicrophoneTrouble } from '../../media/microphone.ts';
import { MICROPHONE_WORDS } from '../../media/microphone-words.ts';

/** @param children the ways that remain */
export function MicrophoneNotice({ trouble, children }: { trouble: MicrophoneTrouble; children?: ReactNode }) {
  const { title, help } = MICROPHONE_WORDS[trouble];
  return (
    <Notice kind="bad" title={title} role="alert">
      <p>{help} You can also listen only, or use a telephone.</p>
      {children}
    </Notice>
  );
}
