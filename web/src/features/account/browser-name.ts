const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;

const find = (text: string, table: readonly (readonly [string, string])[]): string | undefined =>
  table.find(([part]) => text.includes(part))?.[1];

/** What somebody knows their browser as, from what it says of itself: the first that fits, since each claims to be older ones as well. */
export const browserName = (userAgent: string): string => {
  const names = [find(userAgent, browsers), find(userAgent, systems)].filter((name) => name !== undefined);
  return names.length > 0 ? names.join(' · ') : userAgent.slice(0, 60);
};
