export * from './ports.ts';
export { PartitionLostError } from './errors.ts';
export {
  type KafkaCredentials,
  type KafkaMechanism,
  type KafkaReach,
  kafkaConnection,
  kafkaMechanisms,
} from './kafka-reach.ts';
