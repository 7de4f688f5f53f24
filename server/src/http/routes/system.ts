import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

/** Routes about how the server stands, for who runs it. */
export const addSystemRoutes = (routes: RouteRegistrar, { system }: Pick<HttpDeps, 'system'>): void => {
  routes.add('readSystem', () => system.read());
  routes.add('startRebuild', ({ body }) => system.startRebuild(body));
  routes.add('cancelRebuild', () => system.cancelRebuild());
};
