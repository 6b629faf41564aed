import { ActionLinkService } from '../services/action-link.service.ts';
import { ResourceRegistrationService } from '../services/resource-registration.service.ts';
import type { Base } from './base.ts';

/** What other subgraphs declare, and the rights that they mail. */
export const createResources = (base: Base) => ({
  resourceRegistrations: new ResourceRegistrationService(base),
  actionLinks: new ActionLinkService(base),
});
