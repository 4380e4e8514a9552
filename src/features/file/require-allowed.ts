import type { Selection } from '../../config/index.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { coversType, mediaTypeOf, typeByExtension } from './media-type.ts'

/** A file as its uploader describes it. */
interface Described {
  name: string
  contentType: string
  /** The group it belongs to. */
  cause: string
  size: number
}

/**
 * What this deployment takes, by media type, group and size. A file counts as what it is said to be and as what its name
 * makes others take it for; the bytes are not looked at.
 * @throws ImError 1001 on what is not taken
 */
export function requireAllowed({ config }: Context, file: Described): void {
  const { cause: group, size } = file
  if (!isSelected(config.fileGroups, (pattern) => pattern === group)) {
    throw ImError.args(`files of the group ${JSON.stringify(group)} are not taken here`)
  }
  const byName = typeByExtension(file.name)
  const types = byName === null ? [mediaTypeOf(file)] : [mediaTypeOf(file), byName]
  for (const type of types) {
    if (isSelected(config.fileTypes, (pattern) => coversType(pattern, type))) continue
    throw ImError.args(`files of the type ${type.split(';')[0]} are not taken here`)
  }
  for (const [kind, limit] of config.fileLimits) {
    const isMeant = kind === group || types.some((type) => coversType(kind, type))
    if (isMeant && size > limit) throw ImError.args(`a file of ${kind} has at most ${limit} bytes here, not ${size}`)
  }
}

function isSelected({ allowed, denied }: Selection, matches: (pattern: string) => boolean): boolean {
  return !denied.some(matches) && (allowed.length === 0 || allowed.some(matches))
}
