/** The style and the icon of the pages. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1c2430; --soft: #5a6472; --line: #dcd8cf; --edge: #857f73; --mark: #0b6e4f; --onmark: #ffffff; --bad: #a3261b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1a2028; --ink: #e8ebef; --soft: #a1abb8; --line: #313a46; --edge: #76828f; --mark: #4cc79b; --onmark: #08251b; --bad: #ff8f82;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
}
main { max-width: 42rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) clamp(1rem, 5vw, 2rem); }
h1 { font-size: clamp(1.9rem, 7vw, 2.75rem); line-height: 1.1; letter-spacing: -0.02em; margin: 0 0 0.75rem; }
h2 { font-size: 1.1rem; margin: 0 0 0.35rem; }
p { margin: 0 0 1rem; }
.lead { font-size: 1.2rem; color: var(--soft); margin-bottom: 2rem; text-wrap: pretty; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.25rem; margin: 0 0 1rem; }
.card p:last-child { margin-bottom: 0; }
.dial { font: 600 clamp(1.05rem, 4.5vw, 1.5rem)/1.3 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; color: var(--mark); overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: 0.95rem; }
.bad { color: var(--bad); font-weight: 600; }
a { color: var(--mark); }
kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 0.3rem; padding: 0.05rem 0.4rem; font: 0.95em ui-monospace, monospace; }
label { display: block; font-weight: 600; margin: 0 0 0.3rem; }
label .soft { font-weight: 400; }
code { font: 0.95em ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
input {
  display: block; width: 100%; margin: 0 0 1.1rem; padding: 0.65rem 0.75rem; font: inherit;
  color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: 0.5rem;
}
input[aria-invalid] { border: 2px solid var(--bad); margin-bottom: 0.35rem; }
button {
  font: inherit; font-weight: 600; padding: 0.7rem 1.25rem; min-height: 2.75rem; border: 0; border-radius: 0.5rem;
  background: var(--mark); color: var(--onmark); cursor: pointer;
}
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
`.trimStart();

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#0b6e4f"/><g fill="#fff"><circle cx="10" cy="13" r="3"/><circle cx="22" cy="13" r="3"/><circle cx="16" cy="21" r="3"/></g></svg>`;
