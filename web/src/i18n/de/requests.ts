/** Was auf eine Antwort wartet. */
export default {
  title: 'Anfragen',
  text: 'Wer etwas von Ihren Autos möchte. Nichts wird gelesen, bevor Sie antworten, und keine Antwort ist auch eine.',
  loading: 'Die Anfragen werden gelesen',
  none: 'Niemand wartet auf eine Antwort',
  noneText: 'Was Partner Sie fragen, erscheint hier.',
  whoYouAre: 'Wer Sie sind',
  expires: 'Kann bis {time} beantwortet werden.',
  answer: 'Ansehen und antworten',
  answerOf: 'Ansehen und antworten: {app}',
} as const;
