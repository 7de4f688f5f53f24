/** How passwords are proved to brokers; the first one unless told otherwise. PLAIN sends them as they are. */
export const kafkaMechanisms = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'] as const;
export type KafkaMechanism = (typeof kafkaMechanisms)[number];

export interface KafkaCredentials {
  readonly username: string;
  readonly password: string;
  readonly mechanism: KafkaMechanism;
}

/** How the brokers of a Kafka are reached, by whatever speaks to them. */
export interface KafkaReach {
  /** host:port of some brokers; the others are found by them. */
  readonly brokers: readonly string[];
  /** Not given: brokers ask for none. */
  readonly credentials?: KafkaCredentials;
  /** Given: by TLS alone, with brokers whose certificates these CAs (PEM) have signed, or those that the machine trusts. */
  readonly tls?: { readonly ca?: string };
}

/** The same for the client library. */
export const kafkaConnection = ({ brokers, credentials, tls }: KafkaReach) => ({
  bootstrapBrokers: [...brokers],
  // Brokers behind one address are told apart by the name that is asked for.
  ...(tls ? { tls: { ...tls, rejectUnauthorized: true }, tlsServerName: true } : {}),
  ...(credentials ? { sasl: { ...credentials } } : {}),
});
