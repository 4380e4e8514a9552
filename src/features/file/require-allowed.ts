import type { Selection } from '../../config/index.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { coversType, mediaTypeOf, typeByExtension } from './media-type.ts'

/** A file as its uploader describes it. */
interface FileDescription {
  name: string
  contentType: string
  /** The file group, such as `msg-picture`. */
  cause: string
  size: number
}

/**
 * Checks a file against the deployment's allowed media types, file groups and sizes. Both the declared type and the
 * type by the name's extension must be allowed. The bytes are not inspected.
 * @throws ImError 1001 when the file is not allowed
 */
export function requireAllowed({ config }: Context, file: FileDescription): void {
  const { cause: group, size } = file
  if (!isSelected(config.fileGroups, (pattern) => pattern === group)) {
    throw ImError.args(`files of the group ${JSON.stringify(group)} are not allowed`)
  }
  const byName = typeByExtension(file.name)
  const types = byName === null ? [mediaTypeOf(file)] : [mediaTypeOf(file), byName]
  for (const type of types) {
    if (isSelected(config.fileTypes, (pattern) => coversType(pattern, type))) continue
    throw ImError.args(`files of the type ${type.split(';')[0]} are not allowed`)
  }
  for (const [kind, limit] of config.fileLimits) {
    const isCovered = kind === group || types.some((type) => coversType(kind, type))
    if (isCovered && size > limit) throw ImError.args(`a file of ${kind} must have at most ${limit} bytes, not ${size}`)
  }
}

function isSelected({ allowed, denied }: Selection, matches: (pattern: string) => boolean): boolean {
  return !denied.some(matches) && (allowed.length === 0 || allowed.some(matches))
}
