import { describe, expect, it } from 'vitest'
import { isPlatformID, PLATFORMS, platformClass, platformName } from '../../src/protocol/constants/platform.ts'

describe('the table of platforms', () => {
  it('has the eleven platforms of OpenIM with their names on the wire', () => {
    expect(Object.entries(PLATFORMS).map(([id, { name }]) => `${id} ${name}`)).toEqual([
      '1 IOS',
      '2 Android',
      '3 Windows',
      '4 OSX',
      '5 Web',
      '6 MiniWeb',
      '7 Linux',
      '8 APad',
      '9 IPad',
      '10 Admin',
      '11 HarmonyOS',
    ])
  })

  it('has the class of each platform', () => {
    const classes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(platformClass)
    expect(classes.join(' ')).toBe('Mobile Mobile PC PC Web MiniWeb PC Pad Pad Admin HarmonyOS')
  })

  it('has no further numbers', () => {
    for (const id of [0, 12, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(isPlatformID(id)).toBe(false)
      expect(platformName(id)).toBe('')
      expect(platformClass(id)).toBe(null)
    }
  })
})
