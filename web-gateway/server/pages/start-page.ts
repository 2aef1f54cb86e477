import { html, page } from './html.ts';

export function startPage(dial: string | undefined): string {
  const dialCard =
    dial === undefined ? html`<p>Ask whoever runs this service for the number.</p>` : html`<p class="dial">${dial}</p>`;
  return page(
    'Partyline',
    html`<h1>Partyline</h1>
      <p class="lead">A conference bridge for telephones: dial in, key your access code, talk.</p>
      <section class="card">
        <h2>What to dial</h2>
        ${dialCard}
        <p class="soft">Then key your access code and <kbd>#</kbd>. A wrong code can be tried three times.</p>
      </section>
      <section class="card">
        <h2>For programs</h2>
        <p>The API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a> (OpenAPI 3.1).</p>
        <p class="soft">
          Health: <a href="/healthz">/healthz</a> · ready to take a call: <a href="/readyz">/readyz</a> · metrics:
          <a href="/metrics">/metrics</a>
        </p>
      </section>`,
  );
}
