import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignal } from '@milepost/contract';
import { narrower } from './narrower.ts';
import { recordedDrive } from './recording.ts';
import { lowKpa, placardKpa, signalsAt } from './what-it-says.ts';

const odometer = 'Vehicle.TraveledDistance';

test('a car tells the recorded drive row by row, begins anew at its end, and its mileage goes on', () => {
  const rows = recordedDrive().length;
  assert.ok(rows > 200);
  let before = 0;
  for (let step = 0; step < rows * 2 + 5; step++) {
    const said = signalsAt(step, false);
    const metres = said[odometer] ?? Number.NaN;
    assert.ok(metres >= before, `at step ${step}`);
    before = metres;
    for (const [path, value] of Object.entries(said)) {
      assert.ok(coreSignal(path).number > 0, path);
      assert.ok(Number.isFinite(value), `${path} at step ${step}`);
    }
    assert.ok(Math.abs((said['Vehicle.CurrentLocation.Latitude'] ?? 0) - 33.97) < 0.1, 'it is where the recording was');
  }
});

test('the tire that is low is under 80 % of the placard, and the others are not', () => {
  const pressures = (isLow: boolean): number[] =>
    Object.entries(signalsAt(3, isLow)).flatMap(([path, value]) => (path.endsWith('Tire.Pressure') ? [value] : []));
  assert.deepEqual(pressures(true), [lowKpa, placardKpa, placardKpa, placardKpa]);
  assert.deepEqual(pressures(false), [placardKpa, placardKpa, placardKpa, placardKpa]);
  assert.ok(lowKpa < placardKpa * 0.8);
});

test('what is narrowed tells less, to the end', () => {
  assert.deepEqual(narrower([{ item: 'mileage' }, { item: 'tires' }]), [{ item: 'mileage' }]);
  assert.deepEqual(narrower([{ item: 'position', place: 'about1km', time: 'minute' }]), [
    { item: 'position', place: 'about1km', time: 'hour' },
  ]);
  assert.throws(() => narrower([{ item: 'mileage', time: 'day' }]), { code: 'in_use' });
});
