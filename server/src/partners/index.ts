export { secretDigestOf } from './apps.ts';
export type { AppsChanged } from './directory.ts';
export { partnerLimits } from './limits.ts';
export { openPartners, type Partners, type PartnersOptions } from './open-partners.ts';
export type * from './types.ts';
