/** The parts of wrangler.toml that the local queues and the local cron need, in the variable LOCAL_JOBS as JSON. */
export interface LocalJobSettings {
  /** The queue of each binding. */
  producers: Record<string, string>
  consumers: Record<string, ConsumerSettings>
  /** Times in cron notation, UTC. */
  crons: string[]
}

export interface ConsumerSettings {
  maxBatchSize?: number | undefined
  /** In seconds. */
  maxBatchTimeout?: number | undefined
  maxRetries?: number | undefined
  deadLetterQueue?: string | undefined
  /** In seconds. */
  retryDelay?: number | undefined
}
