/*
 * The Worker that runs the queues and crons of a local server, in the place of Miniflare's queue broker. The service itself
 * is the unchanged Worker of a deployment, with workerd's own queue bindings.
 */
export { CronObject } from './cron-object.ts'
export { QueueBrokerObject } from './queue-object.ts'
