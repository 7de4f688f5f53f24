import {
  Admin,
  type Connection,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  FindCoordinatorKeyTypes,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV9,
  syncGroupV5,
} from '@platformatic/kafka';
import { assert } from '../../../../kernel/index.ts';
import { type KafkaReach, kafkaConnection } from '../../../kafka-reach.ts';
import type { LogPosition } from '../../../ports.ts';
import type { KafkaLogLimits } from '../options.ts';
import { type Sharer, sharePartitions } from './share-partitions.ts';

/** How Kafka and its tools know that a group shares partitions, and that its members share them as Milepost does. */
const protocolType = 'consumer';
const protocolName = 'milepost';
/** Of what members tell and are told; the second one names what they had. */
const [subscriptionVersion, assignmentVersion] = [1, 0];

export interface LinkOptions extends KafkaReach {
  readonly topic: string;
  readonly groupId: string;
  readonly limits: KafkaLogLimits;
}

/** Who a member is to the group at one time. */
export interface MemberName {
  readonly memberId: string;
  readonly generation: number;
}

export interface Joined extends MemberName {
  /** Of the member that shares the partitions out; empty for the others. */
  readonly sharers: readonly Sharer[];
}

/**
 * The requests of a member to the broker that coordinates its group, on a connection of their own: the broker holds `join` back until all
 * members have joined, and answers nothing else on that connection meanwhile.
 */
export class GroupLink {
  readonly #options: LinkOptions;
  readonly #admin: Admin;
  #connection: Connection | undefined;

  constructor(options: LinkOptions) {
    const { requestTimeoutMs, rebalanceTimeoutMs } = options.limits;
    this.#options = options;
    this.#admin = new Admin({
      clientId: 'milepost',
      ...kafkaConnection(options),
      retries: 0,
      connectTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs + rebalanceTimeoutMs,
      timeout: requestTimeoutMs,
    });
  }

  async #connected(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    // Only `join` may take longer.
    const cut = setTimeout(() => void this.close(), this.#options.limits.requestTimeoutMs);
    try {
      this.#connection = await this.#connect();
      return this.#connection;
    } finally {
      clearTimeout(cut);
    }
  }

  async #connect(): Promise<Connection> {
    const { groupId } = this.#options;
    const coordinators = await this.#admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [groupId] });
    const found = coordinators.find(({ key }) => key === groupId);
    assert(found, `the coordinator of ${groupId} was asked for and another given`);
    const connections = await this.#admin.connectToBrokers([found.nodeId]);
    const connection = connections.get(found.nodeId);
    assert(connection, `node ${found.nodeId} coordinates ${groupId}, but is not among the brokers`);
    return connection;
  }

  /** Answers when all members have joined. `memberId` is empty at first; the broker refuses that with the one to use. */
  async join(memberId: string, owned: readonly number[]): Promise<Joined> {
    const { groupId, topic, limits } = this.#options;
    const metadata = encodeConsumerProtocolSubscription({
      version: subscriptionVersion,
      topics: [topic],
      ownedPartitions: [{ topic, partitions: [...owned] }],
    });
    const answer = await joinGroupV9.api.async(
      await this.#connected(),
      groupId,
      limits.sessionTimeoutMs,
      limits.rebalanceTimeoutMs,
      memberId,
      null,
      protocolType,
      [{ name: protocolName, metadata }],
      null,
    );
    const isLeader = answer.leader === answer.memberId;
    return {
      memberId: answer.memberId,
      generation: answer.generationId,
      sharers: isLeader ? answer.members.map((member) => this.#sharer(member.memberId, member.metadata)) : [],
    };
  }

  #sharer(id: string, metadata: Buffer): Sharer {
    const { ownedPartitions } = decodeConsumerProtocolSubscription(metadata);
    return { id, owned: ownedPartitions.find(({ topic }) => topic === this.#options.topic)?.partitions ?? [] };
  }

  /** Tells what each member gets, where this one shares out; answers what this one gets. */
  async sync({ memberId, generation, sharers }: Joined, partitions: readonly number[]): Promise<readonly number[]> {
    const { groupId, topic } = this.#options;
    const shares = sharers.length > 0 ? sharePartitions(partitions, sharers) : new Map<string, number[]>();
    const { assignment } = await syncGroupV5.api.async(
      await this.#connected(),
      groupId,
      generation,
      memberId,
      null,
      protocolType,
      protocolName,
      Array.from(shares, ([sharer, owned]) => ({
        memberId: sharer,
        assignment: encodeConsumerProtocolAssignment({
          version: assignmentVersion,
          assignedPartitions: [{ topic, partitions: owned }],
        }),
      })),
    );
    const { assignedPartitions } = decodeConsumerProtocolAssignment(assignment);
    return assignedPartitions.find((one) => one.topic === topic)?.partitions ?? [];
  }

  async beat({ memberId, generation }: MemberName): Promise<void> {
    await heartbeatV4.api.async(await this.#connected(), this.#options.groupId, generation, memberId, null);
  }

  async commit({ memberId, generation }: MemberName, { partition, offset }: LogPosition): Promise<void> {
    const committed = {
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: null,
    };
    const topics = [{ name: this.#options.topic, partitions: [committed] }];
    await offsetCommitV9.api.async(await this.#connected(), this.#options.groupId, generation, memberId, null, topics);
  }

  async leave(memberId: string): Promise<void> {
    await leaveGroupV5.api.async(await this.#connected(), this.#options.groupId, [{ memberId }]);
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    await this.#admin.close().catch(() => undefined);
  }
}
