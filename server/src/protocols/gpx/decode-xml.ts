import { UnreadableFileError } from '../unreadable-file.ts';

/** Bytes that are looked at for the encoding; the declaration of a file is far shorter. */
const headBytes = 1024;

/** What files say of themselves, and the name by which it is decoded: what GPS receivers and their programs have written. */
const encodings: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'iso-8859-1': 'windows-1252',
  'iso-8859-2': 'iso-8859-2',
  'iso-8859-15': 'iso-8859-15',
  'windows-1250': 'windows-1250',
  'windows-1251': 'windows-1251',
  'windows-1252': 'windows-1252',
};

const refused = (line: number, what: string, cause?: unknown): UnreadableFileError =>
  new UnreadableFileError(line, `it is not ${what}`, 'XML in UTF-8, or in the encoding that it names', cause);

/** By its byte order mark, else by its declaration, else UTF-8 (XML 1.0, appendix F). */
const encodingOf = (head: Uint8Array): string => {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const text = new TextDecoder('latin1').decode(head);
  const named = /^(?:ï»¿)?<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']/.exec(text)?.[1];
  if (named === undefined) return 'utf-8';
  const known = encodings[named.toLowerCase()];
  if (known === undefined || known.startsWith('utf-16')) throw refused(1, `in an encoding that is read: ${named}`);
  return known;
};

/** The text of an XML file that comes in pieces. Throws `bad_request` where its bytes are not what it says. */
export class XmlDecoder {
  #head: Uint8Array | undefined = new Uint8Array();
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  #encoding = 'utf-8';
  #line = 1;

  push(bytes: Uint8Array): string {
    if (!this.#head) return this.#decode(bytes);
    this.#head = Buffer.concat([this.#head, bytes]);
    return this.#head.length < headBytes ? '' : this.#begin(this.#head);
  }

  end(): string {
    const rest = this.#head ? this.#begin(this.#head) : '';
    return rest + this.#decode();
  }

  #begin(head: Uint8Array): string {
    this.#encoding = encodingOf(head);
    this.#decoder = new TextDecoder(this.#encoding, { fatal: true });
    this.#head = undefined;
    return this.#decode(head);
  }

  #decode(bytes?: Uint8Array): string {
    try {
      const text = this.#decoder?.decode(bytes, { stream: bytes !== undefined }) ?? '';
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#line++;
      return text;
    } catch (cause) {
      throw refused(this.#line, `in ${this.#encoding}`, cause);
    }
  }
}
