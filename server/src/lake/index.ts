export { lakeLimits } from './limits.ts';
export type { Lake, LakeColumn, LakeColumnKind, LakeFile, LakePage, LakeValue } from './ports.ts';
