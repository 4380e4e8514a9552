import { describe, expect, it } from 'vitest'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { applyDefaultOptions, OptionKey, optionIsOn, routing } from '../../src/protocol/message-options.ts'

describe('an option', () => {
  it('is on when it is absent or true, and off only when it is false', () => {
    expect(optionIsOn({}, OptionKey.History)).toBe(true)
    expect(optionIsOn({ history: true }, OptionKey.History)).toBe(true)
    expect(optionIsOn({ history: false }, OptionKey.History)).toBe(false)
  })
})

describe('routing', () => {
  it('is that of an ordinary message when there are no options', () => {
    expect(routing({})).toEqual({
      stored: true,
      notification: false,
      senderSync: true,
      offlinePush: true,
      unreadCount: true,
    })
  })

  it('follows each option', () => {
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

describe('applyDefaultOptions', () => {
  it('keeps a typing message out of history, unread counts and the sender’s devices', () => {
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

  it('switches unread count, conversation update and push off for a read receipt', () => {
    expect(applyDefaultOptions(ContentType.HasReadReceipt, { history: true })).toEqual({
      history: true,
      conversationUpdate: false,
      senderConversationUpdate: false,
      unreadCount: false,
      offlinePush: false,
    })
  })

  it('switches unread count and push off for an old-style revocation', () => {
    expect(applyDefaultOptions(ContentType.Revoke, { history: true })).toEqual({
      history: true,
      unreadCount: false,
      offlinePush: false,
    })
  })

  it('does not change other kinds of messages, nor a message without options', () => {
    expect(applyDefaultOptions(ContentType.Text, { history: true })).toEqual({ history: true })
    expect(applyDefaultOptions(ContentType.Typing, {})).toEqual({})
  })

  it('does not mutate its input', () => {
    const given = { history: true }
    applyDefaultOptions(ContentType.Typing, given)
    expect(given).toEqual({ history: true })
  })
})
