/**
 * A node, its clients and its pods as three network namespaces of the test's own, joined by veth pairs:
 *
 *     client ──── node ──── pods
 *
 * The client namespace holds the addresses that clients connect from. The pods namespace takes every address of the pod network for its
 * own, so that one server in it answers as any endpoint. No packet leaves the three, and `remove` takes them away.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

export interface NetworkOptions {
  /** Addresses of the client namespace, the first of them on the link. */
  readonly clientIPs: readonly string[]
  readonly nodeIP: string
  /** Addresses routed to the pods namespace. Must not hold a client's address. */
  readonly podCIDR: string
}

/** What became of one connection. */
export interface Answer {
  /** `ip:port` that answered, as the server saw it; null when nobody did. */
  readonly endpoint: string | null
  /** The client's address, as the server saw it. */
  readonly seenAs: string | null
  /** 'ECONNREFUSED', 'timeout'…; null when somebody answered. */
  readonly error: string | null
  /** From the first packet to the answer or the error, ms. */
  readonly afterMs: number
}

export interface Attempt {
  readonly sourceIP: string
  readonly destIP: string
  readonly destPort: number
}

/** Why namespaces cannot be made here, or null. */
export function reasonAgainstNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'needs root'
  const name = `towtank-probe-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.error !== undefined) return 'needs the command ip (iproute2)'
  if (made.status !== 0) return `cannot make a network namespace: ${made.stderr.trim()}`
  spawnSync('ip', ['netns', 'del', name])
  return null
}

export class NodeNetwork {
  readonly #prefix = `towtank-${process.pid}`
  #server: ChildProcess | null = null

  constructor({ clientIPs, nodeIP, podCIDR }: NetworkOptions) {
    this.remove()
    for (const name of ['client', 'node', 'pods']) {
      run('ip', ['netns', 'add', this.#name(name)])
      this.#in(name, 'ip', ['link', 'set', 'lo', 'up'])
    }
    this.#link('client', '169.254.10.1/30', '169.254.10.2/30')
    this.#link('pods', '169.254.20.1/30', '169.254.20.2/30')
    for (const address of clientIPs) {
      this.#in('client', 'ip', ['address', 'add', `${address}/32`, 'dev', 'lo'])
      this.#in('node', 'ip', ['route', 'add', `${address}/32`, 'via', '169.254.10.2'])
      this.#in('pods', 'ip', ['route', 'add', `${address}/32`, 'via', '169.254.20.1'])
    }
    this.#in('client', 'ip', ['route', 'add', 'default', 'via', '169.254.10.1'])
    this.#in('pods', 'ip', ['route', 'add', 'default', 'via', '169.254.20.1'])
    this.#in('node', 'ip', ['address', 'add', `${nodeIP}/32`, 'dev', 'lo'])
    this.#in('node', 'ip', ['route', 'add', podCIDR, 'via', '169.254.20.2', 'src', nodeIP])
    // Cluster IPs have no route of their own: packets to them follow the default route, and are forwarded only once rewritten.
    this.#in('node', 'ip', ['route', 'add', 'default', 'via', '169.254.10.2', 'src', nodeIP])
    this.#in('node', 'sysctl', ['-qw', 'net.ipv4.ip_forward=1'])
    // A node refuses one host about once a second, and all others wait for their time-out. Here every refusal is to be seen.
    this.#in('node', 'sysctl', ['-qwe', 'net.ipv4.icmp_ratelimit=0', 'net.ipv4.icmp_msgs_per_sec=1000000'])
    // The pods namespace takes all addresses of the pod network for its own.
    this.#in('pods', 'ip', ['route', 'add', 'local', podCIDR, 'dev', 'lo'])
  }

  /** Runs a program of the node with `input`; throws with its words when it fails. */
  onNode(program: string, words: readonly string[], input = ''): string {
    return this.#in('node', program, words, input)
  }

  /** The same, but gives what it said and whether it failed. */
  tryOnNode(program: string, words: readonly string[], input = ''): { ok: boolean; said: string } {
    const { status, stderr, error } = spawnSync('ip', ['netns', 'exec', this.#name('node'), program, ...words], {
      input,
      encoding: 'utf8',
      maxBuffer: OUTPUT_MAX,
    })
    return { ok: status === 0, said: error === undefined ? stderr.trim() : error.message }
  }

  /** A server on `ports` of every pod address: it says which address and port was reached, and by whom. */
  async serve(ports: readonly number[]): Promise<void> {
    this.#server = spawn('ip', ['netns', 'exec', this.#name('pods'), process.execPath, '-e', SERVER, JSON.stringify(ports)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(this.#server.stdout!, 'data')
  }

  /** Connects from the client namespace, several at a time, and gives the answers in the order of the attempts. */
  connect(attempts: readonly Attempt[], timeoutMs: number): Answer[] {
    const { stdout } = spawnResult('ip', ['netns', 'exec', this.#name('client'), process.execPath, '-e', CLIENT], {
      input: JSON.stringify({ attempts, timeoutMs, atOnce: AT_ONCE }),
    })
    return JSON.parse(stdout)
  }

  /** Ends the server and takes the namespaces away. May be called again. */
  remove(): void {
    this.#server?.kill('SIGKILL')
    this.#server = null
    for (const name of ['client', 'node', 'pods']) spawnSync('ip', ['netns', 'del', this.#name(name)])
  }

  /** A veth pair between the node and another namespace. */
  #link(other: string, nodeAddress: string, otherAddress: string): void {
    const device = `to-${other}`
    run('ip', ['-n', this.#name('node'), 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'to-node', 'netns', this.#name(other)])
    this.#in('node', 'ip', ['address', 'add', nodeAddress, 'dev', device])
    this.#in('node', 'ip', ['link', 'set', device, 'up'])
    this.#in(other, 'ip', ['address', 'add', otherAddress, 'dev', 'to-node'])
    this.#in(other, 'ip', ['link', 'set', 'to-node', 'up'])
  }

  #name(role: string): string {
    return `${this.#prefix}-${role}`
  }

  #in(role: string, program: string, words: readonly string[], input = ''): string {
    return run('ip', ['netns', 'exec', this.#name(role), program, ...words], input)
  }
}

/** So many connections are open at a time. */
const AT_ONCE = 250

/** A listing of 1,000 Services is some megabytes long. */
const OUTPUT_MAX = 256 * 1024 * 1024

function run(program: string, words: readonly string[], input = ''): string {
  return spawnResult(program, words, { input }).stdout
}

function spawnResult(program: string, words: readonly string[], options: { input: string }): { stdout: string } {
  const { status, stdout, stderr, error } = spawnSync(program, words, { ...options, encoding: 'utf8', maxBuffer: OUTPUT_MAX })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${words.join(' ').slice(0, 200)}: ${stderr.trim().slice(0, 2000)}`)
  return { stdout }
}

const SERVER = `
const net = require('node:net')
const ports = JSON.parse(process.argv[1])
let left = ports.length
for (const port of ports) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.end(JSON.stringify({ endpoint: socket.localAddress + ':' + socket.localPort, seenAs: socket.remoteAddress }))
  })
  server.listen({ host: '0.0.0.0', port, backlog: 1024 }, () => { if (--left === 0) console.log('ready') })
}`

const CLIENT = `
const net = require('node:net')
const { attempts, timeoutMs, atOnce } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const answers = []
let next = 0
function connect() {
  if (next === attempts.length) return
  const index = next++
  const { sourceIP, destIP, destPort } = attempts[index]
  const started = performance.now()
  let said = ''
  const settle = (error) => {
    if (answers[index] !== undefined) return
    clearTimeout(timer)
    socket.destroy()
    const afterMs = performance.now() - started
    answers[index] = error === null ? { ...JSON.parse(said), error: null, afterMs } : { endpoint: null, seenAs: null, error, afterMs }
    connect()
  }
  const socket = net.connect({ host: destIP, port: destPort, localAddress: sourceIP })
  const timer = setTimeout(() => settle('timeout'), timeoutMs)
  socket.on('data', (data) => { said += data })
  socket.on('end', () => settle(null))
  socket.on('error', (error) => settle(error.code))
}
process.on('exit', () => require('node:fs').writeSync(1, JSON.stringify(answers)))
for (let i = 0; i < atOnce; i++) connect()
`
