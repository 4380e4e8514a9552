import { answers, type Calls, int32, int64, list, map, maybe, ms, named, str } from './shape.ts'

const KeyValues = named('KeyValues', { key: str(), values: list(str()) })

const signed = { url: str(), query: list(KeyValues), header: list(KeyValues) }

const SignedParts = named('SignedParts', {
  ...signed,
  parts: list(named('SignedPart', { partNumber: int32(), ...signed })),
})

export const fileCalls = {
  '/object/part_limit': answers('Returns the limits of uploads: the sizes of parts and their number.', {
    minPartSize: int64(),
    maxPartSize: int64(),
    maxNumSize: int32(),
  }),
  '/object/part_size': answers('Returns the part size to use for a file of a given size.', { size: int64() }),
  '/object/initiate_multipart_upload': answers(
    'Begins an upload; if the service already has the content, the answer is its `url` and no upload is needed.',
    {
      url: str(),
      upload: maybe(
        named('UploadInfo', { uploadID: str(), partSize: int64(), sign: maybe(SignedParts), expireTime: ms() }),
      ),
    },
  ),
  '/object/auth_sign': answers('Signs the addresses to which the client uploads the parts.', SignedParts),
  '/object/complete_multipart_upload': answers('Completes an upload.', { url: str() }),
  '/object/access_url': answers('Returns the address of a file.', { url: str(), expireTime: ms() }),
  '/object/initiate_form_data': answers('Begins an upload with an HTML form.', {
    id: str(),
    url: str(),
    file: str(),
    header: list(KeyValues),
    formData: map(str()),
    expires: ms(),
    successCodes: list(int32()),
  }),
  '/object/complete_form_data': answers('Completes an upload with an HTML form.', { url: str() }),
} satisfies Calls
