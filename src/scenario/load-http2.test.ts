import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const MANIFESTS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:v1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 80 }]
`

function load(connection: string, to = 'http://web.default.svc') {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: streams }
spec:
  manifests: [web.yaml]
  traffic:
    - { name: calls, to: "${to}", arrivals: constant(1/s), connection: ${connection} }
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'web.yaml': MANIFESTS }))
}

async function connectionOf(text: string) {
  const loaded = await load(text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.variants[0]!.scenario.traffic[0]!.connection
}

async function messages(text: string, to?: string) {
  const loaded = await load(text, to)
  return loaded.ok ? [] : loaded.problems.map(({ message }) => message)
}

describe('connection.http2', () => {
  test('absent, one request at a time is on a connection', async () => {
    expect(await connectionOf('{ keepAlive: 60s }')).toEqual({ keepAlive: 60e9, pool: 50 })
  })

  test('has 100 streams a connection unless it says otherwise', async () => {
    expect((await connectionOf('{ keepAlive: 60s, http2: {} }'))!.http2).toEqual({ maxConcurrentStreams: 100 })
    expect((await connectionOf('{ keepAlive: 60s, http2: { maxConcurrentStreams: 7 } }'))!.http2).toEqual({ maxConcurrentStreams: 7 })
  })

  test('needs a stream at least, and keepAlive as ever', async () => {
    expect(await messages('{ keepAlive: 60s, http2: { maxConcurrentStreams: 0 } }')).toHaveLength(1)
    expect(await messages('{ http2: {} }')).toHaveLength(1)
    expect(await messages('{ keepAlive: 60s, http2: { pings: {} } }')).toHaveLength(1)
  })

  test('pings as the clients of Kubernetes do unless it says otherwise, and not without being told', async () => {
    const pingOf = async (text: string) => (await connectionOf(`{ keepAlive: 60s, http2: { ping: ${text} } }`))!.http2!.ping
    expect(await pingOf('{}')).toEqual({ interval: 30e9, timeout: 15e9 })
    expect(await pingOf('{ interval: 10s, timeout: 500ms }')).toEqual({ interval: 10e9, timeout: 5e8 })
    expect((await connectionOf('{ keepAlive: 60s, http2: {} }'))!.http2).not.toHaveProperty('ping')
  })

  test('a ping waits for some time, and its answer too', async () => {
    for (const key of ['interval', 'timeout']) {
      expect(await messages(`{ keepAlive: 60s, http2: { ping: { ${key}: 0s } } }`)).toEqual([`A ${key} of 0 would let no connection live`])
    }
    expect(await messages('{ keepAlive: 60s, http2: { ping: { every: 1s } } }')).toHaveLength(1)
  })
})
