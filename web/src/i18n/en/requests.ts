/** What waits for an answer. */
export default {
  title: 'Requests',
  text: 'Who asks for something of your cars. Nothing is read before you answer, and not answering is an answer, too.',
  loading: 'Reading the requests',
  none: 'Nobody waits for an answer',
  noneText: 'What partners ask you appears here.',
  whoYouAre: 'Who you are',
  expires: 'Can be answered until {time}.',
  answer: 'Look and answer',
  answerOf: 'Look and answer: {app}',
} as const;
