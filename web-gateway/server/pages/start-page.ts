import { html, page } from './html.ts';

/** @param tries how many wrong codes a caller may key before the call is let go */
export function startPage(dial: string | undefined, tries: number): string {
  const dialCard =
    dial === undefined ? html`<p>Ask whoever runs this service for the number.</p>` : html`<p class="dial">${dial}</p>`;
  return page(
    'Partyline',
    html`<h1>Partyline</h1>
      <p class="lead">A conference bridge for telephones: dial in, key your access code, talk.</p>
      <section class="card">
        <h2>What to dial</h2>
        ${dialCard}
        <p class="soft">Then key your access code and <kbd>#</kbd>. Tries in one call: ${String(tries)}.</p>
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
