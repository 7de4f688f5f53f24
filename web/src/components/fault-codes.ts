/**
 * Trouble codes of SAE J2012: a letter for the system, a digit that says whose code it is, a digit for the part, two for the fault. What is generic
 * means the same on every car; the rest is the maker's own and only its family is known.
 */

const systems = { P: 'powertrain', C: 'chassis', B: 'body', U: 'network' } as const;
export type FaultSystem = (typeof systems)[keyof typeof systems];

/** Third character of P0 and of P2 codes. */
const partsOfP0 = {
  '0': 'airAndFuel',
  '1': 'airAndFuel',
  '2': 'injectors',
  '3': 'ignition',
  '4': 'emissions',
  '5': 'speedAndIdle',
  '6': 'controlUnit',
  '7': 'transmission',
  '8': 'transmission',
  '9': 'transmission',
  A: 'electricDrive',
  B: 'electricDrive',
  C: 'electricDrive',
  D: 'electricDrive',
} as const;
const partsOfP2 = {
  '0': 'airAndFuel',
  '1': 'airAndFuel',
  '2': 'airAndFuel',
  '3': 'ignition',
  '4': 'emissions',
  '6': 'controlUnit',
  '7': 'transmission',
  '8': 'transmission',
  '9': 'transmission',
  A: 'airAndFuel',
} as const;
export type FaultPart = (typeof partsOfP0)[keyof typeof partsOfP0];
const parts: Readonly<Record<string, Readonly<Record<string, FaultPart>>>> = { P0: partsOfP0, P2: partsOfP2 };

/** Codes with words of their own, as the messages of each language have them below `faults.codes`. */
export const knownFaults = [
  'P0A80',
  'P0A7F',
  'P0A7D',
  'P0A7E',
  'P0A0D',
  'P0AA6',
  'P0A93',
  'P0A1A',
  'P0A1B',
  'P0A3F',
  'P0A94',
  'P0A08',
  'P0AFA',
  'P0AFB',
  'P0101',
  'P0113',
  'P0118',
  'P0128',
  'P0131',
  'P0171',
  'P0172',
  'P0201',
  'P0217',
  'P0299',
  'P0300',
  'P0301',
  'P0302',
  'P0303',
  'P0304',
  'P0325',
  'P0335',
  'P0340',
  'P0401',
  'P0420',
  'P0442',
  'P0455',
  'P0500',
  'P0505',
  'P0520',
  'P0524',
  'P0562',
  'P0563',
  'P0601',
  'P0606',
  'P0700',
  'P0715',
  'P0741',
  'P0868',
  'P2002',
  'P2463',
  'P20EE',
  'C0035',
  'C0040',
  'C0045',
  'C0050',
  'B0001',
  'B0020',
  'U0001',
  'U0073',
  'U0100',
  'U0101',
  'U0110',
  'U0111',
  'U0121',
  'U0140',
] as const;
export type KnownFault = (typeof knownFaults)[number];

export interface Fault {
  /** In capitals, without what a maker hung on behind a dash or colon. */
  readonly code: string;
  /** Undefined: it is no code of this form. */
  readonly system: FaultSystem | undefined;
  /** Not the maker's own. */
  readonly isGeneric: boolean;
  readonly part: FaultPart | undefined;
  readonly known: KnownFault | undefined;
}

const form = /^([PCBU])([0-3])([0-9A-F])([0-9A-F]{2})/;

/** J2012: 0 is generic; so are P2, P34 … P3F and U3; the rest is the maker's or not given away yet. */
const isGenericCode = (letter: string, owner: string, third: string): boolean => {
  if (owner === '0') return true;
  if (letter === 'U') return owner === '3';
  return letter === 'P' && (owner === '2' || (owner === '3' && third >= '4'));
};

export const readFault = (told: string): Fault => {
  const text = told.trim().toUpperCase();
  const found = form.exec(text);
  if (!found) return { code: told.trim(), system: undefined, isGeneric: false, part: undefined, known: undefined };
  const [code, letter = 'P', owner = '0', third = '0'] = found;
  const isGeneric = isGenericCode(letter, owner, third);
  return {
    code,
    system: systems[letter as keyof typeof systems],
    isGeneric,
    part: parts[letter + owner]?.[third],
    known: knownFaults.find((known) => known === code),
  };
};
