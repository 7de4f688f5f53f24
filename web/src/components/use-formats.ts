import { type ShallowRef, shallowRef } from 'vue';
import { type Formats, type FormatSettings, makeFormats } from './formats.ts';
import { unitsOfRegion } from './units.ts';

const current = shallowRef<Formats>(makeFormats({ locale: 'en', units: unitsOfRegion(undefined), timeZone: 'UTC' }));

/** Called when the person's preferences change; everything that is shown follows. */
export const setFormats = (settings: FormatSettings): void => {
  current.value = makeFormats(settings);
};

/** How this person reads numbers, quantities and times. In templates `formats.speed(42)`, in scripts `formats.value.speed(42)`. */
export const useFormats = (): Readonly<ShallowRef<Formats>> => current;
