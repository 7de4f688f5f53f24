import { openPartners, type Partners } from '../partners/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';

/** Partners and their apps. */
export const openPartnersIn = async (
  { clock, logger }: Base,
  { storage, vocabulary }: Pick<Stored, 'storage' | 'vocabulary'>,
  closers: Closers,
  isDemo = false,
): Promise<Partners> => {
  const partners = await openPartners({ storage, clock, logger, vocabulary: () => vocabulary, isDemo });
  closers.add('partners', () => partners.close());
  return partners;
};
