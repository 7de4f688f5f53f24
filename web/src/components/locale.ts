export const languages = ['en', 'es', 'de'] as const;
export type Language = (typeof languages)[number];

const partsOf = (tag: string): Intl.Locale | undefined => {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined; // Some browsers say what is no language tag, like "C".
  }
};

/** The first of a browser's languages that is spoken here, else English. */
export const languageOf = (wanted: readonly string[]): Language => {
  const spoken = wanted.map((tag) => partsOf(tag)?.language);
  return languages.find((language) => language === spoken.find((word) => languages.some((known) => known === word))) ?? 'en';
};

/** Where a browser says that its person lives, if it says so. */
export const regionOf = (wanted: readonly string[]): string | undefined =>
  wanted.map((tag) => partsOf(tag)?.region).find((region) => region !== undefined);

/** How numbers and dates are written: in the language, in the manner of the person's region. */
export const localeOf = (language: Language, wanted: readonly string[]): string => {
  const same = wanted.find((tag) => partsOf(tag)?.language === language);
  if (same) return same;
  const region = regionOf(wanted);
  return region ? `${language}-${region}` : language;
};

interface WeekInfo {
  readonly firstDay: number;
}
type LocaleWithWeek = Intl.Locale & { getWeekInfo?: () => WeekInfo; weekInfo?: WeekInfo };

/** 1 Monday … 7 Sunday (ISO 8601). Browsers that do not know count from Monday. */
export const firstDayOfWeek = (locale: string): number => {
  const parts = partsOf(locale) as LocaleWithWeek | undefined;
  return parts?.getWeekInfo?.().firstDay ?? parts?.weekInfo?.firstDay ?? 1;
};
