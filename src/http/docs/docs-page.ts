import { html, raw } from 'hono/html'
import type { ApiDocument, Operation, Parameter } from './api-document.ts'
import type { JsonSchema } from './json-schema.ts'

/* Renders the documentation as one HTML page without scripts, fonts or other hosts. */

type Html = ReturnType<typeof html>

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 0 1rem 4rem }
code, .type { font-family: ui-monospace, monospace; font-size: .9em }
nav { columns: 12rem; font-size: .9em }
details { border-top: 1px solid #8884; padding: .4rem 0 }
summary { cursor: pointer }
summary code { font-weight: 600 }
pre { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; border-top: 1px solid #8882 }
.note { opacity: .75 }
h2 { margin-top: 3rem }
`

export function renderDocs(document: ApiDocument): string {
  const sections = document.tags.map(({ name }) => section(document, name))
  const { ErrorCode, ...shapes } = document.components.schemas
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${document.info.title}: API reference</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${document.info.title}: API reference</h1>
${document.info.description.split('\n\n').map((text) => html`<p>${withCode(text)}</p>`)}
<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<pre><code>curl -s $API/user/get_users_info -H 'operationID: any-text' -H "token: $TOKEN" -d '{"userIDs":["alice"]}'</code></pre>
<nav>
${document.tags.map(({ name }) => html`<a href="#${name}">${name}</a><br>`)}
<a href="#shapes">shapes</a><br><a href="#errors">errors</a>
</nav>
${sections}
<h2 id="shapes">shapes</h2>
${Object.entries(shapes).map(([name, schema]) => html`<h3 id="${name}">${name}</h3>${shape(schema)}`)}
<h2 id="errors">errors</h2>
${numbers(ErrorCode)}
</body>
</html>`)
}

function section({ paths }: ApiDocument, tag: string): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => operationEntry(path, method, operation)),
  )
  return html`<h2 id="${tag}">${tag}</h2>${operations}`
}

function operationEntry(path: string, method: string, operation: Operation): Html {
  const body = operation.requestBody?.content['application/json']?.schema
  const parameters = operation.parameters?.filter((parameter): parameter is Parameter => 'name' in parameter) ?? []
  return html`<details id="${operation.operationId}">
<summary><code>${method.toUpperCase()} ${path}</code> ${operation.summary}</summary>
<p class="note">${whoMayCall(operation)}</p>
${parameters.length > 0 ? html`<h4>Parameters in the address</h4>${parameterTable(parameters)}` : ''}
${body ? html`<h4>Request</h4>${fields(body)}` : ''}
<h4>Answer</h4>${answer(operation)}
${example(operation)}
</details>`
}

function whoMayCall({ security, description }: Operation): string {
  return security.length === 0 ? 'Needs no token.' : (description ?? 'Needs a token.')
}

function answer({ responses }: Operation): Html {
  const schema = responses['200']?.content?.['application/json']?.schema
  if (!schema) return html`<p>${Object.values(responses)[0]?.description ?? ''}</p>`
  const [, own] = (schema.allOf ?? []) as JsonSchema[]
  const data = own?.properties?.data
  return data ? html`<p>In <code>data</code>:</p>${fields(data)}` : html`<p>No data.</p>`
}

/** A real request and its answer. */
function example({ requestBody, responses }: Operation): Html {
  const request = requestBody?.content['application/json']?.example
  const reply = responses['200']?.content?.['application/json']?.example
  const shown = [request, reply].filter((value) => value !== undefined)
  return html`${shown.map((value) => html`<pre><code>${JSON.stringify(value, null, 1)}</code></pre>`)}`
}

function parameterTable(parameters: Parameter[]): Html {
  return html`<table>${parameters.map(({ name, schema, required }) => row(name, schema, required))}</table>`
}

/** A table of fields or of named numbers. */
function shape(schema: JsonSchema): Html {
  if (schema.anyOf?.some((entry) => 'const' in entry)) return numbers(schema)
  const values = schema.enum as number[] | undefined
  if (!values) return fields(schema)
  const [names, meanings] = [schema['x-enum-varnames'], schema['x-enum-descriptions']] as string[][]
  return html`<table>${values.map((value, i) => numberRow(value, names?.[i], meanings?.[i]))}</table>`
}

/** A table of the schema's fields, or its type when it has no fields. */
function fields(schema: JsonSchema): Html {
  const entries = Object.entries(schema.properties ?? {})
  if (entries.length === 0) {
    return schema.type === 'object' ? html`<p>No fields.</p>` : html`<p class="type">${typeOf(schema)}</p>`
  }
  const rows = entries.map(([name, field]) => row(name, field, schema.required?.includes(name) ?? false))
  const more = (schema.allOf ?? []).map((part) => html`<p class="note">The content is that of ${typeOf(part)}.</p>`)
  return html`<table>${rows}</table>${more}`
}

function row(name: string, schema: JsonSchema, required: boolean): Html {
  const nested = schema.properties ? fields(schema) : schema.items?.properties ? fields(schema.items) : ''
  return html`<tr><td><code>${name}</code></td><td class="type">${typeOf(schema)}</td>
<td>${required ? '' : 'optional'}</td><td class="note">${wordsOf(schema)}${nested}</td></tr>`
}

function typeOf(schema: JsonSchema): Html {
  if (schema.$ref) return linkTo(schema.$ref)
  if (schema.oneOf) return html`${schema.oneOf.map((part) => html`${contentOf(part)}<br>`)}`
  if (schema.anyOf)
    return html`${schema.anyOf.map((part, i) => html`${i > 0 ? ' | ' : ''}${part.title ? `${part.title}: ` : ''}${typeOf(part)}`)}`
  const types = [schema.type ?? 'anything'].flat()
  return html`${types.map((type, i) => html`${i > 0 ? ' | ' : ''}${nameOf(type, schema)}`)}`
}

function nameOf(type: string, { format, items, additionalProperties }: JsonSchema): Html {
  if (type === 'array' && items) return html`${typeOf(items)}[]`
  if (type === 'object' && typeof additionalProperties === 'object')
    return html`{name: ${typeOf(additionalProperties)}}`
  return html`${type === 'null' ? type : (format ?? type)}`
}

/** The content that a contentType has; the title names the contentType. */
function contentOf({ title, properties }: JsonSchema): Html {
  const content = properties?.content
  const schema = (content?.contentSchema ?? content) as JsonSchema | undefined
  return html`${String(title)}${schema ? html`: ${typeOf(schema)}` : ''}`
}

function linkTo(ref: string): Html {
  const name = ref.split('/').at(-1) ?? ''
  return html`<a href="#${name === 'ErrorCode' ? 'errors' : name}">${name}</a>`
}

function wordsOf(schema: JsonSchema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema
  const range = (min: unknown, max: unknown, unit: string) =>
    min === undefined && max === undefined ? '' : `${min ?? 0} to ${max ?? 'any number of'}${unit}`
  return [
    schema.description ?? '',
    schema.enum && !schema['x-enum-varnames'] ? schema.enum.map((value) => JSON.stringify(value)).join(' or ') : '',
    maximum === undefined && minimum === undefined
      ? ''
      : maximum === undefined
        ? `from ${minimum}`
        : `${minimum ?? 'up'} to ${maximum}`,
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' items'),
    pattern === undefined ? '' : `matches ${pattern}`,
  ]
    .filter((words) => words !== '')
    .join('; ')
}

/** The named numbers of a list to which other numbers may be added. */
function numbers(schema: JsonSchema | undefined): Html {
  const rows = (schema?.anyOf ?? []).filter((entry) => entry.const !== undefined)
  return html`<table>${rows.map(({ const: code, title, description }) =>
    numberRow(Number(code), String(title), description),
  )}</table>`
}

function numberRow(value: number, name = '', meaning = ''): Html {
  return html`<tr><td>${value}</td><td><code>${name}</code></td><td>${meaning}</td></tr>`
}

/** Turns backticks in a text into `<code>`. */
function withCode(text: string): Html {
  return html`${text.split('`').map((part, i) => (i % 2 ? html`<code>${part}</code>` : part))}`
}
