import { ignore, look, notYou, type Texts } from './words.ts';

export const de: Texts = {
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
  grantsEnd: {
    subject: 'Ein Zugriff auf Ihre Autos endet bald',
    lines: ({ link, what }) => [
      what,
      'Niemand muss etwas tun: Er endet von selbst. Wer weiter lesen soll, fragt neu, und Sie entscheiden neu.',
      'Was Sie teilen:',
      link,
    ],
  },
  erasureAsked: {
    subject: 'Sie möchten, dass alles von Ihnen gelöscht wird',
    lines: ({ link, hours }) => [
      `Es beginnt in ${Math.round(hours / 24)} Tagen. Bis dahin können Sie es auf Ihrer Kontoseite zurücknehmen.`,
      'Heben Sie diesen Link auf: Er zeigt den Stand und den Bericht, wenn Sie sich nicht mehr anmelden können.',
      link,
      notYou.de,
    ],
  },
  erasureTakenBack: {
    subject: 'Von Ihnen wird nichts gelöscht',
    lines: ({ link }) => ['Es wurde zurückgenommen. Alles bleibt, wie es ist.', look.de, link],
  },
  erasureHeld: {
    subject: 'Sie können noch nicht gelöscht werden',
    lines: ({ link, what }) => [
      `Niemand sonst ist für ${what} zuständig. Bestimmen Sie dort jemand anderen; dann beginnt es von selbst.`,
      link,
    ],
  },
  erasureBegun: {
    subject: 'Alles von Ihnen wird gelöscht',
    lines: ({ link }) => [
      'Es hat begonnen und lässt sich nicht mehr zurücknehmen. Der Stand und der Bericht stehen unter dem Link in unserer ersten E-Mail dazu.',
      'Dies ist die letzte E-Mail an Sie: Auch die Adresse wird gelöscht.',
      link,
    ],
  },
};
