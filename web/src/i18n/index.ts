import { createI18n } from 'vue-i18n';
import type { Language } from '../components/locale.ts';
import { compileMessage } from './compile-message.ts';
import first from './en/first.ts';
import type en from './en/index.ts';
import type { SignalNames } from './signal-names.ts';
import type { Messages } from './types.ts';

/** English is there from the start, but for what `loadRest` brings, and stands in for what could not be loaded; the others come when they are asked for. */
export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en: first as typeof en },
  messageCompiler: compileMessage,
});

const loaders: Readonly<Record<Exclude<Language, 'en'>, () => Promise<{ default: Messages }>>> = {
  es: () => import('./es/index.ts'),
  de: () => import('./de/index.ts'),
};
const loaded = new Set<Language>(['en']);
let wanted: Language = 'en';

/** Shows another language as soon as its sentences are there. Answers whether it did: a later wish, or no network, comes first. */
export const showLanguage = async (language: Language): Promise<boolean> => {
  wanted = language;
  if (language !== 'en' && !loaded.has(language)) {
    const messages = await loaders[language]().catch(() => undefined);
    if (!messages) return false;
    i18n.global.setLocaleMessage(language, messages.default as never);
    loaded.add(language);
  }
  if (wanted !== language) return false;
  i18n.global.locale.value = language as 'en';
  document.documentElement.lang = language;
  return true;
};

let isWhole = false;
/** The English sentences that the first page does without; to be waited for with each page that has some. */
export const loadRest = async (): Promise<void> => {
  if (isWhole) return;
  const { default: rest } = await import('./en/rest.ts');
  i18n.global.mergeLocaleMessage('en', rest);
  isWhole = true;
};

const signalNames: Readonly<Record<Exclude<Language, 'en'>, () => Promise<{ default: SignalNames }>>> = {
  es: () => import('./es/signals.ts'),
  de: () => import('./de/signals.ts'),
};

/** Names of signals, for pages that show them. Empty for English, which the server speaks, and when they could not be loaded. */
export const loadSignalNames = async (language: Language): Promise<SignalNames> => {
  if (language === 'en') return {};
  return (await signalNames[language]().catch(() => undefined))?.default ?? {};
};
