export { personalDataLimits } from './limits.ts';
export { type Collect, openPersonalExports, PersonalExports } from './open-personal-exports.ts';
export type { PersonalExport } from './store.ts';
export type { ZipEntry } from './write-zip.ts';
