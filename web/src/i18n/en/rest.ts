import acts from './rest/acts.ts';
import erasure from './rest/erasure.ts';
import management from './rest/management.ts';
import partners from './rest/partners.ts';
import system from './rest/system.ts';

/** Sentences of pages that few people open: they come with the page. */
export default { acts, erasure, management, partners, system } as const;
