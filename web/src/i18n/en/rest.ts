import erasure from './erasure.ts';
import management from './management.ts';
import partners from './partners.ts';
import system from './system.ts';

/** Sentences of pages that few people open: they come with the page. */
export default { erasure, management, partners, system } as const;
