/** Sentences about trips and tracks. */
export default {
  wholeTrack: 'Show the whole track',
} as const;
