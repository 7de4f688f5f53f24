import type { PartnerAppView } from '@milepost/contract/api';

/** The parts of an app's page; each has its address. */
export const appParts = ['app', 'webhooks', 'sandbox', 'cars'] as const;
export type AppPart = (typeof appParts)[number];

/** A live app has no cars of a sandbox. */
export const partsOf = ({ environment }: Pick<PartnerAppView, 'environment'>): readonly AppPart[] =>
  appParts.filter((part) => part !== 'sandbox' || environment === 'sandbox');

export const readPart = (text: string, parts: readonly AppPart[]): AppPart => parts.find((part) => part === text) ?? 'app';
