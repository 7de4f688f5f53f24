export { grantsOfAnswers } from './grants-of-answers.ts';
export type { Ask, AskedConsent, GivenItems, PageAnswer } from './consents.ts';
export { asksByApp, asksByHint, asksByPerson, oauthLimits } from './limits.ts';
export { openOauth, type Oauth } from './open-oauth.ts';
export type { PartnerToken } from './partner-tokens.ts';
export type * from './ports.ts';
export { accessTokenPrefix, hereCookieName, oauthPaths } from './provider.ts';
export { findHolderByVin } from './store-holder.ts';
export type { OauthOptions } from './types.ts';
