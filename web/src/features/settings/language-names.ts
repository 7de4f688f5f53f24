import type { Language } from '../../components/locale.ts';

/** Languages by their own names, for who does not read the one that is shown. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', es: 'Español', de: 'Deutsch' };
