import { createI18n } from 'vue-i18n';
import en from './en/index.ts';

/** English is the only language so far; every sentence of the app is in its table. */
export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: { en } });
