/** Lo que espera una respuesta. */
export default {
  title: 'Solicitudes',
  text: 'Quién pide algo de sus coches. Nada se lee antes de que responda, y no responder también es una respuesta.',
  loading: 'Leyendo las solicitudes',
  none: 'Nadie espera una respuesta',
  noneText: 'Lo que los socios le pidan aparece aquí.',
  whoYouAre: 'Quién es usted',
  expires: 'Se puede responder hasta el {time}.',
  answer: 'Ver y responder',
  answerOf: 'Ver y responder: {app}',
} as const;
