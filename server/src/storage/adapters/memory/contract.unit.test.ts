import { fanOutContract } from '../../fan-out.contract.ts';
import { makeMemoryFanOut } from './index.ts';

fanOutContract('memory', async () => {
  let only: ReturnType<typeof makeMemoryFanOut> | undefined;
  return {
    open: async (logger, limits = {}) => (only ??= makeMemoryFanOut({ logger, limits })),
    remove: async () => only?.close(),
  };
});
