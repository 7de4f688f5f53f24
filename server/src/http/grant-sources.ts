import type { GrantSources } from '../sharing/index.ts';
import type { HttpDeps } from './types.ts';

/** What scopes by grants are made of. */
export const grantSourcesOf = ({
  registry,
  consents,
  clock,
  vocabulary,
}: Pick<HttpDeps, 'registry' | 'consents' | 'clock'> & Pick<GrantSources, 'vocabulary'>): GrantSources => ({
  possession: registry.possessions.directory,
  drivers: registry.drivers.directory,
  clock,
  book: consents.book,
  vocabulary,
});
