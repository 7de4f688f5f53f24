import first from './first.ts';
import rest from './rest.ts';

/** Every sentence of the web app in English: one file a page. */
export default { ...first, ...rest } as const;
