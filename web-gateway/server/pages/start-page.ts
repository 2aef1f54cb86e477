import { html, page, type Html } from './html.ts';

/** @param tries how many wrong codes a caller may key before the call is let go */
export function startPage(dial: string | undefined, tries: number): string {
  return page(
    'Partyline',
    html`<h1>Partyline</h1>
      <p class="lead">A conference bridge: telephones and browsers meet by access code.</p>
      <section class="card">
        <h2>What to dial</h2>
        ${whatToDial(dial)}
        <p class="soft">
          Then key your access code and <kbd>#</kbd>. You have ${tries === 1 ? 'one try' : `${tries} tries`} in one
          call.
        </p>
      </section>
      <section class="card">
        <h2>For programs</h2>
        <p>The API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a> (OpenAPI 3.1).</p>
        <p class="soft">
          Health: <a href="/healthz">/healthz</a> · ready to take a call: <a href="/readyz">/readyz</a>
        </p>
      </section>`,
  );
}

/** A link, so that a softphone on this machine can be started by it. */
function whatToDial(dial: string | undefined): Html {
  if (dial === undefined) return html`<p>Ask whoever runs this service for the number.</p>`;
  const isLink = dial.startsWith('sip:') || dial.startsWith('tel:');
  return html`<p class="dial">${isLink ? html`<a href="${dial}">${dial}</a>` : dial}</p>`;
}
