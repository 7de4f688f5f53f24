/** Where somebody wanted to go before signing in: a page of this app, and nothing else. */
export const whereTo = (asked: unknown): string => {
  if (typeof asked !== 'string' || !asked.startsWith('/') || asked.startsWith('//') || asked.includes('\\')) return '/';
  return asked;
};
