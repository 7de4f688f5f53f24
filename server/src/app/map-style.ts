const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text);
/** A PMTiles archive, here or elsewhere. */
export const isArchive = (text: string): boolean => /\.pmtiles$/i.test(text.split(/[?#]/, 1)[0] as string);

export const mapStyleExpected =
  'openfreemap, outlines, the address of a MapLibre style or of a .pmtiles archive, or the path of a .pmtiles file';

/** Whether a text is a style at all; whether there is such a file, `openMapSource` finds out. */
export const isMapStyle = (text: string): boolean => {
  if (text === 'openfreemap' || text === 'outlines') return true;
  if (isWebAddress(text)) return !/\s/.test(text) && URL.canParse(text);
  return !text.includes('://') && (isArchive(text) || /^\/\S*$/.test(text));
};

/** An archive of this machine, not one elsewhere. */
export const isArchiveFile = (text: string): boolean => isArchive(text) && !isWebAddress(text);

/** An origin as a policy of pages has it: scheme, name (or `*.` and a name), port if it is not the usual one, nothing behind. */
export const isOrigin = (word: string): word is string =>
  /^https?:\/\/(\*\.)?[^*]+$/.test(word) && URL.parse(word)?.origin === word;
