/** The web side: API, health, metrics, start page. Outsiders import from here. */
export { CertificateError } from './certificate.ts';
export { issueLogin } from './authentication.ts';
export { createAdminLink, ensureConfiguredAdmin } from './first-admin.ts';
export { startGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { GatewayParts, Readiness } from './parts.ts';
