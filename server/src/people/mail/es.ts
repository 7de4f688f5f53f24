import { ignore, look, notYou, type Texts } from './words.ts';

export const es: Texts = {
  signUp: {
    subject: 'Termine su cuenta de Milepost',
    lines: ({ link, hours }) => [`Esta dirección abre una cuenta. Termínela en ${hours} horas:`, link, ignore.es],
  },
  hasAccount: {
    subject: 'Ya tiene una cuenta de Milepost',
    lines: ({ link }) => [
      'Alguien quiso una cuenta con esta dirección, que ya tiene una. Entre, o ponga allí una contraseña nueva:',
      link,
      ignore.es,
    ],
  },
  reset: {
    subject: 'Una contraseña nueva para Milepost',
    lines: ({ link, hours }) => [`Ponga una contraseña nueva en ${hours} hora:`, link, ignore.es],
  },
  noAccount: {
    subject: 'No hay cuenta de Milepost con esta dirección',
    lines: ({ link }) => [
      'Alguien pidió una contraseña nueva, pero ninguna cuenta tiene esta dirección. Cree una aquí:',
      link,
      ignore.es,
    ],
  },
  changeEmail: {
    subject: 'Confirme su dirección nueva',
    lines: ({ link, hours }) => [
      `Desde ahora esta será la dirección de su cuenta. Confírmela en ${hours} horas:`,
      link,
      ignore.es,
    ],
  },
  emailTaken: {
    subject: 'Esta dirección ya tiene una cuenta',
    lines: ({ link }) => [
      'Alguien quiso pasar una cuenta a esta dirección, que tiene la suya. Todo queda como está:',
      link,
      ignore.es,
    ],
  },
  emailChanged: {
    subject: 'Se cambió la dirección de su cuenta',
    lines: ({ link, what }) => [`Ahora es ${what}.`, notYou.es, link],
  },
  passwordChanged: {
    subject: 'Se cambió su contraseña',
    lines: ({ link }) => ['Todas sus demás sesiones se han cerrado.', notYou.es, link],
  },
  passkeyAdded: {
    subject: 'Se añadió una llave de acceso a su cuenta',
    lines: ({ link, what }) => [`Se llama «${what}» y deja entrar a quien la tiene sin contraseña.`, look.es, link],
  },
  passkeyRemoved: {
    subject: 'Se quitó una llave de acceso de su cuenta',
    lines: ({ link, what }) => [`Se llamaba «${what}» y ya no deja entrar a nadie.`, look.es, link],
  },
  identityLinked: {
    subject: 'Otra manera de entrar en su cuenta',
    lines: ({ link, what }) => [`Quien haya entrado con su cuenta de ${what} entra ahora en Milepost.`, look.es, link],
  },
  identityUnlinked: {
    subject: 'Se quitó una manera de entrar en su cuenta',
    lines: ({ link, what }) => [`${what} ya no deja entrar a nadie en su cuenta.`, look.es, link],
  },
  passkeyRefused: {
    subject: 'Se rechazó una de sus llaves de acceso',
    lines: ({ link, what }) => [
      `«${what}» ha firmado menos veces que antes, como haría una copia. Si no la ha copiado usted, quítela:`,
      link,
    ],
  },
  join: {
    subject: 'Le invitan a Milepost',
    lines: ({ link, hours, what }) => [`${what} le invita. Acepte en ${hours} horas:`, link, ignore.es],
  },
  drive: {
    subject: 'Puede ver un coche en Milepost',
    lines: ({ link, hours, what }) => [
      `${what} le invita a ver algo de un coche: qué y hasta cuándo figura allí. Responda en ${hours} horas:`,
      link,
      ignore.es,
    ],
  },
  grantsEnd: {
    subject: 'Pronto termina un acceso a sus coches',
    lines: ({ link, what }) => [
      what,
      'No hay que hacer nada: termina solo. Quien deba seguir leyendo lo pedirá otra vez, y usted decide de nuevo.',
      'Lo que comparte:',
      link,
    ],
  },
  erasureAsked: {
    subject: 'Ha pedido que se borre todo lo suyo',
    lines: ({ link, hours }) => [
      `Empieza dentro de ${Math.round(hours / 24)} días. Hasta entonces puede retirarlo en la página de su cuenta.`,
      'Guarde este enlace: muestra cómo va, y el informe, cuando ya no pueda entrar.',
      link,
      notYou.es,
    ],
  },
  erasureTakenBack: {
    subject: 'No se borra nada suyo',
    lines: ({ link }) => ['Se ha retirado la petición. Todo queda como está.', look.es, link],
  },
  erasureHeld: {
    subject: 'Todavía no se puede borrar lo suyo',
    lines: ({ link, what }) => [
      `Nadie más está a cargo de ${what}. Ponga allí a otra persona; después empieza por sí solo.`,
      link,
    ],
  },
  erasureBegun: {
    subject: 'Se está borrando todo lo suyo',
    lines: ({ link }) => [
      'Ha empezado y ya no se puede retirar. Cómo va, y el informe, están en el enlace de nuestro primer correo sobre esto.',
      'Este es el último correo que recibe: también se borra la dirección.',
      link,
    ],
  },
};
