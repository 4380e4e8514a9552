/** Events of the device and the page: reasons to connect, to probe or to wait. */
export type LifecycleEvent = 'online' | 'offline' | 'visible' | 'hidden' | 'freeze' | 'resume'

export interface Lifecycle {
  readonly isOnline: boolean
  readonly isVisible: boolean
  subscribe(listener: (event: LifecycleEvent) => void): () => void
}

/** The events of the browser; outside of browsers the device is online and visible, and no event comes. */
export function browserLifecycle(): Lifecycle {
  return {
    get isOnline() {
      return globalThis.navigator?.onLine !== false
    },
    get isVisible() {
      return globalThis.document?.visibilityState !== 'hidden'
    },
    subscribe(listener) {
      if (typeof addEventListener !== 'function' || typeof document === 'undefined') return () => {}
      const ended = new AbortController()
      const { signal } = ended
      addEventListener('online', () => listener('online'), { signal })
      addEventListener('offline', () => listener('offline'), { signal })
      const visibility = () => listener(document.visibilityState === 'hidden' ? 'hidden' : 'visible')
      document.addEventListener('visibilitychange', visibility, { signal })
      document.addEventListener('freeze', () => listener('freeze'), { signal })
      document.addEventListener('resume', () => listener('resume'), { signal })
      // A page in the back/forward cache is frozen; it must hold neither a socket nor a lock.
      addEventListener('pagehide', () => listener('freeze'), { signal })
      addEventListener('pageshow', (event) => event.persisted && listener('resume'), { signal })
      return () => ended.abort()
    },
  }
}
