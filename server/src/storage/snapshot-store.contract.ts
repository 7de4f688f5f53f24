import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, beforeEach, describe, test } from 'node:test';
import { BugError } from '../kernel/index.ts';
import { type SnapshotStore, storedNameCharactersMax } from './snapshot-store.ts';

/** One place for snapshots, empty at first. */
export interface SnapshotHarness {
  /** As another process would: the same place, nothing else in common. */
  open(): Promise<SnapshotStore>;
  remove(): Promise<void>;
}

const mebibyte = 1024 * 1024;

async function* each(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

const one = (text: string): AsyncIterable<Uint8Array> => each([Buffer.from(text)]);
const textOf = async (store: SnapshotStore, name: string): Promise<string | undefined> => (await store.read(name))?.toString();

const testWriting = (opened: () => SnapshotHarness): void => {
  test('what one wrote another reads, whatever the sizes of its parts', async () => {
    const [writer, reader] = [await opened().open(), await opened().open()];
    const sizes = [1, 0, 7, mebibyte - 8, mebibyte, 3 * mebibyte + 5, 100];
    const parts = sizes.map((size) => randomBytes(size));
    const whole = Buffer.concat(parts);
    assert.equal(await writer.write('live-0-1.snapshot', each(parts)), whole.length);
    assert.ok((await reader.read('live-0-1.snapshot'))?.equals(whole));
    assert.equal(await writer.write('empty', each([])), 0);
    assert.equal((await reader.read('empty'))?.length, 0);
  });

  test('a part may be used again when the next is asked for', async () => {
    const store = await opened().open();
    async function* reused(): AsyncIterable<Uint8Array> {
      const part = Buffer.alloc(100_000);
      for (let i = 0; i < 50; i++) yield part.fill(i);
    }
    assert.equal(await store.write('reused', reused()), 5_000_000);
    const read = await store.read('reused');
    for (let i = 0; i < 50; i++) assert.ok(read?.subarray(i * 100_000, (i + 1) * 100_000).every((byte) => byte === i));
  });

  test('others see nothing of it until every part is there', async () => {
    const [writer, reader] = [await opened().open(), await opened().open()];
    await writer.write('name', one('before'));
    async function* looking(names: readonly string[]): AsyncIterable<Uint8Array> {
      yield randomBytes(3 * mebibyte);
      assert.equal(await textOf(reader, 'name'), 'before');
      assert.deepEqual(await reader.names(''), names);
      yield Buffer.from('end');
    }
    await writer.write('other', looking(['name']));
    await writer.write('name', looking(['name', 'other']));
    assert.equal((await reader.read('name'))?.length, 3 * mebibyte + 3);
    assert.deepEqual(await reader.names(''), ['name', 'other']);
  });

  test('what cannot be made is not there, and what was there before stays', async () => {
    const store = await opened().open();
    await store.write('name', one('before'));
    async function* failing(): AsyncIterable<Uint8Array> {
      yield randomBytes(3 * mebibyte);
      throw new Error('no more parts');
    }
    for (const name of ['name', 'other']) await assert.rejects(store.write(name, failing()), /no more parts/);
    assert.equal(await textOf(store, 'name'), 'before');
    assert.deepEqual(await store.names(''), ['name']);
    assert.equal(await store.read('other'), undefined);
  });

  test('of two that write the same name at once one is there, whole', async () => {
    const stores = [await opened().open(), await opened().open()];
    const contents = stores.map((_, i) => Buffer.alloc(5 * mebibyte, i + 1));
    await Promise.all(stores.map((store, i) => store.write('name', each([contents[i] as Buffer]))));
    const read = await stores[0]?.read('name');
    assert.ok(contents.some((content) => read?.equals(content)));
  });
};

const testReading = (opened: () => SnapshotHarness): void => {
  test('who reads while it is replaced gets one version, whole', async () => {
    const [writer, reader] = [await opened().open(), await opened().open()];
    const write = (version: number): Promise<number> =>
      writer.write('name', each(Array.from({ length: 8 }, () => Buffer.alloc(mebibyte, version))));
    await write(0);
    let isWriting = true;
    const writing = (async () => {
      for (let version = 1; version <= 20; version++) await write(version);
      isWriting = false;
    })();
    const seen = new Set<number>();
    do {
      const read = await reader.read('name');
      assert.equal(read?.length, 8 * mebibyte);
      assert.ok(read.equals(Buffer.alloc(read.length, read[0])));
      seen.add(read[0] as number);
    } while (isWriting);
    await writing;
    assert.equal((await reader.read('name'))?.[0], 20);
    assert.ok(seen.size > 1);
  });

  test('a hundred megabytes and more', async () => {
    const [writer, reader] = [await opened().open(), await opened().open()];
    const hash = createHash('sha256');
    async function* many(): AsyncIterable<Uint8Array> {
      for (let i = 0; i < 120; i++) {
        const part = randomBytes(900_000 + i);
        hash.update(part);
        yield part;
      }
    }
    const bytes = await writer.write('large', many());
    assert.ok(bytes > 100 * mebibyte);
    const read = await reader.read('large');
    assert.equal(read?.length, bytes);
    assert.equal(createHash('sha256').update(read).digest('hex'), hash.digest('hex'));
  });

  test('names are found by how they begin, ascending', async () => {
    const store = await opened().open();
    assert.deepEqual(await store.names(''), []);
    const names = [
      'live-1-0000000000000010.snapshot',
      'live-1-0000000000000009.snapshot',
      'live-10-1',
      'liveX1',
      'Live',
      '_x',
      'a.b',
    ];
    for (const name of names) await store.write(name, one(name));
    assert.deepEqual(await store.names('live-1-'), names.slice(0, 2).toSorted());
    assert.deepEqual(await store.names('live-1'), names.slice(0, 3).toSorted());
    assert.deepEqual(await store.names('a.'), ['a.b']);
    assert.deepEqual(await store.names('none'), []);
    assert.deepEqual(await store.names(''), names.toSorted());
  });

  test('what was removed is gone, and may be removed again', async () => {
    const [one1, another] = [await opened().open(), await opened().open()];
    await one1.write('name', one('text'));
    await one1.write('other', one('text'));
    await another.remove('name');
    assert.equal(await one1.read('name'), undefined);
    assert.deepEqual(await one1.names(''), ['other']);
    await one1.remove('name');
    assert.equal(await another.read('never'), undefined);
  });

  test('a name that is none is a mistake', async () => {
    const store = await opened().open();
    for (const name of ['', '..', '.', 'a/b', 'a b', 'ä', 'a~b', 'a\n', '*', 'a'.repeat(storedNameCharactersMax + 1)]) {
      await assert.rejects(store.write(name, one('text')), BugError, name);
      await assert.rejects(store.read(name), BugError, name);
      await assert.rejects(store.remove(name), BugError, name);
    }
    await assert.rejects(store.names('a*'), BugError);
    await store.write('a'.repeat(storedNameCharactersMax), one('text'));
  });
};

/** Every promise of the port `SnapshotStore`, for each of its adapters. */
export const snapshotStoreContract = (name: string, makeHarness: () => Promise<SnapshotHarness>): void => {
  describe(`snapshot store: ${name}`, () => {
    const harnesses: SnapshotHarness[] = [];
    let next: SnapshotHarness;
    beforeEach(async () => {
      next = await makeHarness();
      harnesses.push(next);
    });
    after(async () => {
      for (const harness of harnesses) await harness.remove();
    });
    testWriting(() => next);
    testReading(() => next);
  });
};
