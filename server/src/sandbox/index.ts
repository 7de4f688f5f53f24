export { sandboxLimits } from './limits.ts';
export { Sandbox, type SandboxParts } from './sandbox.ts';
export type * from './types.ts';
