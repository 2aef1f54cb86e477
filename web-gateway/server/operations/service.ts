import { serviceView } from '../../../config/contract/index.ts';
import { operation, type Operation } from '../operation.ts';
import type { GatewayParts } from '../parts.ts';
import { dialIn } from './join.ts';

export function serviceOperations(parts: Pick<GatewayParts, 'settings' | 'dial'>): Operation[] {
  const show = operation({
    method: 'get',
    path: '/service',
    summary: 'What to dial',
    access: 'public',
    answers: { status: 200, schema: serviceView, description: 'What a page shows to whoever has not joined yet.' },
    handle: async () => ({ dialIn: dialIn(parts, parts.settings.webTenant) }),
  });
  return [show];
}
