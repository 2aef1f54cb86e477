import { html, page } from './html.ts';

/** The form posts to its own address, so the token need not be repeated in it. */
export function setupPage(form: { email: string; errors: readonly string[] }): string {
  return page(
    'Partyline: first admin',
    html`<h1>First admin</h1>
      <p class="lead">This link works once. Whoever fills in the form runs this Partyline.</p>
      ${form.errors.map((error) => html`<p class="bad" role="alert">${error}</p>`)}
      <form class="card" method="post">
        <label>
          E-mail address
          <input name="email" type="email" autocomplete="username" required maxlength="254" value="${form.email}" />
        </label>
        <label>
          Password, at least 10 characters
          <input name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="500" />
        </label>
        <button type="submit">Become admin</button>
      </form>`,
  );
}

export function setupDonePage(email: string): string {
  return page(
    'Partyline: first admin',
    html`<h1>Done</h1>
      <p class="lead">${email} can log in now.</p>
      <p><a href="/">To the start page</a></p>`,
  );
}

export function setupRefusedPage(title: string, text: string): string {
  return page(
    'Partyline',
    html`<h1>${title}</h1>
      <p class="lead">${text}</p>
      <p><a href="/">To the start page</a></p>`,
  );
}
