import type { ErrorCode } from '../../../config/contract/index.ts';
import { html, page } from './html.ts';

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  'auth/link-used': 'While there is no admin, the service prints a new link each time it starts.',
};

export function problemPage(code: ErrorCode, text: string): string {
  const hint = HINTS[code];
  return page(
    'Partyline',
    html`<h1>${code === 'request/not-found' ? 'Not found' : 'That did not work'}</h1>
      <p class="lead">${text}</p>
      ${hint === undefined ? '' : html`<p>${hint}</p>`}
      <p><a href="/">To the start page</a></p>`,
  );
}
