import { ignore, look, notYou, type Texts } from './words.ts';

export const en: Texts = {
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
  grantsEnd: {
    subject: 'Access to your cars ends soon',
    lines: ({ link, what }) => [
      what,
      'Nobody has to do anything: it ends by itself. Whoever is to go on reading asks again, and you decide anew.',
      'What you share:',
      link,
    ],
  },
  erasureAsked: {
    subject: 'You asked for everything of you to be erased',
    lines: ({ link, hours }) => [
      `It begins in ${Math.round(hours / 24)} days. Until then you can take it back on your account page.`,
      'Keep this link: it shows how far it is, and the report, when you can no longer sign in.',
      link,
      notYou.en,
    ],
  },
  erasureTakenBack: {
    subject: 'Nothing of you is erased',
    lines: ({ link }) => ['It was taken back. Everything stays as it is.', look.en, link],
  },
  erasureHeld: {
    subject: 'You cannot be erased yet',
    lines: ({ link, what }) => [
      `Nobody else is in charge of ${what}. Make somebody else so there; it then begins by itself.`,
      link,
    ],
  },
  erasureBegun: {
    subject: 'Everything of you is being erased',
    lines: ({ link }) => [
      'It has begun, and cannot be taken back. How far it is, and the report, stand at the link in our first mail about it.',
      'This is the last mail to you: the address goes, too.',
      link,
    ],
  },
};
