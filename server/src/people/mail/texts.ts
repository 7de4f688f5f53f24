/** What mails say. One link each, on a line of its own. */
export type MailKind =
  | 'signUp'
  | 'hasAccount'
  | 'reset'
  | 'noAccount'
  | 'changeEmail'
  | 'emailTaken'
  | 'emailChanged'
  | 'passwordChanged'
  | 'passkeyAdded'
  | 'passkeyRemoved'
  | 'passkeyRefused'
  | 'identityLinked'
  | 'identityUnlinked'
  | 'join'
  | 'drive';

export interface MailWords {
  readonly link: string;
  /** Who is written to; empty: not known. */
  readonly name: string;
  readonly hours: number;
  /** Of `join`: the organisation. `emailChanged`: the new address. `passkey…`: its name. */
  readonly what: string;
}

interface Text {
  readonly subject: string;
  readonly lines: (words: MailWords) => readonly string[];
}

const ignore = {
  en: 'If you did not ask for this, do nothing: without the link nothing happens.',
  es: 'Si no lo ha pedido usted, no haga nada: sin el enlace no pasa nada.',
  de: 'Wenn Sie das nicht wollten, tun Sie nichts: Ohne den Link geschieht nichts.',
} as const;
const notYou = {
  en: 'If this was not you, set a new password at once and end all sessions:',
  es: 'Si no ha sido usted, ponga enseguida una contraseña nueva y cierre todas las sesiones:',
  de: 'Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort und beenden Sie alle Sitzungen:',
} as const;
const look = {
  en: 'If this was not you, look after your account at once:',
  es: 'Si no ha sido usted, revise su cuenta enseguida:',
  de: 'Wenn Sie das nicht waren, sehen Sie sofort nach Ihrem Konto:',
} as const;

const en: Readonly<Record<MailKind, Text>> = {
  signUp: {
    subject: 'Finish your Milepost account',
    lines: ({ link, hours }) => [`This address opens an account. Finish it within ${hours} hours:`, link, ignore.en],
  },
  hasAccount: {
    subject: 'You already have a Milepost account',
    lines: ({ link }) => [
      'Somebody wanted an account with this address, which has one. Sign in, or set a new password there:',
      link,
      ignore.en,
    ],
  },
  reset: {
    subject: 'A new password for Milepost',
    lines: ({ link, hours }) => [`Set a new password within ${hours} hour:`, link, ignore.en],
  },
  noAccount: {
    subject: 'No Milepost account with this address',
    lines: ({ link }) => ['Somebody asked for a new password, but no account has this address. Make one here:', link, ignore.en],
  },
  changeEmail: {
    subject: 'Confirm your new address',
    lines: ({ link, hours }) => [
      `From now on this is to be the address of your account. Confirm within ${hours} hours:`,
      link,
      ignore.en,
    ],
  },
  emailTaken: {
    subject: 'This address has an account already',
    lines: ({ link }) => [
      'Somebody wanted to move an account to this address, which has one of its own. It stays as it is:',
      link,
      ignore.en,
    ],
  },
  emailChanged: {
    subject: 'The address of your account was changed',
    lines: ({ link, what }) => [`It is ${what} now.`, notYou.en, link],
  },
  passwordChanged: {
    subject: 'Your password was changed',
    lines: ({ link }) => ['All your other sessions have ended.', notYou.en, link],
  },
  passkeyAdded: {
    subject: 'A passkey was added to your account',
    lines: ({ link, what }) => [`It is called “${what}”, and lets its owner in without a password.`, look.en, link],
  },
  passkeyRemoved: {
    subject: 'A passkey was removed from your account',
    lines: ({ link, what }) => [`It was called “${what}”, and lets nobody in any more.`, look.en, link],
  },
  identityLinked: {
    subject: 'Another way into your account',
    lines: ({ link, what }) => [`Whoever is signed in with your account of ${what} gets into Milepost now.`, look.en, link],
  },
  identityUnlinked: {
    subject: 'A way into your account was removed',
    lines: ({ link, what }) => [`${what} lets nobody into your account any more.`, look.en, link],
  },
  passkeyRefused: {
    subject: 'A passkey of yours was refused',
    lines: ({ link, what }) => [
      `“${what}” signed less often than it had before, as a copy of it would. If you did not copy it, remove it:`,
      link,
    ],
  },
  join: {
    subject: 'You are invited to Milepost',
    lines: ({ link, hours, what }) => [`${what} invites you. Accept within ${hours} hours:`, link, ignore.en],
  },
  drive: {
    subject: 'You may see a car in Milepost',
    lines: ({ link, hours, what }) => [
      `${what} invites you to see something of a car: what, and until when, stands there. Answer within ${hours} hours:`,
      link,
      ignore.en,
    ],
  },
};

const es: Readonly<Record<MailKind, Text>> = {
  signUp: {
    subject: 'Termine su cuenta de Milepost',
    lines: ({ link, hours }) => [`Esta dirección abre una cuenta. Termínela en ${hours} horas:`, link, ignore.es],
  },
  hasAccount: {
    subject: 'Ya tiene una cuenta de Milepost',
    lines: ({ link }) => [
      'Alguien quiso una cuenta con esta dirección, que ya tiene una. Entre, o ponga allí una contraseña nueva:',
      link,
      ignore.es,
    ],
  },
  reset: {
    subject: 'Una contraseña nueva para Milepost',
    lines: ({ link, hours }) => [`Ponga una contraseña nueva en ${hours} hora:`, link, ignore.es],
  },
  noAccount: {
    subject: 'No hay cuenta de Milepost con esta dirección',
    lines: ({ link }) => [
      'Alguien pidió una contraseña nueva, pero ninguna cuenta tiene esta dirección. Cree una aquí:',
      link,
      ignore.es,
    ],
  },
  changeEmail: {
    subject: 'Confirme su dirección nueva',
    lines: ({ link, hours }) => [
      `Desde ahora esta será la dirección de su cuenta. Confírmela en ${hours} horas:`,
      link,
      ignore.es,
    ],
  },
  emailTaken: {
    subject: 'Esta dirección ya tiene una cuenta',
    lines: ({ link }) => [
      'Alguien quiso pasar una cuenta a esta dirección, que tiene la suya. Todo queda como está:',
      link,
      ignore.es,
    ],
  },
  emailChanged: {
    subject: 'Se cambió la dirección de su cuenta',
    lines: ({ link, what }) => [`Ahora es ${what}.`, notYou.es, link],
  },
  passwordChanged: {
    subject: 'Se cambió su contraseña',
    lines: ({ link }) => ['Todas sus demás sesiones se han cerrado.', notYou.es, link],
  },
  passkeyAdded: {
    subject: 'Se añadió una llave de acceso a su cuenta',
    lines: ({ link, what }) => [`Se llama «${what}» y deja entrar a quien la tiene sin contraseña.`, look.es, link],
  },
  passkeyRemoved: {
    subject: 'Se quitó una llave de acceso de su cuenta',
    lines: ({ link, what }) => [`Se llamaba «${what}» y ya no deja entrar a nadie.`, look.es, link],
  },
  identityLinked: {
    subject: 'Otra manera de entrar en su cuenta',
    lines: ({ link, what }) => [`Quien haya entrado con su cuenta de ${what} entra ahora en Milepost.`, look.es, link],
  },
  identityUnlinked: {
    subject: 'Se quitó una manera de entrar en su cuenta',
    lines: ({ link, what }) => [`${what} ya no deja entrar a nadie en su cuenta.`, look.es, link],
  },
  passkeyRefused: {
    subject: 'Se rechazó una de sus llaves de acceso',
    lines: ({ link, what }) => [
      `«${what}» ha firmado menos veces que antes, como haría una copia. Si no la ha copiado usted, quítela:`,
      link,
    ],
  },
  join: {
    subject: 'Le invitan a Milepost',
    lines: ({ link, hours, what }) => [`${what} le invita. Acepte en ${hours} horas:`, link, ignore.es],
  },
  drive: {
    subject: 'Puede ver un coche en Milepost',
    lines: ({ link, hours, what }) => [
      `${what} le invita a ver algo de un coche: qué y hasta cuándo figura allí. Responda en ${hours} horas:`,
      link,
      ignore.es,
    ],
  },
};

const de: Readonly<Record<MailKind, Text>> = {
  signUp: {
    subject: 'Ihr Milepost-Konto fertig anlegen',
    lines: ({ link, hours }) => [
      `Mit dieser Adresse wird ein Konto eröffnet. Legen Sie es innerhalb von ${hours} Stunden fertig an:`,
      link,
      ignore.de,
    ],
  },
  hasAccount: {
    subject: 'Sie haben schon ein Milepost-Konto',
    lines: ({ link }) => [
      'Jemand wollte ein Konto mit dieser Adresse, die schon eines hat. Melden Sie sich an, oder setzen Sie dort ein neues Passwort:',
      link,
      ignore.de,
    ],
  },
  reset: {
    subject: 'Ein neues Passwort für Milepost',
    lines: ({ link, hours }) => [`Setzen Sie innerhalb von ${hours} Stunde ein neues Passwort:`, link, ignore.de],
  },
  noAccount: {
    subject: 'Kein Milepost-Konto mit dieser Adresse',
    lines: ({ link }) => [
      'Jemand bat um ein neues Passwort, aber kein Konto hat diese Adresse. Hier können Sie eines anlegen:',
      link,
      ignore.de,
    ],
  },
  changeEmail: {
    subject: 'Bestätigen Sie Ihre neue Adresse',
    lines: ({ link, hours }) => [
      `Dies soll ab jetzt die Adresse Ihres Kontos sein. Bestätigen Sie sie innerhalb von ${hours} Stunden:`,
      link,
      ignore.de,
    ],
  },
  emailTaken: {
    subject: 'Diese Adresse hat schon ein Konto',
    lines: ({ link }) => [
      'Jemand wollte ein Konto auf diese Adresse umstellen, die ein eigenes hat. Es bleibt alles, wie es ist:',
      link,
      ignore.de,
    ],
  },
  emailChanged: {
    subject: 'Die Adresse Ihres Kontos wurde geändert',
    lines: ({ link, what }) => [`Sie ist jetzt ${what}.`, notYou.de, link],
  },
  passwordChanged: {
    subject: 'Ihr Passwort wurde geändert',
    lines: ({ link }) => ['Alle Ihre anderen Sitzungen sind beendet.', notYou.de, link],
  },
  passkeyAdded: {
    subject: 'Ihrem Konto wurde ein Passkey hinzugefügt',
    lines: ({ link, what }) => [`Er heißt „${what}“ und lässt seinen Besitzer ohne Passwort ein.`, look.de, link],
  },
  passkeyRemoved: {
    subject: 'Von Ihrem Konto wurde ein Passkey entfernt',
    lines: ({ link, what }) => [`Er hieß „${what}“ und lässt niemanden mehr ein.`, look.de, link],
  },
  identityLinked: {
    subject: 'Ein weiterer Weg in Ihr Konto',
    lines: ({ link, what }) => [`Wer mit Ihrem Konto bei ${what} angemeldet ist, kommt jetzt in Milepost hinein.`, look.de, link],
  },
  identityUnlinked: {
    subject: 'Ein Weg in Ihr Konto wurde entfernt',
    lines: ({ link, what }) => [`${what} lässt niemanden mehr in Ihr Konto.`, look.de, link],
  },
  passkeyRefused: {
    subject: 'Ein Passkey von Ihnen wurde abgelehnt',
    lines: ({ link, what }) => [
      `„${what}“ hat seltener unterschrieben als schon zuvor, wie es eine Kopie täte. Wenn Sie ihn nicht kopiert haben, entfernen Sie ihn:`,
      link,
    ],
  },
  join: {
    subject: 'Einladung zu Milepost',
    lines: ({ link, hours, what }) => [`${what} lädt Sie ein. Nehmen Sie innerhalb von ${hours} Stunden an:`, link, ignore.de],
  },
  drive: {
    subject: 'Sie dürfen ein Auto in Milepost sehen',
    lines: ({ link, hours, what }) => [
      `${what} lädt Sie ein, etwas von einem Auto zu sehen: was und bis wann, steht dort. Antworten Sie innerhalb von ${hours} Stunden:`,
      link,
      ignore.de,
    ],
  },
};

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
