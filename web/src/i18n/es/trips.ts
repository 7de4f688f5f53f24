export default {
  wholeTrack: 'Mostrar todo el recorrido',
} as const;
