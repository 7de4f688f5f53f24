import { quantise, type SignalDefinition, type Vocabulary } from '@milepost/contract';
import { type GrowingColumn, ReportBuilder, type ReportColumns, samplesPerReportMax, timeMsMax } from '../events/index.ts';
import { asBuffer } from '../protocols/index.ts';
import { readSampleTime } from './sample-time.ts';

const utf8 = new TextEncoder();
const [quote, backslash, comma, colon, minus, dot] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2e];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const [tab, newline, carriageReturn, space, zero] = [0x09, 0x0a, 0x0d, 0x20, 0x30];
const [bootKey, seqKey, samplesKey, timeKey, signalsKey] = ['boot', 'seq', 'samples', 'time', 'signals'].map((key) =>
  utf8.encode(`"${key}"`),
) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
const [trueWord, falseWord] = [utf8.encode('true'), utf8.encode('false')];

/** Digits that a double holds exactly, whatever they are. */
const exactDigits = 15;
/** Exact, each of them. */
const powersOfTen = Float64Array.from({ length: exactDigits + 1 }, (_, i) => 10 ** i);
const wordBytes = 8;

/** What a number is checked against, and how it is rounded: `quantise` of the contract. A class, so that all of them have one shape. */
class NumberRule {
  readonly min: number;
  readonly max: number;
  readonly perUnit: number;

  constructor(min: number, max: number, perUnit: number) {
    this.min = min;
    this.max = max;
    this.perUnit = perUnit;
  }
}
const timeRule = new NumberRule(0, timeMsMax, 1);
const wholeRule = new NumberRule(0, Number.MAX_SAFE_INTEGER, 1);

/** A signal as its key stands in JSON text, and the one that came after it the last time. */
class Slot {
  readonly signal: SignalDefinition | undefined;
  readonly column: GrowingColumn;
  /** Undefined: it is no number. */
  readonly rule: NumberRule | undefined;
  /** Of the key with its quotes. */
  readonly length: number;
  /** The key as words of eight bytes, compared as doubles: one load and one comparison each. The last one overlaps the one before. */
  readonly #words: Float64Array;
  readonly #lastWord: number;
  next: Slot | undefined;

  constructor(key: Uint8Array, signal: SignalDefinition | undefined, column: GrowingColumn) {
    this.signal = signal;
    this.column = column;
    this.rule = signal?.kind === 'number' ? new NumberRule(signal.min, signal.max, signal.perUnit) : undefined;
    this.length = key.length;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const whole = Math.floor(key.length / wordBytes);
    this.#words = Float64Array.from({ length: whole }, (_, i) => view.getFloat64(i * wordBytes, true));
    this.#lastWord = whole === 0 ? Number.NaN : view.getFloat64(key.length - wordBytes, true);
  }

  /** False also for a key of less than eight bytes: it is looked up each time. An ASCII key has no word that is not a number or is −0. */
  stands(view: DataView, at: number, end: number): boolean {
    const words = this.#words;
    const last = at + this.length - wordBytes;
    if (at + this.length > end || words.length === 0) return false;
    for (let i = 0; i < words.length; i++) if (view.getFloat64(at + i * wordBytes, true) !== words[i]) return false;
    return view.getFloat64(last, true) === this.#lastWord;
  }
}

/**
 * Reads reports that are as most are straight from the bytes of their JSON into columns, at a fraction of what `JSON.parse` and a look at each value
 * cost: keys without escapes, each once, every signal known, every value good. Of anything else it says no, and the caller parses the text to
 * find out what to say of it. What it reads, it reads as `JSON.parse` and `quantise` do: tested against them.
 */
export class ReportScanner {
  readonly #vocabulary: Vocabulary;
  readonly #builder = new ReportBuilder();
  readonly #slots = new Map<string, Slot>();
  /** Before the first signal of a sample. */
  readonly #start = new Slot(new Uint8Array(0), undefined, this.#builder.columnOf(0));
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #end = 0;
  /** Lines of samples: an end of line is no space inside of one. */
  #isLines = false;
  boot: number | undefined;
  seq: number | undefined;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** What was read last; it holds until the next reading. */
  columns(): ReportColumns {
    return this.#builder.columns();
  }

  get sampleCount(): number {
    return this.#builder.sampleCount;
  }

  /** A report: `{"boot":1,"seq":7,"samples":[{"time":…,"signals":{…}}]}`, with at least one sample and a value in each. */
  scanReport(text: Uint8Array): boolean {
    this.#begin(text, false);
    if (!this.#readReport()) return false;
    this.#skipSpace();
    return this.#at === this.#end;
  }

  /** NDJSON: a sample a line, blank lines are nothing. */
  scanLines(text: Uint8Array): boolean {
    this.#begin(text, true);
    for (;;) {
      this.#skipLines();
      if (this.#at === this.#end) return this.#builder.sampleCount > 0;
      if (!this.#readSample()) return false;
      this.#skipSpace();
      if (this.#at < this.#end && this.#bytes[this.#at] !== newline) return false;
    }
  }

  #begin(text: Uint8Array, isLines: boolean): void {
    this.#bytes = asBuffer(text);
    this.#view = new DataView(text.buffer, text.byteOffset, text.length);
    this.#at = 0;
    this.#end = text.length;
    this.#isLines = isLines;
    this.boot = undefined;
    this.seq = undefined;
    this.#builder.reset();
  }

  #readReport(): boolean {
    if (!this.#take(openBrace)) return false;
    do {
      this.#skipSpace();
      if (this.#takeWord(bootKey)) {
        if (this.boot !== undefined || !this.#take(colon)) return false;
        this.boot = this.#readWhole();
        if (this.boot === undefined) return false;
      } else if (this.#takeWord(seqKey)) {
        if (this.seq !== undefined || !this.#take(colon)) return false;
        this.seq = this.#readWhole();
        if (this.seq === undefined) return false;
      } else if (!this.#takeWord(samplesKey) || !this.#take(colon) || !this.#readSamples()) return false;
    } while (this.#take(comma));
    return this.#take(closeBrace) && this.#builder.sampleCount > 0;
  }

  #readSamples(): boolean {
    // Named twice: the second would count.
    if (this.#builder.sampleCount > 0 || !this.#take(openBracket)) return false;
    do if (!this.#readSample()) return false;
    while (this.#take(comma));
    return this.#take(closeBracket);
  }

  #readSample(): boolean {
    const { sampleCount } = this.#builder;
    if (sampleCount === samplesPerReportMax || !this.#take(openBrace)) return false;
    this.#skipSpace();
    if (!this.#takeWord(timeKey) || !this.#take(colon)) return false;
    const timeMs = this.#readTime();
    if (Number.isNaN(timeMs)) return false;
    this.#builder.addSample(timeMs);
    if (!this.#take(comma)) return false;
    this.#skipSpace();
    if (!this.#takeWord(signalsKey) || !this.#take(colon)) return false;
    return this.#readSignals(sampleCount) && this.#take(closeBrace);
  }

  #readSignals(sample: number): boolean {
    if (!this.#take(openBrace)) return false;
    const builder = this.#builder;
    let slot = this.#start;
    do {
      this.#skipSpace();
      const found = this.#takeKey(slot);
      if (!found || !this.#take(colon)) return false;
      slot = found;
      const { column, rule } = found;
      // Named twice: the second would count.
      if (column.end > sample) return false;
      const stored = rule ? this.#readNumber(rule) : this.#readOther(found.signal as SignalDefinition);
      if (stored === undefined) return false;
      builder.addTo(column, stored);
    } while (this.#take(comma));
    return this.#take(closeBrace);
  }

  /** The signal whose key stands here. Devices name the same ones in the same order: what followed the last time is tried first. */
  #takeKey(before: Slot): Slot | undefined {
    const guess = before.next;
    if (guess?.stands(this.#view, this.#at, this.#end)) {
      this.#at += guess.length;
      return guess;
    }
    const path = this.#readText();
    if (path === undefined) return undefined;
    let slot = this.#slots.get(path);
    if (!slot) {
      const signal = this.#vocabulary.byPath(path);
      if (!signal) return undefined;
      slot = new Slot(utf8.encode(`"${path}"`), signal, this.#builder.columnOf(signal.number));
      this.#slots.set(path, slot);
    }
    before.next = slot;
    return slot;
  }

  /** Digits alone. */
  #readWhole(): number | undefined {
    this.#skipSpace();
    const first = this.#at;
    const value = this.#readNumber(wholeRule);
    for (let at = first; at < this.#at; at++) if (this.#bytes[at] === dot) return undefined;
    return value;
  }

  #readTime(): number {
    this.#skipSpace();
    if (this.#bytes[this.#at] !== quote) return this.#readNumber(timeRule) ?? Number.NaN;
    const text = this.#readText();
    return text === undefined ? Number.NaN : readSampleTime(text);
  }

  /**
   * A number as `Math.round(value * perUnit)`, where `value` is the double that is nearest to the text: whole digits divided by a power of ten,
   * both exact, give just that (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990). Of more than 15 digits the number lies
   * between two such quotients; every step to the stored number keeps their order, so when both end in the same one, so does the number.
   */
  #readNumber({ min, max, perUnit }: NumberRule): number | undefined {
    this.#skipSpace();
    const bytes = this.#bytes;
    let at = this.#at;
    const isNegative = bytes[at] === minus;
    if (isNegative) at++;
    const first = at;
    let point = -1;
    let digits = 0;
    let kept = 0;
    let isCut = false;
    for (; ; at++) {
      const digit = (bytes[at] as number) - zero;
      if (digit >= 0 && digit <= 9) {
        if (kept < exactDigits) {
          digits = digits * 10 + digit;
          kept++;
        } else isCut = true;
      } else if (digit === dot - zero && point < 0) point = at;
      else break;
    }
    const whole = (point < 0 ? at : point) - first;
    if (whole === 0 || whole > exactDigits || point === at - 1 || (whole > 1 && bytes[first] === zero)) return undefined;
    // An exponent: rare, and read by the parser.
    if (((bytes[at] as number) | 0x20) === 0x65) return undefined;
    this.#at = at;
    const sign = isNegative ? -1 : 1;
    const divisor = powersOfTen[kept - whole] as number;
    const value = (sign * digits) / divisor;
    if (value < min || value > max) return undefined;
    const stored = Math.round(value * perUnit) + 0;
    if (!isCut) return stored;
    const beyond = (sign * (digits + 1)) / divisor;
    return beyond < min || beyond > max || Math.round(beyond * perUnit) + 0 !== stored ? undefined : stored;
  }

  /** What is no number: a text, one of a list of words, yes or no. */
  #readOther(signal: SignalDefinition): number | string | undefined {
    this.#skipSpace();
    let value: unknown;
    if (this.#bytes[this.#at] === quote) value = this.#readText();
    else if (this.#takeWord(trueWord)) value = true;
    else if (this.#takeWord(falseWord)) value = false;
    if (value === undefined) return undefined;
    const quantised = quantise(signal, value);
    return quantised.ok ? quantised.stored : undefined;
  }

  /** A text of printable ASCII without escapes. */
  #readText(): string | undefined {
    const bytes = this.#bytes;
    const first = this.#at + 1;
    if (bytes[this.#at] !== quote) return undefined;
    for (let at = first; at < this.#end; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        this.#at = at + 1;
        return bytes.toString('latin1', first, at);
      }
      if (byte < space || byte >= 0x80 || byte === backslash) return undefined;
    }
    return undefined;
  }

  #takeWord(word: Uint8Array): boolean {
    const at = this.#at;
    for (let i = 0; i < word.length; i++) if (this.#bytes[at + i] !== word[i]) return false;
    this.#at = at + word.length;
    return true;
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) {
      this.#skipSpace();
      if (this.#bytes[this.#at] !== byte) return false;
    }
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at];
      if (byte !== space && byte !== tab && byte !== carriageReturn && (byte !== newline || this.#isLines)) return;
    }
  }

  #skipLines(): void {
    this.#skipSpace();
    while (this.#at < this.#end && this.#bytes[this.#at] === newline) {
      this.#at++;
      this.#skipSpace();
    }
  }
}
