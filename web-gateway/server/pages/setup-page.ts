import { html, page, type Html } from './html.ts';

export interface SetupForm {
  readonly email: string;
  /** What is wrong, by field; '' stands for the form as a whole. */
  readonly errors: Readonly<Record<string, string>>;
}

/** The form posts to its own address, so the token need not be repeated in it. */
export function setupPage({ email, errors }: SetupForm): string {
  const { email: emailError, password: passwordError, ...others } = errors;
  return page(
    'Partyline: first admin',
    html`<h1>First admin</h1>
      <p class="lead">This link works once. Whoever fills in the form runs this Partyline.</p>
      ${Object.values(others).map((message) => html`<p class="bad" role="alert">The form ${message}.</p>`)}
      <form class="card" method="post">
        <label for="email">E-mail address</label>
        <input
          id="email"
          name="email"
          type="email"
          autocomplete="username"
          required
          maxlength="254"
          value="${email}"
          ${invalid('email', emailError)}
        />
        ${complaint('email', 'This', emailError)}
        <label for="password">Password <span class="soft">(at least 10 characters)</span></label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="new-password"
          required
          minlength="10"
          maxlength="500"
          ${invalid('password', passwordError)}
        />
        ${complaint('password', 'The password', passwordError)}
        <button type="submit">Become admin</button>
      </form>`,
  );
}

const NOTHING = html``;

function invalid(field: string, message: string | undefined): Html {
  return message === undefined ? NOTHING : html`aria-invalid="true" aria-describedby="${field}-error"`;
}

function complaint(field: string, subject: string, message: string | undefined): Html {
  if (message === undefined) return NOTHING;
  return html`<p class="bad" id="${field}-error" role="alert">${subject} ${message}.</p>`;
}

export function setupDonePage(email: string): string {
  return page(
    'Partyline: first admin',
    html`<h1>Done</h1>
      <p class="lead">${email} is admin now.</p>
      <section class="card">
        <h2>Next</h2>
        <p>
          Conferences are made through the API: log in at <code>POST /api/v1/login</code>, then
          <code>POST /api/v1/conferences</code>. The README shows both as commands to copy.
        </p>
      </section>
      <p><a href="/">To the start page</a></p>`,
  );
}
