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
  | 'drive'
  | 'grantsEnd'
  | 'erasureAsked'
  | 'erasureTakenBack'
  | 'erasureHeld'
  | 'erasureBegun';

export interface MailWords {
  readonly link: string;
  /** Who is written to; empty: not known. */
  readonly name: string;
  readonly hours: number;
  /** Of `join`: the organisation. `emailChanged`: the new address. `passkey…`: its name. `grantsEnd`: which, a line each. */
  readonly what: string;
}

export interface Text {
  readonly subject: string;
  readonly lines: (words: MailWords) => readonly string[];
}

export type Texts = Readonly<Record<MailKind, Text>>;

export const ignore = {
  en: 'If you did not ask for this, do nothing: without the link nothing happens.',
  es: 'Si no lo ha pedido usted, no haga nada: sin el enlace no pasa nada.',
  de: 'Wenn Sie das nicht wollten, tun Sie nichts: Ohne den Link geschieht nichts.',
} as const;
export const notYou = {
  en: 'If this was not you, set a new password at once and end all sessions:',
  es: 'Si no ha sido usted, ponga enseguida una contraseña nueva y cierre todas las sesiones:',
  de: 'Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort und beenden Sie alle Sitzungen:',
} as const;
export const look = {
  en: 'If this was not you, look after your account at once:',
  es: 'Si no ha sido usted, revise su cuenta enseguida:',
  de: 'Wenn Sie das nicht waren, sehen Sie sofort nach Ihrem Konto:',
} as const;
