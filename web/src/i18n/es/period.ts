/** Elegir un periodo. */
export default {
  label: 'Periodo',
  any: 'Cualquier fecha',
  '1h': 'Última hora',
  '24h': 'Últimas 24 horas',
  '7d': 'Últimos 7 días',
  '30d': 'Últimos 30 días',
  custom: 'Desde … hasta …',
  from: 'Desde',
  to: 'Hasta',
} as const;
