import { answers, type Calls, int32, int64, list, map, maybe, ms, named, str } from './shape.ts'

const KeyValues = named('KeyValues', { key: str(), values: list(str()) })

const signed = { url: str(), query: list(KeyValues), header: list(KeyValues) }

const SignedParts = named('SignedParts', {
  ...signed,
  parts: list(named('SignedPart', { partNumber: int32(), ...signed })),
})

export const fileCalls = {
  '/object/part_limit': answers('How large the parts of an upload may be, and how many.', {
    minPartSize: int64(),
    maxPartSize: int64(),
    maxNumSize: int32(),
  }),
  '/object/part_size': answers('How large the parts of a file are to be.', { size: int64() }),
  '/object/initiate_multipart_upload': answers('Begins an upload; a file that is known is there at once, as `url`.', {
    url: str(),
    upload: maybe(
      named('UploadInfo', { uploadID: str(), partSize: int64(), sign: maybe(SignedParts), expireTime: ms() }),
    ),
  }),
  '/object/auth_sign': answers('Addresses to which the parts are put.', SignedParts),
  '/object/complete_multipart_upload': answers('Ends an upload.', { url: str() }),
  '/object/access_url': answers('The address of a file.', { url: str(), expireTime: ms() }),
  '/object/initiate_form_data': answers('Begins an upload by an HTML form.', {
    id: str(),
    url: str(),
    file: str(),
    header: list(KeyValues),
    formData: map(str()),
    expires: ms(),
    successCodes: list(int32()),
  }),
  '/object/complete_form_data': answers('Ends an upload by an HTML form.', { url: str() }),
} satisfies Calls
