import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import type { MailKind, MailWords } from './words.ts';

export type { MailKind, MailWords };

const languages = { en, es, de } as const;
type Language = keyof typeof languages;
const greetings: Readonly<Record<Language, string>> = { en: 'Hello', es: 'Hola', de: 'Hallo' };

/** The language that comes nearest; English is where none does. */
export const mailLanguage = (asked: string | null): Language => {
  const base = (asked ?? '').toLowerCase().split('-')[0] ?? '';
  return base in languages ? (base as Language) : 'en';
};

export const writeMail = (
  kind: MailKind,
  language: string | null,
  words: MailWords,
): { subject: string; text: string; language: string } => {
  const spoken = mailLanguage(language);
  const { subject, lines } = languages[spoken][kind];
  // A name is what its owner made of it: on one line, and no address of a page in it that a mail program would make a link of.
  const name = words.name.replaceAll(/[\s:/]+/g, ' ').trim();
  const greeting = name === '' ? `${greetings[spoken]},` : `${greetings[spoken]} ${name},`;
  return { subject, text: [greeting, ...lines(words)].join('\n\n').concat('\n'), language: spoken };
};
