import { describe, expect, it } from 'vitest'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { applyDefaultOptions, OptionKey, optionIsOn, routing } from '../../src/protocol/message-options.ts'

describe('an option', () => {
  it('is on when absent or true, off only when false', () => {
    expect(optionIsOn({}, OptionKey.History)).toBe(true)
    expect(optionIsOn({ history: true }, OptionKey.History)).toBe(true)
    expect(optionIsOn({ history: false }, OptionKey.History)).toBe(false)
  })
})

describe('routing', () => {
  it('of a message without options is that of an ordinary one', () => {
    expect(routing({})).toEqual({
      stored: true,
      notification: false,
      senderSync: true,
      offlinePush: true,
      unreadCount: true,
    })
  })

  it('follows each switch', () => {
    expect(routing({ history: false })).toMatchObject({ stored: false, notification: false })
    expect(routing({ isNotNotification: false })).toMatchObject({ stored: true, notification: true })
    expect(routing({ isNotNotification: true })).toMatchObject({ notification: false })
    expect(routing({ senderSync: false, offlinePush: false, unreadCount: false })).toMatchObject({
      senderSync: false,
      offlinePush: false,
      unreadCount: false,
    })
  })
})

describe('default options', () => {
  it('keep a typing message out of history, unread counts and the sender’s devices', () => {
    expect(applyDefaultOptions(ContentType.Typing, { history: true, notPrivate: true })).toEqual({
      history: false,
      persistent: false,
      senderSync: false,
      conversationUpdate: false,
      senderConversationUpdate: false,
      unreadCount: false,
      offlinePush: false,
      notPrivate: true,
    })
  })

  it('keep a read receipt from raising anything', () => {
    expect(applyDefaultOptions(ContentType.HasReadReceipt, { history: true })).toEqual({
      history: true,
      conversationUpdate: false,
      senderConversationUpdate: false,
      unreadCount: false,
      offlinePush: false,
    })
  })

  it('keep an old-style revocation quiet', () => {
    expect(applyDefaultOptions(ContentType.Revoke, { history: true })).toEqual({
      history: true,
      unreadCount: false,
      offlinePush: false,
    })
  })

  it('leave other kinds alone, and a message that has no options at all', () => {
    expect(applyDefaultOptions(ContentType.Text, { history: true })).toEqual({ history: true })
    expect(applyDefaultOptions(ContentType.Typing, {})).toEqual({})
  })

  it('do not touch the options they were given', () => {
    const given = { history: true }
    applyDefaultOptions(ContentType.Typing, given)
    expect(given).toEqual({ history: true })
  })
})
