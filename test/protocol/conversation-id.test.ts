import { describe, expect, it } from 'vitest'
import {
  conversationIDFor,
  groupConversationID,
  isNotificationConversation,
  notificationAccountConversationID,
  notificationTwin,
  singleConversationID,
} from '../../src/protocol/conversation-id.ts'

describe('singleConversationID', () => {
  it('is the same for either order of the users', () => {
    expect(singleConversationID('bob', 'alice')).toBe('si_alice_bob')
    expect(singleConversationID('alice', 'bob')).toBe('si_alice_bob')
    expect(singleConversationID('alice', 'alice')).toBe('si_alice_alice')
  })

  it('sorts capitals before small letters and a prefix before the longer text', () => {
    expect(singleConversationID('a', 'B')).toBe('si_B_a')
    expect(singleConversationID('ab', 'a')).toBe('si_a_ab')
    expect(singleConversationID('10', '9')).toBe('si_10_9')
  })

  it('sorts by UTF-8 bytes, not by UTF-16 units', () => {
    const ids = [
      '',
      'a',
      'z',
      'é',
      'ÿ',
      '中',
      '\ud7ff',
      '\ue000',
      '\uff5e',
      '\uffff',
      '𐀀',
      '🙂',
      '\u{10ffff}',
      'a🙂',
      'a\uff5e',
    ]
    const encoder = new TextEncoder()
    const byBytes = (a: string, b: string) => {
      const [left, right] = [encoder.encode(a), encoder.encode(b)]
      const at = left.findIndex((byte, i) => byte !== right[i])
      return at === -1 ? left.length - right.length : (left[at] as number) - (right[at] ?? -1)
    }
    for (const a of ids) {
      for (const b of ids) {
        const [low, high] = byBytes(a, b) <= 0 ? [a, b] : [b, a]
        expect(singleConversationID(a, b)).toBe(`si_${low}_${high}`)
      }
    }
    // In UTF-16 the smiley begins with U+D83D, so it would sort first.
    expect(singleConversationID('🙂', '\uff5e')).toBe('si_\uff5e_🙂')
  })
})

describe('a conversation ID', () => {
  it('has one prefix for groups and another prefix for notification accounts', () => {
    expect(groupConversationID('g1')).toBe('sg_g1')
    expect(notificationAccountConversationID('news', 'alice')).toBe('sn_alice_news')
  })

  it('has a notification conversation, whose ID has the prefix n_', () => {
    expect(notificationTwin('si_a_b')).toBe('n_a_b')
    expect(notificationTwin('sg_g_1')).toBe('n_g_1')
    expect(notificationTwin('sn_a_b')).toBe('n_a_b')
    expect(notificationTwin('n_a_b')).toBe('n_a_b')
    expect(notificationTwin('nothing')).toBe('')
  })

  it('shows by its prefix whether it is a notification conversation', () => {
    expect(['n_a_b', 'n_g1'].every(isNotificationConversation)).toBe(true)
    expect(['si_a_b', 'sn_a_b', 'sg_n_1', 'n', '', 'N_a'].some(isNotificationConversation)).toBe(false)
  })
})

describe('conversationIDFor', () => {
  const msg = { sendID: 'bob', recvID: 'alice', groupID: 'g1' }

  it.each([
    [1, 'si_alice_bob', 'n_alice_bob'],
    [2, 'g_g1', 'n_g1'],
    [3, 'sg_g1', 'n_g1'],
    [4, 'sn_alice_bob', 'n_alice_bob'],
  ])('derives both conversations of a message with sessionType %d', (sessionType, chat, notification) => {
    expect(conversationIDFor({ ...msg, sessionType }, false)).toBe(chat)
    expect(conversationIDFor({ ...msg, sessionType }, true)).toBe(notification)
  })

  it('refuses any other sessionType with error 1001', () => {
    expect(() => conversationIDFor({ ...msg, sessionType: 5 }, false)).toThrow('1001')
  })
})
