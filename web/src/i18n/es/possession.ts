/** De quién es el coche y cómo cambia de manos. */
export default {
  claimTitle: 'Añadir su coche',
  claimText:
    'Escriba el código que le han dado o que muestra el coche. Desde ese momento usted ve el coche y decide quién más lo ve.',
  claimCode: 'Código',
  claimHint: 'Doce letras y cifras, por ejemplo K7QF-2M9X-P4TC',
  claim: 'Añadir el coche',
  claimed: '{name} ya es suyo',
  claimedText: 'Usted ve lo que envía desde este momento. Lo anterior queda para quien lo tenía entonces.',
  claimedOpen: 'Ir al coche',
  another: 'Añadir otro',
  unknownCode: 'Este código no se conoce, ya se usó o ha caducado. Los códigos que muestra un coche valen diez minutos.',
  holder: 'Titular',
  yours: 'Suyo desde el {date}',
  yoursEver: 'Suyo',
  yoursUntil: 'Suyo hasta el {date}',
  ofCustomer: '{name} desde el {date}',
  ofPerson: 'De un particular desde el {date}',
  handOver: 'Entregarlo',
  handOverText:
    'Cree un código y déselo al nuevo titular. En cuanto se use, el coche es suyo: usted conserva lo que vio hasta entonces, el nuevo titular no ve nada de ello, y todos a quienes usted dio acceso lo pierden.',
  makeCode: 'Crear un código',
  code: 'Código para el nuevo titular',
  codeUntil: 'Sirve una vez, hasta el {date}. Un código nuevo anula este.',
} as const;
