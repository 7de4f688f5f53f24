export default {
  wholeTrack: 'Ganze Strecke zeigen',
} as const;
